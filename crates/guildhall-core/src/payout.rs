//! Payouts: money that its holder takes out.
//!
//! What is asked for leaves the holder's account at once, with its fee, and lies in transit until it arrived or failed;
//! a failed one comes back whole. The bank is told under one key ([`payout_key`]), so that asking again pays once.

use crate::money::{self, Currency};
use crate::words::words;
use crate::{Invalid, invalid};

words! {
    /// Where a payout stands; words of the wire's `WithdrawalStatus`.
    pub enum PayoutStatus {
        /// Asked for; the money is set aside.
        Requested = "requested",
        /// Given to the bank.
        InTransit = "in_transit",
        /// Arrived.
        Completed = "completed",
        /// The bank could not; the money is back.
        Failed = "failed",
        /// Taken back before it was given to the bank; the money is back.
        Canceled = "canceled",
        /// Refused by the platform; the money is back.
        Denied = "denied",
    }
}

words! {
    /// How a payout reaches its holder.
    pub enum PayoutMethod {
        /// The operator sends it by hand to where the holder says.
        Manual = "manual",
    }
}

/// The longest destination, in characters.
pub const LONGEST_DESTINATION: usize = 500;
/// The longest reason why a payout failed or was denied, in characters.
pub const LONGEST_FAILURE: usize = 500;
/// The longest reference of an operator, in characters.
pub const LONGEST_REFERENCE: usize = 200;
/// The longest key under which a payout is asked for, in bytes.
pub const LONGEST_KEY: usize = 255;

impl PayoutStatus {
    /// Whether the money lies in transit while it stands so.
    #[must_use]
    pub fn holds_money(self) -> bool {
        matches!(self, Self::Requested | Self::InTransit)
    }

    /// Whether the money went back to its holder.
    #[must_use]
    pub fn is_returned(self) -> bool {
        matches!(self, Self::Failed | Self::Canceled | Self::Denied)
    }

    /// The status after news of `next`. `Ok(None)` when it stands so already.
    ///
    /// # Errors
    /// When it cannot follow: what was given to the bank is neither canceled nor denied, and an end is an end.
    pub fn become_status(self, next: Self) -> Result<Option<Self>, Invalid> {
        match (self, next) {
            (this, next) if this == next => Ok(None),
            (Self::Requested, Self::InTransit | Self::Canceled | Self::Denied | Self::Failed)
            | (Self::InTransit, Self::Completed | Self::Failed) => Ok(Some(next)),
            (this, next) => {
                invalid(format!("A payout that is `{}` cannot become `{}`.", this.as_str(), next.as_str()))
            }
        }
    }
}

/// Checks what is asked for, in major units; answers minor units. The fee comes on top, and the ledger refuses what the
/// holder does not have. `owed_minor` is what the holder owes, zero or more.
///
/// # Errors
/// When it is below the currency's smallest price, no amount, or the holder is in debt.
pub fn check(amount: f64, currency: Currency, owed_minor: i64) -> Result<i64, Invalid> {
    let amount_minor = money::minor_from_major(amount, currency)?;
    let smallest = currency.smallest_price_minor();
    if amount_minor < smallest {
        return invalid(format!("A payout is at least {}.", money::in_words(smallest, currency)));
    }
    if owed_minor > 0 {
        let owed = money::in_words(owed_minor, currency);
        return invalid(format!("{owed} is owed, and has to be paid back before anything is paid out."));
    }
    Ok(amount_minor)
}

/// Checks where the money is to go, in the holder's words; answers it without blanks around it.
///
/// # Errors
/// When it is empty, longer than [`LONGEST_DESTINATION`], or holds control characters.
pub fn check_destination(text: &str) -> Result<String, Invalid> {
    plain(text, "The destination", LONGEST_DESTINATION)
}

/// Checks why a payout failed or was denied, in words that its holder reads.
///
/// # Errors
/// When it is empty, longer than [`LONGEST_FAILURE`], or holds control characters.
pub fn check_failure(text: &str) -> Result<String, Invalid> {
    plain(text, "The reason", LONGEST_FAILURE)
}

/// Checks what the operator's bank calls a payout.
///
/// # Errors
/// When it is empty, longer than [`LONGEST_REFERENCE`], or holds control characters.
pub fn check_reference(text: &str) -> Result<String, Invalid> {
    plain(text, "The reference", LONGEST_REFERENCE)
}

/// Checks the key under which a payout is asked for.
///
/// # Errors
/// When it is empty, longer than [`LONGEST_KEY`], or holds control characters.
pub fn check_key(key: &str) -> Result<&str, Invalid> {
    if key.is_empty() || key.len() > LONGEST_KEY || key.chars().any(char::is_control) {
        return invalid(format!("The idempotence key must be 1 to {LONGEST_KEY} bytes of plain text."));
    }
    Ok(key)
}

/// Text of several lines that a terminal may show, without blanks around it.
fn plain(text: &str, noun: &str, longest: usize) -> Result<String, Invalid> {
    let text = text.replace("\r\n", "\n").trim().to_owned();
    if text.is_empty() || text.chars().count() > longest {
        return invalid(format!("{noun} must be 1 to {longest} characters long."));
    }
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return invalid(format!("{noun} must be plain text, without control characters."));
    }
    Ok(text)
}

/// The bank's idempotence key of a payout.
#[must_use]
pub fn payout_key(payout_id: &str) -> String {
    format!("payout:{payout_id}")
}

#[cfg(test)]
mod tests {
    use super::PayoutStatus::*;
    use super::*;

    #[test]
    fn every_pair_of_statuses() {
        let allowed = [
            (Requested, InTransit),
            (Requested, Canceled),
            (Requested, Denied),
            (Requested, Failed),
            (InTransit, Completed),
            (InTransit, Failed),
        ];
        for from in PayoutStatus::ALL.iter().copied() {
            for next in PayoutStatus::ALL.iter().copied() {
                let expected = match next {
                    next if next == from => Ok(None),
                    next if allowed.contains(&(from, next)) => Ok(Some(next)),
                    _ => Err(()),
                };
                assert_eq!(from.become_status(next).map_err(|_| ()), expected, "{from:?} to {next:?}");
            }
            let ends = usize::from(from.holds_money()) + usize::from(from.is_returned());
            assert_eq!(ends, usize::from(from != Completed), "{from:?}");
        }
    }

    #[test]
    fn each_refusal_has_its_sentence() {
        let usd = Currency::parse("usd").expect("a known currency");
        assert_eq!(check(12.5, usd, 0), Ok(1250));
        for (amount, owed, sentence) in [
            (0.49, 0, "at least 0.50 usd"),
            (-1.0, 0, "at least 0.50 usd"),
            (f64::NAN, 0, "not a number"),
            (1.001, 0, "finer than usd"),
            (10.0, 1, "0.01 usd is owed"),
        ] {
            assert!(check(amount, usd, owed).expect_err(sentence).0.contains(sentence));
        }
    }

    #[test]
    fn what_people_write_is_plain_and_not_too_long() {
        assert_eq!(check_destination(" DE89 3704\r\n0044 \n"), Ok("DE89 3704\n0044".to_owned()));
        assert_eq!(check_destination(&"ü".repeat(500)).map(|text| text.chars().count()), Ok(500));
        assert_eq!(check_key("k"), Ok("k"));
        for (refused, sentence) in [
            (check_destination(" \n "), "The destination must be 1 to 500 characters long."),
            (check_destination(&"ü".repeat(501)), "The destination must be 1 to 500 characters long."),
            (check_destination("a\0b"), "The destination must be plain text, without control characters."),
            (
                check_destination("a\u{1b}[2J"),
                "The destination must be plain text, without control characters.",
            ),
            (check_failure(""), "The reason must be 1 to 500 characters long."),
            (check_reference(&"a".repeat(201)), "The reference must be 1 to 200 characters long."),
        ] {
            assert_eq!(refused, Err(Invalid(sentence.into())));
        }
        for key in ["", "a\0", &"a".repeat(256)] {
            assert_eq!(
                check_key(key),
                Err(Invalid("The idempotence key must be 1 to 255 bytes of plain text.".into()))
            );
        }
    }
}
