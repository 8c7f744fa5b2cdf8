//! Receipts: what a payment is called on the wire.

use crate::cursor::Order;
use crate::payment::{Payment, Stage};
use crate::words::words;

words! {
    /// Why there is a payment; the wire's `BillingReasons`.
    pub enum BillingReason {
        /// Somebody asked for it.
        Manual = "manual",
        /// A one-time purchase.
        OneTime = "one_time",
        /// A plan that renews, in words of old.
        Subscription = "subscription",
        /// The first payment of a plan that renews.
        SubscriptionCreate = "subscription_create",
        /// A renewal.
        SubscriptionCycle = "subscription_cycle",
        /// A plan was changed.
        SubscriptionUpdate = "subscription_update",
        /// Shown before it is due.
        Upcoming = "upcoming",
    }
}

words! {
    /// The wire's `ReceiptStatus`.
    pub enum ReceiptStatus {
        /// Nothing was asked of a processor.
        Draft = "draft",
        /// Due.
        Open = "open",
        /// Paid.
        Paid = "paid",
        /// On its way.
        Pending = "pending",
        /// Given up after it was due.
        Uncollectible = "uncollectible",
        /// Taken, and being given back.
        Unresolved = "unresolved",
        /// Given up before it was due.
        Void = "void",
    }
}

words! {
    /// The wire's `FriendlyReceiptStatus`, and `substatus` of webhooks.
    #[expect(missing_docs, reason = "the words say it")]
    pub enum FriendlyStatus {
        AutoRefunded = "auto_refunded",
        Canceled = "canceled",
        DisputeWarning = "dispute_warning",
        Drafted = "drafted",
        Failed = "failed",
        Incomplete = "incomplete",
        OpenDispute = "open_dispute",
        OpenResolution = "open_resolution",
        PartiallyRefunded = "partially_refunded",
        PastDue = "past_due",
        Pending = "pending",
        PriceTooLow = "price_too_low",
        Refunded = "refunded",
        Succeeded = "succeeded",
        Uncollectible = "uncollectible",
        Unresolved = "unresolved",
    }
}

words! {
    /// How a payment went, as receipts are filtered; the wire's `ReceiptStatusV2`.
    pub enum Outcome {
        /// It was declined, for now or for good.
        Failed = "failed",
        /// Some of it went back.
        PartiallyRefunded = "partially_refunded",
        /// A renewal was declined and is being retried.
        PastDue = "past_due",
        /// All of it went back.
        Refunded = "refunded",
        /// It was made, and nothing of it went back.
        Succeeded = "succeeded",
    }
}

words! {
    /// What receipts are ordered by; the wire's `ReceiptV2Order`.
    pub enum ReceiptOrder {
        /// When the payment began.
        CreatedAt = "created_at",
        /// What was due, in minor units of its currency.
        FinalAmount = "final_amount",
        /// When it was paid; those that never were come before all others.
        PaidAt = "paid_at",
    }
}

impl Order for ReceiptOrder {
    fn word(self) -> &'static str {
        self.as_str()
    }

    fn is_by_word(self) -> bool {
        false
    }
}

/// How the payment went; `None` while that is open, and when it was given up. A dispute changes it once it is lost.
#[must_use]
pub fn outcome(payment: &Payment, reason: BillingReason) -> Option<Outcome> {
    match payment.stage {
        Stage::Paid => Some(match payment.refunded_minor + payment.lost_minor {
            0 => Outcome::Succeeded,
            gone if gone < payment.amount_minor => Outcome::PartiallyRefunded,
            _ => Outcome::Refunded,
        }),
        Stage::AutoRefunded => Some(Outcome::Refunded),
        Stage::Failed if reason == BillingReason::SubscriptionCycle => Some(Outcome::PastDue),
        Stage::Failed | Stage::Uncollectible => Some(Outcome::Failed),
        Stage::Drafted
        | Stage::Authorizing
        | Stage::NeedsAction
        | Stage::Pending
        | Stage::Charged
        | Stage::Returning
        | Stage::Canceled => None,
    }
}

/// The wire's word for who took the money: `free` where nothing was charged, and `multi_psp` for the built-in sandbox,
/// which the wire has no word for. `None` before anybody was asked.
#[must_use]
pub fn processor_word(payment: &Payment, processor: Option<&str>) -> Option<&'static str> {
    match processor {
        _ if !payment.is_chargeable => Some("free"),
        Some("sandbox") => Some("multi_psp"),
        Some("stripe") => Some("stripe"),
        Some("platform_balance") => Some("platform_balance"),
        _ => None,
    }
}

/// The payment's `ReceiptStatus`.
#[must_use]
pub fn status(payment: &Payment) -> ReceiptStatus {
    match payment.stage {
        Stage::Drafted => ReceiptStatus::Draft,
        Stage::Authorizing | Stage::NeedsAction | Stage::Failed => ReceiptStatus::Open,
        Stage::Pending | Stage::Charged => ReceiptStatus::Pending,
        Stage::Paid | Stage::AutoRefunded => ReceiptStatus::Paid,
        Stage::Returning => ReceiptStatus::Unresolved,
        Stage::Canceled => ReceiptStatus::Void,
        Stage::Uncollectible => ReceiptStatus::Uncollectible,
    }
}

/// The payment in the word that people see. A lost dispute shows as a refund, which it is to the buyer; one that was
/// won, or a warning that came to nothing, no longer shows.
#[must_use]
pub fn friendly_status(payment: &Payment, reason: BillingReason) -> FriendlyStatus {
    match payment.stage {
        Stage::Drafted => FriendlyStatus::Drafted,
        Stage::NeedsAction => FriendlyStatus::Incomplete,
        Stage::Authorizing | Stage::Pending | Stage::Charged => FriendlyStatus::Pending,
        Stage::Paid => friendly_of_paid(payment),
        Stage::Returning => FriendlyStatus::Unresolved,
        Stage::AutoRefunded => FriendlyStatus::AutoRefunded,
        Stage::Failed if reason == BillingReason::SubscriptionCycle => FriendlyStatus::PastDue,
        Stage::Failed => FriendlyStatus::Failed,
        Stage::Canceled => FriendlyStatus::Canceled,
        Stage::Uncollectible => FriendlyStatus::Uncollectible,
    }
}

fn friendly_of_paid(payment: &Payment) -> FriendlyStatus {
    match payment.dispute {
        Some(dispute) if dispute.holds_money() => return FriendlyStatus::OpenDispute,
        Some(dispute) if dispute.is_warning() => return FriendlyStatus::DisputeWarning,
        Some(_) | None => {}
    }
    match payment.refunded_minor + payment.lost_minor {
        _ if !payment.is_chargeable && payment.amount_minor > 0 => FriendlyStatus::PriceTooLow,
        0 => FriendlyStatus::Succeeded,
        gone if gone < payment.amount_minor => FriendlyStatus::PartiallyRefunded,
        _ => FriendlyStatus::Refunded,
    }
}

/// Whether another attempt can be made.
#[must_use]
pub fn is_retryable(payment: &Payment) -> bool {
    payment.stage == Stage::Failed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispute::DisputeStatus;
    use crate::money::Currency;

    fn paid(amount_minor: i64) -> Payment {
        let usd = Currency::parse("usd").expect("a known currency");
        Payment { stage: Stage::Paid, attempt: 1, ..Payment::draft(amount_minor, usd).expect("sound") }
    }

    #[test]
    fn the_words_are_the_contracts() {
        let contract = include_str!("../../../tests/contract/schema.graphql");
        let words_of = |name: &str| -> Vec<&str> {
            let (_, rest) = contract.split_once(&format!("enum {name} {{")).expect("the contract has it");
            rest.split_once('}').expect("it ends").0.split_whitespace().collect()
        };
        let ours: Vec<&str> = FriendlyStatus::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(ours, words_of("FriendlyReceiptStatus"));
        let ours: Vec<&str> = ReceiptStatus::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(ours, words_of("ReceiptStatus"));
        let ours: Vec<&str> = BillingReason::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(ours, words_of("BillingReasons"));
        let ours: Vec<&str> = Outcome::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(ours, words_of("ReceiptStatusV2"));
        let ours: Vec<&str> = ReceiptOrder::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(ours, words_of("ReceiptV2Order"));
    }

    #[test]
    fn the_table_of_statuses() {
        use FriendlyStatus as Friendly;
        let whole = paid(1000);
        let disputed = |status| Payment { dispute: Some(status), ..whole };
        let table = [
            (Payment { stage: Stage::Drafted, ..whole }, ReceiptStatus::Draft, Friendly::Drafted),
            (Payment { stage: Stage::Authorizing, ..whole }, ReceiptStatus::Open, Friendly::Pending),
            (Payment { stage: Stage::NeedsAction, ..whole }, ReceiptStatus::Open, Friendly::Incomplete),
            (Payment { stage: Stage::Pending, ..whole }, ReceiptStatus::Pending, Friendly::Pending),
            (Payment { stage: Stage::Charged, ..whole }, ReceiptStatus::Pending, Friendly::Pending),
            (whole, ReceiptStatus::Paid, Friendly::Succeeded),
            (paid(0), ReceiptStatus::Paid, Friendly::Succeeded),
            (paid(20), ReceiptStatus::Paid, Friendly::PriceTooLow),
            (Payment { refunded_minor: 1, ..whole }, ReceiptStatus::Paid, Friendly::PartiallyRefunded),
            (Payment { refunded_minor: 1000, ..whole }, ReceiptStatus::Paid, Friendly::Refunded),
            (disputed(DisputeStatus::WarningUnderReview), ReceiptStatus::Paid, Friendly::DisputeWarning),
            (disputed(DisputeStatus::UnderReview), ReceiptStatus::Paid, Friendly::OpenDispute),
            (disputed(DisputeStatus::Won), ReceiptStatus::Paid, Friendly::Succeeded),
            (
                Payment { lost_minor: 1000, ..disputed(DisputeStatus::Lost) },
                ReceiptStatus::Paid,
                Friendly::Refunded,
            ),
            (Payment { stage: Stage::Returning, ..whole }, ReceiptStatus::Unresolved, Friendly::Unresolved),
            (Payment { stage: Stage::AutoRefunded, ..whole }, ReceiptStatus::Paid, Friendly::AutoRefunded),
            (Payment { stage: Stage::Failed, ..whole }, ReceiptStatus::Open, Friendly::Failed),
            (Payment { stage: Stage::Canceled, ..whole }, ReceiptStatus::Void, Friendly::Canceled),
            (
                Payment { stage: Stage::Uncollectible, ..whole },
                ReceiptStatus::Uncollectible,
                Friendly::Uncollectible,
            ),
        ];
        for (payment, expected, friendly) in table {
            assert_eq!(status(&payment), expected, "{payment:?}");
            assert_eq!(friendly_status(&payment, BillingReason::OneTime), friendly, "{payment:?}");
        }
        let of = |payment: &Payment| outcome(payment, BillingReason::OneTime);
        assert_eq!(of(&whole), Some(Outcome::Succeeded));
        assert_eq!(of(&disputed(DisputeStatus::UnderReview)), Some(Outcome::Succeeded));
        assert_eq!(of(&Payment { refunded_minor: 999, ..whole }), Some(Outcome::PartiallyRefunded));
        assert_eq!(of(&Payment { refunded_minor: 400, lost_minor: 600, ..whole }), Some(Outcome::Refunded));
        assert_eq!(of(&Payment { stage: Stage::AutoRefunded, ..whole }), Some(Outcome::Refunded));
        assert_eq!(of(&Payment { stage: Stage::Uncollectible, ..whole }), Some(Outcome::Failed));
        assert_eq!(of(&Payment { stage: Stage::Canceled, ..whole }), None);
        let failed = Payment { stage: Stage::Failed, ..whole };
        assert_eq!(outcome(&failed, BillingReason::SubscriptionCycle), Some(Outcome::PastDue));
        assert_eq!(friendly_status(&failed, BillingReason::SubscriptionCycle), Friendly::PastDue);
        assert!(is_retryable(&failed) && !is_retryable(&whole));
    }
}
