//! The double-entry ledger's rules: accounts, entries, and what makes a transfer sound.

use crate::money::{self, Currency};
use crate::words::words;
use crate::{Invalid, invalid};

/// The longest note a transfer may carry, in characters.
pub const LONGEST_NOTES: usize = 50;
/// The longest idempotence key, in bytes.
pub const LONGEST_KEY: usize = 255;

words! {
    /// Whose an account is, or what stands behind it. Each is a pot: above zero is what lies in it.
    pub enum AccountKind {
        /// Charged and not yet written down as anybody's: zero when no payment is under way.
        Clearing = "clearing",
        /// A company's money, free to be spent.
        Company = "company",
        /// What a company owes, below zero: what it had to give back and did not have.
        CompanyDebt = "company_debt",
        /// A company's sales that are not released yet.
        CompanyPending = "company_pending",
        /// What of a company's sales is kept against disputes.
        CompanyReserve = "company_reserve",
        /// What buyers' banks dispute, until that is decided.
        Disputed = "disputed",
        /// Where money comes from outside, and goes to: below zero by what was let in and is still here.
        Funding = "funding",
        /// Asked to be paid out, and on its way.
        InTransit = "in_transit",
        /// Fees the platform earned.
        PlatformFees = "platform_fees",
        /// Fees that processors kept.
        ProcessorFees = "processor_fees",
        /// A user's money, free to be spent.
        User = "user",
        /// A user's rewards that are not released yet.
        UserPending = "user_pending",
    }
}

impl AccountKind {
    /// Whether balances of such accounts may go below zero.
    #[must_use]
    pub fn may_go_negative(self) -> bool {
        matches!(self, Self::CompanyDebt | Self::Funding)
    }

    /// Whether balances of such accounts may go above zero: a debt is paid back to nothing and no further.
    #[must_use]
    pub fn may_go_positive(self) -> bool {
        self != Self::CompanyDebt
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

/// Money that goes from one account to another: the form in which rules are written, for it cannot be unbalanced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move<A> {
    /// Where it comes from.
    pub from: A,
    /// Where it goes.
    pub to: A,
    /// Minor units; a move of zero moves nothing and leaves no entry.
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

    /// What several moves are together: one entry an account, in the order in which accounts are first named, without
    /// those that come out even.
    ///
    /// # Errors
    /// When a move is below zero, beyond [`money::LARGEST_MINOR`] or leads to where it comes from, or when nothing is
    /// moved.
    pub fn of_moves(currency: Currency, moves: &[Move<A>]) -> Result<Self, Invalid>
    where
        A: Clone,
    {
        let mut entries: Vec<Entry<A>> = Vec::new();
        for one in moves.iter().filter(|one| one.amount_minor != 0) {
            if !(0..=money::LARGEST_MINOR).contains(&one.amount_minor) {
                return invalid(
                    "The amount of a move is more than zero, and no larger than an amount can be.",
                );
            }
            if one.from == one.to {
                return invalid("The money would go back to the account it comes from.");
            }
            for (account, amount_minor) in [(&one.from, -one.amount_minor), (&one.to, one.amount_minor)] {
                match entries.iter_mut().find(|entry| entry.account == *account) {
                    Some(entry) => entry.amount_minor += amount_minor,
                    None => entries.push(Entry { account: account.clone(), amount_minor }),
                }
            }
        }
        entries.retain(|entry| entry.amount_minor != 0);
        if entries.is_empty() {
            return invalid("This moves nothing.");
        }
        Ok(Self { currency, entries })
    }

    /// The same with each account looked up.
    ///
    /// # Errors
    /// The first of the look-up's.
    pub fn try_map<B, E>(self, mut find: impl FnMut(A) -> Result<B, E>) -> Result<Posting<B>, E> {
        let currency = self.currency;
        let entries = self.entries.into_iter();
        let entries = entries
            .map(|entry| Ok(Entry { account: find(entry.account)?, amount_minor: entry.amount_minor }))
            .collect::<Result<Vec<_>, E>>()?;
        Ok(Posting { currency, entries })
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

        #[test]
        fn moves_are_balanced_whatever_they_are(
            moves in proptest::collection::vec((0_u8..5, 0_u8..5, 0_i64..=money::LARGEST_MINOR), 0..20),
        ) {
            let moves: Vec<Move<u8>> =
                moves.into_iter().map(|(from, to, amount_minor)| Move { from, to, amount_minor }).collect();
            if let Ok(posting) = Posting::of_moves(usd(), &moves) {
                prop_assert!(posting.is_balanced());
                for account in 0..5 {
                    let is_of = |one: &&Entry<u8>| one.account == account;
                    let got: i64 = posting.entries.iter().filter(is_of).map(|entry| entry.amount_minor).sum();
                    let to: i64 = moves.iter().filter(|one| one.to == account).map(|one| one.amount_minor).sum();
                    let from: i64 = moves.iter().filter(|one| one.from == account).map(|one| one.amount_minor).sum();
                    prop_assert_eq!(got, to - from);
                    prop_assert!(posting.entries.iter().filter(is_of).count() <= 1);
                }
            }
        }
    }

    #[test]
    fn moves_that_move_nothing_are_refused() {
        let one = |from, to, amount_minor| Move { from, to, amount_minor };
        let table = [
            (vec![], "moves nothing"),
            (vec![one(1, 2, 0)], "moves nothing"),
            (vec![one(1, 2, 5), one(2, 1, 5)], "moves nothing"),
            (vec![one(1, 1, 5)], "go back to the account"),
            (vec![one(1, 2, -5)], "more than zero"),
            (vec![one(1, 2, money::LARGEST_MINOR + 1)], "no larger"),
        ];
        for (moves, sentence) in table {
            assert!(Posting::of_moves(usd(), &moves).expect_err(sentence).0.contains(sentence), "{moves:?}");
        }
        let posting = Posting::of_moves(usd(), &[one(1, 2, 7), one(2, 3, 2)]).expect("sound");
        let found = posting.try_map(|account| if account == 3 { Err("three") } else { Ok(account) });
        assert_eq!(found, Err("three"));
    }

    #[test]
    fn kinds_keep_their_words_and_their_bounds() {
        let negative: Vec<&str> =
            AccountKind::ALL.iter().filter(|kind| kind.may_go_negative()).map(|kind| kind.as_str()).collect();
        assert_eq!(negative, ["company_debt", "funding"]);
        for word in ["user", "company", "funding", "platform_fees"] {
            assert_eq!(AccountKind::from_word(word).map(AccountKind::as_str), Some(word));
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
