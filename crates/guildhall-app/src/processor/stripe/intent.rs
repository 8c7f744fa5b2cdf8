//! How a PaymentIntent stands. <https://docs.stripe.com/payments/paymentintents/lifecycle>
//!
//! A SetupIntent goes the same way without an amount. <https://docs.stripe.com/payments/setupintents/lifecycle>

use super::amount;
use super::balance::BalanceTransaction;
use super::client::{Client, Refused, Trouble, form};
use super::question::{KEY, Question};
use crate::processor::{Answer, KeptMethod, Silence};
use guildhall_core::card::CardBrand;
use guildhall_core::money::Currency;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What of an intent tells the fee, which is shown where it is asked for.
pub(super) const FEE: &str = "latest_charge.balance_transaction";

/// An intent: what is read of it, and nothing that it might lack.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) currency: String,
    pub(super) client_secret: Option<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
    next_action: Option<NextAction>,
    #[serde(alias = "last_setup_error")]
    last_payment_error: Option<Trouble>,
    payment_method: Option<Method>,
    /// Read as far as it is what was asked for, so that another form of it hides no charge.
    #[serde(default)]
    latest_charge: Value,
}

#[derive(Debug, Clone, Deserialize)]
struct NextAction {
    redirect_to_url: Option<Redirect>,
}

#[derive(Debug, Clone, Deserialize)]
struct Redirect {
    url: Option<String>,
}

/// A method, by its name alone or whole.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Method {
    Name(String),
    Whole { id: String, card: Option<Card> },
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Card {
    brand: Option<String>,
    last4: Option<String>,
    exp_month: Option<i64>,
    exp_year: Option<i64>,
}

/// A list of intents.
#[derive(Deserialize)]
struct Intents {
    data: Vec<Intent>,
}

/// The path of an intent, or of something below it.
pub(super) fn path(id: &str, below: &str) -> Result<String, Silence> {
    let is_name = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match is_name {
        true if keeps_alone(id) => Ok(format!("/v1/setup_intents/{id}{below}")),
        true => Ok(format!("/v1/payment_intents/{id}{below}")),
        false => Err(Silence("that is no name of Stripe's".into())),
    }
}

/// Whether an intent of this name charges nothing, and keeps a card alone.
fn keeps_alone(id: &str) -> bool {
    id.starts_with("seti_")
}

/// Looks at an intent.
pub(super) async fn find(client: &Client, id: &str) -> Result<Intent, Refused> {
    let path = path(id, "").map_err(|Silence(what)| Refused::Silence(what))?;
    let mut whole = vec![("expand[]", "payment_method")];
    whole.extend((!keeps_alone(id)).then_some(("expand[]", FEE)));
    client.get(&path, &form(whole)).await
}

/// The intent that was made under the key of a question, among the last hundred of its kind and buyer.
pub(super) async fn made_under(client: &Client, question: &Question) -> Result<Option<Intent>, Refused> {
    let query = form([("customer", question.customer.as_str()), ("limit", "100")]);
    let list: Intents = client.get(question.path(), &query).await?;
    let key = Some(question.key.as_str());
    let is_of_key = |intent: &Intent| intent.metadata.get(KEY).and_then(Value::as_str) == key;
    Ok(list.data.into_iter().find(is_of_key))
}

impl Intent {
    /// What Stripe keeps of it, in our minor units, once it was charged and Stripe says so.
    pub(super) fn fee_minor(&self) -> Option<i64> {
        let moved = self.latest_charge.get("balance_transaction").filter(|_| self.status == "succeeded")?;
        let fee = BalanceTransaction::deserialize(moved).ok()?.fee_in(&self.currency, self.amount);
        Some(amount::from_stripe(fee, Currency::parse(&self.currency).ok()?).max(0))
    }

    /// Whether the buyer has to do something at their bank.
    pub(super) fn needs_action(&self) -> bool {
        self.status == "requires_action"
    }

    /// Whether the card page can do something about it.
    pub(super) fn is_open(&self) -> bool {
        matches!(
            self.status.as_str(),
            "requires_payment_method" | "requires_confirmation" | "requires_action"
        )
    }

    /// Whether it waits for a card.
    pub(super) fn needs_card(&self) -> bool {
        self.status == "requires_payment_method"
    }

    /// What the payment hears.
    pub(super) fn answer(self, question: &Question) -> Result<Answer, Silence> {
        let reference = self.id.clone();
        match self.status.as_str() {
            "succeeded" => {
                // One that was named is kept already.
                let is_new = question.is_kept && !question.has_method;
                Ok(Answer::Charged { method: if is_new { self.kept() } else { None }, reference })
            }
            "processing" => Ok(Answer::Pending { reference }),
            "requires_action" => {
                let redirect = self.next_action.and_then(|action| action.redirect_to_url);
                let url = redirect.and_then(|redirect| redirect.url).unwrap_or_else(|| question.card_page());
                Ok(Answer::NeedsAction { reference, url })
            }
            // A card that was declined there can be typed again, or another.
            "requires_payment_method" | "requires_confirmation" if !question.has_method => {
                Ok(Answer::NeedsAction { reference, url: question.card_page() })
            }
            "requires_payment_method" => Ok(self.declined()),
            "canceled" if self.last_payment_error.is_some() => Ok(self.declined()),
            "canceled" if question.has_method && !question.is_present => {
                let message = "The card's bank asks its holder to confirm the payment.".to_owned();
                let code = "authentication_required".to_owned();
                Ok(Answer::Declined { reference: Some(reference), code, message })
            }
            "canceled" => {
                let message = "The payment was canceled.".to_owned();
                Ok(Answer::Declined { reference: Some(reference), code: "canceled".into(), message })
            }
            status => Err(Silence(format!("Stripe's intent {reference} is {status}"))),
        }
    }

    fn declined(self) -> Answer {
        let trouble = self.last_payment_error.unwrap_or_default();
        Answer::Declined { reference: Some(self.id), code: trouble.word(), message: trouble.sentence() }
    }

    fn kept(self) -> Option<KeptMethod> {
        let (reference, card) = match self.payment_method? {
            Method::Name(id) => (id, Card::default()),
            Method::Whole { id, card } => (id, card.unwrap_or_default()),
        };
        let brand = card.brand.map(|word| CardBrand::from_word(&word).unwrap_or(CardBrand::Unknown));
        Some(KeptMethod {
            reference,
            brand: brand.map(|brand| brand.as_str().to_owned()),
            last4: card.last4,
            expiry: card.exp_month.zip(card.exp_year),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_core::ids::{Id, PaymentId};
    use serde_json::json;

    fn question(has_method: bool, is_present: bool) -> Question {
        Question {
            key: "key".into(),
            payment: PaymentId::from_stored("pay_1".into()),
            customer: "cus_1".into(),
            form: String::new(),
            has_method,
            is_present,
            is_kept: true,
            return_url: "http://localhost/back".into(),
            reference: None,
            fee_minor: None,
        }
    }

    fn intent(more: &Value) -> Intent {
        let mut whole = json!({"id": "pi_1", "status": "succeeded", "client_secret": null});
        let (whole_fields, more) =
            (whole.as_object_mut().expect("an object"), more.as_object().expect("an object"));
        whole_fields.extend(more.clone());
        serde_json::from_value(whole).expect("an intent")
    }

    #[test]
    fn every_status_is_an_answer_or_silence() {
        let page = Answer::NeedsAction { reference: "pi_1".into(), url: "/checkout/card/pay_1".into() };
        let at = |status: &str| intent(&json!({"status": status}));
        for status in ["requires_payment_method", "requires_confirmation", "requires_action"] {
            assert_eq!(at(status).answer(&question(false, true)).expect("an answer"), page, "{status}");
        }
        let pending = Answer::Pending { reference: "pi_1".into() };
        assert_eq!(at("processing").answer(&question(true, false)).expect("an answer"), pending);
        for (status, has_method, is_present, word) in [
            ("requires_payment_method", true, true, "card_declined"),
            ("canceled", true, false, "authentication_required"),
            ("canceled", true, true, "canceled"),
            ("canceled", false, true, "canceled"),
        ] {
            match at(status).answer(&question(has_method, is_present)) {
                Ok(Answer::Declined { code, reference: Some(_), .. }) => assert_eq!(code, word),
                other => panic!("{status}: {other:?}"),
            }
        }
        for status in ["requires_capture", "requires_confirmation", "", "new"] {
            at(status).answer(&question(true, true)).expect_err(status);
        }
    }

    #[test]
    fn a_bank_of_its_own_is_where_the_buyer_goes() {
        let url = "https://hooks.stripe.com/redirect/1";
        let next = json!({"status": "requires_action",
            "next_action": {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": "x"}}});
        let answer = intent(&next).answer(&question(true, true)).expect("an answer");
        assert_eq!(answer, Answer::NeedsAction { reference: "pi_1".into(), url: url.into() });
    }

    #[test]
    fn a_decline_bears_the_banks_word() {
        let error = json!({"status": "requires_payment_method", "last_payment_error":
            {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "message": "No."}});
        match intent(&error).answer(&question(true, true)) {
            Ok(Answer::Declined { code, message, .. }) => {
                assert_eq!((&*code, &*message), ("insufficient_funds", "No."));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_card_that_is_kept_alone_goes_the_same_way() {
        let question =
            || Question { form: "customer=cus_1&usage=off_session".into(), ..question(false, true) };
        let at = |status: &str, more: &Value| {
            let setup = json!({"id": "seti_1", "object": "setup_intent", "status": status, "client_secret": "s",
                "customer": "cus_1", "usage": "off_session", "metadata": {}, "next_action": null,
                "last_setup_error": more, "payment_method": {"id": "pm_1", "card": {"last4": "4242"}}});
            serde_json::from_value::<Intent>(setup).expect("an intent")
        };
        let page = Answer::NeedsAction { reference: "seti_1".into(), url: "/checkout/card/pay_1".into() };
        for status in ["requires_payment_method", "requires_confirmation", "requires_action"] {
            let told = json!({"code": "setup_intent_authentication_failure", "message": "No."});
            assert_eq!(at(status, &told).answer(&question()).expect("an answer"), page, "{status}");
        }
        let declined = json!({"type": "card_error", "code": "card_declined", "message": "No."});
        match at("canceled", &declined).answer(&question()) {
            Ok(Answer::Declined { code, message, .. }) => {
                assert_eq!((&*code, &*message), ("card_declined", "No."));
            }
            other => panic!("{other:?}"),
        }
        let kept = at("succeeded", &Value::Null);
        assert_eq!(kept.fee_minor(), None);
        match kept.answer(&question()) {
            Ok(Answer::Charged { method: Some(method), .. }) => assert_eq!(method.reference, "pm_1"),
            other => panic!("{other:?}"),
        }
        assert!(question().keeps_alone() && question().amount().is_none());
    }

    #[test]
    fn a_card_is_kept_when_that_was_wanted_and_it_is_new() {
        let method = json!({"payment_method": {"id": "pm_1",
            "card": {"brand": "cartes_bancaires", "last4": "4242", "exp_month": 12, "exp_year": 2030}}});
        let kept = KeptMethod {
            reference: "pm_1".into(),
            brand: Some("unknown".into()),
            last4: Some("4242".into()),
            expiry: Some((12, 2030)),
        };
        let method_of = |question: Question| match intent(&method).answer(&question) {
            Ok(Answer::Charged { method, .. }) => method,
            other => panic!("{other:?}"),
        };
        assert_eq!(method_of(question(false, true)), Some(kept));
        assert_eq!(method_of(question(true, true)), None);
        assert_eq!(method_of(Question { is_kept: false, ..question(false, true) }), None);
    }

    #[test]
    fn a_fee_is_told_when_it_was_charged_and_never_hides_the_charge() {
        let at = |status: &str, currency: &str, charge: Value| {
            intent(&json!({"status": status, "amount": 2000, "currency": currency, "latest_charge": charge}))
        };
        let moved = |fee: Value| {
            json!({"id": "ch_1", "balance_transaction":
            {"id": "txn_1", "amount": 1850, "currency": "eur", "fee": fee}})
        };
        assert_eq!(at("succeeded", "usd", moved(json!(79))).fee_minor(), Some(85));
        // Stripe's ariary has no smaller unit.
        assert_eq!(at("succeeded", "mga", moved(json!(79))).fee_minor(), Some(8500));
        assert_eq!(at("succeeded", "usd", moved(json!(-1))).fee_minor(), Some(0));
        assert_eq!(at("processing", "usd", moved(json!(79))).fee_minor(), None);
        let pending = json!({"id": "ch_1", "balance_transaction": null});
        let named = json!({"id": "ch_1", "balance_transaction": "txn_1"});
        for charge in [Value::Null, json!("ch_1"), pending, named, moved(json!("79")), json!([1]), json!(5)] {
            let intent = at("succeeded", "usd", charge);
            assert_eq!(intent.fee_minor(), None, "{intent:?}");
            assert!(matches!(intent.answer(&question(false, true)), Ok(Answer::Charged { .. })));
        }
    }

    #[test]
    fn a_path_holds_names_alone() {
        assert_eq!(path("pi_1", "/cancel").expect("a path"), "/v1/payment_intents/pi_1/cancel");
        assert_eq!(path("seti_1", "").expect("a path"), "/v1/setup_intents/seti_1");
        for id in ["", "../refunds", "pi_1?x", "pi 1"] {
            path(id, "").expect_err(id);
        }
    }
}
