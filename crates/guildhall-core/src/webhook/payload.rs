//! What webhooks say: each subject once, as the house knows it, and its two forms on the wire.
//!
//! Version v5 gives flat objects, times in seconds; version v1 the objects of the REST interface, times in
//! RFC 3339. What has no source yet is null in both. Dispute alerts, cases and invoices have one form: v5 never
//! had another.

use super::dispute::{Dispute, DisputeAlert, Refund, Resolution};
use super::invoice::Invoice;
use super::membership::Membership;
use super::payment::Payment;
use crate::moment::rfc3339;
use crate::money::{Currency, major_from_minor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    pub(super) fn major(&self) -> Value {
        Currency::parse(&self.currency)
            .map_or(Value::Null, |currency| json!(major_from_minor(self.minor, currency)))
    }
}

pub(super) fn major(money: Option<&Money>) -> Value {
    money.map_or(Value::Null, Money::major)
}

pub(super) fn seconds(milliseconds: Option<i64>) -> Value {
    milliseconds.map_or(Value::Null, |moment| json!(moment.div_euclid(1000)))
}

pub(super) fn moment(milliseconds: Option<i64>) -> Value {
    milliseconds.map_or(Value::Null, |moment| json!(rfc3339(moment)))
}

/// An object with only an id.
pub(super) fn named(id: Option<&String>) -> Value {
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

    /// Takes the addresses of people out, for those who may not read them.
    pub fn forget_emails(&mut self) {
        let person = match self {
            Self::Membership(subject) => &mut subject.user,
            Self::Payment(subject) => &mut subject.user,
            Self::Refund(subject) => &mut subject.payment.user,
            Self::Dispute(subject) => &mut subject.payment.user,
            Self::DisputeAlert(subject) => &mut subject.payment.user,
            Self::Resolution(subject) => &mut subject.payment.user,
            Self::Invoice(subject) => {
                subject.email_address = None;
                &mut subject.user
            }
        };
        if let Some(person) = person {
            person.email = None;
        }
    }

    /// The `data` of version v5. `manage_url` is where people see and change what they hold, the same for all.
    #[must_use]
    pub fn v5(&self, manage_url: &str) -> Value {
        match self {
            Self::Membership(subject) => subject.v5(manage_url),
            Self::Payment(subject) => subject.v5(),
            Self::Refund(subject) => subject.v5(),
            Self::Dispute(subject) => subject.v5(),
            Self::DisputeAlert(subject) => subject.both(),
            Self::Resolution(subject) => subject.both(),
            Self::Invoice(subject) => subject.both(),
        }
    }

    /// The `data` of version v1; `manage_url` as for v5.
    #[must_use]
    pub fn v1(&self, manage_url: &str) -> Value {
        match self {
            Self::Membership(subject) => subject.v1(manage_url),
            Self::Payment(subject) => subject.v1(),
            Self::Refund(subject) => subject.v1(),
            Self::Dispute(subject) => subject.v1(),
            Self::DisputeAlert(subject) => subject.both(),
            Self::Resolution(subject) => subject.both(),
            Self::Invoice(subject) => subject.both(),
        }
    }
}
