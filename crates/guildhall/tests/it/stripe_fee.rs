//! What Stripe keeps of a charge and tells only later.

use crate::purchase::{ONCE, company_balance, sell, signed_in, sound};
use crate::stripe::Scene;
use crate::stripe_purchase::order;
use guildhall_app::payment::{self, Payment};
use guildhall_app::refund::{self, Wanted};
use guildhall_app::{jobs, ledger};
use guildhall_core::billing::DAY_MS;
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;
use serde_json::{Value, json};

const GOOD: &str = "4242424242424242";
const HOUR_MS: i64 = 60 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;

/// A sale of 20 usd whose fee Stripe has not told yet.
struct Untold {
    scene: Scene,
    payment: PaymentId,
    intent: String,
}

impl Untold {
    async fn set() -> Self {
        let scene = Scene::set().await;
        let plan = sell(&scene.hall, ONCE, |plan| plan).await;
        let (session, payment, intent) = order(&scene, &plan.to_string()).await;
        assert_eq!(scene.local.type_card(&intent, GOOD).await, 200);
        let payment = PaymentId::parse(&payment).expect("an id");
        let untold = Self { scene, payment, intent };
        untold.tells(&json!(null)).await;
        let mut mira = signed_in(&untold.scene.hall, "mira").await;
        let back = format!("/checkout/return/{}", untold.payment);
        mira.open(&back).await.leads_to(&format!("/checkout/{session}"));
        assert_eq!(untold.parts().await, (0, 2000));
        assert_eq!(untold.fees().await, 0);
        untold
    }

    /// What Stripe tells of the charge's balance transaction from now on: there is none before the charge is captured
    /// and its money moved, though the charge has succeeded.
    async fn tells(&self, moved: &Value) {
        let path = format!("/v1/payment_intents/{}", self.intent);
        let mut charged = self.scene.local.look(&path).await;
        charged["latest_charge"]["balance_transaction"] = moved.clone();
        self.scene.front.say("GET", &path, 200, &charged);
    }

    async fn later(&self, by_ms: i64) {
        self.scene.hall.clock.advance_ms(by_ms);
        jobs::run_due(&self.scene.hall.running.hall).await.expect("jobs run");
    }

    async fn show(&self) -> Payment {
        let shown = payment::show(&self.scene.hall.running.hall, self.payment.clone()).await;
        shown.expect("it is there").payment
    }

    /// What of the sale is Stripe's, and what its seller's.
    async fn parts(&self) -> (i64, i64) {
        let shares = self.show().await.sale.expect("it was sold").shares;
        (shares.processor_fee_minor, shares.net_minor)
    }

    /// What the receipt says that is left after fees.
    async fn after_fees(&self) -> f64 {
        let query = "query($company: ID!) { company(id: $company) { receiptsV2(first: 50) {
          nodes { id amountAfterFees } } } }";
        let company = json!({"company": self.scene.hall.world.company.as_str()});
        let answered = self.scene.hall.run(None, query, company).await;
        let nodes = answered.data()["company"]["receiptsV2"]["nodes"].as_array().expect("a list").clone();
        let receipt = nodes.iter().find(|node| node["id"] == self.payment.as_str()).expect("a receipt");
        receipt["amountAfterFees"].as_f64().expect("a number")
    }

    /// What the ledger says that processors keep; it is sound.
    async fn fees(&self) -> i64 {
        sound(&self.scene.hall).await;
        let report = ledger::audit(&self.scene.hall.running.hall).await.expect("an audit");
        let fees = report.totals.iter().filter(|total| total.kind == AccountKind::ProcessorFees);
        fees.map(|total| total.sum_minor).sum()
    }

    async fn waiting(&self) -> usize {
        let all = jobs::list(&self.scene.hall.running.hall, false, jobs::MOST_LISTED).await.expect("a list");
        all.iter().filter(|job| job.kind == "late_fee").count()
    }
}

fn moved() -> Value {
    json!({"id": "txn_1", "amount": 1850, "currency": "eur", "fee": 79})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_that_is_told_later_is_booked_once_and_the_seller_bears_it() {
    let untold = Untold::set().await;
    let (free, pending) = company_balance(&untold.scene.hall).await;
    assert_eq!((untold.after_fees().await, untold.waiting().await), (20.0, 1));
    untold.later(HOUR_MS).await;
    assert_eq!((untold.parts().await, untold.waiting().await), ((0, 2000), 1));

    untold.tells(&moved()).await;
    untold.later(MINUTE_MS).await;
    assert_eq!((untold.parts().await, untold.waiting().await), ((85, 1915), 0));
    assert_eq!(untold.after_fees().await, 19.15);
    assert_eq!(untold.fees().await, 85);
    assert_eq!(company_balance(&untold.scene.hall).await, (free, pending - 0.85));

    untold.later(8 * DAY_MS).await;
    assert_eq!(untold.parts().await, (85, 1915));
    assert_eq!(untold.fees().await, 85);
    assert_eq!(company_balance(&untold.scene.hall).await, (free + 19.15, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_that_the_seller_cannot_bear_any_more_is_their_debt() {
    let untold = Untold::set().await;
    let hall = &untold.scene.hall;
    let (company, payment) = (hall.world.company.clone(), untold.payment.clone());
    let refunded = refund::create_by_operator(&hall.running.hall, payment, Wanted::default()).await;
    assert_eq!(refunded.expect("it goes back").amount_minor, 2000);
    let (free, pending) = company_balance(hall).await;
    assert_eq!(pending, 0.0);
    let account = "query($id: ID!) { company(id: $id) { ledgerAccount { id } } }";
    let account = hall.run(None, account, json!({"id": company.as_str()})).await;
    let spend = "mutation($input: TransferFundsInput!) { transferFunds(input: $input) }";
    let input = json!({"amount": free, "currency": "usd", "destinationId": hall.world.owner.as_str(),
        "idempotenceKey": "all", "ledgerAccountId": account.data()["company"]["ledgerAccount"]["id"]});
    hall.run(None, spend, json!({"input": input})).await.data();

    untold.tells(&moved()).await;
    untold.later(HOUR_MS).await;
    assert_eq!(untold.parts().await, (85, 1915));
    assert_eq!(untold.fees().await, 85);
    let usd = Currency::parse("usd").expect("a currency");
    let owed = hall.found(move |founder| founder.held(AccountKind::CompanyDebt, company.as_str(), usd)).await;
    assert_eq!((owed, company_balance(hall).await), (-85, (-0.85, 0.0)));
}
