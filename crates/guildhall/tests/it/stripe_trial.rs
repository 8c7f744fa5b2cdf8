//! Trials that Stripe keeps a card for: nothing is charged when one begins, and the card pays when it is over.

use crate::browser::{Browser, Page};
use crate::localstripe::Bad;
use crate::mail::{unfolded, with_smtp};
use crate::purchase::{Sold, company_balance, has_access, hidden, sell, signed_in, sound};
use crate::smtp::Smtp;
use crate::stripe::Scene;
use crate::stripe_event::signed_event;
use guildhall::config::Config;
use guildhall_app::{jobs, payment};
use guildhall_core::billing::{DAY_MS, Terms};
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::payment::Stage;
use serde_json::{Value, json};

const GOOD: &str = "4242424242424242";
/// Cannot be kept.
const DECLINED: &str = "4000000000000002";
/// Its bank asks for a second step.
const SECOND_STEP: &str = "4000002760003184";

const TRIAL: Terms =
    Terms::Renewal { initial_price_minor: 0, renewal_price_minor: 1000, period_days: 30, trial_days: 7 };

/// Somebody who wants a trial.
struct Tried {
    scene: Scene,
    sold: Sold,
    mira: Browser,
    place: String,
}

impl Tried {
    async fn set() -> Self {
        Self::set_with(|config| config).await
    }

    async fn set_with(change: impl FnOnce(Config) -> Config) -> Self {
        let scene = Scene::set_with(change).await;
        let sold = sell(&scene.hall, TRIAL, |plan| plan).await;
        let mira = signed_in(&scene.hall, "mira").await;
        let place = format!("/checkout/{sold}");
        Self { scene, sold, mira, place }
    }

    /// Orders, and answers where that led; the session's own page is gone on with.
    async fn order(&mut self) -> Page {
        let page = self.mira.open(&self.place).await;
        let (session, seen) = hidden(&page);
        assert_eq!(seen, "0");
        let fields = [("session", &*session), ("seen", &*seen), ("quantity", "1"), ("method", "stripe")];
        let led = self.mira.send(&self.place, &fields).await;
        self.place = format!("/checkout/{session}");
        led
    }

    /// Orders, and answers the payment, whose card page asks for a card.
    async fn begin(&mut self) -> String {
        let led = self.order().await;
        let payment = led.location.as_deref().and_then(|place| place.strip_prefix("/checkout/card/"));
        payment.unwrap_or_else(|| panic!("led elsewhere: {led:?}")).to_owned()
    }

    /// What there is of a kind at Stripe.
    async fn all(&self, kind: &str) -> Vec<Value> {
        let list = self.scene.local.look(&format!("/v1/{kind}?limit=100")).await;
        list["data"].as_array().expect("a list").clone()
    }

    /// The intent of a payment's attempt.
    async fn intent(&self, payment: &str, attempt: i64) -> Value {
        let key = format!("charge:{payment}:{attempt}");
        let intents = self.all("setup_intents").await;
        let intent = intents.iter().find(|intent| intent["metadata"]["guildhall_key"] == *key);
        intent.unwrap_or_else(|| panic!("no intent of {key} in {intents:?}")).clone()
    }

    async fn keep(&self, intent: &Value, number: &str) -> String {
        self.scene.local.keep_card(intent["id"].as_str().expect("an id"), number).await
    }

    async fn come_back(&mut self, payment: &str) {
        let place = self.place.clone();
        self.mira.open(&format!("/checkout/return/{payment}")).await.leads_to(&place);
    }

    async fn open(&mut self) -> Page {
        let place = self.place.clone();
        self.mira.open(&place).await
    }

    async fn run_due(&self) {
        jobs::run_due(&self.scene.hall.running.hall).await.expect("jobs run");
    }

    async fn has_access(&self) -> bool {
        has_access(&self.scene.hall, &self.scene.hall.world.customer, &self.sold).await
    }

    async fn stage(&self, payment: &str) -> Stage {
        let payment = PaymentId::parse(payment).expect("an id");
        let shown = payment::show(&self.scene.hall.running.hall, payment).await.expect("it is there");
        shown.payment.state.stage
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_keeps_a_card_that_pays_when_it_is_over() {
    let mut tried = Tried::set().await;
    let before = company_balance(&tried.scene.hall).await;
    let payment = tried.begin().await;
    let intent = tried.intent(&payment, 1).await;
    assert_eq!(
        (&intent["usage"], &intent["metadata"]["guildhall_payment"]),
        (&json!("off_session"), &json!(payment))
    );
    let asked = tried.scene.front.asked("POST", "/v1/setup_intents").pop().expect("it was asked");
    assert_eq!(asked.headers["idempotency-key"], format!("charge:{payment}:1"));
    for absent in ["amount", "currency", "capture_method", "setup_future_usage", "confirm"] {
        assert!(!asked.form.contains_key(absent), "{absent} in {asked:?}");
    }
    let card = format!("/checkout/card/{payment}");
    let page = tried.mira.open(&card).await;
    for words in ["A card for what falls due later", "Nothing is charged now", "Keep this card"] {
        page.says(200, words);
    }
    page.says(200, "data-charges=\"false\"");
    page.says(200, &format!("{}_secret_", intent["id"].as_str().expect("an id")));
    tried.open().await.says(200, "One more step");
    assert!(!tried.has_access().await);

    // A card that cannot be kept begins nothing; another one is asked for anew.
    assert_eq!(tried.keep(&intent, DECLINED).await, "card_declined");
    tried.come_back(&payment).await;
    tried.open().await.says(200, "The payment was canceled.");
    assert_eq!(tried.stage(&payment).await, Stage::Failed);
    // The answer to that is lost, so the page looks for what was made.
    tried.scene.front.answer_badly([Bad::Lost]);
    let (led, place) = (tried.order().await, tried.place.clone());
    led.leads_to(&place);
    tried.open().await.says(200, "One more step");
    assert_eq!(tried.all("setup_intents").await.len(), 2);
    let intent = tried.intent(&payment, 2).await;
    assert_eq!(tried.keep(&intent, GOOD).await, "succeeded");
    tried.come_back(&payment).await;
    tried.open().await.says(200, "What you bought is yours");
    assert_eq!(tried.stage(&payment).await, Stage::Paid);
    assert!(tried.has_access().await);
    assert_eq!(tried.all("payment_intents").await.len(), 0);
    assert_eq!(company_balance(&tried.scene.hall).await, before);
    let kept =
        tried.scene.local.look(&format!("/v1/setup_intents/{}", intent["id"].as_str().expect("an id"))).await;
    tried
        .mira
        .open(&card)
        .await
        .leads_to(&format!("{}/checkout/return/{payment}", tried.scene.hall.running.origin));

    tried.scene.hall.clock.advance_ms(7 * DAY_MS);
    tried.run_due().await;
    let intents = tried.all("payment_intents").await;
    let [charged] = &intents[..] else { panic!("charged {} times", intents.len()) };
    assert_eq!((&charged["status"], &charged["amount"]), (&json!("succeeded"), &json!(1000)));
    assert_eq!(charged["payment_method"], kept["payment_method"]);
    assert!(tried.has_access().await);
    assert_eq!(company_balance(&tried.scene.hall).await.1, before.1 + 10.0);
    sound(&tried.scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_begins_when_stripe_tells_that_the_card_is_kept() {
    let mut tried = Tried::set().await;
    let payment = tried.begin().await;
    let intent = tried.intent(&payment, 1).await;
    assert_eq!(tried.keep(&intent, SECOND_STEP).await, "requires_action");
    let card = format!("/checkout/card/{payment}");
    tried.mira.open(&card).await.says(200, "Your bank asks you to confirm this.");
    let confirm = format!("/v1/setup_intents/{}/confirm", intent["id"].as_str().expect("an id"));
    let (status, confirmed) =
        tried.scene.local.ask(reqwest::Method::POST, &confirm, &[("use_stripe_sdk", "true")]).await;
    assert_eq!((status, &confirmed["status"]), (200, &json!("succeeded")));
    for event in ["evt_1", "evt_2"] {
        let event =
            json!({"id": event, "type": "setup_intent.succeeded", "data": {"object": {"id": intent["id"]}}});
        signed_event(&tried.scene.hall, &event).await;
        tried.run_due().await;
        assert_eq!(tried.stage(&payment).await, Stage::Paid);
    }
    assert!(tried.has_access().await);
    tried.open().await.says(200, "What you bought is yours");
    sound(&tried.scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_for_which_no_card_is_kept_in_time_does_not_begin() {
    let mut tried = Tried::set().await;
    let payment = tried.begin().await;
    tried.scene.hall.clock.advance_ms(61 * 60 * 1000);
    tried.run_due().await;
    assert_eq!(tried.intent(&payment, 1).await["status"], "canceled");
    assert_eq!(tried.stage(&payment).await, Stage::Failed);
    assert!(!tried.has_access().await);
    tried.open().await.says(200, "The payment was not confirmed in time.");
    // A late word of it changes nothing: nothing was charged that could go back.
    let other = tried.begin().await;
    assert_eq!(other, payment);
    let first = tried.intent(&payment, 1).await;
    let event =
        json!({"id": "evt_1", "type": "setup_intent.canceled", "data": {"object": {"id": first["id"]}}});
    signed_event(&tried.scene.hall, &event).await;
    tried.run_due().await;
    assert_eq!(tried.stage(&payment).await, Stage::NeedsAction);
    sound(&tried.scene.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_kept_alone_has_no_receipt_and_what_it_pays_later_has_one() {
    let mut smtp = Smtp::start().await;
    let mut tried = Tried::set_with(|config| with_smtp(config, &smtp)).await;
    let payment = tried.begin().await;
    let intent = tried.intent(&payment, 1).await;
    assert_eq!(tried.keep(&intent, GOOD).await, "succeeded");
    tried.come_back(&payment).await;
    assert_eq!(tried.stage(&payment).await, Stage::Paid);
    tried.run_due().await;
    assert!(smtp.is_empty(), "nothing was paid");
    tried.scene.hall.clock.advance_ms(7 * DAY_MS);
    tried.run_due().await;
    let text = unfolded(&smtp.next().await.text);
    assert!(text.contains("Paid") && text.contains("$10.00"), "{text}");
}
