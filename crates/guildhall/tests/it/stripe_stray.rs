//! Charges of earlier attempts that succeed late: one charge pays, and the money of every other goes back, once.

use crate::browser::Browser;
use crate::localstripe::Bad;
use crate::purchase::{ONCE, Sold, company_balance, has_access, hidden, sell, signed_in, sound};
use crate::stripe::Scene;
use crate::stripe_event::signed_event;
use guildhall_app::payment::{self, Shown};
use guildhall_app::{jobs, ledger};
use guildhall_core::billing::DAY_MS;
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::payment::Stage;
use guildhall_core::refund::RefundStatus;
use serde_json::json;

const GOOD: &str = "4242424242424242";

/// An order whose attempts are made one after another.
struct Bought {
    scene: Scene,
    sold: Sold,
    mira: Browser,
    place: String,
    payment: Option<PaymentId>,
    attempts: usize,
}

impl Bought {
    async fn set() -> Self {
        let scene = Scene::set().await;
        let sold = sell(&scene.hall, ONCE, |plan| plan).await;
        let mira = signed_in(&scene.hall, "mira").await;
        let place = format!("/checkout/{sold}");
        Self { scene, sold, mira, place, payment: None, attempts: 0 }
    }

    /// Orders, or orders again on the session's own page; answers the attempt's intent.
    async fn attempt(&mut self) -> String {
        let page = self.mira.open(&self.place).await;
        let (session, seen) = hidden(&page);
        let fields = [("session", &*session), ("seen", &*seen), ("quantity", "1"), ("method", "stripe")];
        let led = self.mira.send(&self.place, &fields).await;
        let payment = led.location.as_deref().and_then(|place| place.strip_prefix("/checkout/card/"));
        let payment = payment.unwrap_or_else(|| panic!("led elsewhere: {led:?}")).to_owned();
        self.attempts += 1;
        self.place = format!("/checkout/{session}");
        let key = format!("charge:{payment}:{}", self.attempts);
        self.payment = Some(PaymentId::parse(&payment).expect("an id"));
        let intents = self.scene.local.look("/v1/payment_intents?limit=100").await;
        let intents = intents["data"].as_array().expect("a list");
        let made = intents.iter().find(|intent| intent["metadata"]["guildhall_key"] == *key);
        made.expect("an intent")["id"].as_str().expect("an id").to_owned()
    }

    fn payment(&self) -> PaymentId {
        self.payment.clone().expect("it was ordered")
    }

    /// The buyer gives the attempt up. Stripe says that the intent is canceled, and leaves it open.
    async fn give_up(&self, intent: &str) {
        let canceled = json!({"id": intent, "status": "canceled", "client_secret": null});
        self.scene.front.answer_badly([Bad::answer(200, &canceled)]);
        payment::give_up(&self.scene.hall.running.hall, self.payment()).await.expect("it is given up");
        assert_eq!(self.show().await.payment.state.stage, Stage::Failed);
    }

    /// The card is charged by an intent, at Stripe.
    async fn charge(&self, intent: &str) {
        assert_eq!(self.scene.local.type_card(intent, GOOD).await, 200);
    }

    /// Stripe tells of an intent.
    async fn hear(&self, event: &str, intent: &str) {
        let event =
            json!({"id": event, "type": "payment_intent.succeeded", "data": {"object": {"id": intent}}});
        signed_event(&self.scene.hall, &event).await;
        self.run_due().await;
    }

    /// An order that its second attempt paid, while the first was charged too and Stripe does not give it back; answers
    /// the first one's intent.
    async fn paid_beside_a_disputed_charge() -> (Self, String) {
        let mut bought = Self::set().await;
        let first = bought.attempt().await;
        bought.give_up(&first).await;
        let second = bought.attempt().await;
        bought.charge(&second).await;
        bought.come_back().await;
        let refusal = json!({"error": {"type": "invalid_request_error", "code": "charge_disputed",
            "message": "It was charged back."}});
        bought.scene.front.say("POST", "/v1/refunds", 400, &refusal);
        bought.charge(&first).await;
        bought.hear("evt_first", &first).await;
        assert_eq!(bought.strays().await, [(first.clone(), RefundStatus::Pending)]);
        (bought, first)
    }

    /// Stripe tells how the dispute of an intent stands, over so much of Stripe's units.
    async fn hear_dispute(&self, event: &str, intent: &str, status: &str, amount: i64) {
        let object = json!({"id": "dp_1", "payment_intent": intent, "status": status, "amount": amount,
            "currency": "usd", "reason": "fraudulent"});
        let event = json!({"id": event, "type": "charge.dispute.updated", "data": {"object": object}});
        signed_event(&self.scene.hall, &event).await;
        self.run_due().await;
    }

    /// What of the order's money lies on accounts of these kinds, in minor units.
    async fn lies(&self) -> Vec<(AccountKind, i64)> {
        let report = ledger::audit(&self.scene.hall.running.hall).await.expect("an audit");
        report.open_items.iter().map(|item| (item.kind, item.amount_minor)).collect()
    }

    /// Days go by, and Stripe would give back whatever is asked for.
    async fn days_pass(&self) {
        self.scene.front.say_no_more();
        for _ in 0..4 {
            self.scene.hall.clock.advance_ms(DAY_MS);
            self.run_due().await;
        }
    }

    async fn run_due(&self) {
        jobs::run_due(&self.scene.hall.running.hall).await.expect("jobs run");
    }

    /// The buyer comes back from the card page.
    async fn come_back(&mut self) {
        let place = format!("/checkout/return/{}", self.payment());
        self.mira.open(&place).await.leads_to(&self.place.clone());
    }

    async fn show(&self) -> Shown {
        payment::show(&self.scene.hall.running.hall, self.payment()).await.expect("it is there")
    }

    async fn has_access(&self) -> bool {
        has_access(&self.scene.hall, &self.scene.hall.world.customer, &self.sold).await
    }

    /// What each stray charge is, and how its return stands.
    async fn strays(&self) -> Vec<(String, RefundStatus)> {
        let strays = self.show().await.stray_charges;
        strays.into_iter().map(|stray| (stray.reference, stray.status)).collect()
    }

    /// The intents whose money went back, and how much of each.
    async fn given_back(&self) -> Vec<(String, i64)> {
        let refunds = self.scene.local.look("/v1/refunds?limit=100").await;
        let refunds = refunds["data"].as_array().expect("a list").clone();
        let of = |refund: &serde_json::Value| {
            let intent = refund["payment_intent"].as_str().expect("an intent").to_owned();
            (intent, refund["amount"].as_i64().expect("an amount"))
        };
        refunds.iter().map(of).collect()
    }

    /// What the ledger says is on its way, in minor units; it is sound, and all of it is explained.
    async fn on_its_way(&self) -> i64 {
        let report = ledger::audit(&self.scene.hall.running.hall).await.expect("an audit");
        assert!(report.is_sound(), "{report:?}");
        let payment = self.payment();
        assert!(report.open_items.iter().all(|item| item.subject.as_deref() == Some(payment.as_str())));
        report.open_items.iter().map(|item| item.amount_minor).sum()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_charge_beside_the_one_that_paid_goes_back_once() {
    let mut bought = Bought::set().await;
    let first = bought.attempt().await;
    bought.give_up(&first).await;
    let second = bought.attempt().await;
    bought.charge(&second).await;
    bought.come_back().await;
    assert!(bought.has_access().await);
    let earned = company_balance(&bought.scene.hall).await;

    bought.charge(&first).await;
    // What is asked: how the charge stands, what was given back of it, and that it be given back, whose answer is lost.
    let charged = bought.scene.local.look(&format!("/v1/payment_intents/{first}")).await;
    let nothing = json!({"data": []});
    bought.scene.front.answer_badly([Bad::answer(200, &charged), Bad::answer(200, &nothing), Bad::Lost]);
    bought.hear("evt_1", &first).await;
    assert_eq!(bought.strays().await, [(first.clone(), RefundStatus::Pending)]);
    assert_eq!(bought.on_its_way().await, 2000);
    bought.hear("evt_2", &first).await;
    assert_eq!(bought.strays().await.len(), 1);
    bought.scene.hall.clock.advance_ms(10 * 60 * 1000);
    bought.run_due().await;
    assert_eq!(bought.strays().await, [(first.clone(), RefundStatus::Succeeded)]);
    let asked = bought.scene.front.asked("POST", "/v1/refunds");
    let keys: Vec<_> = asked.iter().map(|one| one.headers["idempotency-key"].as_str()).collect();
    assert_eq!(keys, [format!("stray:{first}")]);

    // Nothing more comes of it, whatever is told again.
    bought.hear("evt_3", &first).await;
    bought.hear("evt_4", &second).await;
    assert_eq!(bought.given_back().await, [(first.clone(), 2000)]);
    assert_eq!(bought.on_its_way().await, 0);
    let shown = bought.show().await;
    assert_eq!((shown.payment.state.stage, shown.payment.reference.as_ref()), (Stage::Paid, Some(&second)));
    assert_eq!((shown.refunds.len(), shown.payment.state.refunded_minor), (0, 0));
    assert!(bought.has_access().await);
    assert_eq!(company_balance(&bought.scene.hall).await, earned);

    // Days later the buyer's bank sends it back.
    let refund = shown.stray_charges[0].refund_reference.clone().expect("Stripe's name for it");
    let object =
        json!({"id": refund, "payment_intent": first, "status": "failed", "failure_reason": "unknown"});
    let event = json!({"id": "evt_5", "type": "refund.failed", "data": {"object": object}});
    signed_event(&bought.scene.hall, &event).await;
    bought.run_due().await;
    assert_eq!(bought.strays().await, [(first, RefundStatus::Failed)]);
    assert_eq!(bought.on_its_way().await, 2000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_attempt_pays_when_no_other_did() {
    let mut bought = Bought::set().await;
    let first = bought.attempt().await;
    bought.give_up(&first).await;
    let second = bought.attempt().await;
    bought.give_up(&second).await;
    bought.charge(&first).await;
    bought.hear("evt_1", &first).await;
    let shown = bought.show().await;
    assert_eq!((shown.payment.state.stage, shown.payment.reference.as_ref()), (Stage::Paid, Some(&first)));
    assert!(bought.has_access().await);
    bought.mira.open(&bought.place.clone()).await.says(200, "What you bought is yours");
    sound(&bought.scene.hall).await;
    let earned = company_balance(&bought.scene.hall).await;

    // The attempt that came last is the stray one now.
    bought.charge(&second).await;
    bought.hear("evt_2", &second).await;
    bought.hear("evt_3", &first).await;
    assert_eq!(bought.strays().await, [(second.clone(), RefundStatus::Succeeded)]);
    assert_eq!(bought.given_back().await, [(second, 2000)]);
    assert_eq!(bought.on_its_way().await, 0);
    assert_eq!(company_balance(&bought.scene.hall).await, earned);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_attempt_pays_for_nothing_beside_one_that_is_under_way_or_when_it_is_over() {
    let mut bought = Bought::set().await;
    let first = bought.attempt().await;
    bought.give_up(&first).await;
    let second = bought.attempt().await;
    bought.charge(&first).await;
    bought.hear("evt_1", &first).await;
    assert_eq!(bought.strays().await, [(first.clone(), RefundStatus::Succeeded)]);
    assert_eq!(bought.show().await.payment.state.stage, Stage::NeedsAction);
    bought.give_up(&second).await;
    let third = bought.attempt().await;
    bought.give_up(&third).await;

    // The checkout is over, and Stripe does not give back at first.
    bought.scene.hall.clock.advance_ms(DAY_MS);
    bought.charge(&second).await;
    let charged = bought.scene.local.look(&format!("/v1/payment_intents/{second}")).await;
    let refusal = json!({"type": "invalid_request_error", "message": "The balance is too low."});
    let nothing = json!({"data": []});
    bought.scene.front.answer_badly([
        Bad::answer(200, &charged),
        Bad::answer(200, &nothing),
        Bad::error(400, &refusal),
    ]);
    bought.hear("evt_2", &second).await;
    let shown = bought.show().await;
    let stray = shown.stray_charges.last().expect("a stray charge");
    assert_eq!((&stray.reference, stray.status), (&second, RefundStatus::Pending));
    assert_eq!(stray.failure_message.as_deref(), Some("The balance is too low."));
    assert_eq!(bought.on_its_way().await, 2000);
    bought.scene.hall.clock.advance_ms(10 * 60 * 1000);
    bought.run_due().await;
    assert_eq!(bought.strays().await[1], (second.clone(), RefundStatus::Succeeded));
    assert_eq!(bought.on_its_way().await, 0);
    let mut back = bought.given_back().await;
    back.sort();
    let mut expected = [(first, 2000), (second, 2000)];
    expected.sort();
    assert_eq!(back, expected);
    assert!(!bought.has_access().await);
    assert_eq!(bought.show().await.payment.state.stage, Stage::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stray_charge_that_its_buyer_s_bank_took_back_is_not_given_back_beside() {
    let (bought, first) = Bought::paid_beside_a_disputed_charge().await;
    let (free, pending) = company_balance(&bought.scene.hall).await;
    let earned = format!("{:.2}", free + pending);
    assert_eq!(bought.lies().await, [(AccountKind::Clearing, 2000)]);
    // A warning takes nothing, and what is told twice or late counts once.
    bought.hear_dispute("evt_1", &first, "warning_needs_response", 2000).await;
    assert_eq!(bought.lies().await, [(AccountKind::Clearing, 2000)]);
    for event in ["evt_2", "evt_3"] {
        bought.hear_dispute(event, &first, "needs_response", 2000).await;
        assert_eq!(bought.lies().await, [(AccountKind::Disputed, 2000)]);
    }
    bought.days_pass().await;
    assert_eq!((bought.given_back().await, bought.on_its_way().await), (vec![], 2000));

    for (event, status) in [("evt_4", "lost"), ("evt_5", "needs_response")] {
        bought.hear_dispute(event, &first, status, 2000).await;
        assert_eq!(bought.strays().await, [(first.clone(), RefundStatus::Succeeded)]);
    }
    bought.days_pass().await;
    assert_eq!((bought.given_back().await, bought.on_its_way().await), (vec![], 0));
    // It is no dispute of the payment, whose seller has what they earned.
    let payment = bought.show().await.payment;
    assert_eq!((payment.state.stage, payment.state.dispute), (Stage::Paid, None));
    assert!(bought.has_access().await);
    let (free, pending) = company_balance(&bought.scene.hall).await;
    assert_eq!(format!("{:.2}", free + pending), earned);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stray_charge_goes_back_when_its_dispute_is_won() {
    let (bought, first) = Bought::paid_beside_a_disputed_charge().await;
    bought.hear_dispute("evt_1", &first, "under_review", 2000).await;
    assert_eq!(bought.lies().await, [(AccountKind::Disputed, 2000)]);
    bought.days_pass().await;
    assert_eq!(bought.given_back().await, []);
    bought.hear_dispute("evt_2", &first, "won", 2000).await;
    assert_eq!(bought.strays().await, [(first.clone(), RefundStatus::Succeeded)]);
    assert_eq!((bought.given_back().await, bought.on_its_way().await), (vec![(first, 2000)], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dispute_leaves_of_a_stray_charge_goes_back() {
    let (bought, first) = Bought::paid_beside_a_disputed_charge().await;
    // Nothing was heard before it was lost.
    bought.scene.front.say_no_more();
    bought.hear_dispute("evt_1", &first, "lost", 1500).await;
    assert_eq!(bought.strays().await, [(first.clone(), RefundStatus::Succeeded)]);
    assert_eq!((bought.given_back().await, bought.on_its_way().await), (vec![(first, 500)], 0));
}
