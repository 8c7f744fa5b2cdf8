//! Invoices: their numbers, and how one goes from open to paid.
//!
//! Each company numbers its own, from one upwards and without gaps: the store counts in the transaction that makes the
//! invoice, so that a number is given once and one that was not committed is not lost. What is due is a payment of the
//! invoice's plan; an invoice moves no money itself.

use crate::words::words;
use crate::{Invalid, invalid};

/// The furthest due date from today, in milliseconds (two years).
pub const FURTHEST_DUE_MS: i64 = 2 * 365 * 24 * 60 * 60 * 1000;

words! {
    /// Where an invoice stands; the wire's `InvoiceStatuses`.
    pub enum InvoiceStatus {
        /// Sent, not due yet, or without a due date.
        Open = "open",
        /// Paid.
        Paid = "paid",
        /// Not paid by its due date.
        PastDue = "past_due",
        /// Withdrawn.
        Void = "void",
    }
}

words! {
    /// How it is to be paid; the wire's `InvoiceCollectionMethods`.
    pub enum CollectionMethod {
        /// By the payment method that the customer agreed to be charged by.
        ChargeAutomatically = "charge_automatically",
        /// By a letter with a link.
        SendInvoice = "send_invoice",
    }
}

/// What happens to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceEvent {
    /// Its due date passed.
    FallDue,
    /// It was paid.
    Pay,
    /// It was withdrawn.
    Void,
}

impl InvoiceStatus {
    /// The status after an event. `Ok(None)` when the event changes nothing: it happened before, or an invoice that is
    /// paid or void falls due.
    ///
    /// # Errors
    /// When a paid invoice is withdrawn, or one that was withdrawn is paid.
    pub fn after(self, event: InvoiceEvent) -> Result<Option<Self>, Invalid> {
        match (self, event) {
            (Self::Open, InvoiceEvent::FallDue) => Ok(Some(Self::PastDue)),
            (Self::PastDue | Self::Paid | Self::Void, InvoiceEvent::FallDue) => Ok(None),
            (Self::Open | Self::PastDue, InvoiceEvent::Pay) => Ok(Some(Self::Paid)),
            (Self::Open | Self::PastDue, InvoiceEvent::Void) => Ok(Some(Self::Void)),
            (Self::Paid, InvoiceEvent::Pay) | (Self::Void, InvoiceEvent::Void) => Ok(None),
            (Self::Void, InvoiceEvent::Pay) => invalid("The invoice was withdrawn."),
            (Self::Paid, InvoiceEvent::Void) => {
                invalid("The invoice is paid: refund the payment instead of withdrawing it.")
            }
        }
    }
}

/// The status that an invoice has at `now` (milliseconds) whether or not somebody came round to writing it down.
#[must_use]
pub fn status_at(stored: InvoiceStatus, due_at: Option<i64>, now: i64) -> InvoiceStatus {
    match stored {
        InvoiceStatus::Open if due_at.is_some_and(|at| at <= now) => InvoiceStatus::PastDue,
        stored => stored,
    }
}

/// The number of a company's `count`-th invoice, counted from one: `<series>-0001`. Longer counts have more digits.
#[must_use]
pub fn number(series: &str, count: i64) -> String {
    format!("{series}-{count:04}")
}

/// The series of a company, of its id: the last eight letters and digits in capitals, so that numbers of different
/// companies differ in a customer's books.
#[must_use]
pub fn series(company_id: &str) -> String {
    let letters: Vec<char> = company_id.chars().filter(char::is_ascii_alphanumeric).collect();
    letters[letters.len().saturating_sub(8)..].iter().map(char::to_ascii_uppercase).collect()
}

/// What a new invoice is sent by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addressee<'a> {
    /// Where a letter can go.
    pub email: Option<&'a str>,
    /// Whether it is for a member.
    pub is_member: bool,
    /// Whether the member agreed to a payment method that can be charged.
    pub has_payment_method: bool,
}

/// Checks how and when a new invoice is to be paid. Times are milliseconds.
///
/// # Errors
/// With the sentence for what is missing.
pub fn check(
    method: CollectionMethod,
    addressee: Addressee<'_>,
    due_at: i64,
    now: i64,
) -> Result<(), Invalid> {
    if due_at <= now {
        return invalid("`dueDate` must lie ahead.");
    }
    if due_at > now.saturating_add(FURTHEST_DUE_MS) {
        return invalid("`dueDate` must lie within two years.");
    }
    match method {
        CollectionMethod::SendInvoice if addressee.email.is_none() && !addressee.is_member => {
            invalid("An invoice is sent to somebody: give `emailAddress` or `memberId`.")
        }
        CollectionMethod::ChargeAutomatically if !addressee.is_member => {
            invalid("Only a member can be charged automatically: give `memberId`.")
        }
        CollectionMethod::ChargeAutomatically if !addressee.has_payment_method => invalid(
            "The member has agreed to no payment method that could be charged: send the invoice instead.",
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use InvoiceStatus::{Open, Paid, PastDue, Void};

    #[test]
    fn every_status_takes_every_event() {
        let table = [
            (Open, [Ok(Some(PastDue)), Ok(Some(Paid)), Ok(Some(Void))]),
            (PastDue, [Ok(None), Ok(Some(Paid)), Ok(Some(Void))]),
            (Paid, [Ok(None), Ok(None), Err(())]),
            (Void, [Ok(None), Err(()), Ok(None)]),
        ];
        assert_eq!(table.len(), InvoiceStatus::ALL.len());
        for (status, expected) in table {
            let events = [InvoiceEvent::FallDue, InvoiceEvent::Pay, InvoiceEvent::Void];
            for (event, expected) in events.into_iter().zip(expected) {
                assert_eq!(status.after(event).map_err(|_| ()), expected, "{status:?} {event:?}");
            }
        }
    }

    #[test]
    fn an_open_invoice_is_past_due_from_its_date() {
        assert_eq!(status_at(Open, Some(100), 99), Open);
        assert_eq!(status_at(Open, Some(100), 100), PastDue);
        assert_eq!(status_at(Open, None, 100), Open);
        assert_eq!(status_at(Paid, Some(100), 200), Paid);
        assert_eq!(status_at(Void, Some(100), 200), Void);
    }

    #[test]
    fn numbers_run_in_their_series() {
        assert_eq!(series("biz_0abcDEF12345"), "DEF12345");
        assert_eq!(series("biz_1"), "BIZ1");
        assert_eq!(number("ACME", 7), "ACME-0007");
        assert_eq!(number("ACME", 12_345), "ACME-12345");
    }

    #[test]
    fn each_refusal_has_its_sentence() {
        use CollectionMethod::{ChargeAutomatically, SendInvoice};
        let nobody = Addressee { email: None, is_member: false, has_payment_method: false };
        let letter = Addressee { email: Some("a@example.com"), ..nobody };
        let member = Addressee { is_member: true, ..nobody };
        let payer = Addressee { has_payment_method: true, ..member };
        let table = [
            (SendInvoice, letter, 101, None),
            (SendInvoice, member, 101, None),
            (ChargeAutomatically, payer, 101, None),
            (SendInvoice, letter, 100, Some("must lie ahead")),
            (SendInvoice, letter, 102 + FURTHEST_DUE_MS, Some("within two years")),
            (SendInvoice, nobody, 101, Some("`emailAddress` or `memberId`")),
            (ChargeAutomatically, letter, 101, Some("give `memberId`")),
            (ChargeAutomatically, member, 101, Some("send the invoice instead")),
        ];
        for (method, addressee, due_at, refusal) in table {
            let got = check(method, addressee, due_at, 100).err().map(|error| error.0);
            assert_eq!(got.is_some(), refusal.is_some(), "{got:?}");
            assert!(got.unwrap_or_default().contains(refusal.unwrap_or_default()));
        }
    }
}
