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

    #[test]
    fn each_try_to_give_a_charge_back_has_its_key() {
        let keys: Vec<String> = (0..3).map(|failures| super::stray_key("pi_1", failures)).collect();
        assert_eq!(keys, ["stray:pi_1", "stray:pi_1:1", "stray:pi_1:2"]);
    }

    #[test]
    fn every_pair_of_statuses() {
        let allowed = [(Pending, Succeeded), (Pending, Failed), (Succeeded, Failed)];
        for from in super::RefundStatus::ALL.iter().copied() {
            for next in super::RefundStatus::ALL.iter().copied() {
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
