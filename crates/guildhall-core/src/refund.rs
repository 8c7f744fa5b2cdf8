//! Refunds: what a seller gives back of a payment.

use crate::words::words;
use crate::{Invalid, invalid};

words! {
    /// Where a refund stands.
    pub enum RefundStatus {
        /// The money left the seller; the processor has not confirmed.
        Pending = "pending",
        /// The buyer has it.
        Succeeded = "succeeded",
        /// The processor could not give it back; the seller has it again.
        Failed = "failed",
    }
}

/// The longest reason of a refund, in characters.
pub const LONGEST_REASON: usize = 500;
/// The longest key under which a refund is asked for, in bytes.
pub const LONGEST_KEY: usize = 255;

/// Checks why something is given back, in the seller's words; answers it without blanks around it, `None` for no words.
///
/// # Errors
/// When it is longer than [`LONGEST_REASON`], or holds control characters.
pub fn check_reason(text: &str) -> Result<Option<String>, Invalid> {
    let text = text.replace("\r\n", "\n").trim().to_owned();
    if text.chars().count() > LONGEST_REASON {
        return invalid(format!("The reason is at most {LONGEST_REASON} characters long."));
    }
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return invalid("The reason must be plain text, without control characters.");
    }
    Ok((!text.is_empty()).then_some(text))
}

/// Checks the key under which a refund is asked for; answers it without blanks around it.
///
/// # Errors
/// When it is empty, longer than [`LONGEST_KEY`], or holds control characters.
pub fn check_key(key: &str) -> Result<&str, Invalid> {
    let key = key.trim();
    if key.is_empty() || key.len() > LONGEST_KEY || key.chars().any(char::is_control) {
        return invalid(format!("The idempotence key must be 1 to {LONGEST_KEY} bytes of plain text."));
    }
    Ok(key)
}

impl RefundStatus {
    /// The status after news of `next`. `Ok(None)` when it stands so already. Banks return refunds days after they
    /// confirmed them, so that one which succeeded may fail.
    ///
    /// # Errors
    /// When it cannot follow.
    pub fn become_status(self, next: Self) -> Result<Option<Self>, Invalid> {
        match (self, next) {
            (this, next) if this == next => Ok(None),
            (Self::Pending, next) => Ok(Some(next)),
            (Self::Succeeded, Self::Failed) => Ok(Some(next)),
            (this, next) => {
                invalid(format!("A refund that is `{}` cannot become `{}`.", this.as_str(), next.as_str()))
            }
        }
    }
}

/// The processor's idempotence key of a refund.
#[must_use]
pub fn refund_key(refund_id: &str) -> String {
    format!("refund:{refund_id}")
}

/// The processor's idempotence key for giving back a charge that did not pay for what it was made for, by the processor's
/// name for the charge. After so many refunds of it that failed another is asked for, under a key of its own.
#[must_use]
pub fn stray_key(charge: &str, failures: i64) -> String {
    match failures {
        0 => format!("stray:{charge}"),
        _ => format!("stray:{charge}:{failures}"),
    }
}

#[cfg(test)]
mod tests {
    use super::RefundStatus::*;
    use super::*;

    #[test]
    fn a_reason_is_plain_and_not_too_long() {
        assert_eq!(check_reason(" \r\n "), Ok(None));
        assert_eq!(check_reason(" Came twice,\r\nsorry. "), Ok(Some("Came twice,\nsorry.".to_owned())));
        assert_eq!(check_reason(&"ü".repeat(500)), Ok(Some("ü".repeat(500))));
        assert!(check_reason(&"ü".repeat(501)).expect_err("long").0.contains("at most 500 characters"));
        for text in ["a\0b", "a\u{1b}[2J"] {
            assert!(check_reason(text).expect_err(text).0.contains("without control characters"));
        }
    }

    #[test]
    fn a_key_is_plain_and_not_too_long() {
        assert_eq!(check_key(" k "), Ok("k"));
        assert_eq!(check_key(&"k".repeat(255)).map(str::len), Ok(255));
        for key in ["", "  ", "a\0", &"k".repeat(256)] {
            assert!(check_key(key).expect_err(key).0.contains("1 to 255 bytes of plain text"));
        }
    }

    #[test]
    fn each_try_to_give_a_charge_back_has_its_key() {
        let keys: Vec<String> = (0..3).map(|failures| super::stray_key("pi_1", failures)).collect();
        assert_eq!(keys, ["stray:pi_1", "stray:pi_1:1", "stray:pi_1:2"]);
    }

    #[test]
    fn every_pair_of_statuses() {
        let allowed = [(Pending, Succeeded), (Pending, Failed), (Succeeded, Failed)];
        for from in RefundStatus::ALL.iter().copied() {
            for next in RefundStatus::ALL.iter().copied() {
                let expected = match next {
                    next if next == from => Ok(None),
                    next if allowed.contains(&(from, next)) => Ok(Some(next)),
                    _ => Err(()),
                };
                assert_eq!(from.become_status(next).map_err(|_| ()), expected, "{from:?} to {next:?}");
            }
        }
    }
}
