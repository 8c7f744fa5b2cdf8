//! Refunds that Stripe takes its time for, or tells of before it answers.

use crate::localstripe::Bad;
use crate::purchase::{ONCE, company_balance, sell, signed_in, sound};
use crate::stripe::Scene;
use crate::stripe_event::{queued, signed_event};
use crate::stripe_purchase::order;
use guildhall_app::jobs;
use guildhall_app::refund::{self, Refund, Wanted};
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::refund::RefundStatus;
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A payment that was made, and its intent.
async fn paid(scene: &Scene) -> (PaymentId, String) {
    let plan = sell(&scene.hall, ONCE, |plan| plan).await;
    let (session, payment, intent) = order(scene, &plan.to_string()).await;
    assert_eq!(scene.local.type_card(&intent, "4242424242424242").await, 200);
    let mut mira = signed_in(&scene.hall, "mira").await;
    mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&format!("/checkout/{session}"));
    (PaymentId::parse(&payment).expect("an id"), intent)
}

impl Scene {
    async fn refund(&self, payment: &PaymentId) -> Refund {
        let hall = &self.hall.running.hall;
        refund::create_by_operator(hall, payment.clone(), Wanted::default()).await.expect("a refund")
    }

    async fn only_refund(&self, payment: &PaymentId) -> Refund {
        let mut all = refund::list(&self.hall.running.hall, payment.clone()).await.expect("a list");
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    /// Lets time pass; answers how often Stripe was asked for refunds in it.
    async fn pass(&self, ms: i64) -> usize {
        self.front.asked("GET", "/v1/refunds");
        self.hall.clock.advance_ms(ms);
        jobs::run_due(&self.hall.running.hall).await.expect("jobs run");
        self.front.asked("GET", "/v1/refunds").len()
    }

    async fn hear_of(&self, event: &str, refund: &str, intent: &str) {
        let object = json!({"id": refund, "payment_intent": intent, "status": "succeeded"});
        let event = json!({"id": event, "type": "refund.updated", "data": {"object": object}});
        signed_event(&self.hall, &event).await;
        jobs::run_due(&self.hall.running.hall).await.expect("jobs run");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_takes_its_time_is_asked_about_until_it_is_decided() {
    let scene = Scene::set().await;
    let (payment, _) = paid(&scene).await;
    let before = company_balance(&scene.hall).await;
    let slow =
        |status: &str| json!({"id": "re_slow", "status": status, "failure_reason": "lost_or_stolen_card"});
    scene.front.answer_badly([Bad::answer(200, &json!({"data": []})), Bad::answer(200, &slow("pending"))]);
    let refund = scene.refund(&payment).await;
    assert_eq!((refund.status, refund.reference.as_deref()), (RefundStatus::Pending, Some("re_slow")));
    let key = format!("refund:{}", refund.id);
    let listed = |status: &str| {
        let mut refund: Value = slow(status);
        refund["metadata"] = json!({"guildhall_key": key});
        Bad::answer(200, &json!({"data": [refund]}))
    };
    // (how much later, how often Stripe is asked then)
    for (ms, asked) in [(MINUTE_MS, 1), (HOUR_MS - 1, 0), (1, 1), (HOUR_MS, 0), (HOUR_MS, 1)] {
        scene.front.answer_badly((0..asked).map(|_| listed("pending")));
        assert_eq!(scene.pass(ms).await, asked, "{ms}");
        assert_eq!(scene.only_refund(&payment).await.status, RefundStatus::Pending);
    }
    scene.front.answer_badly([listed("failed")]);
    assert_eq!(scene.pass(24 * HOUR_MS).await, 1);
    let refund = scene.only_refund(&payment).await;
    assert_eq!(
        (refund.status, refund.failure_message.as_deref()),
        (RefundStatus::Failed, Some("lost_or_stolen_card"))
    );
    assert_eq!(company_balance(&scene.hall).await, (before.0 + before.1, 0.0));
    assert_eq!(scene.pass(24 * HOUR_MS).await, 0);
    assert_eq!(scene.front.asked("POST", "/v1/refunds").len(), 1);
    sound(&scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_refund_before_it_has_a_name_is_heard_when_it_has() {
    let scene = Scene::set().await;
    let (payment, intent) = paid(&scene).await;
    scene.hear_of("evt_1", "re_elsewhere", &intent).await;
    assert_eq!(queued(&scene.hall).await, 0, "one that was made at Stripe is left alone");
    scene.front.answer_badly([Bad::answer(200, &json!({"data": []})), Bad::Lost]);
    let refund = scene.refund(&payment).await;
    assert_eq!((refund.status, refund.reference), (RefundStatus::Pending, None));
    let made = scene.local.look("/v1/refunds").await;
    let made = made["data"][0]["id"].as_str().expect("an id").to_owned();
    scene.hear_of("evt_2", &made, &intent).await;
    assert_eq!(queued(&scene.hall).await, 1, "it is heard again");
    assert_eq!(scene.pass(MINUTE_MS).await, 1);
    scene.pass(10 * MINUTE_MS).await;
    let refund = scene.only_refund(&payment).await;
    assert_eq!((refund.status, refund.reference.as_ref()), (RefundStatus::Succeeded, Some(&made)));
    assert_eq!(queued(&scene.hall).await, 0);
    sound(&scene.hall).await;
}
