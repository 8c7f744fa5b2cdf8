//! What webhooks say: each subject once, as the house knows it, and its two forms on the wire.
//!
//! Version v5 gives flat objects, times in seconds; version v1 the objects of the REST interface, times in
//! RFC 3339. What has no source yet is null in both. Dispute alerts, cases and invoices have one form: v5 never
//! had another.

use crate::moment::rfc3339;
use crate::money::{Currency, major_from_minor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// In minor units.
    pub minor: i64,
    /// The lower-case code.
    pub currency: String,
}

impl Money {
    /// In major units, as it stands on the wire.
    fn major(&self) -> Value {
        Currency::parse(&self.currency)
            .map_or(Value::Null, |currency| json!(major_from_minor(self.minor, currency)))
    }
}

fn major(money: Option<&Money>) -> Value {
    money.map_or(Value::Null, Money::major)
}

fn seconds(milliseconds: Option<i64>) -> Value {
    milliseconds.map_or(Value::Null, |moment| json!(moment.div_euclid(1000)))
}

fn moment(milliseconds: Option<i64>) -> Value {
    milliseconds.map_or(Value::Null, |moment| json!(rfc3339(moment)))
}

/// An object with only an id.
fn named(id: Option<&String>) -> Value {
    id.map_or(Value::Null, |id| json!({"id": id}))
}

/// A user as webhooks show one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct Person {
    pub id: String,
    pub username: String,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// The seller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct Company {
    pub id: String,
    pub title: String,
    pub route: String,
}

/// The access pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct Product {
    pub id: String,
    pub title: String,
    pub route: String,
}

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
    pub manage_url: Option<String>,
    pub company_buyer: Option<String>,
    pub promo_code: Option<String>,
    pub currency: Option<String>,
    pub marketplace: bool,
    pub custom_field_responses: Vec<CustomFieldResponse>,
}

impl Membership {
    fn v5(&self) -> Value {
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
            "manage_url": self.manage_url,
            "company_buyer_id": self.company_buyer,
            "marketplace": self.marketplace,
            "custom_field_responses": answers,
        })
    }

    fn v1(&self) -> Value {
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
            "manage_url": self.manage_url,
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
    fn v5(&self) -> Value {
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
    fn v1_brief(&self) -> Map<String, Value> {
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

    fn v1(&self) -> Value {
        let after_fees = self.amount_after_fees.as_ref().unwrap_or(&self.final_amount).major();
        let is_paid = self.status == "paid";
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
            "refundable": is_paid && self.refunded_at.is_none(),
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
    fn v5(&self) -> Value {
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

    fn v1(&self) -> Value {
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
    fn v5(&self) -> Value {
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

    fn v1(&self) -> Value {
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
    fn both(&self) -> Value {
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
    fn both(&self) -> Value {
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

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct LineItem {
    pub label: String,
    pub quantity: i64,
    pub unit_price: Money,
    pub total: Money,
}

/// An invoice. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the wire's")]
pub struct Invoice {
    pub id: String,
    pub number: String,
    pub status: String,
    pub created_at: i64,
    pub due_date: Option<i64>,
    pub email_address: Option<String>,
    pub fetch_invoice_token: String,
    pub plan: String,
    pub currency: String,
    pub formatted_price: String,
    pub user: Option<Person>,
    pub line_items: Vec<LineItem>,
}

impl Invoice {
    fn both(&self) -> Value {
        let lines = self.line_items.iter().enumerate().map(|(position, line)| {
            json!({
                "label": line.label,
                "position": position,
                "quantity": line.quantity,
                "total": line.total.major(),
                "unit_price": line.unit_price.major(),
            })
        });
        let user = self.user.as_ref();
        json!({
            "id": self.id,
            "created_at": rfc3339(self.created_at),
            "current_plan": {"id": self.plan, "currency": self.currency, "formatted_price": self.formatted_price},
            "due_date": moment(self.due_date),
            "email_address": self.email_address,
            "fetch_invoice_token": self.fetch_invoice_token,
            "line_items": lines.collect::<Vec<Value>>(),
            "number": self.number,
            "status": self.status,
            "user": user.map(|user| json!({"id": user.id, "name": user.name, "username": user.username})),
        })
    }
}

/// What an event is about, as it was at that moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is its own type")]
pub enum Subject {
    Membership(Box<Membership>),
    Payment(Box<Payment>),
    Refund(Box<Refund>),
    Dispute(Box<Dispute>),
    DisputeAlert(Box<DisputeAlert>),
    Resolution(Box<Resolution>),
    Invoice(Box<Invoice>),
}

impl Subject {
    /// The id of the thing itself; events of one id are sent in order.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Membership(subject) => &subject.id,
            Self::Payment(subject) => &subject.id,
            Self::Refund(subject) => &subject.id,
            Self::Dispute(subject) => &subject.id,
            Self::DisputeAlert(subject) => &subject.id,
            Self::Resolution(subject) => &subject.id,
            Self::Invoice(subject) => &subject.id,
        }
    }

    /// The `data` of version v5.
    #[must_use]
    pub fn v5(&self) -> Value {
        match self {
            Self::Membership(subject) => subject.v5(),
            Self::Payment(subject) => subject.v5(),
            Self::Refund(subject) => subject.v5(),
            Self::Dispute(subject) => subject.v5(),
            Self::DisputeAlert(subject) => subject.both(),
            Self::Resolution(subject) => subject.both(),
            Self::Invoice(subject) => subject.both(),
        }
    }

    /// The `data` of version v1.
    #[must_use]
    pub fn v1(&self) -> Value {
        match self {
            Self::Membership(subject) => subject.v1(),
            Self::Payment(subject) => subject.v1(),
            Self::Refund(subject) => subject.v1(),
            Self::Dispute(subject) => subject.v1(),
            Self::DisputeAlert(subject) => subject.both(),
            Self::Resolution(subject) => subject.both(),
            Self::Invoice(subject) => subject.both(),
        }
    }
}
