//! Purchases that Stripe takes the money for, from the page of the checkout to the renewal.

use crate::localstripe::Bad;
use crate::purchase::{MONTHLY, ONCE, company_balance, hidden, sell, signed_in, sound};
use crate::stripe::Scene;
use crate::stripe_event::signed_event;
use guildhall_app::company::{self, NewTax};
use guildhall_app::plan::NewPlan;
use guildhall_app::{jobs, ledger, payment};
use guildhall_core::billing::{DAY_MS, Terms};
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;
use serde_json::json;

const GOOD: &str = "4242424242424242";

/// Orders by the public link of a plan and is led to the card page; answers the session, the payment and the intent.
pub(crate) async fn order(scene: &Scene, plan: &str) -> (String, String, String) {
    let mut mira = signed_in(&scene.hall, "mira").await;
    let place = format!("/checkout/{plan}");
    let page = mira.open(&place).await;
    let (session, seen) = hidden(&page);
    let fields = [
        ("session", &*session),
        ("seen", &*seen),
        ("quantity", "1"),
        ("method", "stripe"),
        ("consent", "yes"),
    ];
    let led = mira.send(&place, &fields).await;
    let payment = led.location.as_deref().and_then(|place| place.strip_prefix("/checkout/card/"));
    let payment = payment.unwrap_or_else(|| panic!("led elsewhere: {led:?}")).to_owned();
    mira.open(&format!("/checkout/card/{payment}")).await.says(200, "by card");
    let intents = scene.local.look("/v1/payment_intents?limit=100").await;
    let intents = intents["data"].as_array().expect("a list").clone();
    let intent = intents.iter().find(|intent| intent["metadata"]["guildhall_payment"] == *payment);
    let intent = intent.expect("an intent")["id"].as_str().expect("an id").to_owned();
    (session, payment, intent)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_was_typed_once_pays_the_renewals() {
    let scene = Scene::set().await;
    let plan = sell(&scene.hall, MONTHLY, |plan| plan).await;
    let (session, payment, intent) = order(&scene, &plan.to_string()).await;
    assert_eq!(scene.local.type_card(&intent, GOOD).await, 200);
    let mut mira = signed_in(&scene.hall, "mira").await;
    mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&format!("/checkout/{session}"));
    mira.open(&format!("/checkout/{session}")).await.says(200, "What you bought is yours");
    sound(&scene.hall).await;
    for renewal in 1..=2 {
        scene.hall.clock.advance_ms(30 * DAY_MS);
        jobs::run_due(&scene.hall.running.hall).await.expect("jobs run");
        let intents = scene.local.look("/v1/payment_intents?limit=100").await;
        let intents = intents["data"].as_array().expect("a list").clone();
        assert_eq!(intents.len(), 1 + renewal);
        assert!(intents.iter().all(|intent| intent["status"] == "succeeded"), "{intents:?}");
        assert!(intents.iter().all(|intent| intent["amount"] == 1000), "{intents:?}");
        sound(&scene.hall).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stripe_says_that_it_keeps_is_booked_as_its_own() {
    let scene = Scene::set().await;
    // The operator's balance is in euros. Where nothing is told yet, nothing is booked.
    let told = json!({"id": "txn_1", "amount": 1850, "currency": "eur", "fee": 79});
    for (told, fee_minor, earned) in [(told, 85, 19.15), (json!(null), 0, 39.15)] {
        let plan = sell(&scene.hall, ONCE, |plan| plan).await;
        let (session, payment, intent) = order(&scene, &plan.to_string()).await;
        assert_eq!(scene.local.type_card(&intent, GOOD).await, 200);
        let mut charged = scene.local.look(&format!("/v1/payment_intents/{intent}")).await;
        charged["latest_charge"]["balance_transaction"] = told;
        scene.front.asked("GET", &format!("/v1/payment_intents/{intent}"));
        scene.front.answer_badly([Bad::answer(200, &charged)]);
        let mut mira = signed_in(&scene.hall, "mira").await;
        mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&format!("/checkout/{session}"));
        let asked = scene.front.asked("GET", &format!("/v1/payment_intents/{intent}"));
        let expanded = asked.last().expect("it was asked").form.get("expand[]").map(String::as_str);
        assert_eq!(expanded, Some("latest_charge.balance_transaction"));
        let payment = PaymentId::parse(&payment).expect("an id");
        let shown = payment::show(&scene.hall.running.hall, payment).await.expect("it is there");
        let sale = shown.payment.sale.expect("it was sold");
        assert_eq!((sale.shares.processor_fee_minor, sale.shares.net_minor), (fee_minor, 2000 - fee_minor));
        assert_eq!(company_balance(&scene.hall).await.1, earned);
        sound(&scene.hall).await;
    }
    let report = ledger::audit(&scene.hall.running.hall).await.expect("an audit");
    let fees = report.totals.iter().find(|total| total.kind == AccountKind::ProcessorFees);
    assert_eq!(fees.map(|total| total.sum_minor), Some(85));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_paid_in_time_cannot_be_paid_any_more() {
    let scene = Scene::set().await;
    let plan = sell(&scene.hall, ONCE, |plan| plan).await;
    let (session, payment, intent) = order(&scene, &plan.to_string()).await;
    scene.hall.clock.advance_ms(DAY_MS);
    jobs::run_due(&scene.hall.running.hall).await.expect("jobs run");
    let intent = scene.local.look(&format!("/v1/payment_intents/{intent}")).await;
    assert_eq!(intent["status"], "canceled");
    let mut mira = signed_in(&scene.hall, "mira").await;
    let back = format!("{}/checkout/return/{payment}", scene.hall.running.origin);
    mira.open(&format!("/checkout/card/{payment}")).await.leads_to(&back);
    mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&format!("/checkout/{session}"));
    sound(&scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_does_not_come_back_has_what_they_paid_for_when_stripe_tells() {
    let scene = Scene::set().await;
    let plan = sell(&scene.hall, ONCE, |plan| plan).await;
    let (session, _, intent) = order(&scene, &plan.to_string()).await;
    assert_eq!(scene.local.type_card(&intent, GOOD).await, 200);
    let event =
        json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"id": intent}}});
    signed_event(&scene.hall, &event).await;
    jobs::run_due(&scene.hall.running.hall).await.expect("jobs run");
    let mut mira = signed_in(&scene.hall, "mira").await;
    mira.open(&format!("/checkout/{session}")).await.says(200, "What you bought is yours");
    sound(&scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_agreed_on_the_page_is_charged_again_by_the_card_that_was_typed_at_stripe() {
    let scene = Scene::set().await;
    let plan = sell(&scene.hall, ONCE, |plan| plan).await;
    let (session, payment, intent) = order(&scene, &plan.to_string()).await;
    assert_eq!(scene.local.type_card(&intent, GOOD).await, 200);
    let mut mira = signed_in(&scene.hall, "mira").await;
    mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&format!("/checkout/{session}"));
    let charge = "mutation($input: ChargeUserInput!) { chargeUser(input: $input) { status } }";
    let input = json!({"userId": scene.hall.world.customer.as_str(), "amount": 12.5, "currency": "usd"});
    let answered = scene.hall.run(None, charge, json!({"input": input})).await;
    assert_eq!(answered.data()["chargeUser"]["status"], "success");
    let intents = scene.local.look("/v1/payment_intents?limit=100").await;
    let intents = intents["data"].as_array().expect("a list").clone();
    let taken = |amount: i64| {
        intents.iter().filter(|intent| intent["status"] == "succeeded" && intent["amount"] == amount).count()
    };
    assert_eq!((taken(2000), taken(1250)), (1, 1), "{intents:?}");
    sound(&scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_to_a_price_in_dinars_is_of_the_steps_that_stripe_takes() {
    let scene = Scene::set().await;
    let tax = NewTax::Rate { label: "VAT".into(), percent: 8.25, is_included: false };
    let company = scene.hall.world.company.clone();
    company::set_tax(&scene.hall.running.hall, company, tax).await.expect("it is set");
    let terms = Terms::OneTime { price_minor: 5120, expiration_days: None };
    let in_dinars = |plan| NewPlan { currency: Currency::parse("kwd").expect("a currency"), ..plan };
    let plan = sell(&scene.hall, terms, in_dinars).await;
    let (session, payment, intent) = order(&scene, &plan.to_string()).await;
    // 0.4224 kwd of tax.
    let asked = scene.local.look(&format!("/v1/payment_intents/{intent}")).await;
    assert_eq!((&asked["amount"], &asked["currency"]), (&json!(5540), &json!("kwd")));
    assert_eq!(scene.local.type_card(&intent, GOOD).await, 200);
    let mut mira = signed_in(&scene.hall, "mira").await;
    mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&format!("/checkout/{session}"));
    mira.open(&format!("/checkout/{session}")).await.says(200, "What you bought is yours");
    sound(&scene.hall).await;
}
