//! Purchases by an address that was typed: what strangers are not told, and what is told by letter.

use crate::browser::{Browser, Page};
use crate::harness::Hall;
use crate::mail::{unfolded, with_smtp};
use crate::purchase::{
    GOOD_CARD, MONTHLY, ONCE, Sold, between, card_fields, company_balance, hidden, pay_by_card, sell,
    send_card, signed_in, sound,
};
use crate::smtp::{Received, Smtp};
use guildhall_app::{jobs, membership, world_time};
use guildhall_core::billing::{DAY_MS, Terms};
use guildhall_core::ids::Id;
use guildhall_core::payment::Stage;
use serde_json::json;

pub(crate) const FREE: Terms = Terms::OneTime { price_minor: 0, expiration_days: None };
pub(crate) const OWNER: &str = "mira@example.com";
pub(crate) const NOBODY: &str = "nobody@example.net";

/// A hall whose letters arrive.
pub(crate) async fn open() -> (Hall, Smtp) {
    let smtp = Smtp::start().await;
    let hall = Hall::open_with(|config| with_smtp(config, &smtp)).await;
    (hall, smtp)
}

/// The next letter: to whom, what about, and its text.
pub(crate) async fn letter(smtp: &mut Smtp) -> (String, String, String) {
    let Received { to, text, .. } = smtp.next().await;
    let text = unfolded(&text);
    let subject = text.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject").to_owned();
    (to[0].clone(), subject, text)
}

/// Nobody else is written to.
pub(crate) async fn written_nothing_more(hall: &Hall, smtp: &Smtp) {
    jobs::run_due(&hall.running.hall).await.expect("it settles");
    assert!(smtp.is_empty());
}

/// What a stranger sees who types an address: each status and page, without what is drawn by lot.
pub(crate) async fn seen(
    hall: &Hall,
    sold: &Sold,
    card: &str,
    email: &str,
    more: &[(&str, &str)],
) -> Vec<String> {
    let mut stranger = Browser::new(&hall.running.origin);
    let place = format!("/checkout/{sold}");
    let page = stranger.open(&place).await;
    let (session, price) = hidden(&page);
    let fields = [more, &[("email", email)], &card_fields(&session, &price, card)].concat();
    let mut told = vec![stranger.send(&place, &fields).await];
    for _ in 0..2 {
        let Some(next) = told.last().and_then(|page| page.location.clone()) else { break };
        told.push(stranger.open(&next).await);
    }
    let payment = stranger.open(&format!("/checkout/{session}")).await;
    let payment = match payment.text.contains("Payment <code>") {
        true => between(&payment.text, "Payment <code>", "</code>").to_owned(),
        false => "PAYMENT".to_owned(),
    };
    let shape = |page: &Page| {
        let text = format!("{} {:?} {}", page.status, page.location, page.text);
        let drawn = [(&session, "SESSION"), (&payment, "PAYMENT"), (&stranger.form_token, "TOKEN")];
        let text = drawn.into_iter().fold(text, |text, (drawn, name)| text.replace(drawn.as_str(), name));
        // A public link draws a session for each look at it.
        let text = text.replace(email, "EMAIL");
        match text.contains("name=\"session\" value=\"") {
            true => text.replace(between(&text, "name=\"session\" value=\"", "\""), "SESSION"),
            false => text,
        }
    };
    told.iter().map(shape).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_types_an_address_is_not_told_what_its_account_owns() {
    let (hall, _smtp) = open().await;
    let (paid, free) = (sell(&hall, ONCE, |plan| plan).await, sell(&hall, FREE, |plan| plan).await);
    let mut mira = signed_in(&hall, "mira").await;
    for sold in [&paid, &free] {
        let done = pay_by_card(&mut mira, &format!("/checkout/{sold}"), GOOD_CARD, &[]).await;
        mira.open(&done.location.expect("it leads on")).await.says(200, "What you bought is yours");
        mira.open(&format!("/checkout/{sold}")).await.says(200, "You have this already");
    }
    let create = "mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { id } }";
    for (code, is_for_new, is_once) in [("NEW", true, false), ("ONCE", false, true)] {
        let input = json!({"code": code, "promoType": "percentage", "amountOff": 20, "baseCurrency": "usd",
            "numberOfIntervals": 0, "newUsersOnly": is_for_new, "onePerCustomer": is_once});
        hall.run(None, create, json!({"input": input})).await.data();
    }
    let sign_in = "Sign in to use this promo code: it depends on who uses it.";
    type Try<'a> = (&'a Sold, &'a str, &'a [(&'a str, &'a str)], &'a str);
    let tries: [Try<'_>; 7] = [
        (&paid, "4000 0000 0000 0002", &[], "The card was declined."),
        (&paid, "4000 0000 0000 9995", &[("consent", "yes")], "The card has insufficient funds."),
        (&paid, "4000 0000 0000 3220", &[], "Confirm the payment"),
        (&paid, GOOD_CARD, &[("promo", "new")], sign_in),
        (&paid, GOOD_CARD, &[("promo", "once")], sign_in),
        (&paid, GOOD_CARD, &[("method", "balance")], "Sign in to pay out of your balance."),
        (&free, GOOD_CARD, &[("method", "")], "sign in to use it"),
    ];
    for (sold, card, more, sentence) in tries {
        let owner = seen(&hall, sold, card, OWNER, more).await;
        let nobody = seen(&hall, sold, card, NOBODY, more).await;
        assert_eq!(owner, nobody);
        assert!(owner.iter().any(|page| page.contains(sentence)), "{sentence} is not in {owner:?}");
        assert!(!owner.concat().contains("already</h1>"), "{owner:?}");
    }
    // Signed in it is said at once, and nothing is charged.
    let before = company_balance(&hall).await;
    let mira = signed_in(&hall, "mira").await.open(&format!("/checkout/{paid}")).await;
    mira.says(200, "You have this already");
    assert_eq!(company_balance(&hall).await, before);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_address_has_already_is_given_back_and_its_owner_is_told() {
    let (hall, mut smtp) = open().await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    let place = format!("/checkout/{sold}");
    let mut mira = signed_in(&hall, "mira").await;
    pay_by_card(&mut mira, &place, GOOD_CARD, &[]).await;
    assert_eq!(letter(&mut smtp).await.1, "Receipt from The Open Workshop");
    let before = company_balance(&hall).await;
    let mut stranger = Browser::new(&hall.running.origin);
    let page = stranger.open(&place).await;
    let (session, seen) = hidden(&page);
    let more = [("email", "MIRA@example.com"), ("consent", "yes")];
    for _ in 0..2 {
        let done = send_card(&mut stranger, &place, &session, &seen, GOOD_CARD, &more).await;
        done.leads_to(&format!("/checkout/{session}"));
    }
    let told = stranger.open(&format!("/checkout/{session}")).await;
    told.says(200, "Your money is given back, all of it; a letter to your address says why.");
    assert!(!told.text.contains("already</h1>"), "{}", told.text);
    told.says(200, "Given back</th>");
    let (to, subject, text) = letter(&mut smtp).await;
    assert_eq!((to.as_str(), subject.as_str()), (OWNER, "You have this already"));
    for words in ["paid $20.00 USD for", "A lathe course", "The Open Workshop", "not sold a second time"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(text.contains("/account/purchases\n"), "{text}");
    written_nothing_more(&hall, &smtp).await;
    assert_eq!(company_balance(&hall).await, before);
    let history =
        membership::history(&hall.running.hall, hall.world.customer.clone(), sold.plan.clone()).await;
    let stages: Vec<Stage> =
        history.expect("it is there").payments.iter().map(|payment| payment.state.stage).collect();
    assert_eq!(stages.iter().filter(|stage| **stage == Stage::Paid).count(), 1, "{stages:?}");
    // Whoever types an address agrees to nothing for its owner.
    mira.open("/account/purchases").await.says(200, "given back");
    assert!(!mira.open("/account/purchases").await.text.contains("charged without asking"));
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_free_and_owned_already_is_not_begun_twice() {
    let (hall, mut smtp) = open().await;
    let sold = sell(&hall, FREE, |plan| guildhall_app::plan::NewPlan { stock: Some(9), ..plan }).await;
    let place = format!("/checkout/{sold}");
    let mut stranger = Browser::new(&hall.running.origin);
    for _ in 0..8 {
        let fields = [("email", OWNER), ("method", "")];
        let done = pay_by_card(&mut stranger, &place, GOOD_CARD, &fields).await;
        let done = done.location.expect("it leads on");
        stranger.open(&done).await.says(200, "What you bought belongs to the account of your e-mail");
    }
    // The first is new; of the others, five letters at once are enough.
    for _ in 0..5 {
        let (to, subject, text) = letter(&mut smtp).await;
        assert_eq!((to.as_str(), subject.as_str()), (OWNER, "You have this already"));
        assert!(text.contains("nothing was charged"), "{text}");
    }
    written_nothing_more(&hall, &smtp).await;
    let mut mira = signed_in(&hall, "mira").await;
    let page = mira.open("/account/purchases").await;
    assert_eq!(page.text.matches("<strong>A lathe course</strong>").count(), 1, "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_its_payer_asks_whoever_typed_an_address_to_sign_in() {
    let (hall, _smtp) = open().await;
    let charge =
        "mutation($input: ChargeUserInput!) { chargeUser(input: $input) { checkoutSession { id } } }";
    let input = json!({"userId": hall.world.customer.as_str(), "amount": 5.0, "currency": "usd"});
    let asked = hall.run(None, charge, json!({"input": input})).await;
    let meant = asked.data()["chargeUser"]["checkoutSession"]["id"].as_str().expect("an id").to_owned();
    let place = format!("/checkout/{meant}");
    let mut stranger = Browser::new(&hall.running.origin);
    let page = stranger.open(&place).await;
    page.says(200, "This checkout is meant for one person: sign in as the one who was asked.");
    assert!(page.text.contains(&format!("/sign-in?return_to=%2Fcheckout%2F{meant}")), "{}", page.text);
    stranger.open("/sign-in").await;
    for email in [OWNER, NOBODY] {
        send_card(&mut stranger, &place, &meant, "500", GOOD_CARD, &[("email", email)])
            .await
            .says(409, "This checkout is meant for one person: sign in as them. Nothing was charged.");
    }
    let mut mira = signed_in(&hall, "mira").await;
    pay_by_card(&mut mira, &place, GOOD_CARD, &[]).await.leads_to(&place);
    mira.open(&place).await.says(200, "What you bought is yours");
    assert_eq!(company_balance(&hall).await.1, 4.56);
    sound(&hall).await;
}

pub(crate) const WRONG: &str = "There is no account with this name and this password.";
pub(crate) const PASSWORD: &str = "a spoon on a train";

/// The link that a letter asks to follow.
pub(crate) fn link(text: &str) -> String {
    text.lines().find(|line| line.starts_with("http")).expect("a link").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_pays_gets_one_receipt_also_for_a_renewal_and_none_for_nothing() {
    let (hall, mut smtp) = open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    let create = "mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { id } }";
    let input = json!({"code": "MAY", "promoType": "percentage", "amountOff": 25, "baseCurrency": "usd",
        "numberOfIntervals": 1, "newUsersOnly": false});
    hall.run(None, create, json!({"input": input})).await.data();
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{sold}?promo=may&quantity=2");
    let (session, seen) = hidden(&mira.open(&place).await);
    let more = [("quantity", "2"), ("promo", "MAY")];
    let (mut one, mut two) = (mira.clone(), mira.clone());
    // The processor is down at first, and the form is sent twice.
    let card = "4000 0000 0000 0119";
    tokio::join!(
        send_card(&mut one, &place, &session, &seen, card, &more),
        send_card(&mut two, &place, &session, &seen, card, &more)
    );
    mira.open(&format!("/checkout/{session}")).await.says(200, "What you bought is yours");
    let (to, subject, text) = letter(&mut smtp).await;
    assert_eq!((to.as_str(), subject.as_str()), (OWNER, "Receipt from The Open Workshop"));
    for words in [
        "You paid $15.00 USD to The Open Workshop for",
        "on 1 May 2024.",
        ": $20.00\n",
        "Promo code MAY: -$5.00\n",
        "Paid: $15.00 USD\n",
        "For the account: @mira\n",
        "Payment: pay_",
        "/account/purchases\n",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    written_nothing_more(&hall, &smtp).await;
    world_time::advance(&hall.running.hall, 30 * DAY_MS).await.expect("the clock is moved");
    let (to, subject, text) = letter(&mut smtp).await;
    assert_eq!((to.as_str(), subject.as_str()), (OWNER, "Receipt from The Open Workshop"));
    assert!(text.contains("was renewed on 30 May 2024 for $20.00 USD."), "{text}");
    assert!(!text.contains("Promo code"), "{text}");
    written_nothing_more(&hall, &smtp).await;
    let free = sell(&hall, FREE, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let done = pay_by_card(&mut mira, &format!("/checkout/{free}"), GOOD_CARD, &[]).await;
    mira.open(&done.location.expect("it leads on")).await.says(200, "What you bought is yours");
    written_nothing_more(&hall, &smtp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_made_by_a_purchase_gets_its_password_by_letter() {
    let (hall, mut smtp) = open().await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    let place = format!("/checkout/{sold}");
    let mut buyer = Browser::new(&hall.running.origin);
    // A purchase that came to nothing writes to nobody.
    let declined = pay_by_card(&mut buyer, &place, "4000000000000002", &[("email", "ada@example.net")]).await;
    let declined = declined.location.expect("it leads on");
    written_nothing_more(&hall, &smtp).await;
    pay_by_card(&mut buyer, &declined, GOOD_CARD, &[("email", "ada@example.net")]).await.leads_to(&declined);
    let mut letters = [letter(&mut smtp).await, letter(&mut smtp).await];
    letters.sort();
    let (to, subject, text) = &letters[0];
    assert_eq!((to.as_str(), subject.as_str()), ("ada@example.net", "Choose a password"));
    assert!(text.contains("The link counts for 7 days."), "{text}");
    assert_eq!(
        (letters[1].0.as_str(), letters[1].1.as_str()),
        (to.as_str(), "Receipt from The Open Workshop")
    );
    // There is no password that signs in.
    for password in ["!", "", PASSWORD] {
        buyer.sign_in("ada@example.net", password).await.says(401, WRONG);
    }
    let place = link(text);
    buyer.open(&place).await.says(200, "Choose a new password");
    buyer.send(&place, &[("password", PASSWORD)]).await.leads_to("/sign-in?done=password");
    buyer.sign_in("ada@example.net", PASSWORD).await.leads_to("/account");
    buyer.open("/account/purchases").await.says(200, "A lathe course");
    buyer.open(&place).await.says(404, "This link was used already");
    written_nothing_more(&hall, &smtp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_made_by_a_purchase_can_ask_for_a_link_later() {
    let (hall, mut smtp) = open().await;
    let sold = sell(&hall, FREE, |plan| plan).await;
    let mut buyer = Browser::new(&hall.running.origin);
    let fields = [("email", "ada@example.net"), ("method", "")];
    pay_by_card(&mut buyer, &format!("/checkout/{sold}"), GOOD_CARD, &fields).await;
    let (_, subject, first) = letter(&mut smtp).await;
    assert_eq!(subject, "Choose a password");
    hall.clock.advance_ms(8 * DAY_MS);
    buyer.open(&link(&first)).await.says(404, "This link was used already");
    buyer.open("/forgot-password").await;
    buyer.send("/forgot-password", &[("email", "ADA@example.net")]).await;
    let (to, subject, text) = letter(&mut smtp).await;
    assert_eq!((to.as_str(), subject.as_str()), ("ada@example.net", "Reset your password"));
    let place = link(&text);
    buyer.open(&place).await;
    buyer.send(&place, &[("password", PASSWORD)]).await.leads_to("/sign-in?done=password");
    buyer.sign_in("ada@example.net", PASSWORD).await.leads_to("/account");
    buyer.open("/account/purchases").await.says(200, "A lathe course");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_a_stranger_typed_renews_what_it_bought_and_pays_nothing_else() {
    let hall = Hall::open().await;
    let (monthly, other) = (sell(&hall, MONTHLY, |plan| plan).await, sell(&hall, ONCE, |plan| plan).await);
    let mut stranger = Browser::new(&hall.running.origin);
    let more = [("email", OWNER), ("consent", "yes")];
    let done = pay_by_card(&mut stranger, &format!("/checkout/{monthly}"), GOOD_CARD, &more).await;
    stranger.open(&done.location.expect("it leads on")).await.says(200, "belongs to the account");
    let customer = hall.world.customer.clone();
    let history = async || {
        let found = membership::history(&hall.running.hall, customer.clone(), monthly.plan.clone()).await;
        found.expect("a membership")
    };
    let method = history().await.membership.method.expect("what it renews by").to_string();

    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{other}");
    let page = mira.open(&place).await;
    page.says(200, "Pay $20.00");
    assert!(!page.text.contains("ending in 4242"), "{}", page.text);
    assert!(!mira.open("/account/purchases").await.text.contains("/remove"), "there is no card to remove");
    let (session, price) = hidden(&page);
    let fields = [&[("method", method.as_str())][..], &card_fields(&session, &price, GOOD_CARD)].concat();
    mira.send(&place, &fields).await.says(404, "There is no payment method");

    hall.clock.advance_ms(30 * DAY_MS);
    jobs::run_due(&hall.running.hall).await.expect("jobs run");
    let paid = history().await.payments.iter().filter(|payment| payment.state.stage == Stage::Paid).count();
    assert_eq!(paid, 2, "the first, and one that renews");
    // A month is longer than a sign-in lasts.
    let mut mira = signed_in(&hall, "mira").await;
    assert!(!mira.open(&place).await.text.contains("ending in 4242"), "a renewal makes it nobody else's");

    // The same card becomes hers when she types it herself.
    let done = pay_by_card(&mut mira, &place, GOOD_CARD, &[]).await;
    mira.open(&done.location.expect("it leads on")).await.says(200, "What you bought is yours");
    let third = sell(&hall, ONCE, |plan| plan).await;
    mira.open(&format!("/checkout/{third}")).await.says(200, "ending in 4242");
}
