//! What ends a membership, or keeps one from beginning, beside its member's wish: a new one, a refund, a ban, its pass.

use crate::browser::Browser;
use crate::harness::Hall;
use crate::purchase::{
    GOOD_CARD, MONTHLY, ONCE, Sold, company_balance, hidden, pay_by_card, sell, send_card, signed_in, sound,
};
use guildhall_app::jobs;
use guildhall_app::membership::{self, Membership};
use guildhall_app::payment::{self, Payment};
use guildhall_app::refund;
use guildhall_app::world_time;
use guildhall_core::billing::{DAY_MS, Terms};
use guildhall_core::ids::Id;
use guildhall_core::membership::MembershipStatus;
use guildhall_core::payment::Stage;
use serde_json::json;

const FAILS_LATER: &str = "4000 0000 0000 0341";
const FREE: Terms = Terms::OneTime { price_minor: 0, expiration_days: None };

async fn advance(hall: &Hall, days: i64) {
    world_time::advance(&hall.running.hall, days * DAY_MS).await.expect("the clock is moved");
}

/// Mira buys by the public link, signed in anew.
async fn buy(hall: &Hall, sold: &Sold, card: &str) {
    let mut mira = signed_in(hall, "mira").await;
    let paid = pay_by_card(&mut mira, &format!("/checkout/{sold}"), card, &[]).await;
    let session = paid.location.clone().expect("it leads on");
    mira.open(&session).await.says(200, "What you bought is yours");
}

/// All payments for a plan, newest first.
async fn payments(hall: &Hall, sold: &Sold) -> Vec<Payment> {
    let all = payment::list(&hall.running.hall, hall.world.company.clone(), 1000).await.expect("a list");
    all.into_iter().filter(|payment| payment.plan == sold.plan).collect()
}

/// Mira's newest membership of a plan.
async fn held(hall: &Hall, sold: &Sold) -> guildhall_app::Result<Membership> {
    let mira = hall.world.customer.clone();
    membership::history(&hall.running.hall, mira, sold.plan.clone()).await.map(|found| found.membership)
}

async fn no_job_is_dead(hall: &Hall) {
    let dead = jobs::list(&hall.running.hall, true, 10).await.expect("a list");
    assert!(dead.is_empty(), "{dead:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_shut_out_and_buys_anew_is_charged_for_the_new_one_alone() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    buy(&hall, &sold, FAILS_LATER).await;
    advance(&hall, 34).await;
    let old = held(&hall, &sold).await.expect("a membership");
    let mut mira = signed_in(&hall, "mira").await;
    let page = mira.open("/account/purchases").await;
    page.says(200, "its renewal could not be charged, and is tried again");
    buy(&hall, &sold, GOOD_CARD).await;
    advance(&hall, 29).await;
    let new = held(&hall, &sold).await.expect("a membership");
    assert_ne!(new.id, old.id);
    assert_eq!(new.state.status, MembershipStatus::Active);
    let all = payments(&hall, &sold).await;
    let dropped: Vec<_> = all.iter().filter(|payment| payment.is_renewal()).collect();
    assert_eq!(dropped.len(), 1);
    assert_eq!((dropped[0].state.stage, dropped[0].failures), (Stage::Canceled, 3));
    let mut mira = signed_in(&hall, "mira").await;
    let page = mira.open("/account/purchases").await;
    assert!(!page.text.contains("is tried again"), "{}", page.text);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_charged_for_a_pass_that_was_deleted() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    buy(&hall, &sold, FAILS_LATER).await;
    advance(&hall, 34).await;
    let delete = "mutation($input: DeleteAccessPassInput!) { deleteAccessPass(input: $input) }";
    let deleted = hall.run(None, delete, json!({"input": {"id": sold.pass.as_str()}})).await;
    assert_eq!(deleted.data()["deleteAccessPass"], true);
    advance(&hall, 10).await;
    let membership = held(&hall, &sold).await.expect("a membership");
    assert_eq!(membership.state.status, MembershipStatus::Canceled);
    assert_eq!(membership.cancelation_reason.as_deref(), Some("access_pass_deleted"));
    let renewal = payments(&hall, &sold).await.remove(0);
    assert_eq!((renewal.state.stage, renewal.failures), (Stage::Canceled, 3));
    no_job_is_dead(&hall).await;
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_ends_what_was_paid_last_and_nothing_else() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    buy(&hall, &sold, GOOD_CARD).await;
    advance(&hall, 30).await;
    let all = payments(&hall, &sold).await;
    assert_eq!(all.len(), 2);
    // (which payment, how the membership stands then)
    for (payment, status) in [(&all[1], MembershipStatus::Active), (&all[0], MembershipStatus::Canceled)] {
        let wanted = refund::Wanted::default();
        let refunded = refund::create_by_operator(&hall.running.hall, payment.id.clone(), wanted).await;
        assert_eq!(refunded.expect("it is given back").amount_minor, 1000);
        assert_eq!(held(&hall, &sold).await.expect("a membership").state.status, status);
    }
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_again_for_nothing_pays_for_nothing_that_is_there() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    let create = "mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { id } }";
    let input = json!({"code": "GIFT", "promoType": "percentage", "amountOff": 100, "baseCurrency": "usd",
        "numberOfIntervals": 1, "newUsersOnly": false});
    hall.run(None, create, json!({"input": input})).await.data();
    buy(&hall, &sold, GOOD_CARD).await;
    let mut stranger = Browser::new(&hall.running.origin);
    let more = [("email", "mira@example.com"), ("promo", "GIFT")];
    let done = pay_by_card(&mut stranger, &format!("/checkout/{sold}?promo=gift"), GOOD_CARD, &more).await;
    let done = done.location.expect("it leads on");
    stranger.open(&done).await.says(200, "What you bought belongs to the account of your e-mail");
    let all = payments(&hall, &sold).await;
    // Both were made at one moment, so their ids are in no order.
    let of_amount = |amount_minor| all.iter().find(|payment| payment.state.amount_minor == amount_minor);
    let (again, paid) = (of_amount(0).expect("for nothing"), of_amount(1000).expect("for money"));
    assert_eq!((again.state.stage, again.membership.as_ref(), all.len()), (Stage::Paid, None, 2));
    let wanted = refund::Wanted::default();
    let refunded = refund::create_by_operator(&hall.running.hall, paid.id.clone(), wanted).await;
    assert_eq!(refunded.expect("it is given back").amount_minor, 1000);
    let membership = held(&hall, &sold).await.expect("a membership");
    assert_eq!(membership.state.status, MembershipStatus::Canceled);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_banned_is_charged_for_nothing() {
    let hall = Hall::open().await;
    let (monthly, once) = (sell(&hall, MONTHLY, |plan| plan).await, sell(&hall, ONCE, |plan| plan).await);
    let free = sell(&hall, FREE, |plan| plan).await;
    buy(&hall, &monthly, GOOD_CARD).await;
    let ban = "mutation($input: BanUserInput!) { banUser(input: $input) }";
    hall.run(None, ban, json!({"input": {"userId": hall.world.customer.as_str()}})).await.data();
    let before = company_balance(&hall).await;
    let mut mira = signed_in(&hall, "mira").await;
    for sold in [&once, &free] {
        let place = format!("/checkout/{sold}");
        let (session, seen) = hidden(&mira.open(&place).await);
        let refused = send_card(&mut mira, &place, &session, &seen, GOOD_CARD, &[]).await;
        refused.says(403, "You are banned from this community. Nothing was charged.");
    }
    // Whoever types the address is told nothing of it.
    let mut stranger = Browser::new(&hall.running.origin);
    for (sold, sentence) in [
        (&once, "Your money is given back, all of it"),
        (&free, "What you bought belongs to the account of your e-mail"),
    ] {
        let more = [("email", "mira@example.com")];
        let done = pay_by_card(&mut stranger, &format!("/checkout/{sold}"), GOOD_CARD, &more).await;
        stranger.open(&done.location.expect("it leads on")).await.says(200, sentence);
        assert!(held(&hall, sold).await.is_err(), "nothing began");
    }
    assert_eq!(company_balance(&hall).await, before);
    advance(&hall, 31).await;
    let membership = held(&hall, &monthly).await.expect("a membership");
    assert_eq!(membership.state.status, MembershipStatus::Canceled);
    assert_eq!(membership.cancelation_reason.as_deref(), Some("banned"));
    assert_eq!(payments(&hall, &monthly).await.len(), 1);
    no_job_is_dead(&hall).await;
    sound(&hall).await;
}
