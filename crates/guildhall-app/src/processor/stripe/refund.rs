//! Giving back. <https://docs.stripe.com/api/refunds>

use super::client::{Client, Refused, form};
use super::question::KEY;
use super::{Heard, amount, client};
use crate::Guildhall;
use crate::processor::{GiveBack, GivenBack};
use guildhall_core::refund::RefundStatus;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A refund.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) status: Option<String>,
    pub(super) payment_intent: Option<String>,
    pub(super) failure_reason: Option<String>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Refunds {
    data: Vec<Refund>,
}

impl Refund {
    /// Where it stands; `None` for a word that is new.
    pub(super) fn standing(&self) -> Option<RefundStatus> {
        match self.status.as_deref()? {
            "succeeded" => Some(RefundStatus::Succeeded),
            "pending" | "requires_action" => Some(RefundStatus::Pending),
            "failed" | "canceled" => Some(RefundStatus::Failed),
            _ => None,
        }
    }

    fn is_of(&self, key: &str) -> bool {
        let metadata = self.metadata.as_ref();
        metadata.and_then(|metadata| metadata.get(KEY)).and_then(Value::as_str) == Some(key)
    }

    fn answer(self) -> GivenBack {
        match self.standing() {
            Some(RefundStatus::Succeeded) => GivenBack::Done { reference: self.id },
            Some(RefundStatus::Failed) => {
                let message =
                    self.failure_reason.unwrap_or_else(|| "Stripe could not give it back.".to_owned());
                GivenBack::Failed { reference: Some(self.id), message }
            }
            Some(RefundStatus::Pending) | None => GivenBack::Pending { reference: self.id },
        }
    }
}

/// Gives back of a charge, or finds what was given back under the key, which Stripe itself forgets after a day.
pub(in crate::processor) async fn give_back(hall: &Guildhall, wanted: &GiveBack) -> Heard<GivenBack> {
    let client = client(hall)?;
    let failed = |message: String| Ok(GivenBack::Failed { reference: None, message });
    let Some(amount) = amount::to_stripe(wanted.amount_minor, wanted.currency) else {
        return failed(format!("A card cannot be given back this amount of {}.", wanted.currency.code()));
    };
    if let Some(refund) = made_under(client, wanted).await.map_err(Refused::into_silence)? {
        return Ok(refund.answer());
    }
    let amount = amount.to_string();
    let form = form([
        ("amount", amount.as_str()),
        ("metadata[guildhall_key]", wanted.key.as_str()),
        ("payment_intent", wanted.charge.as_str()),
    ]);
    match client.post::<Refund>("/v1/refunds", &form, &wanted.key).await {
        Ok(refund) => Ok(refund.answer()),
        // There is nothing left of the charge, or not so much.
        Err(Refused::Question(trouble)) if trouble.param.as_deref() != Some("payment_intent") => {
            tracing::warn!(charge = wanted.charge, what = trouble.shown(), "Stripe does not give back");
            failed(trouble.sentence())
        }
        Err(Refused::Card(trouble)) => failed(trouble.sentence()),
        Err(refused) => Err(refused.into_silence()),
    }
}

/// The refund of the charge that was made under the key, among its last hundred.
async fn made_under(client: &Client, wanted: &GiveBack) -> Result<Option<Refund>, Refused> {
    let query = form([("limit", "100"), ("payment_intent", wanted.charge.as_str())]);
    let list: Refunds = client.get("/v1/refunds", &query).await?;
    Ok(list.data.into_iter().find(|refund| refund.is_of(&wanted.key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_status_is_an_answer() {
        let at = |status: Value| {
            let refund = json!({"id": "re_1", "status": status, "failure_reason": "lost_or_stolen_card"});
            serde_json::from_value::<Refund>(refund).expect("a refund").answer()
        };
        let reference = || "re_1".to_owned();
        assert_eq!(at(json!("succeeded")), GivenBack::Done { reference: reference() });
        for status in [json!("pending"), json!("requires_action"), json!("new"), Value::Null] {
            assert_eq!(at(status), GivenBack::Pending { reference: reference() });
        }
        for status in ["failed", "canceled"] {
            let message = "lost_or_stolen_card".into();
            assert_eq!(at(json!(status)), GivenBack::Failed { reference: Some(reference()), message });
        }
    }
}
