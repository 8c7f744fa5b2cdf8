//! What the paper of an invoice says, in words: the page and the PDF show the same.

use super::{Invoice, Line, link_at};
use crate::company::Tax;
use guildhall_core::invoice::InvoiceStatus;
use guildhall_core::moment::day_in_words;
use guildhall_core::plan_words::{price, price_in_full};

/// The paper of an invoice. Amounts and days are words already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// The invoice's number.
    pub number: String,
    /// Who asks for the money.
    pub seller: String,
    /// Who is to pay: a name, an address of mail, or both, one a line; never empty.
    pub buyer: Vec<String>,
    /// The day it was made on.
    pub issued: String,
    /// The day it is due on.
    pub due: String,
    /// The currency's code in capitals.
    pub currency: String,
    /// What it is for.
    pub lines: Vec<PaperLine>,
    /// What leads from the lines to the total: names and amounts.
    pub sums: Vec<(String, String)>,
    /// What is asked for in all.
    pub total: String,
    /// The same with the currency's code.
    pub amount: String,
    /// Where it stands, in a sentence.
    pub standing: String,
    /// The same as a word or two, e.g. for a stamp.
    pub stamp: &'static str,
    /// Which of the stamps it is, for its colour.
    pub mood: Mood,
    /// Where it is paid, while it is to be paid.
    pub pay_link: Option<String>,
    /// Where it is shown.
    pub link: String,
}

/// A line of the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperLine {
    /// What it is.
    pub label: String,
    /// How many.
    pub quantity: String,
    /// What one costs.
    pub unit_price: String,
    /// What all cost.
    pub total: String,
}

impl Paper {
    /// The seller's first letter, for its mark.
    #[must_use]
    pub fn initial(&self) -> String {
        self.seller.chars().take(1).flat_map(char::to_uppercase).collect()
    }

    /// The paper of an invoice at a moment, in milliseconds.
    pub(super) fn of(invoice: &Invoice, lines: &[Line], origin: &str, now: i64) -> Self {
        let amount = |minor| price(minor, invoice.currency);
        let (issued, due) = (day_in_words(invoice.created_at), day_in_words(invoice.due_at));
        let day = |at: Option<i64>| at.map(|at| format!(" on {}", day_in_words(at))).unwrap_or_default();
        let (mood, stamp, standing) = match invoice.status_at(now) {
            InvoiceStatus::Open => (Mood::Open, "Open", format!("Amount due by {due}")),
            InvoiceStatus::PastDue => (Mood::Late, "Past due", format!("Amount that was due on {due}")),
            InvoiceStatus::Paid => (Mood::Done, "Paid", format!("Paid{}", day(invoice.paid_at))),
            InvoiceStatus::Void => (
                Mood::Gone,
                "Withdrawn",
                format!("Withdrawn{}: nothing is to be paid", day(invoice.voided_at)),
            ),
        };
        let mut buyer: Vec<String> =
            [&invoice.customer_name, &invoice.email].into_iter().flatten().cloned().collect();
        if buyer.is_empty() {
            buyer.push("Customer".to_owned());
        }
        let mut sums = vec![("Subtotal".to_owned(), amount(invoice.price.subtotal_minor))];
        sums.extend(tax_words(&invoice.tax).map(|words| (words, amount(invoice.price.tax_minor))));
        let lines = lines.iter().map(|line| PaperLine {
            label: line.label.clone(),
            quantity: line.quantity.to_string(),
            unit_price: amount(line.unit_price_minor),
            total: amount(line.unit_price_minor.saturating_mul(line.quantity)),
        });
        Self {
            number: invoice.number.clone(),
            seller: invoice.seller_name.clone(),
            buyer,
            issued,
            due,
            currency: invoice.currency.code().to_ascii_uppercase(),
            lines: lines.collect(),
            sums,
            total: amount(invoice.price.total_minor),
            amount: amount_in_full(invoice),
            standing,
            stamp,
            mood,
            pay_link: mood.is_due().then(|| format!("{origin}/checkout/{}", invoice.session)),
            link: link_at(origin, invoice),
        }
    }
}

/// What is asked for in all, with the currency's code, e.g. `$12.50 USD`, `12.50 CHF`.
pub(super) fn amount_in_full(invoice: &Invoice) -> String {
    price_in_full(invoice.price.total_minor, invoice.currency)
}

/// What a tax is called with how much it is, e.g. `VAT 19%`; `None` where there is none.
fn tax_words(tax: &Tax) -> Option<String> {
    let (label, points) = tax.shown()?;
    let part = format!("{:02}", points % 100);
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    let included = if tax.rate.is_included { " (included)" } else { "" };
    Some(format!("{label} {}{point}{part}%{included}", points / 100))
}

/// How an invoice stands to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// To be paid in time.
    Open,
    /// To be paid, and late.
    Late,
    /// Paid.
    Done,
    /// Withdrawn.
    Gone,
}

impl Mood {
    /// The word that style sheets know it by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Late => "late",
            Self::Done => "done",
            Self::Gone => "gone",
        }
    }

    /// Whether money is still asked for.
    #[must_use]
    pub fn is_due(self) -> bool {
        matches!(self, Self::Open | Self::Late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_core::price::TaxRate;

    #[test]
    fn taxes_are_named_with_their_rate() {
        let words = |label: &str, basis_points, is_included| {
            let rate = TaxRate { basis_points, is_included };
            tax_words(&Tax { label: label.to_owned(), rate })
        };
        assert_eq!(words("VAT", 1900, true).as_deref(), Some("VAT 19% (included)"));
        assert_eq!(words("Sales tax", 825, false).as_deref(), Some("Sales tax 8.25%"));
        assert_eq!(words("Tax", 550, false).as_deref(), Some("Tax 5.5%"));
        assert_eq!(words("VAT", 0, true), None);
    }
}
