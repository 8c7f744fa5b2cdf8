//! What webhooks say of memberships.

use super::payload::{Company, Person, Product, moment, named, seconds};
use crate::moment::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a buyer answered at checkout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct CustomFieldResponse {
    pub id: String,
    pub custom_field_id: String,
    pub question: String,
    pub value: Option<String>,
}

/// A membership. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct Membership {
    pub id: String,
    pub company: Company,
    pub product: Product,
    pub plan: Option<String>,
    pub user: Option<Person>,
    pub created_at: i64,
    pub updated_at: i64,
    pub expires_at: Option<i64>,
    pub renewal_period_start: Option<i64>,
    pub renewal_period_end: Option<i64>,
    pub quantity: i64,
    pub status: String,
    pub valid: bool,
    pub cancel_at_period_end: bool,
    pub canceled_at: Option<i64>,
    pub license_key: Option<String>,
    pub metadata: Map<String, Value>,
    pub checkout: Option<String>,
    pub affiliate_username: Option<String>,
    pub company_buyer: Option<String>,
    pub promo_code: Option<String>,
    pub currency: Option<String>,
    pub marketplace: bool,
    pub custom_field_responses: Vec<CustomFieldResponse>,
}

impl Membership {
    pub(super) fn v5(&self, manage_url: &str) -> Value {
        let answers = self.custom_field_responses.iter();
        let answers: Vec<Value> = answers
            .map(|one| json!({"id": one.id, "custom_field_id": one.custom_field_id, "value": one.value}))
            .collect();
        json!({
            "id": self.id,
            "product_id": self.product.id,
            "user_id": self.user.as_ref().map(|user| &user.id),
            "plan_id": self.plan,
            "page_id": self.company.id,
            "created_at": seconds(Some(self.created_at)),
            "expires_at": seconds(self.expires_at),
            "renewal_period_start": seconds(self.renewal_period_start),
            "renewal_period_end": seconds(self.renewal_period_end),
            "quantity": self.quantity,
            "status": self.status,
            "valid": self.valid,
            "cancel_at_period_end": self.cancel_at_period_end,
            "license_key": self.license_key,
            "metadata": self.metadata,
            "checkout_id": self.checkout,
            "affiliate_username": self.affiliate_username,
            "manage_url": manage_url,
            "company_buyer_id": self.company_buyer,
            "marketplace": self.marketplace,
            "custom_field_responses": answers,
        })
    }

    pub(super) fn v1(&self, manage_url: &str) -> Value {
        let answers = self.custom_field_responses.iter();
        let answers: Vec<Value> = answers
            .map(|one| json!({"id": one.id, "question": one.question, "answer": one.value.as_deref().unwrap_or("")}))
            .collect();
        json!({
            "id": self.id,
            "cancel_at_period_end": self.cancel_at_period_end,
            "cancel_option": null,
            "canceled_at": moment(self.canceled_at),
            "cancellation_reason": null,
            "checkout_configuration_id": self.checkout,
            "company": {"id": self.company.id, "title": self.company.title},
            "created_at": rfc3339(self.created_at),
            "currency": self.currency,
            "custom_field_responses": answers,
            "joined_at": rfc3339(self.created_at),
            "license_key": self.license_key,
            "manage_url": manage_url,
            "member": null,
            "metadata": self.metadata,
            "payment_collection_paused": false,
            "plan": self.plan.as_ref().map(|plan| json!({"id": plan, "metadata": null})),
            "product": {"id": self.product.id, "title": self.product.title, "metadata": null},
            "promo_code": named(self.promo_code.as_ref()),
            "renewal_period_end": moment(self.renewal_period_end),
            "renewal_period_start": moment(self.renewal_period_start),
            "status": self.status,
            "updated_at": rfc3339(self.updated_at),
            "user": self.user,
        })
    }
}
