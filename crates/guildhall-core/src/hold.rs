//! Holds: money set aside in one step, and taken or given back in a second.
//!
//! A charge lies in `clearing` until it is sold or returned, a payout in `in_transit` until it arrived or failed, a
//! disputed amount in `disputed` until that is decided. What lies there is the sum of the open holds. The second step
//! happens once: the store changes a hold only while it is open, and whoever comes later is told how it ended.

use crate::money;
use crate::words::words;
use crate::{Invalid, invalid};

words! {
    /// Where a hold stands.
    pub enum HoldStatus {
        /// Set aside.
        Open = "open",
        /// Taken, in whole or in part; what was not taken went back.
        Settled = "settled",
        /// Given back whole.
        Voided = "voided",
    }
}

/// Money set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    amount_minor: i64,
    taken_minor: i64,
    status: HoldStatus,
}

/// The second step of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// The hold afterwards.
    pub hold: Hold,
    /// Minor units that go on to where they were meant for.
    pub taken_minor: i64,
    /// Minor units that go back to where they came from.
    pub returned_minor: i64,
}

impl Hold {
    /// Sets an amount aside, in minor units.
    ///
    /// # Errors
    /// When it is not above zero or beyond [`money::LARGEST_MINOR`].
    pub fn open(amount_minor: i64) -> Result<Self, Invalid> {
        if !(1..=money::LARGEST_MINOR).contains(&amount_minor) {
            return invalid("What is held is more than zero, and no larger than an amount can be.");
        }
        Ok(Self { amount_minor, taken_minor: 0, status: HoldStatus::Open })
    }

    /// Where it stands.
    #[must_use]
    pub fn status(self) -> HoldStatus {
        self.status
    }

    /// What still lies aside, in minor units.
    #[must_use]
    pub fn held_minor(self) -> i64 {
        if self.status == HoldStatus::Open { self.amount_minor } else { 0 }
    }

    /// Takes the whole or a part; the rest goes back at once, since a hold is settled once. `Ok(None)` when it was
    /// settled by the same amount before, so that asking twice does no harm.
    ///
    /// # Errors
    /// When the amount is not above zero or more than is held, and when the hold ended otherwise.
    pub fn settle(self, taken_minor: i64) -> Result<Option<Settlement>, Invalid> {
        match self.status {
            HoldStatus::Open if !(1..=self.amount_minor).contains(&taken_minor) => {
                invalid("A hold is settled by more than nothing, and by no more than it holds.")
            }
            HoldStatus::Open => Ok(Some(Settlement {
                hold: Self { taken_minor, status: HoldStatus::Settled, ..self },
                taken_minor,
                returned_minor: self.amount_minor - taken_minor,
            })),
            HoldStatus::Settled if self.taken_minor == taken_minor => Ok(None),
            HoldStatus::Settled => invalid("The hold was settled by another amount."),
            HoldStatus::Voided => invalid("The hold was given back."),
        }
    }

    /// Gives the whole back. `Ok(None)` when that was done before.
    ///
    /// # Errors
    /// When the hold was settled.
    pub fn void(self) -> Result<Option<Settlement>, Invalid> {
        match self.status {
            HoldStatus::Open => Ok(Some(Settlement {
                hold: Self { status: HoldStatus::Voided, ..self },
                taken_minor: 0,
                returned_minor: self.amount_minor,
            })),
            HoldStatus::Voided => Ok(None),
            HoldStatus::Settled => invalid("The hold was settled."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_ended_stays_ended() {
        let open = Hold::open(100).expect("sound");
        let settled = open.settle(60).expect("allowed").expect("a change").hold;
        let voided = open.void().expect("allowed").expect("a change").hold;
        assert_eq!((settled.settle(60), voided.void()), (Ok(None), Ok(None)));
        assert!(settled.settle(61).expect_err("ended").0.contains("another amount"));
        assert!(settled.void().expect_err("ended").0.contains("was settled"));
        assert!(voided.settle(60).expect_err("ended").0.contains("given back"));
        for amount in [0, -1, 101] {
            assert!(open.settle(amount).expect_err("unsound").0.contains("no more than it holds"));
        }
        for amount in [0, -1, money::LARGEST_MINOR + 1] {
            assert!(Hold::open(amount).is_err());
        }
    }

    proptest! {
        #[test]
        fn all_that_was_held_goes_somewhere_once(
            amount in 1_i64..1_000_000,
            steps in proptest::collection::vec(0_i64..1_000_001, 1..8),
        ) {
            let mut hold = Hold::open(amount).expect("sound");
            let (mut taken, mut returned) = (0, 0);
            for step in steps {
                // A step of nothing stands for giving back.
                let settled = if step == 0 { hold.void() } else { hold.settle(step) };
                if let Ok(Some(settlement)) = settled {
                    hold = settlement.hold;
                    taken += settlement.taken_minor;
                    returned += settlement.returned_minor;
                }
                prop_assert_eq!(taken + returned + hold.held_minor(), amount);
            }
        }
    }
}
