//! Invoices: their numbers, and how one goes from open to paid.
//!
//! Each company numbers its own, from one upwards and without gaps: the store counts in the transaction that makes the
//! invoice, so that a number is given once and one that was not committed is not lost. What is due is a payment of the
//! invoice's plan; an invoice moves no money itself.

use crate::billing::Terms;
use crate::plan::{ReleaseMethod, SoundPlan};
use crate::words::words;
use crate::{Invalid, invalid};

/// The longest name of a customer or of what is sold, in characters.
pub const LONGEST_NAME: usize = 255;
/// The longest notes that a team keeps beside an invoice, in characters.
pub const LONGEST_NOTES: usize = 2000;
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
    /// Whether money is still asked for.
    #[must_use]
    pub fn is_due(self) -> bool {
        matches!(self, Self::Open | Self::PastDue)
    }

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

/// Checks a name as it is to stand on the paper: of a customer, or of what is sold. Answers it without what surrounds it.
///
/// # Errors
/// When it is empty, too long, or holds what cannot be printed.
pub fn check_name<'a>(name: &'a str, field: &str) -> Result<&'a str, Invalid> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return invalid(format!("`{field}` is 1 to {LONGEST_NAME} characters long, on one line."));
    }
    Ok(name)
}

/// Checks what a team notes beside an invoice.
///
/// # Errors
/// When it is too long.
pub fn check_notes(notes: &str) -> Result<(), Invalid> {
    if notes.chars().count() > LONGEST_NOTES {
        return invalid(format!("`internalNotes` is at most {LONGEST_NOTES} characters long."));
    }
    Ok(())
}

/// Checks that an invoice can be paid by a plan; answers what is due first, in minor units.
///
/// # Errors
/// When the plan takes entries, has nothing in stock, or asks for nothing at its start.
pub fn check_plan(plan: &SoundPlan) -> Result<i64, Invalid> {
    if plan.release_method != ReleaseMethod::BuyNow {
        return invalid("Whoever has an invoice pays it: its plan's `releaseMethod` must be `buy_now`.");
    }
    if plan.stock == Some(0) {
        return invalid("An invoice whose plan has no `stock` could not be paid: give at least 1.");
    }
    let due = plan.terms.first_due_minor(1)?;
    match (due, plan.terms) {
        (0, Terms::OneTime { .. }) => invalid("An invoice asks for money: give the plan an `initialPrice`."),
        (0, Terms::Renewal { .. }) => invalid(
            "An invoice asks for money: give the plan an `initialPrice`, or a `renewalPrice` without a trial.",
        ),
        (due, _) => Ok(due),
    }
}

/// What the wire's plan of an invoice can say beside its terms. Each is sound only as it is anyway.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanExtras {
    /// Whether bank debits are taken.
    pub ach_payments: Option<bool>,
    /// Whether cards are taken.
    pub card_payments: Option<bool>,
    /// Whether crypto currencies are taken.
    pub coinbase_commerce_accepted: Option<bool>,
    /// Whether those who leave are offered a discount.
    pub offer_cancel_discount: Option<bool>,
    /// Whether PayPal is taken.
    pub paypal_accepted: Option<bool>,
    /// Whether balances of this server are taken.
    pub platform_balance_accepted: Option<bool>,
    /// In how many parts it is paid.
    pub split_pay_required_payments: Option<i64>,
    /// Whether it is paid by instalments.
    pub splitit_accepted: Option<bool>,
    /// Whether settings for entries are given.
    pub has_release_settings: bool,
}

impl PlanExtras {
    /// Checks every one.
    ///
    /// # Errors
    /// With the sentence for the first that asks for what is not done here.
    pub fn check(&self) -> Result<(), Invalid> {
        let always = [
            ("cardPayments", self.card_payments),
            ("platformBalanceAccepted", self.platform_balance_accepted),
        ];
        if let Some((field, _)) = always.iter().find(|(_, asked)| *asked == Some(false)) {
            return invalid(format!("`{field}` cannot be switched off: leave it out, or say true."));
        }
        let never = [
            ("achPayments", self.ach_payments),
            ("coinbaseCommerceAccepted", self.coinbase_commerce_accepted),
            ("offerCancelDiscount", self.offer_cancel_discount),
            ("paypalAccepted", self.paypal_accepted),
            ("splititAccepted", self.splitit_accepted),
        ];
        if let Some((field, _)) = never.iter().find(|(_, asked)| *asked == Some(true)) {
            return invalid(format!("`{field}` is not done on this server: leave it out, or say false."));
        }
        if self.split_pay_required_payments.is_some_and(|parts| parts != 1) {
            return invalid(
                "`splitPayRequiredPayments` is not done on this server: an invoice is paid at once.",
            );
        }
        if self.has_release_settings {
            return invalid(
                "`releaseMethodSettings` is for plans that take entries; an invoice is just paid.",
            );
        }
        Ok(())
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

    #[test]
    fn names_are_one_line_of_something() {
        assert_eq!(check_name("  Zoë Å. Müller 株式会社 ", "customerName"), Ok("Zoë Å. Müller 株式会社"));
        for bad in ["", "  ", "a\nb", "a\u{0}b", &"x".repeat(256)] {
            let error = check_name(bad, "customerName").expect_err(bad);
            assert_eq!(error.0, "`customerName` is 1 to 255 characters long, on one line.");
        }
        assert!(check_notes(&"x".repeat(2000)).is_ok());
        assert!(check_notes(&"x".repeat(2001)).is_err());
    }

    #[test]
    fn a_plan_must_ask_for_something_that_can_be_paid() {
        use crate::plan::{PlanRequest, PlanType};
        let once = PlanRequest { initial_price: Some(5.0), ..PlanRequest::default() };
        let renewal = PlanRequest {
            plan_type: Some(PlanType::Renewal),
            renewal_price: Some(20.0),
            ..PlanRequest::default()
        };
        let stock = |request: &PlanRequest, stock| PlanRequest { stock: Some(stock), ..request.clone() };
        let trial = |request: &PlanRequest| PlanRequest { trial_period_days: Some(7), ..request.clone() };
        let waitlist = PlanRequest { release_method: Some(ReleaseMethod::Waitlist), ..once.clone() };
        let table = [
            (once.clone(), Ok(500)),
            (stock(&once, 1), Ok(500)),
            (renewal.clone(), Ok(2000)),
            (PlanRequest { initial_price: Some(1.0), ..trial(&renewal) }, Ok(100)),
            (stock(&once, 0), Err("could not be paid")),
            (waitlist, Err("must be `buy_now`")),
            (PlanRequest::default(), Err("give the plan an `initialPrice`.")),
            (trial(&renewal), Err("without a trial")),
        ];
        for (request, expected) in table {
            let got = check_plan(&request.check().expect("sound"));
            match expected {
                Ok(due) => assert_eq!(got, Ok(due)),
                Err(words) => assert!(got.as_ref().is_err_and(|error| error.0.contains(words)), "{got:?}"),
            }
        }
    }

    #[test]
    fn what_is_not_done_here_is_refused_by_name() {
        let none = PlanExtras::default();
        assert_eq!(none.check(), Ok(()));
        let as_it_is = PlanExtras {
            card_payments: Some(true),
            platform_balance_accepted: Some(true),
            paypal_accepted: Some(false),
            split_pay_required_payments: Some(1),
            ..none
        };
        assert_eq!(as_it_is.check(), Ok(()));
        let table = [
            (PlanExtras { card_payments: Some(false), ..none }, "`cardPayments` cannot"),
            (
                PlanExtras { platform_balance_accepted: Some(false), ..none },
                "`platformBalanceAccepted` cannot",
            ),
            (PlanExtras { ach_payments: Some(true), ..none }, "`achPayments` is not"),
            (
                PlanExtras { coinbase_commerce_accepted: Some(true), ..none },
                "`coinbaseCommerceAccepted` is not",
            ),
            (PlanExtras { offer_cancel_discount: Some(true), ..none }, "`offerCancelDiscount` is not"),
            (PlanExtras { paypal_accepted: Some(true), ..none }, "`paypalAccepted` is not"),
            (PlanExtras { splitit_accepted: Some(true), ..none }, "`splititAccepted` is not"),
            (
                PlanExtras { split_pay_required_payments: Some(3), ..none },
                "`splitPayRequiredPayments` is not",
            ),
            (PlanExtras { has_release_settings: true, ..none }, "`releaseMethodSettings` is for"),
        ];
        for (extras, words) in table {
            let error = extras.check().expect_err(words);
            assert!(error.0.contains(words), "{error}");
        }
    }
}
