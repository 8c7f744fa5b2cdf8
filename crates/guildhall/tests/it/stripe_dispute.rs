//! Disputes that Stripe tells of: when they begin as such, and what it takes for them.

use crate::purchase::{ONCE, sell, signed_in, sound};
use crate::stripe::Scene;
use crate::stripe_event::signed_event;
use crate::stripe_purchase::order;
use guildhall_app::{jobs, ledger, webhook};
use guildhall_core::ledger::AccountKind;
use serde_json::{Value, json};

/// A payment of twenty dollars that its buyer's bank asks about.
struct Disputed {
    scene: Scene,
    intent: String,
    events: u32,
}

impl Disputed {
    async fn set() -> Self {
        let scene = Scene::set().await;
        let plan = sell(&scene.hall, ONCE, |plan| plan).await;
        let (session, payment, intent) = order(&scene, &plan.to_string()).await;
        assert_eq!(scene.local.type_card(&intent, "4242424242424242").await, 200);
        let mut mira = signed_in(&scene.hall, "mira").await;
        mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&format!("/checkout/{session}"));
        Self { scene, intent, events: 0 }
    }

    /// Stripe tells how the dispute stands, and what it moved for it so far.
    async fn hear(&mut self, status: &str, moved: Value) {
        self.events += 1;
        self.scene.hall.clock.advance_ms(1000);
        let object = json!({"id": "dp_1", "payment_intent": self.intent, "status": status, "amount": 2000,
            "currency": "usd", "reason": "fraudulent", "balance_transactions": moved});
        let event = json!({"id": format!("evt_{}", self.events), "type": "charge.dispute.updated",
            "data": {"object": object}});
        signed_event(&self.scene.hall, &event).await;
        jobs::run_due(&self.scene.hall.running.hall).await.expect("jobs run");
    }

    /// What was told of the dispute so far.
    async fn told(&self) -> Vec<&'static str> {
        let happened = webhook::happened_since(&self.scene.hall.running.hall, 0).await.expect("a list");
        let words = happened.iter().map(|one| one.event().as_str());
        words.filter(|word| word.starts_with("dispute_")).collect()
    }

    /// What the ledger says that lies on accounts of a kind, in minor units; it is sound.
    async fn lies(&self, kind: AccountKind) -> i64 {
        sound(&self.scene.hall).await;
        let report = ledger::audit(&self.scene.hall.running.hall).await.expect("an audit");
        let of_kind = report.totals.iter().filter(|total| total.kind == kind && total.currency == "usd");
        of_kind.map(|total| total.sum_minor).sum()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_was_a_warning_before_is_told_as_one_that_begins() {
    let mut disputed = Disputed::set().await;
    for (status, told) in [
        ("warning_needs_response", "dispute_alert_created"),
        ("warning_under_review", "dispute_updated"),
        ("needs_response", "dispute_created"),
        ("under_review", "dispute_updated"),
        ("lost", "dispute_updated"),
    ] {
        disputed.hear(status, json!([])).await;
        assert_eq!(disputed.told().await.last(), Some(&told), "{status}");
    }
    assert_eq!(disputed.told().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_that_is_told_after_the_dispute_is_booked_once() {
    let mut disputed = Disputed::set().await;
    let fees = disputed.lies(AccountKind::ProcessorFees).await;
    let moved = |fees: &[i64]| {
        fees.iter().map(|fee| json!({"amount": -2000, "currency": "usd", "fee": fee})).collect::<Value>()
    };
    // Its fee comes later, then another for answering it; what is reinstated brings none back.
    for (status, told, booked) in [
        ("needs_response", moved(&[]), 0),
        ("needs_response", moved(&[1500]), 1500),
        ("needs_response", moved(&[1500]), 1500),
        ("under_review", moved(&[1500, 1500]), 3000),
        ("won", moved(&[1500, 1500, -3000]), 3000),
        ("won", moved(&[1500, 1500]), 3000),
    ] {
        disputed.hear(status, told.clone()).await;
        let taken = disputed.lies(AccountKind::ProcessorFees).await - fees;
        assert_eq!(taken, booked, "{status} {told}");
    }
    assert_eq!(disputed.lies(AccountKind::Disputed).await, 0);
}
