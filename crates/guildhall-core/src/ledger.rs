//! The double-entry ledger's rules: accounts, entries, and what makes a transfer sound.

use crate::money::{self, Currency};
use crate::{Invalid, invalid};

/// The longest note a transfer may carry, in characters.
pub const LONGEST_NOTES: usize = 50;
/// The longest idempotence key, in bytes.
pub const LONGEST_KEY: usize = 255;

/// Whose an account is, or what stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// A user's money.
    User,
    /// A company's money.
    Company,
    /// Where money comes from outside: it goes below zero by what was let in.
    Funding,
    /// Fees the platform earned.
    PlatformFees,
}

impl AccountKind {
    /// The word the store uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Company => "company",
            Self::Funding => "funding",
            Self::PlatformFees => "platform_fees",
        }
    }

    /// Whether balances of such accounts may go below zero.
    #[must_use]
    pub fn may_go_negative(self) -> bool {
        matches!(self, Self::Funding)
    }
}

/// One side of a transfer: an amount in minor units, positive into the account, negative out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<A> {
    /// The account.
    pub account: A,
    /// Minor units; never zero.
    pub amount_minor: i64,
}

/// A balanced set of entries in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting<A> {
    /// The currency of every entry.
    pub currency: Currency,
    /// Two or more entries that sum to zero.
    pub entries: Vec<Entry<A>>,
}

impl<A: PartialEq> Posting<A> {
    /// Money from one account to another; a fee, when there is one, goes to the fees account on top.
    ///
    /// # Errors
    /// When the amount is not positive, the fee negative, or source and destination are one.
    pub fn payment(
        currency: Currency,
        source: A,
        destination: A,
        amount_minor: i64,
        fee: Option<(A, i64)>,
    ) -> Result<Self, Invalid>
    where
        A: Clone,
    {
        if amount_minor <= 0 {
            return invalid("The amount must be more than zero.");
        }
        if source == destination {
            return invalid("The money would go back to the account it comes from.");
        }
        let fee_minor = fee.as_ref().map_or(0, |(_, fee_minor)| *fee_minor);
        if fee_minor < 0 {
            return invalid("The fee must not be negative.");
        }
        let mut entries = vec![
            Entry { account: source, amount_minor: -(amount_minor + fee_minor) },
            Entry { account: destination, amount_minor },
        ];
        if let Some((account, fee_minor)) = fee.filter(|(_, fee_minor)| *fee_minor > 0) {
            entries.push(Entry { account, amount_minor: fee_minor });
        }
        Ok(Self { currency, entries })
    }

    /// Whether the entries sum to zero and none is zero.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        let sum: i128 = self.entries.iter().map(|entry| i128::from(entry.amount_minor)).sum();
        sum == 0 && self.entries.len() >= 2 && self.entries.iter().all(|entry| entry.amount_minor != 0)
    }
}

/// What a caller asks of a transfer, before accounts are looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferRequest {
    /// Major units.
    pub amount: f64,
    /// The currency's code.
    pub currency: String,
    /// The caller's key: one key, one movement.
    pub idempotence_key: String,
    /// A note for the receiver.
    pub notes: Option<String>,
    /// The fee the caller expects to be charged, in major units.
    pub transfer_fee: Option<f64>,
}

/// A transfer request whose every field was found sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundRequest {
    /// The currency.
    pub currency: Currency,
    /// Minor units, more than zero.
    pub amount_minor: i64,
    /// The caller's key.
    pub idempotence_key: String,
    /// The note, trimmed; `None` when empty.
    pub notes: Option<String>,
}

impl TransferRequest {
    /// Checks every field. `fee_minor` is what will be charged on top.
    ///
    /// # Errors
    /// With the sentence for the first field that is unsound.
    pub fn check(&self, fee_minor: i64) -> Result<SoundRequest, Invalid> {
        let currency = Currency::parse(&self.currency)?;
        let amount_minor = money::minor_from_major(self.amount, currency)?;
        if amount_minor <= 0 {
            return invalid("The amount must be more than zero.");
        }
        let key = self.idempotence_key.trim();
        if key.is_empty() || key.len() > LONGEST_KEY {
            return invalid(format!("`idempotenceKey` must be 1 to {LONGEST_KEY} bytes long."));
        }
        let notes = self.notes.as_deref().map(str::trim).filter(|notes| !notes.is_empty());
        if notes.is_some_and(|notes| notes.chars().count() > LONGEST_NOTES) {
            return invalid(format!("`notes` must be at most {LONGEST_NOTES} characters long."));
        }
        if let Some(expected) = self.transfer_fee {
            let expected_minor = money::minor_from_major(expected, currency)?;
            if expected_minor != fee_minor {
                let fee = money::in_words(fee_minor, currency);
                return invalid(format!("`transferFee` must equal the fee that is charged, {fee}."));
            }
        }
        Ok(SoundRequest {
            currency,
            amount_minor,
            idempotence_key: key.to_owned(),
            notes: notes.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd() -> Currency {
        Currency::parse("usd").expect("a known currency")
    }

    fn request() -> TransferRequest {
        TransferRequest {
            amount: 10.0,
            currency: "usd".into(),
            idempotence_key: "key".into(),
            notes: None,
            transfer_fee: None,
        }
    }

    proptest! {
        #[test]
        fn every_payment_is_balanced(amount in 1_i64..money::LARGEST_MINOR, fee in 0_i64..1_000_000) {
            let posting = Posting::payment(usd(), 1, 2, amount, Some((3, fee))).expect("sound");
            prop_assert!(posting.is_balanced());
        }
    }

    #[test]
    fn unsound_payments_are_refused() {
        assert!(Posting::payment(usd(), 1, 2, 0, None).is_err());
        assert!(Posting::payment(usd(), 1, 2, -1, None).is_err());
        assert!(Posting::payment(usd(), 1, 1, 5, None).is_err());
        assert!(Posting::payment(usd(), 1, 2, 5, Some((3, -1))).is_err());
    }

    #[test]
    fn each_refusal_has_its_sentence() {
        let table: Vec<(TransferRequest, &str)> = vec![
            (TransferRequest { amount: 0.0, ..request() }, "more than zero"),
            (TransferRequest { amount: -1.0, ..request() }, "more than zero"),
            (TransferRequest { amount: f64::NAN, ..request() }, "not a number"),
            (TransferRequest { amount: 0.001, ..request() }, "finer than usd knows"),
            (TransferRequest { amount: 1e16, ..request() }, "beyond what usd"),
            (TransferRequest { currency: "zzz".into(), ..request() }, "is not a currency"),
            (TransferRequest { idempotence_key: " ".into(), ..request() }, "1 to 255 bytes"),
            (TransferRequest { idempotence_key: "k".repeat(256), ..request() }, "1 to 255 bytes"),
            (TransferRequest { notes: Some("n".repeat(51)), ..request() }, "at most 50 characters"),
            (
                TransferRequest { transfer_fee: Some(1.0), ..request() },
                "equal the fee that is charged, 0.00 usd",
            ),
        ];
        for (request, sentence) in table {
            let error = request.check(0).expect_err(sentence);
            assert!(error.0.contains(sentence), "{error}");
        }
        assert!(
            TransferRequest { notes: Some("é".repeat(50)), transfer_fee: Some(0.0), ..request() }
                .check(0)
                .is_ok()
        );
    }
}
