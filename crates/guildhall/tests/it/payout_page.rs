//! The pages of balances, and `guildhall payouts …`: money taken out by hand.

use crate::browser::Browser;
use crate::harness::Hall;
use crate::process::{Home, one_sentence, run};
use crate::purchase::{between, signed_in, sound};
use guildhall_app::payout::{self, Owner};

const BALANCE: &str = "/account/balance";
const PAYOUTS: &str = "/account/payouts";
const BANK: &str = "Mira <b>Holm</b>\r\nDE89 3704 0044";

/// The key in the form of the page that is open.
async fn key(browser: &mut Browser, place: &str) -> String {
    let page = browser.open(place).await;
    between(&page.text, "name=\"key\" value=\"", "\"").to_owned()
}

fn order<'a>(amount: &'a str, key: &'a str) -> [(&'static str, &'a str); 4] {
    [("amount", amount), ("currency", "usd"), ("destination", BANK), ("key", key)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_money_out_and_back() {
    let hall = Hall::open().await;
    let mut mira = signed_in(&hall, "mira").await;
    mira.open("/account").await.says(200, "href=\"/account/balance\"");
    let page = mira.open(BALANCE).await;
    page.says(200, "<strong>100.00 usd</strong>");
    page.says(200, "Nothing was taken out yet.");
    assert!(!page.text.contains("comes on top"), "there is no fee: {}", page.text);

    let first = key(&mut mira, BALANCE).await;
    for (amount, status, sentence) in [
        ("100.01", 402, "The balance does not hold 100.01 usd; nothing was moved."),
        ("twelve", 400, "`twelve` is no amount: write it in digits, such as 12.50."),
        ("0.1", 400, "A payout is at least 0.50 usd."),
        ("inf", 400, "The amount is not a number."),
    ] {
        let refused = mira.send(PAYOUTS, &order(amount, &first)).await;
        refused.says(status, sentence);
        refused.says(status, &format!("value=\"{amount}\""));
        refused.says(status, "Mira &#60;b&#62;Holm&#60;/b&#62;");
    }

    // The form is sent twice, at the same time.
    let (mut one, mut two) = (mira.clone(), mira.clone());
    let sent = order("40", &first);
    let (left, right) = tokio::join!(one.send(PAYOUTS, &sent), two.send(PAYOUTS, &sent));
    left.leads_to("/account/balance?done=requested");
    right.leads_to("/account/balance?done=requested");
    let page = mira.open("/account/balance?done=requested").await;
    page.says(200, "The payout is asked for.");
    page.says(200, "<strong>60.00 usd</strong>");
    assert_eq!(page.text.matches("Asked for on 2024-05-01").count(), 1, "{}", page.text);
    mira.send(PAYOUTS, &order("41", &first))
        .await
        .says(409, "Another payout was asked for under this idempotence key");

    let cancel = format!("{PAYOUTS}/{}", between(&page.text, "action=\"/account/payouts/", "\""));
    let mut stranger = signed_in(&hall, "stranger").await;
    stranger.open(BALANCE).await.says(200, "Nothing yet.");
    stranger.send(&cancel, &[]).await.says(404, "There is no payout");
    mira.send_bare(&cancel, &[]).await.says(403, "out of date");
    mira.send(&cancel, &[]).await.leads_to("/account/balance?done=canceled");
    let page = mira.open("/account/balance?done=canceled").await;
    page.says(200, "<strong>100.00 usd</strong>");
    page.says(200, "Canceled");
    assert!(!page.text.contains("/cancel\""), "it can be canceled once: {}", page.text);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companys_balance_is_its_owners_to_see_and_take_out() {
    let hall = Hall::open().await;
    let place = format!("/companies/{}/balance", hall.world.company);
    let payouts = format!("/companies/{}/payouts", hall.world.company);
    for name in ["mira", "jun", "stranger"] {
        let mut other = signed_in(&hall, name).await;
        other.open(&place).await.says(403, "The permission `company:balance:read` is missing");
        let refused = other.send(&payouts, &order("1", "key")).await;
        refused.says(403, "The permission `company:balance:read` is missing");
        assert!(!other.open(BALANCE).await.text.contains("/companies/"), "{name} is led to no company");
    }
    let mut hanna = signed_in(&hall, "hanna").await;
    hanna.open(BALANCE).await.says(200, &format!("href=\"{place}\""));
    let key = key(&mut hanna, &place).await;
    hanna.send(&payouts, &order("250.5", &key)).await.leads_to(&format!("{place}?done=requested"));
    let page = hanna.open(&place).await;
    page.says(200, "<strong>749.50 usd</strong>");
    page.says(200, "To Mira &#60;b&#62;Holm");
    let caller = hall.in_person(&hall.world.owner);
    let owner = Owner::Company(hall.world.company.clone());
    let seen = payout::overview(&hall.running.hall, &caller, owner).await.expect("she sees it");
    let id = seen.payouts[0].id.clone();
    let cancel = format!("{payouts}/{id}/cancel");
    hanna.send(&format!("{PAYOUTS}/{id}/cancel"), &[]).await.says(404, "There is no payout");
    hanna.send(&cancel, &[]).await.leads_to(&format!("{place}?done=canceled"));
    hanna.open("/companies/biz_none/balance").await.says(403, "is missing in the company `biz_none`");
    hanna.open("/companies/user_1/balance").await.says(400, "is not a company id");
    sound(&hall).await;
}

async fn told(home: &Home, arguments: &[&str]) -> String {
    let output = run(&mut home.over_data(arguments)).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_shows_sends_completes_fails_and_denies() {
    let home = Home::new();
    let mut server = home.serve(&["--demo"]).await;
    assert_eq!(told(&home, &["payouts", "list"]).await, "There is no such payout.\n");
    let mut mira = Browser::new(&server.origin);
    mira.sign_in("mira", &home.demo()["DEMO_PASSWORD"]).await.leads_to("/account");
    for amount in ["10", "20", "30"] {
        let key = key(&mut mira, BALANCE).await;
        mira.send(PAYOUTS, &order(amount, &key)).await.leads_to("/account/balance?done=requested");
    }
    let listed = told(&home, &["payouts", "list"]).await;
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["PAYOUT", "STATUS", "ASKED", "FOR", "AMOUNT", "FEE", "WHOSE"]);
    let ids: Vec<&str> = rows[1..].iter().map(|row| row[0]).collect();
    assert_eq!(rows[1][1], "requested");
    assert_eq!(&rows[1][3..], ["10.00", "usd", "0.00", "usd", "@mira"]);
    assert!(ids.len() == 3 && !listed.contains("DE89"), "{listed}");

    let shown = told(&home, &["payouts", "show", ids[0]]).await;
    for line in ["status       requested", "amount       10.00 usd", "method       manual"] {
        assert!(shown.lines().any(|shown| shown == line), "no {line:?} in {shown}");
    }
    let bank = "destination  Mira <b>Holm</b>\n             DE89 3704 0044\n";
    assert!(shown.ends_with(bank) && shown.contains("@mira (user_"), "{shown}");

    let sent = told(&home, &["payouts", "send", ids[0], "--reference", "SEPA 7"]).await;
    assert_eq!(sent, format!("The payout {} of 10.00 usd is on its way.\n", ids[0]));
    let done = told(&home, &["payouts", "complete", ids[0]]).await;
    assert_eq!(done, format!("The payout {} of 10.00 usd is completed.\n", ids[0]));
    server.logged("mail to mira@example.com: A payout was made").await;
    let failed = told(&home, &["payouts", "fail", ids[1], "--reason", "The account is closed."]).await;
    assert_eq!(failed, format!("The payout {} of 20.00 usd is failed; the money is back.\n", ids[1]));
    server.logged("mail to mira@example.com: A payout could not be made").await;
    let denied = told(&home, &["payouts", "deny", ids[2], "--reason", "No such bank."]).await;
    assert_eq!(denied, format!("The payout {} of 30.00 usd is denied; the money is back.\n", ids[2]));
    assert_eq!(told(&home, &["payouts", "list"]).await, "There is no such payout.\n");
    let listed = told(&home, &["payouts", "list", "--status", "completed"]).await;
    assert!(listed.lines().count() == 2 && listed.contains(ids[0]), "{listed}");
    let page = mira.open(BALANCE).await;
    page.says(200, "<strong>90.00 usd</strong>");
    page.says(200, "The bank's reference: SEPA 7");
    page.says(200, "The account is closed. The money is back.");
    assert!(
        told(&home, &["payouts", "show", ids[1]]).await.contains("reason       The account is closed.\n")
    );
    assert!(told(&home, &["ledger", "audit"]).await.contains("The ledger is sound."));

    for (arguments, words) in [
        (&["payouts", "send", ids[0]][..], "`completed` cannot become `in_transit`"),
        (&["payouts", "complete", ids[2]], "`denied` cannot become `completed`"),
        (&["payouts", "fail", ids[0], "--reason", "late"], "`completed` cannot become `failed`"),
        (&["payouts", "deny", ids[1], "--reason", " "], "The reason must be 1 to 500 characters long."),
        (&["payouts", "show", "wdrl_none"], "There is no payout `wdrl_none`"),
        (&["payouts", "show", "biz_1"], "is not a payout id"),
        (&["payouts", "list", "--status", "lost"], "`lost` is no status of a payout: those are requested,"),
    ] {
        let sentence = one_sentence(&mut home.over_data(arguments)).await;
        assert!(sentence.contains(words), "{sentence}");
    }
    server.stop().await;
}
