//! Disputes: a buyer's bank takes a payment back, or warns that it may.
//!
//! A warning moves no money. From the moment a dispute stands, what is disputed lies in the ledger's `disputed`, until
//! it is won or lost; its fee is the processor's however it ends (`posting`).

use crate::words::words;
use crate::{Invalid, invalid};

/// How long a seller has to answer a dispute or a warning, in milliseconds (7 days).
pub const ANSWER_MS: i64 = 7 * 24 * 60 * 60 * 1000;

words! {
    /// Where a dispute stands.
    pub enum DisputeStatus {
        /// The seller may answer a warning.
        WarningNeedsResponse = "warning_needs_response",
        /// A warning was answered.
        WarningUnderReview = "warning_under_review",
        /// A warning came to nothing.
        WarningClosed = "warning_closed",
        /// The seller may answer.
        NeedsResponse = "needs_response",
        /// The seller answered.
        UnderReview = "under_review",
        /// Decided for the seller, or withdrawn.
        Won = "won",
        /// Decided for the buyer.
        Lost = "lost",
    }
}

words! {
    /// What a seller says to a dispute.
    pub enum DisputeAnswer {
        /// The payment was right: the bank is to review it.
        Contest = "contest",
        /// The buyer may have the money.
        Accept = "accept",
    }
}

impl DisputeAnswer {
    /// Where the dispute stands then.
    #[must_use]
    pub fn outcome(self) -> DisputeStatus {
        match self {
            Self::Contest => DisputeStatus::UnderReview,
            Self::Accept => DisputeStatus::Lost,
        }
    }
}

impl DisputeStatus {
    /// Whether it waits for an answer of the seller.
    #[must_use]
    pub fn awaits_answer(self) -> bool {
        matches!(self, Self::WarningNeedsResponse | Self::NeedsResponse)
    }

    /// Whether the bank has the money while it stands so.
    #[must_use]
    pub fn holds_money(self) -> bool {
        matches!(self, Self::NeedsResponse | Self::UnderReview)
    }

    /// Whether it is a warning that may yet become a dispute.
    #[must_use]
    pub fn is_warning(self) -> bool {
        matches!(self, Self::WarningNeedsResponse | Self::WarningUnderReview)
    }

    /// Whether nothing more can come of it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::WarningClosed | Self::Won | Self::Lost)
    }

    /// Whether a dispute may go from this to `next`. Banks skip steps, but never take back a decision.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::WarningNeedsResponse => {
                matches!(next, Self::WarningUnderReview | Self::WarningClosed) || next.holds_money()
            }
            Self::WarningUnderReview => next == Self::WarningClosed || next.holds_money(),
            Self::NeedsResponse => matches!(next, Self::UnderReview | Self::Won | Self::Lost),
            Self::UnderReview => matches!(next, Self::Won | Self::Lost),
            Self::WarningClosed | Self::Won | Self::Lost => false,
        }
    }

    /// The status after news of `next`. `Ok(None)` when it stands so already.
    ///
    /// # Errors
    /// When it cannot follow.
    pub fn become_status(self, next: Self) -> Result<Option<Self>, Invalid> {
        if self == next {
            return Ok(None);
        }
        if !self.may_become(next) {
            let (this, next) = (self.as_str(), next.as_str());
            return invalid(format!("A dispute that is `{this}` cannot become `{next}`."));
        }
        Ok(Some(next))
    }
}

#[cfg(test)]
mod tests {
    use super::DisputeStatus::*;
    use super::*;

    #[test]
    fn what_waits_for_an_answer_takes_either() {
        for status in DisputeStatus::ALL {
            let awaits = matches!(status, WarningNeedsResponse | NeedsResponse);
            assert_eq!(status.awaits_answer(), awaits, "{status:?}");
        }
        for (answer, outcome) in [(DisputeAnswer::Contest, UnderReview), (DisputeAnswer::Accept, Lost)] {
            assert_eq!(answer.outcome(), outcome);
            assert!(NeedsResponse.may_become(outcome), "{answer:?}");
        }
    }

    #[test]
    fn every_pair_of_statuses() {
        let allowed = [
            (WarningNeedsResponse, vec![WarningUnderReview, WarningClosed, NeedsResponse, UnderReview]),
            (WarningUnderReview, vec![WarningClosed, NeedsResponse, UnderReview]),
            (NeedsResponse, vec![UnderReview, Won, Lost]),
            (UnderReview, vec![Won, Lost]),
            (WarningClosed, vec![]),
            (Won, vec![]),
            (Lost, vec![]),
        ];
        assert_eq!(allowed.len(), DisputeStatus::ALL.len());
        for (from, nexts) in allowed {
            for next in DisputeStatus::ALL.iter().copied() {
                let expected = match next {
                    next if next == from => Ok(None),
                    next if nexts.contains(&next) => Ok(Some(next)),
                    _ => Err(()),
                };
                assert_eq!(from.become_status(next).map_err(|_| ()), expected, "{from:?} to {next:?}");
            }
            assert_eq!(from.is_final(), nexts.is_empty(), "{from:?}");
        }
    }
}
