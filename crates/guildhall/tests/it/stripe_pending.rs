//! Charges for which Stripe takes its time: they end, go back to their buyer, or are called off.

use crate::purchase::{MONTHLY, ONCE, has_access, sell, signed_in, sound};
use crate::stripe::Scene;
use crate::stripe_event::signed_event;
use crate::stripe_purchase::order;
use guildhall_app::{jobs, payment};
use guildhall_core::billing::DAY_MS;
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::payment::Stage;
use serde_json::{Value, json};

const GOOD: &str = "4242424242424242";
const HOUR_MS: i64 = 60 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;

/// An order whose charge Stripe takes its time for.
struct Pending {
    scene: Scene,
    session: String,
    payment: PaymentId,
    intent: String,
}

impl Pending {
    async fn set() -> Self {
        let scene = Scene::set().await;
        let plan = sell(&scene.hall, ONCE, |plan| plan).await;
        let (session, payment, intent) = order(&scene, &plan.to_string()).await;
        let payment = PaymentId::parse(&payment).expect("an id");
        let pending = Self { scene, session, payment, intent };
        pending.take_time();
        pending.come_back().await;
        assert_eq!(pending.stage().await, Stage::Pending);
        pending
    }

    fn path(&self) -> String {
        format!("/v1/payment_intents/{}", self.intent)
    }

    /// Stripe says that the charge is under way, whatever becomes of it.
    fn take_time(&self) {
        let processing = json!({"id": self.intent, "status": "processing", "client_secret": null});
        self.scene.front.say("GET", &self.path(), 200, &processing);
    }

    /// The buyer comes back from the card page.
    async fn come_back(&self) {
        let mut mira = signed_in(&self.scene.hall, "mira").await;
        let place = format!("/checkout/{}", self.session);
        mira.open(&format!("/checkout/return/{}", self.payment)).await.leads_to(&place);
    }

    async fn says(&self, words: &str) {
        let mut mira = signed_in(&self.scene.hall, "mira").await;
        mira.open(&format!("/checkout/{}", self.session)).await.says(200, words);
    }

    async fn later(&self, by_ms: i64) {
        self.scene.hall.clock.advance_ms(by_ms);
        jobs::run_due(&self.scene.hall.running.hall).await.expect("jobs run");
    }

    async fn stage(&self) -> Stage {
        let shown = payment::show(&self.scene.hall.running.hall, self.payment.clone()).await;
        shown.expect("it is there").payment.state.stage
    }

    /// How the intent stands at Stripe, in truth.
    async fn status(&self) -> Value {
        self.scene.local.look(&self.path()).await["status"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_wants_another_card_after_all_goes_back_to_its_buyer() {
    let pending = Pending::set().await;
    // The card failed, and Stripe waits for another.
    pending.scene.front.say_no_more();
    pending.later(2 * MINUTE_MS).await;
    assert_eq!(pending.stage().await, Stage::NeedsAction);
    pending.says("One more step").await;
    assert_eq!(pending.scene.local.type_card(&pending.intent, GOOD).await, 200);
    pending.come_back().await;
    assert_eq!(pending.stage().await, Stage::Paid);
    sound(&pending.scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buyer_is_asked_at_once_when_stripe_tells_it() {
    let pending = Pending::set().await;
    pending.scene.front.say_no_more();
    let object = json!({"id": pending.intent});
    let event = json!({"id": "evt_1", "type": "payment_intent.payment_failed", "data": {"object": object}});
    signed_event(&pending.scene.hall, &event).await;
    pending.later(0).await;
    assert_eq!(pending.stage().await, Stage::NeedsAction);
    pending.says("One more step").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_wants_another_card_when_its_buyer_s_time_is_over_is_called_off() {
    let pending = Pending::set().await;
    pending.later(2 * MINUTE_MS).await;
    pending.scene.front.say_no_more();
    pending.later(HOUR_MS).await;
    assert_eq!((pending.stage().await, pending.status().await), (Stage::Failed, json!("canceled")));
    pending.says("The payment was not confirmed in time.").await;
    sound(&pending.scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_takes_too_long_is_called_off() {
    let pending = Pending::set().await;
    pending.later(13 * DAY_MS).await;
    assert_eq!(pending.stage().await, Stage::Pending);
    assert_eq!(pending.scene.front.asked("POST", &format!("{}/cancel", pending.path())).len(), 0);

    // Stripe can rarely cancel what is under way. Until it says that it has, the money may yet be taken.
    let refusal =
        json!({"error": {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}});
    pending.scene.front.say("POST", &format!("{}/cancel", pending.path()), 400, &refusal);
    pending.later(DAY_MS).await;
    assert_eq!(pending.stage().await, Stage::Pending);
    assert!(!pending.scene.front.asked("POST", &format!("{}/cancel", pending.path())).is_empty());
    pending.later(HOUR_MS).await;
    assert_eq!(pending.scene.front.asked("POST", &format!("{}/cancel", pending.path())).len(), 0);

    pending.scene.front.say_no_more();
    pending.later(DAY_MS).await;
    assert_eq!((pending.stage().await, pending.status().await), (Stage::Failed, json!("canceled")));
    let jobs = jobs::count(&pending.scene.hall.running.hall).await.expect("a count");
    assert_eq!(jobs.dead, 0);
    sound(&pending.scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_cannot_be_called_off_any_more_pays() {
    let pending = Pending::set().await;
    assert_eq!(pending.scene.local.type_card(&pending.intent, GOOD).await, 200);
    pending.scene.front.say_no_more();
    pending.later(14 * DAY_MS).await;
    assert_eq!(pending.stage().await, Stage::Paid);
    sound(&pending.scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_wants_another_card_after_all_is_declined() {
    let scene = Scene::set().await;
    let plan = sell(&scene.hall, MONTHLY, |plan| plan).await;
    let (session, payment, intent) = order(&scene, &plan.to_string()).await;
    assert_eq!(scene.local.type_card(&intent, GOOD).await, 200);
    let mut mira = signed_in(&scene.hall, "mira").await;
    mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&format!("/checkout/{session}"));

    scene.hall.clock.advance_ms(30 * DAY_MS);
    let renewal = json!({"id": "pi_renewal", "status": "processing", "client_secret": null});
    scene.front.say("POST", "/v1/payment_intents", 200, &renewal);
    scene.front.say("GET", "/v1/payment_intents/pi_renewal", 200, &renewal);
    jobs::run_due(&scene.hall.running.hall).await.expect("jobs run");
    assert!(has_access(&scene.hall, &scene.hall.world.customer, &plan).await);

    let error = json!({"type": "card_error", "code": "card_declined", "message": "No."});
    let failed = json!({"id": "pi_renewal", "status": "requires_payment_method", "client_secret": null,
        "last_payment_error": error});
    scene.front.say("GET", "/v1/payment_intents/pi_renewal", 200, &failed);
    let canceled = json!({"id": "pi_renewal", "status": "canceled", "client_secret": null});
    scene.front.say("POST", "/v1/payment_intents/pi_renewal/cancel", 200, &canceled);
    scene.hall.clock.advance_ms(2 * MINUTE_MS);
    jobs::run_due(&scene.hall.running.hall).await.expect("jobs run");
    let called_off = scene.front.asked("POST", "/v1/payment_intents/pi_renewal/cancel");
    assert!(!called_off.is_empty(), "so that nobody pays it later");
    let payments = payment::list(&scene.hall.running.hall, scene.hall.world.company.clone(), 10).await;
    let newest = payments.expect("a list").remove(0);
    assert_eq!((newest.state.stage, newest.failures), (Stage::Failed, 1));
    sound(&scene.hall).await;
}
