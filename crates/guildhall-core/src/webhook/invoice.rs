//! What webhooks say of invoices.

use super::payload::{Money, Person, moment};
use crate::moment::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    pub(super) fn both(&self) -> Value {
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
