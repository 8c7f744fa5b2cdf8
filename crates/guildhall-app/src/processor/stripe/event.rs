//! What Stripe tells by itself. <https://docs.stripe.com/webhooks>
//!
//! An event is believed when it is signed with the endpoint's secret and not old (`signature.rs`), heard once, and
//! news when it is about something that was asked from here.

use super::balance::BalanceTransaction;
use super::refund::Refund;
use super::{amount, question, signature};
use crate::Guildhall;
use crate::error::{Error, Result};
use crate::processor::{News, Processor, WhatIsNew, queue};
use crate::store::{self, Tx};
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::money::Currency;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    object: Value,
}

#[derive(Debug, Deserialize)]
struct Dispute {
    id: String,
    status: String,
    amount: i64,
    currency: String,
    payment_intent: Option<String>,
    reason: Option<String>,
    evidence_details: Option<Evidence>,
    #[serde(default)]
    balance_transactions: Vec<BalanceTransaction>,
}

#[derive(Debug, Deserialize)]
struct Evidence {
    due_by: Option<i64>,
}

/// Hears an event: remembers it, and queues what it tells. What was heard before, and what is about nothing that was
/// asked from here, changes nothing.
///
/// # Errors
/// `NotFound` when Stripe is not configured; `Invalid` for an event that is not signed, signed too long ago, or none.
pub async fn take_event(hall: &Guildhall, header: Option<&str>, body: &[u8]) -> Result<()> {
    let Some(client) = &hall.stripe else {
        return Err(Error::NotFound("This server does not take payments through Stripe.".into()));
    };
    let unsigned = "The event is not signed: it needs the header `Stripe-Signature`.";
    let header = header.ok_or_else(|| Error::Invalid(unsigned.into()))?;
    let secret = client.settings.webhook_secret.reveal();
    // Stripe signs by the time outside, also where the clock of this world was moved on.
    let seconds = hall.clock.outside_ms().div_euclid(1000);
    signature::check(secret, header, body, seconds).map_err(Error::Invalid)?;
    let event: Event = serde_json::from_slice(body)
        .map_err(|error| Error::Invalid(format!("The body is not an event of Stripe: {error}.")))?;
    let told = told(&event);
    if told.is_empty() {
        return Ok(());
    }
    let write = hall.store.write(move |tx| {
        let mut about = Vec::new();
        for told in &told {
            about.extend(told.about(tx)?);
        }
        if !about.is_empty() && store::stripe::insert_event(tx, &event.id)? {
            for news in &about {
                queue(tx, news)?;
            }
        }
        Ok(())
    });
    write.await
}

/// What an event tells, of an intent by its name, or by the key that it was made under.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    intent: String,
    key: Option<String>,
    what: WhatIsNew,
}

impl Told {
    /// The news, when the intent was asked for from here. Its name is noted if the answer that had it was lost.
    fn about(&self, tx: &mut Tx<'_>) -> Result<Option<News>> {
        let mut known = store::stripe::find_by_reference(tx, &self.intent)?.is_some();
        if let (false, Some(key)) = (known, &self.key) {
            let question = store::stripe::find(tx, key)?;
            known = question.is_some_and(|question| question.reference.is_none());
            if known {
                store::stripe::set_reference(tx, key, &self.intent)?;
            }
        }
        let news =
            || News { processor: Processor::Stripe, charge: self.intent.clone(), what: self.what.clone() };
        Ok(known.then(news))
    }
}

/// What an event tells; nothing, when it is of no interest.
fn told(event: &Event) -> Vec<Told> {
    let object = &event.data.object;
    match event.kind.as_str() {
        "payment_intent.succeeded"
        | "payment_intent.payment_failed"
        | "payment_intent.processing"
        | "payment_intent.canceled"
        | "payment_intent.requires_action"
        | "setup_intent.succeeded"
        | "setup_intent.setup_failed"
        | "setup_intent.canceled"
        | "setup_intent.requires_action" => {
            let key = object["metadata"][question::KEY].as_str().map(str::to_owned);
            let intent = object["id"].as_str().map(str::to_owned);
            intent.map(|intent| Told { intent, key, what: WhatIsNew::Charge }).into_iter().collect()
        }
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            refund(object).into_iter().collect()
        }
        // Its refunds are there in older versions of the API alone; newer ones tell of each by itself.
        "charge.refunded" => {
            object["refunds"]["data"].as_array().into_iter().flatten().filter_map(refund).collect()
        }
        kind if kind.starts_with("charge.dispute.") => dispute(object).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn refund(object: &Value) -> Option<Told> {
    let refund = Refund::deserialize(object).ok()?;
    let status = refund.standing()?;
    let (intent, reference, message) = (refund.payment_intent?, refund.id, refund.failure_reason);
    Some(Told { intent, key: None, what: WhatIsNew::Refund { reference, status, message } })
}

fn dispute(object: &Value) -> Option<Told> {
    let dispute = Dispute::deserialize(object).ok()?;
    let Some(status) = DisputeStatus::from_word(&dispute.status) else {
        tracing::warn!(
            dispute = dispute.id,
            status = dispute.status,
            "a dispute stands as none was known to"
        );
        return None;
    };
    let currency = Currency::parse(&dispute.currency).ok()?;
    let moved = dispute.balance_transactions.iter();
    let fee: i64 = moved.map(|moved| moved.fee_in(&dispute.currency, dispute.amount)).sum();
    let what = WhatIsNew::Dispute {
        reference: dispute.id,
        status,
        amount_minor: amount::from_stripe(dispute.amount, currency),
        fee_minor: amount::from_stripe(fee, currency),
        reason: dispute.reason,
        needs_response_by: dispute
            .evidence_details
            .and_then(|evidence| evidence.due_by)
            .map(|due| due * 1000),
    };
    Some(Told { intent: dispute.payment_intent?, key: None, what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_core::refund::RefundStatus;
    use serde_json::json;

    fn told_of(kind: &str, object: Value) -> Vec<Told> {
        told(&Event { id: "evt_1".into(), kind: kind.into(), data: Data { object } })
    }

    #[test]
    fn intents_are_told_of_by_name_and_key() {
        let object = json!({"id": "pi_1", "metadata": {"guildhall_key": "key"}});
        let expected = || Told { intent: "pi_1".into(), key: Some("key".into()), what: WhatIsNew::Charge };
        for word in ["succeeded", "payment_failed", "processing", "canceled", "requires_action"] {
            assert_eq!(told_of(&format!("payment_intent.{word}"), object.clone()), [expected()], "{word}");
        }
        for word in ["succeeded", "setup_failed", "canceled", "requires_action"] {
            assert_eq!(told_of(&format!("setup_intent.{word}"), object.clone()), [expected()], "{word}");
        }
        for kind in
            ["payment_intent.created", "setup_intent.created", "charge.succeeded", "customer.created", ""]
        {
            assert_eq!(told_of(kind, object.clone()), [], "{kind}");
        }
        assert_eq!(told_of("payment_intent.succeeded", json!(5)), []);
    }

    #[test]
    fn refunds_are_told_of_by_themselves_or_with_their_charge() {
        let object =
            json!({"id": "re_1", "payment_intent": "pi_1", "status": "failed", "failure_reason": "declined"});
        let expected = || Told {
            intent: "pi_1".into(),
            key: None,
            what: WhatIsNew::Refund {
                reference: "re_1".into(),
                status: RefundStatus::Failed,
                message: Some("declined".into()),
            },
        };
        for kind in ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"] {
            assert_eq!(told_of(kind, object.clone()), [expected()], "{kind}");
        }
        let charge = json!({"id": "ch_1", "refunds": {"data": [object, {"id": "re_2"}]}});
        assert_eq!(told_of("charge.refunded", charge), [expected()]);
        assert_eq!(told_of("charge.refunded", json!({"id": "ch_1", "refunds": null})), []);
    }

    #[test]
    fn disputes_stand_as_stripe_words_it() {
        let object = |status: &str, moved: Value| {
            json!({"id": "dp_1", "status": status, "amount": 2000, "currency": "usd", "payment_intent": "pi_1",
                "reason": "fraudulent", "evidence_details": {"due_by": 1_714_521_600},
                "balance_transactions": moved})
        };
        let moved = json!([{"amount": -1000, "currency": "eur", "fee": 750}, {"amount": 2000, "currency": "usd", "fee": 3}]);
        let expected = |status| Told {
            intent: "pi_1".into(),
            key: None,
            what: WhatIsNew::Dispute {
                reference: "dp_1".into(),
                status,
                amount_minor: 2000,
                fee_minor: 1503,
                reason: Some("fraudulent".into()),
                needs_response_by: Some(1_714_521_600_000),
            },
        };
        for status in DisputeStatus::ALL {
            for kind in ["created", "updated", "funds_withdrawn", "funds_reinstated", "closed"] {
                let told = told_of(&format!("charge.dispute.{kind}"), object(status.as_str(), moved.clone()));
                assert_eq!(told, [expected(*status)], "{kind}");
            }
        }
        assert_eq!(told_of("charge.dispute.closed", object("prevented", json!([]))), []);
    }
}
