//! Purchases by typed addresses from one place: how many are let through that pay nothing, and that paying is no matter.

use crate::browser::{Browser, Page};
use crate::harness::Hall;
use crate::purchase::{GOOD_CARD, ONCE, Sold, company_balance, pay_by_card, sell, signed_in, sound};
use crate::purchase_by_email::{FREE, NOBODY, OWNER, letter, open, seen, written_nothing_more};
use guildhall::config::Config;
use guildhall_core::trusted_proxy::TrustedProxies;
use serde_json::json;

const DECLINED_CARD: &str = "4000 0000 0000 0002";
const CARD_WITH_A_STEP: &str = "4000 0000 0000 3220";
const BLOCKED: &str = "Too many purchases from where you are without signing in. Wait 60 seconds, or sign in. Nothing was charged.";
/// How many fit at once.
const HOLDS: usize = 100;
const MINUTE_MS: i64 = 60_000;

/// Buys with an address that is typed; answers what the form was told.
async fn buy(browser: &mut Browser, sold: &Sold, card: &str, email: &str) -> Page {
    let method = if card.is_empty() { "" } else { "card" };
    let more = [("email", email), ("method", method)];
    pay_by_card(browser, &format!("/checkout/{sold}"), card, &more).await
}

#[track_caller]
fn taken(page: &Page) {
    assert_eq!(page.status, 303, "{}", page.text);
}

/// Gets what is free so often, for as many addresses.
async fn get(browser: &mut Browser, free: &Sold, count: usize) {
    for number in 0..count {
        taken(&buy(browser, free, "", &format!("{count}-{number}@example.net")).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn purchases_that_pay_nothing_are_few_from_one_place() {
    let trusted_proxies = TrustedProxies::parse("127.0.0.0/8").expect("a network");
    let hall = Hall::open_with(|config| Config { trusted_proxies, ..config }).await;
    let (free, paid) = (sell(&hall, FREE, |plan| plan).await, sell(&hall, ONCE, |plan| plan).await);
    let mut buyer = Browser::new(&hall.running.origin);
    for number in 0..HOLDS / 4 {
        // New addresses and one with an account, for what is free and with cards that are declined.
        let email = format!("free-{number}@example.net");
        taken(&buy(&mut buyer, &free, "", &email).await);
        taken(&buy(&mut buyer, &free, "", OWNER).await);
        taken(&buy(&mut buyer, &paid, DECLINED_CARD, &format!("declined-{number}@example.net")).await);
        taken(&buy(&mut buyer, &paid, DECLINED_CARD, OWNER).await);
    }
    let before = company_balance(&hall).await;
    for (sold, card) in [(&free, ""), (&paid, GOOD_CARD)] {
        let mut told = Vec::new();
        for email in [OWNER, NOBODY] {
            let page = buy(&mut buyer, sold, card, email).await;
            page.says(429, BLOCKED);
            assert_eq!(page.retry_after, Some(60));
            assert!(page.text.contains(&format!("value=\"{email}\"")), "{}", page.text);
            assert!(!page.text.contains("value=\"4242"), "a card is not shown again: {}", page.text);
            told.push(seen(&hall, sold, if card.is_empty() { GOOD_CARD } else { card }, email, &[]).await);
        }
        assert_eq!(told[0], told[1], "an account makes no difference");
        assert!(told[0][0].starts_with("429"), "{told:?}");
    }
    assert_eq!(company_balance(&hall).await, before);
    // Whoever is signed in is not counted, nor is whoever is elsewhere.
    let mut mira = signed_in(&hall, "mira").await;
    taken(&pay_by_card(&mut mira, &format!("/checkout/{paid}"), GOOD_CARD, &[]).await);
    for (place, is_let_in) in [
        ("203.0.113.5", true),
        ("2001:db8:1:2::1", true),
        ("198.51.100.1, 127.0.0.1", true),
        ("127.0.0.1", false),
    ] {
        let mut elsewhere = Browser::new(&hall.running.origin);
        elsewhere.forwarded_for = vec![place];
        let page = buy(&mut elsewhere, &free, "", "elsewhere@example.net").await;
        assert_eq!(page.status == 303, is_let_in, "{place}: {}", page.text);
    }
    // The bucket runs empty, one try a minute.
    hall.clock.advance_ms(MINUTE_MS - 1);
    buy(&mut buyer, &free, "", NOBODY).await.says(429, "Wait a second, or sign in.");
    hall.clock.advance_ms(1);
    taken(&buy(&mut buyer, &free, "", NOBODY).await);
    buy(&mut buyer, &free, "", NOBODY).await.says(429, BLOCKED);
    hall.clock.advance_ms(MINUTE_MS);
    taken(&buy(&mut buyer, &paid, GOOD_CARD, NOBODY).await);
    taken(&buy(&mut buyer, &free, "", NOBODY).await);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_try_that_is_paid_is_given_back_whenever_it_is_paid() {
    let hall = Hall::open().await;
    let (free, paid) = (sell(&hall, FREE, |plan| plan).await, sell(&hall, ONCE, |plan| plan).await);
    let mut buyer = Browser::new(&hall.running.origin);
    for number in 0..HOLDS + 5 {
        taken(&buy(&mut buyer, &paid, GOOD_CARD, &format!("paid-{number}@example.net")).await);
    }
    // What its address has already is paid, and given back by us.
    let twice = buy(&mut buyer, &paid, GOOD_CARD, "paid-0@example.net").await;
    buyer.open(&twice.location.expect("it leads on")).await.says(200, "Your money is given back");
    get(&mut buyer, &free, HOLDS - 1).await;
    let asked = buy(&mut buyer, &paid, CARD_WITH_A_STEP, "step@example.net").await;
    let step = asked.location.expect("it leads to the bank");
    buy(&mut buyer, &free, "", NOBODY).await.says(429, BLOCKED);
    buyer.open(&step).await.says(200, "Confirm the payment");
    let back = buyer.send(&step, &[("answer", "yes")]).await.location.expect("it leads back");
    buyer.open(&back).await;
    taken(&buy(&mut buyer, &free, "", NOBODY).await);
    buy(&mut buyer, &free, "", NOBODY).await.says(429, BLOCKED);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_many_at_once_gets_no_more_through() {
    let hall = Hall::open().await;
    let free = sell(&hall, FREE, |plan| plan).await;
    let mut buyer = Browser::new(&hall.running.origin);
    get(&mut buyer, &free, HOLDS - 3).await;
    let tries = (0..8).map(|number| {
        let (mut one, free) = (buyer.clone(), free.clone());
        tokio::spawn(async move {
            buy(&mut one, &free, "", &format!("at-once-{number}@example.net")).await.status
        })
    });
    let mut statuses = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        statuses.push(one.await.expect("it was sent"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 303, 303, 429, 429, 429, 429, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_written_to_in_masses_by_purchases_that_pay_nothing() {
    let (hall, mut smtp) = open().await;
    let create = "mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { id } }";
    let input = json!({"code": "ALL", "promoType": "percentage", "amountOff": 99, "baseCurrency": "usd",
        "numberOfIntervals": 1, "newUsersOnly": false});
    hall.run(None, create, json!({"input": input})).await.data();
    let mut stranger = Browser::new(&hall.running.origin);
    for number in 0..8 {
        // What is free, and what costs less than anybody charges.
        let (terms, promo) = if number % 2 == 0 { (FREE, "") } else { (ONCE, "?promo=all") };
        let sold = sell(&hall, terms, |plan| plan).await;
        let mut more = vec![("email", NOBODY), ("method", if promo.is_empty() { "" } else { "card" })];
        more.extend((!promo.is_empty()).then_some(("promo", "ALL")));
        taken(&pay_by_card(&mut stranger, &format!("/checkout/{sold}{promo}"), GOOD_CARD, &more).await);
    }
    for _ in 0..5 {
        let (to, subject, _) = letter(&mut smtp).await;
        assert_eq!((to.as_str(), subject.as_str()), (NOBODY, "Choose a password"));
    }
    written_nothing_more(&hall, &smtp).await;
}
