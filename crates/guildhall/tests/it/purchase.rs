//! Purchases: what a buyer sends from the page of a checkout, and what comes of it, to the last cent.

use crate::browser::{Browser, Page};
use crate::harness::{Hall, NOW_MS};
use guildhall_app::access_pass::{AccessPassKind, NewAccessPass, Visibility};
use guildhall_app::founding;
use guildhall_app::jobs;
use guildhall_app::ledger;
use guildhall_app::plan::NewPlan;
use guildhall_core::billing::{DAY_MS, Terms};
use guildhall_core::ids::{AccessPassId, Id, PlanId, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;
use serde_json::json;

pub(crate) const GOOD_CARD: &str = "4242 4242 4242 4242";

/// What is sold; shows as its plan's id.
#[derive(Debug, Clone)]
pub(crate) struct Sold {
    pub(crate) plan: PlanId,
    pub(crate) pass: AccessPassId,
}

impl std::fmt::Display for Sold {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.plan.fmt(formatter)
    }
}

/// A plan of a pass of its own, in the demo's company.
pub(crate) async fn sell(hall: &Hall, terms: Terms, change: fn(NewPlan) -> NewPlan) -> Sold {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let company = hall.world.company.clone();
    let founded = founding::found(&hall.running.hall, move |founder| {
        let pass = founder.access_pass(&NewAccessPass {
            company: company.clone(),
            kind: AccessPassKind::Regular,
            title: "A lathe course".into(),
            route: format!("lathe-{number}"),
            headline: None,
            shortened_description: None,
            visibility: Visibility::Visible,
        })?;
        let usd = Currency::parse("usd")?;
        let plan = NewPlan::of_terms(company.clone(), pass.clone(), usd, terms);
        Ok(Sold { plan: founder.plan(&change(plan))?, pass })
    });
    founded.await.expect("the plan is made")
}

pub(crate) const ONCE: Terms = Terms::OneTime { price_minor: 2000, expiration_days: None };
pub(crate) const MONTHLY: Terms =
    Terms::Renewal { initial_price_minor: 0, renewal_price_minor: 1000, period_days: 30, trial_days: 0 };

/// What stands between two texts of a page.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let from = text.find(before).unwrap_or_else(|| panic!("no {before} in {text}")) + before.len();
    &text[from..from + text[from..].find(after).expect("an end")]
}

/// The hidden fields of a checkout's form.
pub(crate) fn hidden(page: &Page) -> (String, String) {
    let session = between(&page.text, "name=\"session\" value=\"", "\"").to_owned();
    (session, between(&page.text, "name=\"seen\" value=\"", "\"").to_owned())
}

/// Opens a checkout and sends it with a card; answers where it led.
pub(crate) async fn pay_by_card(
    browser: &mut Browser,
    place: &str,
    card: &str,
    more: &[(&str, &str)],
) -> Page {
    let page = browser.open(place).await;
    let (session, seen) = hidden(&page);
    send_card(browser, place, &session, &seen, card, more).await
}

pub(crate) async fn send_card(
    browser: &mut Browser,
    place: &str,
    session: &str,
    seen: &str,
    card: &str,
    more: &[(&str, &str)],
) -> Page {
    // What is said twice counts as it is said first.
    browser.send(place, &[more, &card_fields(session, seen, card)].concat()).await
}

/// The fields of a checkout that is paid by a card.
pub(crate) fn card_fields<'a>(session: &'a str, seen: &'a str, card: &'a str) -> [(&'a str, &'a str); 7] {
    [
        ("session", session),
        ("seen", seen),
        ("quantity", "1"),
        ("method", "card"),
        ("card_number", card),
        ("card_expiry", "12/34"),
        ("card_code", "123"),
    ]
}

pub(crate) async fn signed_in(hall: &Hall, name: &str) -> Browser {
    let mut browser = Browser::new(&hall.running.origin);
    browser.sign_in(name, &hall.world.password).await.leads_to("/account");
    browser
}

pub(crate) async fn sound(hall: &Hall) {
    let report = ledger::audit(&hall.running.hall).await.expect("an audit");
    assert!(report.is_sound(), "{report:?}");
}

/// The company's balance and what is pending, in usd.
pub(crate) async fn company_balance(hall: &Hall) -> (f64, f64) {
    let query = "query($id: ID!) { company(id: $id) { ledgerAccount { balanceCaches {
      nodes { balance pendingBalance currency } } } } }";
    let answered = hall.run(None, query, json!({"id": hall.world.company.as_str()})).await;
    let nodes = answered.data()["company"]["ledgerAccount"]["balanceCaches"]["nodes"].clone();
    let usd = nodes.as_array().expect("a list").iter().find(|node| node["currency"] == "usd").cloned();
    usd.map_or((0.0, 0.0), |usd| {
        (usd["balance"].as_f64().expect("a number"), usd["pendingBalance"].as_f64().expect("a number"))
    })
}

pub(crate) async fn has_access(hall: &Hall, user: &UserId, sold: &Sold) -> bool {
    let query = "query($pass: ID!, $user: ID!) {
      hasAccessToAccessPass(accessPassId: $pass, userId: $user) { hasAccess } }";
    let variables = json!({"pass": sold.pass.as_str(), "user": user.as_str()});
    let answered = hall.run(None, query, variables).await;
    answered.data()["hasAccessToAccessPass"]["hasAccess"] == json!(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_pays_by_the_public_link_and_has_what_they_paid_for() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| plan).await;
    let (before, _) = company_balance(&hall).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{plan}");
    mira.open(&place).await.says(200, "Pay $20.00");
    let paid = pay_by_card(&mut mira, &place, GOOD_CARD, &[]).await;
    let session = paid.location.clone().expect("it leads on");
    mira.open(&session).await.says(200, "What you bought is yours");
    assert!(has_access(&hall, &hall.world.customer, &plan).await);
    // 2.9 % and 30 cents are the processor's; the rest is pending for a week.
    assert_eq!(company_balance(&hall).await, (before, 19.12));
    sound(&hall).await;
    hall.clock.advance_ms(7 * DAY_MS);
    jobs::run_due(&hall.running.hall).await.expect("jobs run");
    assert_eq!(company_balance(&hall).await, (before + 19.12, 0.0));
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_pays_once_also_at_the_same_time_and_from_the_history() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{plan}");
    let page = mira.open(&place).await;
    let (session, seen) = hidden(&page);
    let (mut one, mut two) = (mira.clone(), mira.clone());
    let (first, second) = tokio::join!(
        send_card(&mut one, &place, &session, &seen, GOOD_CARD, &[]),
        send_card(&mut two, &place, &session, &seen, GOOD_CARD, &[])
    );
    let done = format!("/checkout/{session}");
    first.leads_to(&done);
    second.leads_to(&done);
    send_card(&mut mira, &place, &session, &seen, GOOD_CARD, &[]).await.leads_to(&done);
    assert_eq!(company_balance(&hall).await.1, 19.12);
    // A second tab of the same link.
    let other = mira.open(&place).await;
    other.says(200, "You have this already");
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_of_one_link_buy_once() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{plan}");
    let (tab_one, tab_two) = (mira.open(&place).await, mira.open(&place).await);
    let ((one, seen), (two, _)) = (hidden(&tab_one), hidden(&tab_two));
    assert_ne!(one, two);
    send_card(&mut mira, &place, &one, &seen, GOOD_CARD, &[]).await.leads_to(&format!("/checkout/{one}"));
    send_card(&mut mira, &place, &two, &seen, GOOD_CARD, &[]).await.says(409, "You have this already");
    assert_eq!(company_balance(&hall).await.1, 19.12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_says_why_and_another_one_pays() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| NewPlan { stock: Some(1), ..plan }).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{plan}");
    for (card, sentence) in [
        ("4000 0000 0000 0002", "The card was declined."),
        ("4000-0000-0000-9995", "The card has insufficient funds."),
        ("4000000000000069", "The card has expired."),
        ("4000000000000127", "The card&#39;s security code is incorrect."),
    ] {
        let declined = pay_by_card(&mut mira, &place, card, &[]).await;
        let session = declined.location.clone().expect("it leads on");
        mira.open(&session).await.says(200, sentence);
        assert!(!has_access(&hall, &hall.world.customer, &plan).await);
    }
    // Each gave the only piece back; on the session's own page it is paid otherwise.
    let declined = pay_by_card(&mut mira, &place, "4000000000000002", &[]).await;
    let session = declined.location.clone().expect("it leads on");
    pay_by_card(&mut mira, &session, GOOD_CARD, &[]).await.leads_to(&session);
    mira.open(&session).await.says(200, "Paid");
    assert!(has_access(&hall, &hall.world.customer, &plan).await);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_buyers_of_the_last_piece_one_wins_and_the_other_keeps_the_money() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| NewPlan { stock: Some(1), ..plan }).await;
    let place = format!("/checkout/{plan}");
    let (mut mira, mut sam) = (signed_in(&hall, "mira").await, signed_in(&hall, "stranger").await);
    let (first, second) = tokio::join!(
        pay_by_card(&mut mira, &place, GOOD_CARD, &[]),
        pay_by_card(&mut sam, &place, GOOD_CARD, &[])
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{} {}", first.text, second.text);
    let loser = if first.status == 409 { &first } else { &second };
    loser.says(409, "It is sold out. Nothing was charged.");
    assert_eq!(company_balance(&hall).await.1, 19.12);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_step_is_taken_refused_or_left_alone() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{plan}");
    let asked = pay_by_card(&mut mira, &place, "4000 0000 0000 3220", &[]).await;
    let step = asked.location.clone().expect("it leads on");
    assert!(step.starts_with("/sandbox/pay_"), "{step}");
    mira.open(&step).await.says(200, "Confirm the payment");
    let back = mira.send(&step, &[("answer", "no")]).await;
    let back = back.location.clone().expect("it leads on");
    let session = mira.open(&back).await.location.clone().expect("it leads on");
    mira.open(&session).await.says(200, "The payment was not confirmed.");
    // Anew on the same session, and confirmed.
    let asked = pay_by_card(&mut mira, &session, "4000 0000 0000 3220", &[]).await;
    let step = asked.location.clone().expect("it leads on");
    mira.open(&session).await.says(200, "One more step");
    mira.open(&step).await;
    mira.send(&step, &[("answer", "yes")]).await;
    mira.open(&back).await.leads_to(&session);
    mira.open(&session).await.says(200, "Paid");
    assert!(has_access(&hall, &hall.world.customer, &plan).await);
    // Left alone for an hour: not paid.
    let other = sell(&hall, ONCE, |plan| plan).await;
    let asked = pay_by_card(&mut mira, &format!("/checkout/{other}"), "4000 0000 0000 3220", &[]).await;
    // The card paid once before, so that it asks no more.
    assert!(asked.location.as_deref().is_some_and(|place| place.starts_with("/checkout/ch_")));
    let mut sam = signed_in(&hall, "stranger").await;
    let asked = pay_by_card(&mut sam, &format!("/checkout/{other}"), "4000 0000 0000 3220", &[]).await;
    let step = asked.location.clone().expect("it leads on");
    assert!(step.starts_with("/sandbox/"), "{step}");
    hall.clock.advance_ms(2 * 60 * 60 * 1000);
    jobs::run_due(&hall.running.hall).await.expect("jobs run");
    let done = sam.open(&step).await.location.clone().expect("it leads on");
    sam.open(&done).await.says(200, "The payment was not confirmed");
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_that_is_down_is_asked_again_and_charges_once() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let placed = pay_by_card(&mut mira, &format!("/checkout/{plan}"), "4000 0000 0000 0119", &[]).await;
    let session = placed.location.clone().expect("it leads on");
    // The page itself asks again.
    mira.open(&session).await.says(200, "Paid");
    assert_eq!(company_balance(&hall).await.1, 19.12);
    let other = sell(&hall, ONCE, |plan| plan).await;
    let mut sam = signed_in(&hall, "stranger").await;
    pay_by_card(&mut sam, &format!("/checkout/{other}"), "4000 0000 0000 0119", &[]).await;
    assert!(!has_access(&hall, &hall.world.stranger, &other).await);
    hall.clock.advance_ms(61_000);
    jobs::run_due(&hall.running.hall).await.expect("jobs run");
    assert!(has_access(&hall, &hall.world.stranger, &other).await);
    assert_eq!(company_balance(&hall).await.1, 38.24);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tampered_with_stale_or_meant_for_others_is_refused_and_nothing_moves() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{plan}");
    let page = mira.open(&place).await;
    let (session, seen) = hidden(&page);
    type Refusal<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);
    let refusals: [Refusal<'_>; 9] = [
        (&[("seen", "1")], 409, "The price is $20.00 now"),
        (&[("seen", "x")], 400, "The form is not whole"),
        (&[("quantity", "0")], 400, "The quantity is 1 to 1000."),
        (&[("quantity", "-1")], 400, "The quantity is 1 to 1000."),
        (&[("quantity", "99999999999999999999")], 400, "whole"),
        (&[("session", "plan_x")], 400, "is not a checkout session id"),
        (&[("card_number", "4111 1111 1111 1111")], 400, "The sandbox takes test cards only"),
        (&[("method", "payt_nobodys")], 404, "There is no payment method"),
        (&[("field:none", "x")], 400, "The plan does not ask for"),
    ];
    for (more, status, sentence) in refusals {
        let answered = send_card(&mut mira, &place, &session, &seen, GOOD_CARD, more).await;
        answered.says(status, sentence);
    }
    mira.send(&place, &[("session", &session), ("seen", &seen), ("quantity", "1"), ("method", "stripe")])
        .await
        .says(400, "Payments are not taken this way here.");
    // A session that an app made for somebody else.
    let charge =
        "mutation($input: ChargeUserInput!) { chargeUser(input: $input) { checkoutSession { id } } }";
    let input = json!({"userId": hall.world.customer.as_str(), "amount": 5.0, "currency": "usd"});
    let asked = hall.run(None, charge, json!({"input": input})).await;
    let meant = asked.data()["chargeUser"]["checkoutSession"]["id"].as_str().expect("an id").to_owned();
    let mut sam = signed_in(&hall, "stranger").await;
    sam.open(&format!("/checkout/{meant}")).await.says(200, "meant for somebody else");
    sam.open(&place).await;
    let stolen = send_card(&mut sam, &format!("/checkout/{meant}"), &meant, "500", GOOD_CARD, &[]).await;
    stolen.says(409, "This checkout is meant for somebody else. Nothing was charged.");
    // By the link of a plan that it is not of.
    send_card(&mut sam, &place, &meant, "500", GOOD_CARD, &[]).await.says(404, "checkout");
    // Too late.
    hall.clock.advance_ms(DAY_MS + 1);
    let mut mira = signed_in(&hall, "mira").await;
    mira.open(&format!("/checkout/{meant}")).await.says(200, "This checkout is over");
    let late = send_card(&mut mira, &format!("/checkout/{meant}"), &meant, "500", GOOD_CARD, &[]).await;
    late.says(409, "its time has run out. Nothing was charged.");
    assert_eq!(company_balance(&hall).await.1, 0.0);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_without_an_account_buys_with_an_email() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| plan).await;
    let place = format!("/checkout/{plan}");
    let mut stranger = Browser::new(&hall.running.origin);
    stranger.open(&place).await.says(200, "What you buy belongs to the account of this address");
    pay_by_card(&mut stranger, &place, GOOD_CARD, &[("email", "not an address")]).await.says(400, "e-mail");
    pay_by_card(&mut stranger, &place, GOOD_CARD, &[("email", "new@example.net"), ("method", "balance")])
        .await
        .says(403, "Sign in to pay out of your balance.");
    let paid = pay_by_card(&mut stranger, &place, GOOD_CARD, &[("email", "new@example.net")]).await;
    let session = paid.location.clone().expect("it leads on");
    stranger.open(&session).await.says(200, "sign in to use it");
    assert!(!stranger.is_signed_in().await);
    // The same address has it already, and no second account.
    let again = pay_by_card(&mut stranger, &place, GOOD_CARD, &[("email", "NEW@example.net")]).await;
    stranger.open(&again.location.expect("it leads on")).await.says(200, "Your money is given back");
    assert_eq!(company_balance(&hall).await.1, 19.12);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_pays_at_once_or_not_at_all() {
    let hall = Hall::open().await;
    let plan = sell(&hall, ONCE, |plan| plan).await;
    let place = format!("/checkout/{plan}");
    let mut sam = signed_in(&hall, "stranger").await;
    let page = sam.open(&place).await;
    let (session, seen) = hidden(&page);
    let fields = |session: &str| {
        vec![
            ("session".to_owned(), session.to_owned()),
            ("seen".to_owned(), seen.clone()),
            ("quantity".to_owned(), "1".to_owned()),
            ("method".to_owned(), "balance".to_owned()),
        ]
    };
    let all = fields(&session);
    let pairs: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let sent = sam.send(&place, &pairs).await;
    let done = sent.location.clone().expect("it leads on");
    let (before, _) = company_balance(&hall).await;
    let text = sam.open(&done).await.text;
    let has = has_access(&hall, &hall.world.stranger, &plan).await;
    assert_eq!(has, text.contains("What you bought is yours"), "{text}");
    assert_eq!(!has, text.contains("The balance does not hold enough."), "{text}");
    let (user, usd) = (hall.world.stranger.clone(), Currency::parse("usd").expect("usd"));
    if !has {
        let funded = founding::found(&hall.running.hall, move |founder| {
            founder.fund(AccountKind::User, user.as_str(), usd, 5000, &format!("test {NOW_MS}"))
        });
        funded.await.expect("it is let in");
        sam.open(&done).await;
        sam.send(&done, &pairs).await.leads_to(&done);
        sam.open(&done).await.says(200, "What you bought is yours");
    }
    jobs::run_due(&hall.running.hall).await.expect("jobs run");
    assert_eq!(company_balance(&hall).await, (before + 20.0, 0.0));
    sound(&hall).await;
}
