//! `guildhall company tax`: what an operator sets is what the next buyer sees and pays.

use crate::browser::{Browser, Page};
use crate::process::{Home, Server, one_sentence, run};
use crate::purchase::{GOOD_CARD, hidden, send_card};

/// What a command says on its one line.
async fn told(home: &Home, arguments: &[&str]) -> String {
    let output = run(&mut home.over_data(arguments)).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

/// The page of the demo's plan, to its customer, and where it is.
async fn offered(home: &Home, server: &Server) -> (Browser, Page, String) {
    let mut mira = Browser::new(&server.origin);
    mira.sign_in("mira", &home.demo()["DEMO_PASSWORD"]).await.leads_to("/account");
    let place = format!("/checkout/{}", home.demo()["DEMO_PLAN_ID"]);
    let page = mira.open(&place).await;
    (mira, page, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tax_that_is_set_is_shown_and_charged() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let company = home.demo()["NEXT_PUBLIC_WHOP_COMPANY_ID"].clone();
    let tax = async |more: &[&str]| told(&home, &[&["company", "tax", &company], more].concat()).await;
    let untaxed = format!("The prices of The Open Workshop ({company}) bear no tax.");
    assert_eq!(tax(&[]).await, untaxed);
    let (_, page, _) = offered(&home, &server).await;
    page.says(200, "Pay 29.00 usd");
    assert!(!page.text.contains("VAT"), "{}", page.text);

    let included = format!("The prices of The Open Workshop ({company}) include VAT 19%.");
    assert_eq!(tax(&["--label", "VAT", "--percent", "19", "--included"]).await, included);
    let (_, page, _) = offered(&home, &server).await;
    page.says(200, "Pay 29.00 usd");
    page.says(200, "of which VAT 19%</th><td>4.63 usd");

    let added = format!("To the prices of The Open Workshop ({company}) is added Sales tax 8.25%.");
    assert_eq!(tax(&["--label", " Sales tax ", "--percent", "8.25", "--on-top"]).await, added);
    assert_eq!(tax(&[]).await, added);
    let (mut mira, page, place) = offered(&home, &server).await;
    page.says(200, "Sales tax 8.25%</th><td>2.39 usd");
    page.says(200, "Pay 31.39 usd");
    let (session, seen) = hidden(&page);
    let paid = send_card(&mut mira, &place, &session, &seen, GOOD_CARD, &[]).await;
    let done = mira.open(&paid.location.expect("it leads on")).await;
    done.says(200, "Sales tax</th><td>2.39 usd");
    let payments = told(&home, &["payments", "list", &company]).await;
    assert_eq!(payments.lines().count(), 1, "{payments}");
    let payment = payments.split_whitespace().last().expect("an id").to_owned();
    let shown = told(&home, &["payments", "show", &payment]).await;
    for line in ["amount        31.39 usd", "processor     sandbox", "attempts      1, 0 declined"] {
        assert!(shown.lines().any(|said| said == line), "no {line} in {shown}");
    }

    // What was paid stays as it is.
    assert_eq!(tax(&["--none"]).await, untaxed);
    assert_eq!(tax(&[]).await, untaxed);
    assert!(told(&home, &["payments", "show", &payment]).await.contains("31.39 usd"));
    let missing = one_sentence(&mut home.over_data(&["payments", "show", "pay_none"])).await;
    assert_eq!(missing, "There is no payment `pay_none`, or you have no access to it.");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tax_that_cannot_be_is_refused_in_one_sentence() {
    let home = Home::new();
    home.serve(&["--demo"]).await.stop().await;
    let company = home.demo()["NEXT_PUBLIC_WHOP_COMPANY_ID"].clone();
    let whole = "a tax is set by `--label`, `--percent` and one of `--included` and `--on-top`, or taken away by \
                 `--none` alone";
    let long = "x".repeat(41);
    let cases: [(&[&str], &str); 11] = [
        (&["--label", "VAT"], whole),
        (&["--label", "VAT", "--percent", "19"], whole),
        (&["--label", "VAT", "--percent", "19", "--included", "--on-top"], whole),
        (&["--percent", "19", "--included"], whole),
        (&["--none", "--included"], whole),
        (
            &["--label", "VAT", "--percent", "0", "--on-top"],
            "A tax of 0 percent is none: take it away instead.",
        ),
        (
            &["--label", "VAT", "--percent=-1", "--on-top"],
            "`percent` is a percentage from 0 to 100 with at most two digits behind the point.",
        ),
        (
            &["--label", "VAT", "--percent", "8.255", "--on-top"],
            "`percent` is a percentage from 0 to 100 with at most two digits behind the point.",
        ),
        (
            &["--label", " ", "--percent", "19", "--on-top"],
            "`label` is 1 to 40 characters long, on one line.",
        ),
        (
            &["--label", &long, "--percent", "19", "--on-top"],
            "`label` is 1 to 40 characters long, on one line.",
        ),
        (
            &["--label", "a\nb", "--percent", "19", "--on-top"],
            "`label` is 1 to 40 characters long, on one line.",
        ),
    ];
    for (more, sentence) in cases {
        let arguments = [&["company", "tax", &company], more].concat();
        assert_eq!(one_sentence(&mut home.over_data(&arguments)).await, sentence, "{more:?}");
    }
    let missing = one_sentence(&mut home.over_data(&["company", "tax", "biz_none", "--none"])).await;
    assert_eq!(missing, "There is no company `biz_none`, or you have no access to it.");
    let missing = one_sentence(&mut home.over_data(&["company", "tax", "biz_none"])).await;
    assert_eq!(missing, "There is no company `biz_none`, or you have no access to it.");
    let other = one_sentence(&mut home.over_data(&["company", "tax", "pass_1"])).await;
    assert!(other.contains("is not a company id"), "{other}");
}
