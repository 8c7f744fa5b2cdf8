//! What Stripe is asked for a charge, as it is written down before it is sent.

use super::{amount, form, intent};
use crate::error::Result;
use crate::processor::{AskedFor, Charge, Processor};
use crate::store::{self, Read};
use guildhall_core::ids::PaymentId;
use guildhall_core::money::Currency;
use url::form_urlencoded;

/// The metadata that says under which key an intent was made.
pub(super) const KEY: &str = "guildhall_key";

/// What was or will be asked under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) key: String,
    pub(crate) payment: PaymentId,
    /// What Stripe calls the buyer.
    pub(crate) customer: String,
    /// The body.
    pub(crate) form: String,
    /// Whether a method is named; else the card page asks for one.
    pub(crate) has_method: bool,
    pub(crate) is_present: bool,
    pub(crate) is_kept: bool,
    pub(crate) return_url: String,
    /// What Stripe calls the charge, when it said so.
    pub(crate) reference: Option<String>,
    /// What Stripe keeps of it, in our minor units, when it said so.
    pub(crate) fee_minor: Option<i64>,
}

impl Question {
    /// The question of a charge of so many of Stripe's units; of none, that a card be kept.
    pub(super) fn of(charge: &Charge, amount: i64, customer: &str) -> Self {
        let (text, payment) = (amount.to_string(), charge.payment.to_string());
        // Longer ones are refused.
        let description: String = charge.description.chars().take(500).collect();
        let mut pairs = vec![
            ("customer", customer),
            ("description", description.as_str()),
            ("expand[]", "payment_method"),
            ("metadata[guildhall_payment]", payment.as_str()),
            ("metadata[guildhall_key]", charge.key.as_str()),
            ("payment_method_types[]", "card"),
        ];
        pairs.extend(match amount {
            0 => vec![("usage", "off_session")],
            _ => vec![
                ("amount", text.as_str()),
                // Captured with the charge: the fee is told at once, not within an hour.
                ("capture_method", "automatic"),
                ("currency", charge.currency.code()),
                ("expand[]", intent::FEE),
            ],
        });
        let is_present = charge.is_present || charge.method.is_none();
        // A method that is named was kept when it was typed.
        if charge.is_kept && charge.method.is_none() && amount > 0 {
            pairs.push(("setup_future_usage", "off_session"));
        }
        if let Some(method) = &charge.method {
            pairs.extend([("payment_method", method.reference.as_str()), ("confirm", "true")]);
            pairs.push(match is_present {
                true => ("return_url", charge.return_url.as_str()),
                false => ("off_session", "true"),
            });
        }
        Self {
            key: charge.key.clone(),
            payment: charge.payment.clone(),
            form: form(pairs),
            customer: customer.to_owned(),
            has_method: charge.method.is_some(),
            is_present,
            is_kept: charge.is_kept,
            return_url: charge.return_url.clone(),
            reference: None,
            fee_minor: None,
        }
    }

    /// What was to be charged, in our minor units; `None` where nothing was.
    pub(super) fn amount(&self) -> Option<(i64, Currency)> {
        let currency = Currency::parse(&self.said("currency")?).ok()?;
        Some((amount::from_stripe(self.said("amount")?.parse().ok()?, currency), currency))
    }

    /// Where the intent is made. What charges nothing keeps a card, by an intent of another kind.
    pub(super) fn path(&self) -> &'static str {
        if self.keeps_alone() { "/v1/setup_intents" } else { "/v1/payment_intents" }
    }

    /// Whether nothing is charged, and a card is kept alone.
    pub(super) fn keeps_alone(&self) -> bool {
        self.said("amount").is_none()
    }

    /// What stands in a field of the form.
    fn said(&self, field: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.form.as_bytes());
        pairs.find(|(name, _)| name == field).map(|(_, value)| value.into_owned())
    }

    /// The path of the card page of this payment.
    pub(super) fn card_page(&self) -> String {
        format!("/checkout/card/{}", self.payment)
    }
}

/// The charge that Stripe calls so.
pub(in crate::processor) fn asked_for(read: &mut Read<'_>, reference: &str) -> Result<Option<AskedFor>> {
    let Some(question) = store::stripe::find_by_reference(read, reference)? else { return Ok(None) };
    Ok(Some(AskedFor {
        processor: Processor::Stripe,
        reference: reference.to_owned(),
        payer: store::stripe::user_of(read, &question.customer)?,
        method: question.said("payment_method"),
        amount: question.amount(),
        key: question.key,
        payment: question.payment,
    }))
}
