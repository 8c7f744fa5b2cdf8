//! Renewals: what falls due of memberships over days and years, and what is charged for it.

use crate::harness::{Hall, NOW_MS};
use crate::purchase::{
    MONTHLY, Sold, company_balance, hidden, pay_by_card, sell, send_card, signed_in, sound,
};
use guildhall_app::checkout::{self, Buyer, Card, Method, Order, Target};
use guildhall_app::founding;
use guildhall_app::jobs;
use guildhall_app::membership;
use guildhall_app::payment::Outcome;
use guildhall_app::plan::NewPlan;
use guildhall_app::user::NewUser;
use guildhall_app::world_time;
use guildhall_core::billing::{DAY_MS, Terms};
use guildhall_core::ids::{CheckoutSessionId, Id, PlanId, UserId};
use guildhall_core::payment::Stage;
use std::collections::BTreeMap;

const RENEW_AHEAD_MS: i64 = 5 * 60 * 1000;
const FAILS_LATER: &str = "4000000000000341";

async fn advance(hall: &Hall, days: i64) {
    world_time::advance(&hall.running.hall, days * DAY_MS).await.expect("the clock is moved");
}

/// Buys a plan through the use case, as the page does.
async fn buy(hall: &Hall, user: &UserId, plan: &PlanId, card: &str, seen_minor: i64, quantity: i64) {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let order = Order {
        target: Target::Plan(plan.clone()),
        session: CheckoutSessionId::mint(NOW_MS, random),
        buyer: Buyer::SignedIn(user.clone()),
        sent_from: String::new(),
        method: Method::Card(Card { number: card.into(), expiry: "12/40".into(), code: "123".into() }),
        consents: false,
        promo: None,
        quantity,
        seen_minor,
        answers: Vec::new(),
        affiliate_code: None,
    };
    let placed = checkout::place(&hall.running.hall, order).await.expect("it is placed");
    assert_eq!(placed.outcome, Outcome::Paid);
}

/// What a membership was charged so far: how many payments were paid, and how much in all; and how it stands.
async fn charged(hall: &Hall, user: &UserId, plan: &PlanId) -> (usize, i64, String) {
    let told = membership::history(&hall.running.hall, user.clone(), plan.clone()).await.expect("a history");
    let paid: Vec<i64> = told
        .payments
        .iter()
        .filter(|payment| payment.state.stage == Stage::Paid && payment.state.amount_minor > 0)
        .map(|payment| payment.state.amount_minor)
        .collect();
    (paid.len(), paid.iter().sum(), told.membership.state.status.as_str().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_renewed_once_each_month_until_it_is_canceled() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    let user = hall.world.customer.clone();
    buy(&hall, &user, &sold.plan, "4242424242424242", 1000, 1).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await, (1, 1000, "active".into()));
    advance(&hall, 29).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await.0, 1);
    advance(&hall, 1).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await.0, 2);
    advance(&hall, 90).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await, (5, 5000, "active".into()));
    let told = membership::history(&hall.running.hall, user.clone(), sold.plan.clone()).await.expect("it");
    let id = told.membership.id.clone();
    membership::cancel_at_period_end(&hall.running.hall, id, true).await.expect("it is canceled");
    advance(&hall, 365).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await, (5, 5000, "canceled".into()));
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_fails_is_tried_four_times_and_then_the_membership_expires() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    let user = hall.world.customer.clone();
    buy(&hall, &user, &sold.plan, FAILS_LATER, 1000, 1).await;
    let status = |hall, user, plan| async move { charged(hall, user, plan).await.2 };
    // (days after the first failure, how often it failed, how it stands then)
    advance(&hall, 30).await;
    let mut day = 0;
    for (then, failures, expected) in
        [(0, 1, "past_due"), (1, 2, "past_due"), (3, 3, "past_due"), (5, 4, "past_due"), (7, 5, "expired")]
    {
        if then > day {
            advance(&hall, then - day).await;
            day = then;
        }
        let told =
            membership::history(&hall.running.hall, user.clone(), sold.plan.clone()).await.expect("it");
        let latest = told.payments.first().expect("a payment");
        assert_eq!((latest.failures, status(&hall, &user, &sold.plan).await.as_str()), (failures, expected));
    }
    assert_eq!(charged(&hall, &user, &sold.plan).await, (1, 1000, "expired".into()));
    sound(&hall).await;
}

/// The jobs that look after payments within the next hour.
async fn looked_after(hall: &Hall) -> usize {
    let listed = jobs::list(&hall.running.hall, false, jobs::MOST_LISTED).await.expect("a list");
    let soon = hall.running.hall.now_ms() + 60 * 60 * 1000;
    listed.iter().filter(|job| job.kind == "payment" && job.due_at <= soon).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_ended_leaves_nobody_to_look_after_it() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    let user = hall.world.customer.clone();
    buy(&hall, &user, &sold.plan, FAILS_LATER, 1000, 1).await;
    assert_eq!(looked_after(&hall).await, 0, "it was paid");
    advance(&hall, 30).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await.2, "past_due");
    assert_eq!(looked_after(&hall).await, 0, "it was declined");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_costs_nothing_until_it_ends() {
    let hall = Hall::open().await;
    let terms =
        Terms::Renewal { initial_price_minor: 0, renewal_price_minor: 1000, period_days: 30, trial_days: 14 };
    let sold = sell(&hall, terms, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{sold}");
    mira.open(&place).await.says(200, "14 days free; then $10.00 every month, until you cancel.");
    let paid = pay_by_card(&mut mira, &place, "4242 4242 4242 4242", &[]).await;
    let session = paid.location.clone().expect("it leads on");
    mira.open(&session).await.says(200, "Paid");
    let user = hall.world.customer.clone();
    assert_eq!(charged(&hall, &user, &sold.plan).await, (0, 0, "trialing".into()));
    advance(&hall, 14).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await, (1, 1000, "active".into()));
    advance(&hall, 30).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await, (2, 2000, "active".into()));
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn free_days_put_the_renewal_off() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    let user = hall.world.customer.clone();
    buy(&hall, &user, &sold.plan, "4242424242424242", 1000, 1).await;
    let told = membership::history(&hall.running.hall, user.clone(), sold.plan.clone()).await.expect("it");
    membership::lengthen(&hall.running.hall, told.membership.id, 10).await.expect("they are added");
    advance(&hall, 39).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await.0, 1);
    advance(&hall, 1).await;
    assert_eq!(charged(&hall, &user, &sold.plan).await.0, 2);
}

/// A subscription, and what it must have been charged by the end: computed from dates alone.
struct Expected {
    user: UserId,
    sold: Sold,
    payments: usize,
    sum_minor: i64,
    status: &'static str,
}

#[tokio::test(flavor = "multi_thread")]
async fn two_years_of_a_thousand_subscriptions_charge_what_the_calendar_says() {
    const DAYS: i64 = 730;
    // On PostgreSQL each statement of a renewal is a way to another process, and a thousand would take minutes: there
    // it is every combination of plan (7), quantity (3) and card (10) once, over the same two years.
    let count = if std::env::var_os("TEST_DATABASE_URL").is_some() { 7 * 3 * 10 } else { 1000 };
    let hall = Hall::open().await;
    let users = founding::found(&hall.running.hall, move |founder| {
        (0..count)
            .map(|number| {
                founder.user(&NewUser { username: format!("subscriber-{number}"), ..NewUser::default() })
            })
            .collect::<guildhall_app::Result<Vec<UserId>>>()
    });
    let users = users.await.expect("the subscribers are made");
    // Plans of every length and price, with and without a beginning that costs, or is free.
    let mut plans = Vec::new();
    for (period_days, trial_days, initial_price_minor, renewal_price_minor) in [
        (30, 0, 0, 999),
        (31, 7, 0, 1250),
        (90, 0, 500, 2999),
        (180, 14, 300, 4900),
        (365, 0, 0, 9900),
        (365, 30, 0, 12_345),
        (60, 0, 100, 1999),
    ] {
        let terms = Terms::Renewal { initial_price_minor, renewal_price_minor, period_days, trial_days };
        plans.push((terms, sell(&hall, terms, |plan| plan).await));
    }
    let began_ms = hall.running.hall.now_ms();
    let mut expected = Vec::new();
    for (number, user) in users.into_iter().enumerate() {
        let (terms, sold) = plans[number % plans.len()].clone();
        let Terms::Renewal { initial_price_minor, renewal_price_minor, period_days, trial_days } = terms
        else {
            unreachable!("they all renew")
        };
        let quantity = 1 + i64::try_from(number % 3).expect("small");
        let fails = number % 10 == 9;
        let due_now = (initial_price_minor + if trial_days > 0 { 0 } else { renewal_price_minor }) * quantity;
        let card = if fails { FAILS_LATER } else { "4242424242424242" };
        buy(&hall, &user, &sold.plan, card, due_now, quantity).await;
        // By the calendar: the first period ends after the trial or a period, and each renewal a period later.
        let first_end = if trial_days > 0 { trial_days } else { period_days };
        let renewals = (0..)
            .map(|count| (first_end + count * period_days) * DAY_MS - RENEW_AHEAD_MS)
            .take_while(|at| *at <= DAYS * DAY_MS)
            .count();
        // A card that fails later pays its first charge only, whenever that is.
        let paid_renewals = match (fails, due_now) {
            (false, _) => renewals,
            (true, 0) => 1,
            (true, _) => 0,
        };
        let sum_minor = due_now + renewal_price_minor * quantity * i64::try_from(paid_renewals).expect("few");
        expected.push(Expected {
            payments: paid_renewals + usize::from(due_now > 0),
            sum_minor,
            status: if fails { "expired" } else { "active" },
            user,
            sold,
        });
    }
    assert_eq!(hall.running.hall.now_ms(), began_ms, "the clock stands still while they buy");
    advance(&hall, DAYS).await;
    let mut wrong = BTreeMap::new();
    let mut gross_minor = 0;
    for (number, one) in expected.iter().enumerate() {
        let found = charged(&hall, &one.user, &one.sold.plan).await;
        gross_minor += found.1;
        if found != (one.payments, one.sum_minor, one.status.to_owned()) {
            wrong.insert(number, (found, one.payments, one.sum_minor, one.status));
        }
    }
    assert!(wrong.is_empty(), "{} differ: {:?}", wrong.len(), wrong.iter().take(5).collect::<Vec<_>>());
    assert_eq!(gross_minor, expected.iter().map(|one| one.sum_minor).sum::<i64>());
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_purchase_is_refused_while_the_first_runs_and_taken_when_it_ended() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| NewPlan { stock: Some(2), ..plan }).await;
    let user = hall.world.customer.clone();
    buy(&hall, &user, &sold.plan, "4242424242424242", 1000, 1).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{sold}");
    mira.open(&place).await.says(200, "You have this already");
    let told = membership::history(&hall.running.hall, user.clone(), sold.plan.clone()).await.expect("it");
    membership::cancel_at_period_end(&hall.running.hall, told.membership.id, true).await.expect("canceled");
    advance(&hall, 31).await;
    let mut mira = signed_in(&hall, "mira").await;
    let page = mira.open(&place).await;
    let (session, seen) = hidden(&page);
    let paid = send_card(&mut mira, &place, &session, &seen, "4242424242424242", &[]).await;
    paid.leads_to(&format!("/checkout/{session}"));
    assert!(company_balance(&hall).await.0 > 0.0);
    sound(&hall).await;
}
