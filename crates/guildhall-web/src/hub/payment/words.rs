//! Payments and disputes in the words of the pages of those who sell.

use guildhall_app::receipt::Receipt;
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::payment::Payment;
use guildhall_core::receipt::{BillingReason, FriendlyStatus, friendly_status};

/// Where something stands in a word or two, and the class that gives it its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::hub) struct Stamp {
    pub(in crate::hub) words: &'static str,
    pub(in crate::hub) mood: &'static str,
}

impl Stamp {
    /// All is well.
    const fn good(words: &'static str) -> Self {
        Self { words, mood: "good" }
    }

    /// Money is missing, or may be soon.
    const fn bad(words: &'static str) -> Self {
        Self { words, mood: "bad" }
    }

    /// Something is to happen yet.
    const fn open(words: &'static str) -> Self {
        Self { words, mood: "open" }
    }

    /// It is over, and nothing is to be done.
    const fn calm(words: &'static str) -> Self {
        Self { words, mood: "calm" }
    }
}

/// Where a payment stands.
pub(super) fn stamp(payment: &Payment, reason: BillingReason) -> Stamp {
    let is_lost = payment.lost_minor > 0;
    match friendly_status(payment, reason) {
        FriendlyStatus::Succeeded => Stamp::good("Paid"),
        FriendlyStatus::PriceTooLow => Stamp::calm("Nothing charged"),
        FriendlyStatus::Refunded if is_lost => Stamp::bad("Lost to a dispute"),
        FriendlyStatus::Refunded => Stamp::calm("Given back"),
        FriendlyStatus::PartiallyRefunded if is_lost => Stamp::bad("Lost in part"),
        FriendlyStatus::PartiallyRefunded => Stamp::calm("Given back in part"),
        FriendlyStatus::AutoRefunded => Stamp::calm("Given back at once"),
        FriendlyStatus::OpenDispute => Stamp::bad("Disputed"),
        FriendlyStatus::DisputeWarning => Stamp::bad("Dispute feared"),
        FriendlyStatus::Failed => Stamp::bad("Declined"),
        FriendlyStatus::PastDue => Stamp::bad("Past due"),
        FriendlyStatus::Uncollectible => Stamp::bad("Given up"),
        FriendlyStatus::Canceled => Stamp::calm("Canceled"),
        FriendlyStatus::Incomplete => Stamp::open("Waits for the buyer"),
        FriendlyStatus::Drafted => Stamp::calm("Not begun"),
        FriendlyStatus::Unresolved => Stamp::open("Being given back"),
        FriendlyStatus::Pending | FriendlyStatus::OpenResolution => Stamp::open("Under way"),
    }
}

/// Where a dispute stands.
pub(in crate::hub) fn stamp_of_dispute(status: DisputeStatus) -> Stamp {
    match status {
        DisputeStatus::WarningNeedsResponse => Stamp::bad("Warning"),
        DisputeStatus::NeedsResponse => Stamp::bad("Needs an answer"),
        DisputeStatus::WarningUnderReview | DisputeStatus::UnderReview => Stamp::open("Under review"),
        DisputeStatus::WarningClosed => Stamp::calm("Warning over"),
        DisputeStatus::Won => Stamp::good("Won"),
        DisputeStatus::Lost => Stamp::bad("Lost"),
    }
}

/// Why a buyer disputes, in words; what a bank's word is not known for is shown as it is.
pub(in crate::hub) fn reason_of_dispute(word: Option<&str>) -> String {
    let known = match word {
        None | Some("general") => "The bank gives no reason.",
        Some("fraudulent") => "The cardholder says that they did not make this payment.",
        Some("product_not_received") => "The buyer says that they did not receive what they paid for.",
        Some("product_unacceptable") => "The buyer says that it is not what they were promised.",
        Some("subscription_canceled") => "The buyer says that they had canceled.",
        Some("unrecognized") => "The cardholder does not recognize the payment.",
        Some("duplicate") => "The buyer says that they were charged twice.",
        Some("credit_not_processed") => "The buyer says that a refund they were promised did not come.",
        Some(other) => return format!("The bank's reason: {}.", other.replace('_', " ")),
    };
    known.to_owned()
}

/// Why there is a payment.
pub(super) fn occasion(reason: BillingReason) -> &'static str {
    match reason {
        BillingReason::Manual => "Asked for by the company",
        BillingReason::OneTime => "A purchase, paid once",
        BillingReason::Subscription | BillingReason::SubscriptionCreate => "The beginning of a subscription",
        BillingReason::SubscriptionCycle => "A renewal",
        BillingReason::SubscriptionUpdate => "A change of plan",
        BillingReason::Upcoming => "A renewal to come",
    }
}

/// What the buyer is called, to whoever may see that.
pub(in crate::hub) fn buyer(receipt: &Receipt) -> String {
    match &receipt.member {
        Some(member) => member.user.name.clone().unwrap_or_else(|| member.user.username.clone()),
        None => "A buyer".to_owned(),
    }
}

/// The letter that stands for the buyer.
pub(in crate::hub) fn initial(receipt: &Receipt) -> String {
    let first = buyer(receipt).chars().find(|letter| letter.is_alphanumeric());
    first.map_or_else(|| "·".to_owned(), |letter| letter.to_uppercase().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_core::money::Currency;
    use guildhall_core::payment::Stage;

    #[test]
    fn money_that_a_bank_took_is_not_called_a_refund() {
        let usd = Currency::parse("usd").expect("a known currency");
        let paid = Payment { stage: Stage::Paid, ..Payment::draft(1000, usd).expect("sound") };
        let words = |payment: Payment| stamp(&payment, BillingReason::OneTime).words;
        for (refunded_minor, lost_minor, expected) in [
            (0, 0, "Paid"),
            (400, 0, "Given back in part"),
            (1000, 0, "Given back"),
            (0, 400, "Lost in part"),
            (400, 600, "Lost to a dispute"),
        ] {
            assert_eq!(words(Payment { refunded_minor, lost_minor, ..paid }), expected);
        }
    }

    #[test]
    fn a_reason_that_nobody_knows_is_shown_as_it_is() {
        assert_eq!(reason_of_dispute(Some("check_returned")), "The bank's reason: check returned.");
        assert!(reason_of_dispute(Some("fraudulent")).contains("did not make this payment"));
        assert!(reason_of_dispute(None).contains("no reason"));
    }
}
