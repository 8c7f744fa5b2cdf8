//! The life of a signing key: published first, then signing, then published until nothing of it lives.

use crate::user_token;

/// How long a new key stands among the public keys before it signs, in milliseconds: whoever reads them
/// has read them again by then.
pub const PUBLISHED_BEFORE_MS: i64 = 60 * 60 * 1000;
/// How far the clocks of two copies of the server may be apart, in milliseconds.
const SKEW_MS: i64 = 5 * 60 * 1000;

/// When a key does what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// From when it signs, in milliseconds since 1970.
    pub signs_from_ms: i64,
    /// From when it counts no more; `None` while no other follows it.
    pub retires_at_ms: Option<i64>,
}

/// What a key does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is published and will sign.
    Waiting,
    /// Tokens are signed with it.
    Signing,
    /// Another signs; tokens of this one may still live.
    Leaving,
    /// It counts no more.
    Retired,
}

impl Phase {
    /// The word an operator reads.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Signing => "signing",
            Self::Leaving => "leaving",
            Self::Retired => "retired",
        }
    }
}

/// How the next key takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// No token ends early: the new key is published first, the old ones stay while their tokens live.
    Gentle,
    /// For a key that leaked: the new one signs now, and no token of the others counts any more.
    AtOnce,
}

impl Rotation {
    /// The new key's period, and when the keys before it retire.
    #[must_use]
    pub fn plan(self, now_ms: i64) -> (Period, i64) {
        let (signs_from_ms, others_retire_at_ms) = match self {
            Self::Gentle => {
                let signs_from_ms = now_ms + PUBLISHED_BEFORE_MS;
                (signs_from_ms, signs_from_ms + user_token::LIFETIME_MS + SKEW_MS)
            }
            Self::AtOnce => (now_ms, now_ms),
        };
        (Period { signs_from_ms, retires_at_ms: None }, others_retire_at_ms)
    }
}

/// What each key does at a moment. At most one signs: of those that may, the one that began last, and of
/// those that began together the one that stands last.
#[must_use]
pub fn phases(periods: &[Period], now_ms: i64) -> Vec<Phase> {
    let is_live = |period: &Period| period.retires_at_ms.is_none_or(|at| now_ms < at);
    let begun =
        periods.iter().enumerate().filter(|(_, period)| is_live(period) && period.signs_from_ms <= now_ms);
    let signing = begun.max_by_key(|(place, period)| (period.signs_from_ms, *place)).map(|(place, _)| place);
    let phase = |(place, period): (usize, &Period)| match period {
        period if !is_live(period) => Phase::Retired,
        _ if Some(place) == signing => Phase::Signing,
        period if period.signs_from_ms > now_ms => Phase::Waiting,
        _ => Phase::Leaving,
    };
    periods.iter().enumerate().map(phase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_714_521_600_000;

    /// A first key, and one that follows it.
    fn rotated(rotation: Rotation) -> [Period; 2] {
        let (next, others_retire_at_ms) = rotation.plan(NOW_MS);
        [Period { signs_from_ms: NOW_MS - 5, retires_at_ms: Some(others_retire_at_ms) }, next]
    }

    #[test]
    fn a_gentle_rotation_ends_no_token_early() {
        let periods = rotated(Rotation::Gentle);
        let takes_over = NOW_MS + PUBLISHED_BEFORE_MS;
        let last_token_ends = takes_over - 1 + user_token::LIFETIME_MS;
        for (at, phases_then) in [
            (NOW_MS, [Phase::Signing, Phase::Waiting]),
            (takes_over - 1, [Phase::Signing, Phase::Waiting]),
            (takes_over, [Phase::Leaving, Phase::Signing]),
            (last_token_ends, [Phase::Leaving, Phase::Signing]),
            (last_token_ends + SKEW_MS, [Phase::Leaving, Phase::Signing]),
            (last_token_ends + SKEW_MS + 1, [Phase::Retired, Phase::Signing]),
        ] {
            assert_eq!(phases(&periods, at), phases_then, "{} ms later", at - NOW_MS);
        }
    }

    #[test]
    fn a_rotation_at_once_leaves_nothing_of_the_old_key() {
        assert_eq!(phases(&rotated(Rotation::AtOnce), NOW_MS), [Phase::Retired, Phase::Signing]);
    }

    #[test]
    fn never_do_two_keys_sign() {
        let period = Period { signs_from_ms: NOW_MS, retires_at_ms: None };
        assert_eq!(phases(&[period, period], NOW_MS), [Phase::Leaving, Phase::Signing]);
        assert_eq!(phases(&[period], NOW_MS - 1), [Phase::Waiting]);
        assert!(phases(&[], NOW_MS).is_empty());
    }
}
