//! Memberships: their statuses and when one counts.

/// How long a `past_due` membership still counts after its paid period ended, in milliseconds (3 days).
pub const GRACE_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// Where a membership stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipStatus {
    /// Paid and running.
    Active,
    /// Ended by the member or the company.
    Canceled,
    /// A one-time purchase that is paid and has nothing further due.
    Completed,
    /// Begun, never paid.
    Drafted,
    /// Ran out.
    Expired,
    /// A renewal failed and is being retried.
    PastDue,
    /// In its trial.
    Trialing,
    /// Its payment awaits a decision.
    Unresolved,
}

impl MembershipStatus {
    /// Every status, in the wire's order.
    pub const ALL: [Self; 8] = [
        Self::Active,
        Self::Canceled,
        Self::Completed,
        Self::Drafted,
        Self::Expired,
        Self::PastDue,
        Self::Trialing,
        Self::Unresolved,
    ];

    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Canceled => "canceled",
            Self::Completed => "completed",
            Self::Drafted => "drafted",
            Self::Expired => "expired",
            Self::PastDue => "past_due",
            Self::Trialing => "trialing",
            Self::Unresolved => "unresolved",
        }
    }

    /// The status of the wire's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// Whether a membership counts at `now` (milliseconds). `paid_until` is the end of what was paid for;
/// `None` means without end.
#[must_use]
pub fn is_valid(status: MembershipStatus, paid_until: Option<i64>, now: i64) -> bool {
    let still_ahead = |end: Option<i64>| end.is_none_or(|end| end > now);
    match status {
        MembershipStatus::Active | MembershipStatus::Trialing | MembershipStatus::Completed => {
            still_ahead(paid_until)
        }
        MembershipStatus::PastDue => still_ahead(paid_until.map(|end| end.saturating_add(GRACE_MS))),
        MembershipStatus::Canceled => paid_until.is_some_and(|end| end > now),
        MembershipStatus::Drafted | MembershipStatus::Expired | MembershipStatus::Unresolved => false,
    }
}

#[cfg(test)]
mod tests {
    use super::MembershipStatus::*;
    use super::*;

    #[test]
    fn the_table_of_validity() {
        let now = 1_000_000_000_000;
        let (ahead, behind, in_grace) = (Some(now + 1), Some(now), Some(now - GRACE_MS + 1));
        let table = [
            (Active, None, true),
            (Active, ahead, true),
            (Active, behind, false),
            (Trialing, ahead, true),
            (Trialing, behind, false),
            (Completed, None, true),
            (Completed, behind, false),
            (PastDue, in_grace, true),
            (PastDue, Some(now - GRACE_MS), false),
            (Canceled, ahead, true),
            (Canceled, behind, false),
            (Canceled, None, false),
            (Drafted, ahead, false),
            (Expired, ahead, false),
            (Unresolved, ahead, false),
        ];
        for (status, paid_until, expected) in table {
            assert_eq!(is_valid(status, paid_until, now), expected, "{status:?} until {paid_until:?}");
        }
    }

    #[test]
    fn every_status_has_its_word() {
        for status in MembershipStatus::ALL {
            assert_eq!(MembershipStatus::from_word(status.as_str()), Some(status));
        }
    }
}
