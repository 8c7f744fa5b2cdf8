//! What webhooks say when a payment is refunded, disputed or complained of.

use super::payload::{Money, moment, named, seconds};
use super::payment::Payment;
use crate::moment::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A refund. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct Refund {
    pub id: String,
    pub status: String,
    pub amount: Money,
    pub gateway_type: String,
    pub created_at: i64,
    pub payment: Payment,
}

impl Refund {
    pub(super) fn v5(&self) -> Value {
        json!({
            "id": self.id,
            "status": self.status,
            "amount": self.amount.major(),
            "currency": self.amount.currency,
            "gateway_type": self.gateway_type,
            "created_at": seconds(Some(self.created_at)),
            "payment_id": self.payment.id,
            "payment": self.payment.v5(),
        })
    }

    pub(super) fn v1(&self) -> Value {
        json!({
            "id": self.id,
            "amount": self.amount.major(),
            "created_at": rfc3339(self.created_at),
            "currency": self.amount.currency,
            "payment": self.payment.v1_brief(),
            "provider": self.gateway_type,
            "provider_created_at": null,
            "reference_status": null,
            "reference_type": null,
            "reference_value": null,
            "status": self.status,
        })
    }
}

/// A dispute. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct Dispute {
    pub id: String,
    pub status: String,
    pub reason: Option<String>,
    pub amount: Money,
    pub created_at: i64,
    pub needs_response_by: Option<i64>,
    pub payment: Payment,
}

impl Dispute {
    pub(super) fn v5(&self) -> Value {
        json!({
            "id": self.id,
            "status": self.status,
            "amount": self.amount.major(),
            "currency": self.amount.currency,
            "created_at": seconds(Some(self.created_at)),
            "payment_id": self.payment.id,
            "payment": self.payment.v5(),
        })
    }

    pub(super) fn v1(&self) -> Value {
        let (company, user) = (&self.payment.company, self.payment.user.as_ref());
        let product = self.payment.product.as_ref();
        json!({
            "id": self.id,
            "access_activity_log": null,
            "amount": self.amount.major(),
            "billing_address": null,
            "cancellation_policy_attachment": null,
            "cancellation_policy_disclosure": null,
            "company": {"id": company.id, "title": company.title},
            "created_at": rfc3339(self.created_at),
            "currency": self.amount.currency,
            "customer_communication_attachment": null,
            "customer_email_address": user.and_then(|user| user.email.as_ref()),
            "customer_name": user.and_then(|user| user.name.as_ref()),
            "editable": self.status == "needs_response",
            "needs_response_by": moment(self.needs_response_by),
            "notes": null,
            "payment": self.payment.v1_brief(),
            "plan": named(self.payment.plan.as_ref()),
            "product": product.map(|product| json!({"id": product.id, "title": product.title})),
            "product_description": null,
            "reason": self.reason,
            "refund_policy_attachment": null,
            "refund_policy_disclosure": null,
            "refund_refusal_explanation": null,
            "service_date": null,
            "status": self.status,
            "uncategorized_attachment": null,
            "visa_rdr": false,
        })
    }
}

/// A warning of a dispute. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct DisputeAlert {
    pub id: String,
    pub alert_type: String,
    pub amount: Money,
    pub charge_for_alert: bool,
    pub created_at: i64,
    pub transaction_date: Option<i64>,
    pub payment: Payment,
}

impl DisputeAlert {
    pub(super) fn both(&self) -> Value {
        json!({
            "id": self.id,
            "alert_type": self.alert_type,
            "amount": self.amount.major(),
            "charge_for_alert": self.charge_for_alert,
            "created_at": rfc3339(self.created_at),
            "currency": self.amount.currency,
            "dispute": null,
            "payment": self.payment.v1_brief(),
            "transaction_date": moment(self.transaction_date),
        })
    }
}

/// A case of the resolution center. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct Resolution {
    pub id: String,
    pub status: String,
    pub issue: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub due_date: Option<i64>,
    pub customer_appealed: bool,
    pub merchant_appealed: bool,
    pub payment: Payment,
}

impl Resolution {
    pub(super) fn both(&self) -> Value {
        let company = &self.payment.company;
        json!({
            "id": self.id,
            "company": {"id": company.id, "title": company.title},
            "created_at": rfc3339(self.created_at),
            "customer_appealed": self.customer_appealed,
            "customer_response_actions": [],
            "due_date": moment(self.due_date),
            "issue": self.issue,
            "member": null,
            "merchant_appealed": self.merchant_appealed,
            "merchant_response_actions": [],
            "payment": self.payment.v1_brief(),
            "platform_response_actions": [],
            "resolution_events": [],
            "status": self.status,
            "updated_at": rfc3339(self.updated_at),
            "user": self.payment.user,
        })
    }
}
