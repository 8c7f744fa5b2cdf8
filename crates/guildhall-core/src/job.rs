//! Jobs: how often one is tried, how long it rests between tries, and when it is given up.
//!
//! The schedule is that of the Standard Webhooks specification: ten tries over about three days. Each
//! rest is lengthened or shortened at random by up to a fifth, so that jobs which failed together do not
//! come back together.
//!
//! A server has so many places for jobs under way ([`PLACES`]). Jobs that need the same way out are of one lane, and
//! a lane holds a few places at most ([`LANE_PLACES`]); mail has places that nothing else takes ([`MAIL_PLACES`]).

use std::collections::BTreeMap;

/// How often a job is tried before it is given up.
pub const MOST_TRIES: i64 = 10;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// How long a job rests after each failed try but the last, in milliseconds.
pub const RESTS_MS: [i64; 9] = [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
];

/// The longest while that a busy other side is left alone for, in milliseconds (a day).
const LONGEST_WHILE_MS: i64 = 24 * HOUR_MS;

/// The part of a rest by which chance may lengthen or shorten it.
const JITTER_PARTS: i64 = 5;

/// How many jobs one server does at once.
pub const PLACES: usize = 32;
/// How many of them are for mail, and for nothing else.
pub const MAIL_PLACES: usize = 8;
/// How many jobs of any other lane one server does at once.
pub const LANE_PLACES: usize = 4;
/// The lane of mail.
pub const MAIL_LANE: &str = "mail";

/// The places of one server, and which lanes hold them.
#[derive(Debug, Clone, Default)]
pub struct Places {
    held: BTreeMap<String, usize>,
}

impl Places {
    /// How many more jobs of a lane may be taken.
    #[must_use]
    pub fn room(&self, lane: &str) -> usize {
        let held = self.held.get(lane).copied().unwrap_or(0);
        if lane == MAIL_LANE {
            return MAIL_PLACES.saturating_sub(held);
        }
        let others: usize =
            self.held.iter().filter(|(lane, _)| *lane != MAIL_LANE).map(|(_, held)| held).sum();
        LANE_PLACES.saturating_sub(held).min((PLACES - MAIL_PLACES).saturating_sub(others))
    }

    /// Gives a place to a job of a lane.
    pub fn hold(&mut self, lane: &str) {
        *self.held.entry(lane.to_owned()).or_default() += 1;
    }
}

/// How a try of a job ended without success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Another try may succeed; says why this one did not.
    Temporary(String),
    /// Another try may succeed, but not before a while, in milliseconds; says why this one did not.
    Busy(String, i64),
    /// No try will succeed; says why.
    Permanent(String),
}

impl Failure {
    /// Why it failed.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Temporary(reason) | Self::Busy(reason, _) | Self::Permanent(reason) => reason,
        }
    }
}

/// What becomes of a job whose try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is tried again after so many milliseconds.
    Rest(i64),
    /// It is dead: kept and shown, but not tried until someone asks for it.
    Dead,
}

/// Decides what becomes of a job after its `tries`-th try failed. `random` shifts the rest by chance.
#[must_use]
pub fn after_failure(failure: &Failure, tries: i64, random: u64) -> Next {
    if matches!(failure, Failure::Permanent(_)) || is_used_up(tries) {
        return Next::Dead;
    }
    let place = usize::try_from(tries - 1).unwrap_or(0);
    let least = match failure {
        Failure::Busy(_, while_ms) => (*while_ms).min(LONGEST_WHILE_MS),
        _ => 0,
    };
    RESTS_MS.get(place).map_or(Next::Dead, |rest| Next::Rest(shifted(*rest, random).max(least)))
}

/// Whether a job that began so many tries has no further one.
#[must_use]
pub fn is_used_up(tries: i64) -> bool {
    tries >= MOST_TRIES
}

/// The rest, longer or shorter by at most a fifth.
fn shifted(rest_ms: i64, random: u64) -> i64 {
    let reach = rest_ms / JITTER_PARTS;
    let span = u64::try_from(2 * reach + 1).expect("a rest is not negative");
    let shift = i64::try_from(random % span).expect("a shift is below two days");
    rest_ms - reach + shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn temporary() -> Failure {
        Failure::Temporary("busy".into())
    }

    #[test]
    fn the_schedule() {
        // (tries, shortest rest, longest rest); the random numbers that give them follow from the span.
        let table = [
            (1, 4_000, 6_000),
            (2, 240_000, 360_000),
            (3, 1_440_000, 2_160_000),
            (4, 5_760_000, 8_640_000),
            (9, 69_120_000, 103_680_000),
        ];
        for (tries, shortest, longest) in table {
            let span = u64::try_from(longest - shortest).expect("positive");
            assert_eq!(after_failure(&temporary(), tries, 0), Next::Rest(shortest), "{tries}");
            assert_eq!(after_failure(&temporary(), tries, span), Next::Rest(longest), "{tries}");
            assert_eq!(after_failure(&temporary(), tries, span + 1), Next::Rest(shortest), "{tries}");
        }
        for tries in [10, 11, i64::MAX] {
            assert_eq!(after_failure(&temporary(), tries, 0), Next::Dead, "{tries}");
        }
        let total_ms: i64 = RESTS_MS.iter().sum();
        assert!((72 * HOUR_MS..80 * HOUR_MS).contains(&total_ms), "about three days, not {total_ms} ms");
    }

    #[test]
    fn one_that_is_busy_is_left_alone_for_as_long_as_it_says_and_no_longer_than_a_day() {
        let after = |tries, while_ms| after_failure(&Failure::Busy("later".into(), while_ms), tries, 0);
        assert_eq!(after(1, HOUR_MS), Next::Rest(HOUR_MS));
        assert_eq!(after(1, 1), Next::Rest(4_000), "the schedule's own rest is the least");
        assert_eq!(after(1, 365 * 24 * HOUR_MS), Next::Rest(24 * HOUR_MS));
        assert_eq!(after(MOST_TRIES, HOUR_MS), Next::Dead);
    }

    #[test]
    fn what_cannot_succeed_is_not_tried_again() {
        assert_eq!(after_failure(&Failure::Permanent("gone".into()), 1, 0), Next::Dead);
        assert!(!is_used_up(MOST_TRIES - 1));
        assert!(is_used_up(MOST_TRIES));
    }

    #[test]
    fn no_lane_takes_all_places_and_mail_has_its_own() {
        let mut places = Places::default();
        assert_eq!((places.room("hook_1"), places.room(MAIL_LANE)), (LANE_PLACES, MAIL_PLACES));
        for lane in (0..PLACES).map(|number| format!("hook_{number}")) {
            while places.room(&lane) > 0 {
                places.hold(&lane);
            }
        }
        assert_eq!((places.room("hook_1"), places.room("hook_one_more")), (0, 0));
        let held: usize = places.held.values().sum();
        assert_eq!((held, places.held.len()), (PLACES - MAIL_PLACES, (PLACES - MAIL_PLACES) / LANE_PLACES));
        for left in (0..MAIL_PLACES).rev() {
            places.hold(MAIL_LANE);
            assert_eq!(places.room(MAIL_LANE), left);
        }
        assert_eq!(
            Places { held: places.held.split_off(MAIL_LANE) }.room("hook_1"),
            LANE_PLACES,
            "mail takes none"
        );
    }

    proptest! {
        #[test]
        fn a_rest_stays_within_a_fifth_of_the_schedule(tries in 1_i64..MOST_TRIES, random: u64) {
            let rest = RESTS_MS[usize::try_from(tries - 1).expect("small")];
            let Next::Rest(shifted) = after_failure(&temporary(), tries, random) else {
                panic!("there are tries left");
            };
            prop_assert!((rest * 4 / 5..=rest * 6 / 5).contains(&shifted), "{} for {}", shifted, rest);
        }
    }
}
