//! Charges that cannot be delivered: the buyer has the money back when Stripe says so, and not before.

use crate::browser::Browser;
use crate::localstripe::Bad;
use crate::purchase::{ONCE, sell, signed_in};
use crate::scene::DAY_MS;
use crate::stripe::Scene;
use crate::stripe_event::signed_event;
use crate::stripe_purchase::order;
use guildhall_app::access_pass;
use guildhall_app::payment::{self, Shown};
use guildhall_app::principal::Principal;
use guildhall_app::{jobs, ledger};
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::payment::Stage;
use guildhall_core::refund::RefundStatus;
use serde_json::{Value, json};

/// An order that was paid at Stripe when its pass had been deleted.
struct Undelivered {
    scene: Scene,
    mira: Browser,
    session: String,
    payment: PaymentId,
    intent: String,
    events: u32,
}

impl Undelivered {
    /// The buyer comes back, and Stripe answers that the refund takes its time.
    async fn set() -> Self {
        let scene = Scene::set().await;
        let sold = sell(&scene.hall, ONCE, |plan| plan).await;
        let (session, payment, intent) = order(&scene, &sold.to_string()).await;
        let owner = Principal::in_person(scene.hall.world.owner.clone());
        access_pass::delete(&scene.hall.running.hall, &owner, sold.pass).await.expect("it is deleted");
        assert_eq!(scene.local.type_card(&intent, "4242424242424242").await, 200);
        let charged = scene.local.look(&format!("/v1/payment_intents/{intent}")).await;
        let mut mira = signed_in(&scene.hall, "mira").await;
        scene.front.answer_badly([Bad::answer(200, &charged)]);
        answer_refunds(&scene, &[], "re_1", "pending");
        mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&format!("/checkout/{session}"));
        let payment = PaymentId::parse(&payment).expect("an id");
        Self { scene, mira, session, payment, intent, events: 0 }
    }

    /// Stripe tells how a refund stands.
    async fn hear(&mut self, refund: &str, status: &str) {
        self.events += 1;
        let object = json!({"id": refund, "payment_intent": self.intent, "status": status,
            "failure_reason": (status == "failed").then_some("lost_or_stolen_card")});
        let event = json!({"id": format!("evt_{}", self.events), "type": "refund.updated",
            "data": {"object": object}});
        signed_event(&self.scene.hall, &event).await;
        self.run_due().await;
    }

    /// Stripe tells how a dispute of the charge stands, over so much of Stripe's units.
    async fn hear_dispute(&mut self, status: &str, amount: i64) {
        self.events += 1;
        let object = json!({"id": "dp_1", "payment_intent": self.intent, "status": status, "amount": amount,
            "currency": "usd", "reason": "fraudulent"});
        let event = json!({"id": format!("evt_{}", self.events), "type": "charge.dispute.updated",
            "data": {"object": object}});
        signed_event(&self.scene.hall, &event).await;
        self.run_due().await;
    }

    /// What the team reads that became of the charge.
    async fn team_reads(&self, sentence: &str) {
        let mut hanna = signed_in(&self.scene.hall, "hanna").await;
        let place = format!("/companies/{}/payments/{}", self.scene.hall.world.company, self.payment);
        hanna.open(&place).await.says(200, sentence);
    }

    async fn run_due(&self) {
        jobs::run_due(&self.scene.hall.running.hall).await.expect("jobs run");
    }

    /// Where the payment stands, how the return of its charge does, and what the ledger says is on its way, in minor
    /// units.
    async fn stands(&self) -> (Stage, RefundStatus, i64) {
        let Shown { payment, stray_charges, .. } =
            payment::show(&self.scene.hall.running.hall, self.payment.clone()).await.expect("it is there");
        let [charge] = &stray_charges[..] else { panic!("{stray_charges:?}") };
        assert_eq!((&charge.reference, charge.amount_minor), (&self.intent, 2000));
        let report = ledger::audit(&self.scene.hall.running.hall).await.expect("an audit");
        assert!(report.is_sound(), "{report:?}");
        let on_its_way = report.open_items.iter().map(|item| item.amount_minor).sum();
        (payment.state.stage, charge.status, on_its_way)
    }

    /// The keys under which a refund was asked for since this was asked last.
    fn keys(&self) -> Vec<String> {
        let asked = self.scene.front.asked("POST", "/v1/refunds");
        asked.into_iter().map(|mut one| one.headers.remove("idempotency-key").expect("a key")).collect()
    }
}

/// The next time that Stripe is asked for a refund, these were made before, and another is made that stands so.
fn answer_refunds(scene: &Scene, before: &[Value], refund: &str, status: &str) {
    scene.front.answer_badly([
        Bad::answer(200, &json!({"data": before})),
        Bad::answer(200, &json!({"id": refund, "status": status})),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_at_stripe_is_back_when_stripe_tells() {
    let mut order = Undelivered::set().await;
    let place = format!("/checkout/{}", order.session);
    let pending = json!({"id": "re_1", "status": "pending",
        "metadata": {"guildhall_key": format!("stray:{}", order.intent)}});
    // The page asks how it stands.
    order.scene.front.answer_badly([Bad::answer(200, &json!({"data": [pending]}))]);
    order.mira.open(&place).await.says(200, "Your money is given back");
    assert_eq!(order.stands().await, (Stage::Returning, RefundStatus::Pending, 2000));
    order.team_reads("$20.00 was charged for what could not be had any more, and is being given back.").await;
    // Somebody else's refund, and what is told twice, changes nothing.
    order.hear("re_elsewhere", "succeeded").await;
    assert_eq!(order.stands().await, (Stage::Returning, RefundStatus::Pending, 2000));
    for _ in 0..2 {
        order.hear("re_1", "succeeded").await;
        assert_eq!(order.stands().await, (Stage::AutoRefunded, RefundStatus::Succeeded, 0));
    }
    order.team_reads("$20.00 was charged for what could not be had any more, and was given back.").await;
    assert_eq!(order.keys(), [format!("stray:{}", order.intent)]);
    order.scene.hall.clock.advance_ms(DAY_MS);
    order.run_due().await;
    assert_eq!(order.keys(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_at_stripe_is_asked_about_until_it_is_back() {
    let order = Undelivered::set().await;
    let refund = |status: &str| {
        json!({"data": [{"id": "re_1", "status": status,
            "metadata": {"guildhall_key": format!("stray:{}", order.intent)}}]})
    };
    // Longer than a job that fails is tried.
    order.scene.front.say("GET", "/v1/refunds", 200, &refund("pending"));
    for _ in 0..20 {
        order.scene.hall.clock.advance_ms(DAY_MS);
        order.run_due().await;
        assert_eq!(order.stands().await, (Stage::Returning, RefundStatus::Pending, 2000));
    }
    assert!(jobs::list(&order.scene.hall.running.hall, true, 10).await.expect("a list").is_empty());
    order.scene.front.say("GET", "/v1/refunds", 200, &refund("succeeded"));
    order.scene.hall.clock.advance_ms(DAY_MS);
    order.run_due().await;
    assert_eq!(order.stands().await, (Stage::AutoRefunded, RefundStatus::Succeeded, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_back_while_a_bank_holds_some_of_it_is_booked_when_the_bank_has_decided() {
    for part in [800, 2000] {
        let mut order = Undelivered::set().await;
        order.hear_dispute("needs_response", part).await;
        order.hear("re_1", "succeeded").await;
        assert_eq!(order.stands().await, (Stage::Returning, RefundStatus::Pending, 2000), "{part}");
        let back = json!({"id": "re_1", "status": "succeeded",
            "metadata": {"guildhall_key": format!("stray:{}", order.intent)}});
        order.scene.front.say("GET", "/v1/refunds", 200, &json!({"data": [back]}));
        order.hear_dispute("won", part).await;
        assert_eq!(order.stands().await, (Stage::AutoRefunded, RefundStatus::Succeeded, 0), "{part}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_is_asked_for_anew_and_one_that_comes_back_when_an_operator_says_so() {
    let mut order = Undelivered::set().await;
    // Stripe tells of one failure more than once.
    for _ in 0..2 {
        order.hear("re_1", "failed").await;
        assert_eq!(order.stands().await, (Stage::Returning, RefundStatus::Pending, 2000));
    }
    let failed = json!({"id": "re_1", "status": "failed",
        "metadata": {"guildhall_key": format!("stray:{}", order.intent)}});
    answer_refunds(&order.scene, std::slice::from_ref(&failed), "re_2", "succeeded");
    order.scene.hall.clock.advance_ms(60_000);
    order.run_due().await;
    assert_eq!(order.stands().await, (Stage::AutoRefunded, RefundStatus::Succeeded, 0));
    assert_eq!(order.keys(), [format!("stray:{}", order.intent), format!("stray:{}:1", order.intent)]);

    // Days later the buyer's bank sends it back.
    order.hear("re_2", "failed").await;
    assert_eq!(order.stands().await, (Stage::AutoRefunded, RefundStatus::Failed, 2000));
    order.scene.hall.clock.advance_ms(DAY_MS);
    order.run_due().await;
    assert_eq!(order.keys(), Vec::<String>::new());
    let hall = &order.scene.hall.running.hall;
    let dead = jobs::list(hall, true, 10).await.expect("a list");
    let [job] = &dead[..] else { panic!("{dead:?}") };
    assert_eq!(job.kind, "stray_charge");
    assert_eq!(job.last_error.as_deref(), Some("the buyer's bank sent it back: lost_or_stolen_card"));
    answer_refunds(&order.scene, &[failed], "re_3", "succeeded");
    jobs::retry(hall, job.id.clone()).await.expect("it is tried");
    order.run_due().await;
    assert_eq!(order.stands().await, (Stage::AutoRefunded, RefundStatus::Succeeded, 0));
    assert_eq!(order.keys(), [format!("stray:{}:2", order.intent)]);
}
