//! What webhooks say of payments.

use super::payload::{Company, Money, Person, Product, major, moment, seconds};
use crate::moment::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A payment. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct Payment {
    pub id: String,
    pub company: Company,
    pub membership: Option<String>,
    pub membership_status: Option<String>,
    pub product: Option<Product>,
    pub user: Option<Person>,
    pub plan: Option<String>,
    pub line_item: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub paid_at: Option<i64>,
    pub refunded_at: Option<i64>,
    pub last_payment_attempt: Option<i64>,
    pub next_payment_attempt: Option<i64>,
    pub status: String,
    pub substatus: String,
    pub billing_reason: Option<String>,
    pub subtotal: Money,
    pub final_amount: Money,
    pub amount_after_fees: Option<Money>,
    pub refunded_amount: Option<Money>,
    /// Whether something of it can be refunded. What was told before this was kept does not say so.
    #[serde(default)]
    pub is_refundable: bool,
    pub payments_failed: i64,
    pub failure_message: Option<String>,
    pub checkout: Option<String>,
    pub card_brand: Option<String>,
    pub card_last_4: Option<String>,
    pub funding_method: Option<String>,
    pub wallet_type: Option<String>,
    pub calculated_statement_descriptor: Option<String>,
    pub issuer_identification_number: Option<String>,
    pub billing_usages: Vec<String>,
    pub company_buyer: Option<String>,
    pub payment_method_type: Option<String>,
    pub metadata: Map<String, Value>,
}

impl Payment {
    pub(super) fn v5(&self) -> Value {
        json!({
            "id": self.id,
            "membership_id": self.membership,
            "product_id": self.product.as_ref().map(|product| &product.id),
            "user_id": self.user.as_ref().map(|user| &user.id),
            "plan_id": self.plan,
            "company_id": self.company.id,
            "line_item_id": self.line_item,
            "created_at": seconds(Some(self.created_at)),
            "paid_at": seconds(self.paid_at),
            "refunded_at": seconds(self.refunded_at),
            "last_payment_attempt": seconds(self.last_payment_attempt),
            "next_payment_attempt": seconds(self.next_payment_attempt),
            "status": self.status,
            "subtotal": self.subtotal.major(),
            "final_amount": self.final_amount.major(),
            "amount_after_fees": major(self.amount_after_fees.as_ref()),
            "currency": self.final_amount.currency,
            "refunded_amount": major(self.refunded_amount.as_ref()),
            "payments_failed": self.payments_failed,
            "checkout_id": self.checkout,
            "card_brand": self.card_brand,
            "card_last_4": self.card_last_4,
            "funding_method": self.funding_method,
            "wallet_type": self.wallet_type,
            "calculated_statement_descriptor": self.calculated_statement_descriptor,
            "issuer_identification_number": self.issuer_identification_number,
            "billing_usage_ids": self.billing_usages,
            "company_buyer_id": self.company_buyer,
            "payment_method_type": self.payment_method_type,
            "metadata": self.metadata,
        })
    }

    /// What a refund, a dispute and a case say of it in v1.
    pub(super) fn v1_brief(&self) -> Map<String, Value> {
        let usd_total =
            if self.final_amount.currency == "usd" { self.final_amount.major() } else { Value::Null };
        let membership = self.membership.as_ref().zip(self.membership_status.as_ref());
        let fields = json!({
            "id": self.id,
            "billing_reason": self.billing_reason,
            "card_brand": self.card_brand,
            "card_last4": self.card_last_4,
            "created_at": rfc3339(self.created_at),
            "currency": self.final_amount.currency,
            "dispute_alerted_at": null,
            "member": null,
            "membership": membership.map(|(id, status)| json!({"id": id, "status": status, "phone_number": null})),
            "metadata": self.metadata,
            "paid_at": moment(self.paid_at),
            "payment_method_type": self.payment_method_type,
            "plan": self.plan.as_ref().map(|plan| json!({"id": plan, "metadata": null, "internal_notes": null})),
            "product": self.product.as_ref().map(|product| json!({
                "id": product.id, "title": product.title, "route": product.route, "metadata": null,
            })),
            "subtotal": self.subtotal.major(),
            "tax_amount": null,
            "tax_behavior": null,
            "tax_refunded_amount": null,
            "total": self.final_amount.major(),
            "usd_total": usd_total,
            "user": self.user,
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    pub(super) fn v1(&self) -> Value {
        let after_fees = self.amount_after_fees.as_ref().unwrap_or(&self.final_amount).major();
        let more = json!({
            "amount_after_fees": after_fees,
            "application_fee": null,
            "auto_refunded": false,
            "billing_address": null,
            "checkout_configuration_id": self.checkout,
            "company": self.company,
            "disputes": [],
            "failure_message": self.failure_message,
            "financing_installments_count": null,
            "financing_transactions": [],
            "last_payment_attempt": moment(self.last_payment_attempt),
            "next_payment_attempt": moment(self.next_payment_attempt),
            "payment_method": null,
            "payments_failed": self.payments_failed,
            "promo_code": null,
            "refundable": self.is_refundable,
            "refunded_amount": major(self.refunded_amount.as_ref()),
            "refunded_at": moment(self.refunded_at),
            "refunds": [],
            "resolutions": [],
            "retryable": self.status == "open" && self.payments_failed > 0,
            "risk_score": null,
            "risk_signals": null,
            "settlement_amount": self.final_amount.major(),
            "settlement_currency": self.final_amount.currency,
            "settlement_exchange_rate": null,
            "shipping_address": null,
            "status": self.status,
            "substatus": self.substatus,
            "three_ds_verified": false,
            "updated_at": rfc3339(self.updated_at),
            "voidable": self.status == "open",
        });
        let mut fields = self.v1_brief();
        if let Value::Object(more) = more {
            fields.extend(more);
        }
        Value::Object(fields)
    }
}
