//! Sales: what became of the parts of a payment after it was divided.
//!
//! A seller's part is pending until it is released, a share of it in reserve for longer. When money has to go back to
//! the buyer, by a refund or a dispute, it is drawn from what is still there of that very sale first: the reward as far
//! as it is not released, then the pending part, then the reserve; then from the seller's free money. Fees are not
//! given back: neither the processor's nor the platform's, as sellers know it from the original. A seller who refunds
//! must have the money; what a bank takes by force beyond it becomes the seller's debt, which is paid back out of
//! whatever becomes free for them next. A bank may take what was refunded already: then more goes back than was paid.

use crate::fee::Shares;
use crate::money;
use crate::{Invalid, invalid};

/// What is left of a payment's parts, in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sale {
    /// How the payment was divided.
    pub shares: Shares,
    /// Of the seller's part: not released yet.
    pub pending_minor: i64,
    /// Of the seller's part: kept against disputes.
    pub reserve_minor: i64,
    /// Of the reward: not released yet.
    pub reward_pending_minor: i64,
    /// Of the reward: gone back.
    pub reward_returned_minor: i64,
    /// Gone back to the buyer, or on its way: more than they paid where a bank took what was refunded before.
    pub returned_minor: i64,
}

/// Where money that goes back was drawn from, in minor units. Kept with the refund or dispute, for it may be undone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drawn {
    /// From the affiliate's pending reward.
    pub reward_minor: i64,
    /// From the seller's pending part of the sale.
    pub pending_minor: i64,
    /// From the sale's reserve.
    pub reserve_minor: i64,
    /// From the seller's free money.
    pub available_minor: i64,
    /// From nothing: the seller owes it.
    pub debt_minor: i64,
}

impl Drawn {
    /// All of it.
    #[must_use]
    pub fn total_minor(self) -> i64 {
        self.reward_minor + self.seller_minor()
    }

    /// What of it the seller bore.
    #[must_use]
    pub fn seller_minor(self) -> i64 {
        self.pending_minor + self.reserve_minor + self.available_minor + self.debt_minor
    }
}

/// Who wants money to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// The seller, who must have it: the ledger refuses what they do not hold.
    Seller,
    /// Somebody who asks no one; holds how much the seller has free, in minor units. The rest becomes debt.
    Forced(i64),
}

impl Sale {
    /// What a payment that was divided begins as, with so many hundredths of a percent of the seller's part in reserve.
    #[must_use]
    pub fn new(shares: Shares, reserve_basis_points: i64) -> Self {
        let reserve_minor = money::basis_points_of(shares.net_minor, reserve_basis_points.clamp(0, 10_000));
        Self {
            shares,
            pending_minor: shares.net_minor - reserve_minor,
            reserve_minor,
            reward_pending_minor: shares.reward_minor,
            reward_returned_minor: 0,
            returned_minor: 0,
        }
    }

    /// What the seller can still give back, in minor units.
    #[must_use]
    pub fn returnable_minor(self) -> i64 {
        (self.shares.gross_minor - self.returned_minor).max(0)
    }

    /// Takes an amount out of the sale so that it can go back to the buyer. Of what is taken by force beyond what is left
    /// of the sale, the seller's free money is drawn, then debt.
    ///
    /// # Errors
    /// When the amount is not above zero, or the seller wants to give back more than has not gone back.
    pub fn draw(self, amount_minor: i64, demand: Demand) -> Result<(Self, Drawn), Invalid> {
        if amount_minor <= 0 {
            return invalid("The amount must be more than zero.");
        }
        if demand == Demand::Seller && amount_minor > self.returnable_minor() {
            return invalid("The amount is more than what is left of the payment.");
        }
        let mut rest = amount_minor;
        let mut take = |available: i64| {
            let taken = rest.min(available.max(0));
            rest -= taken;
            taken
        };
        let reward_minor = take(self.reward_due_back(amount_minor));
        let pending_minor = take(self.pending_minor);
        let reserve_minor = take(self.reserve_minor);
        let available_minor = match demand {
            Demand::Seller => take(i64::MAX),
            Demand::Forced(available_minor) => take(available_minor),
        };
        let drawn = Drawn { reward_minor, pending_minor, reserve_minor, available_minor, debt_minor: rest };
        let left = Self {
            pending_minor: self.pending_minor - pending_minor,
            reserve_minor: self.reserve_minor - reserve_minor,
            reward_pending_minor: self.reward_pending_minor - reward_minor,
            reward_returned_minor: self.reward_returned_minor + reward_minor,
            returned_minor: self.returned_minor + amount_minor,
            ..self
        };
        Ok((left, drawn))
    }

    /// Takes a fee that the processor told after the sale out of the seller's part: out of what is left of it here, then
    /// out of their free money, of which they have so much, then it is their debt. More than their part was is not taken,
    /// so that no sale costs its seller more than it brings.
    #[must_use]
    pub fn bear_fee(self, fee_minor: i64, available_minor: i64) -> (Self, Drawn) {
        let fee_minor = fee_minor.clamp(0, self.shares.net_minor);
        let pending_minor = fee_minor.min(self.pending_minor);
        let reserve_minor = (fee_minor - pending_minor).min(self.reserve_minor);
        let rest = drawn_by_force(fee_minor - pending_minor - reserve_minor, available_minor);
        let shares = Shares {
            processor_fee_minor: self.shares.processor_fee_minor + fee_minor,
            net_minor: self.shares.net_minor - fee_minor,
            ..self.shares
        };
        let left = Self {
            shares,
            pending_minor: self.pending_minor - pending_minor,
            reserve_minor: self.reserve_minor - reserve_minor,
            ..self
        };
        (left, Drawn { pending_minor, reserve_minor, ..rest })
    }

    /// What of the reward goes back with an amount: in proportion, rounded down over all that has gone back, as far as
    /// it is still pending. A reward that was released is the affiliate's.
    fn reward_due_back(self, amount_minor: i64) -> i64 {
        let returned = i128::from((self.returned_minor + amount_minor).min(self.shares.gross_minor));
        let due = i128::from(self.shares.reward_minor) * returned / i128::from(self.shares.gross_minor);
        let due = i64::try_from(due).unwrap_or(i64::MAX) - self.reward_returned_minor;
        due.clamp(0, self.reward_pending_minor)
    }

    /// Undoes a draw: a refund failed, or a dispute was won. The seller's part goes to their free money, debts first;
    /// the reward is pending again.
    #[must_use]
    pub fn undo(self, drawn: Drawn) -> Self {
        Self {
            reward_pending_minor: self.reward_pending_minor + drawn.reward_minor,
            reward_returned_minor: self.reward_returned_minor - drawn.reward_minor,
            returned_minor: self.returned_minor - drawn.total_minor(),
            ..self
        }
    }

    /// Releases the pending part; answers the sale and the amount, which may be zero.
    #[must_use]
    pub fn release_pending(self) -> (Self, i64) {
        (Self { pending_minor: 0, ..self }, self.pending_minor)
    }

    /// Releases the reserve; answers the sale and the amount, which may be zero.
    #[must_use]
    pub fn release_reserve(self) -> (Self, i64) {
        (Self { reserve_minor: 0, ..self }, self.reserve_minor)
    }

    /// Releases the reward; answers the sale and the amount, which may be zero.
    #[must_use]
    pub fn release_reward(self) -> (Self, i64) {
        (Self { reward_pending_minor: 0, ..self }, self.reward_pending_minor)
    }
}

/// What of an amount that comes to a seller pays back their debt; `owed_minor` is zero or more.
#[must_use]
pub fn repaid(amount_minor: i64, owed_minor: i64) -> i64 {
    amount_minor.min(owed_minor.max(0))
}

/// What a fee that is taken by force is drawn from: the seller's free money, then debt.
#[must_use]
pub fn drawn_by_force(amount_minor: i64, available_minor: i64) -> Drawn {
    let available_minor = amount_minor.min(available_minor.max(0));
    Drawn { available_minor, debt_minor: amount_minor - available_minor, ..Drawn::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affiliate::Commission;
    use crate::fee::{self, FeeRate};
    use proptest::prelude::*;

    /// 100.00 paid: 3.20 to the processor, 3.00 to the platform, 20.00 to the affiliate, 73.80 to the seller, of which
    /// a tenth is in reserve.
    fn sale() -> Sale {
        let card = FeeRate::new(290, 30).expect("sound");
        let platform = FeeRate::new(300, 0).expect("sound");
        let shares = fee::divide(10_000, card, platform, Some(Commission::Percentage(2000))).expect("sound");
        Sale::new(shares, 1000)
    }

    fn drawn(reward: i64, pending: i64, reserve: i64, available: i64, debt: i64) -> Drawn {
        Drawn {
            reward_minor: reward,
            pending_minor: pending,
            reserve_minor: reserve,
            available_minor: available,
            debt_minor: debt,
        }
    }

    #[test]
    fn the_table_of_draws() {
        let fresh = sale();
        assert_eq!((fresh.pending_minor, fresh.reserve_minor, fresh.reward_pending_minor), (6642, 738, 2000));
        let (released, amount) = fresh.release_pending();
        assert_eq!(amount, 6642);
        let (settled, _) = released.release_reserve().0.release_reward();
        let table = [
            ("a refund in the pending time", fresh, 5000, Demand::Seller, drawn(1000, 4000, 0, 0, 0)),
            (
                "a whole one: the seller bears the fees",
                fresh,
                10_000,
                Demand::Seller,
                drawn(2000, 6642, 738, 620, 0),
            ),
            ("after the release", released, 1000, Demand::Seller, drawn(200, 0, 738, 62, 0)),
            ("after all releases", settled, 1000, Demand::Seller, drawn(0, 0, 0, 1000, 0)),
            (
                "a dispute that the seller can bear",
                settled,
                1000,
                Demand::Forced(5000),
                drawn(0, 0, 0, 1000, 0),
            ),
            ("one that they cannot", settled, 10_000, Demand::Forced(400), drawn(0, 0, 0, 400, 9600)),
            ("one of a seller in debt", settled, 100, Demand::Forced(-5), drawn(0, 0, 0, 0, 100)),
            (
                "one of what was refunded before: the reward and the rest of the sale, then the seller",
                fresh.draw(7000, Demand::Seller).expect("a refund").0,
                10_000,
                Demand::Forced(500),
                drawn(600, 1042, 738, 500, 7120),
            ),
        ];
        for (what, sale, amount, demand, expected) in table {
            let (left, got) = sale.draw(amount, demand).expect(what);
            assert_eq!(got, expected, "{what}");
            let returned = sale.returned_minor + amount;
            assert_eq!((got.total_minor(), left.returned_minor), (amount, returned), "{what}");
            assert_eq!(left.undo(got).returned_minor, sale.returned_minor, "{what}");
        }
        for (amount, sentence) in
            [(0, "more than zero"), (-1, "more than zero"), (10_001, "more than what is left")]
        {
            assert!(fresh.draw(amount, Demand::Seller).expect_err(sentence).0.contains(sentence));
        }
    }

    #[test]
    fn a_fee_that_is_told_late_is_the_seller_s_and_no_more_than_their_part() {
        let fresh = sale();
        let released = fresh.release_pending().0;
        let gone = released.release_reserve().0;
        let table = [
            ("while it is pending", fresh, 320, 0, drawn(0, 320, 0, 0, 0)),
            ("all of it, and the reserve", fresh, 7000, 0, drawn(0, 6642, 358, 0, 0)),
            ("after the release", released, 1000, 5000, drawn(0, 0, 738, 262, 0)),
            ("when the seller has less", gone, 1000, 400, drawn(0, 0, 0, 400, 600)),
            ("when they owe something", gone, 1000, -5, drawn(0, 0, 0, 0, 1000)),
            ("more than their part", fresh, 10_000, 0, drawn(0, 6642, 738, 0, 0)),
            ("nothing", fresh, 0, 0, drawn(0, 0, 0, 0, 0)),
        ];
        for (what, sale, fee, available, expected) in table {
            let (left, got) = sale.bear_fee(fee, available);
            assert_eq!(got, expected, "{what}");
            let told = got.total_minor();
            assert_eq!(left.shares.processor_fee_minor, sale.shares.processor_fee_minor + told, "{what}");
            assert_eq!(left.shares.net_minor, sale.shares.net_minor - told, "{what}");
            assert_eq!(left.pending_minor, sale.pending_minor - got.pending_minor, "{what}");
            assert_eq!(left.reserve_minor, sale.reserve_minor - got.reserve_minor, "{what}");
        }
    }

    #[test]
    fn debts_are_paid_first() {
        assert_eq!((repaid(100, 0), repaid(100, 30), repaid(100, 300)), (0, 30, 100));
        assert_eq!(drawn_by_force(1500, 1000), drawn(0, 0, 0, 1000, 500));
    }

    proptest! {
        /// However the buyer is paid back, in the end the whole reward went back with the whole price, not a cent more.
        #[test]
        fn draws_sum_to_what_went_back(parts in proptest::collection::vec(1_i64..4000, 1..12)) {
            let mut sale = sale();
            let mut all = Vec::new();
            for part in parts {
                if let Ok((left, drawn)) = sale.draw(part, Demand::Seller) {
                    prop_assert_eq!(drawn.total_minor(), part);
                    sale = left;
                    all.push(drawn);
                }
            }
            prop_assert!(sale.returned_minor <= sale.shares.gross_minor);
            prop_assert_eq!(sale.returned_minor, all.iter().map(|one| one.total_minor()).sum::<i64>());
            prop_assert_eq!(sale.reward_pending_minor + sale.reward_returned_minor, sale.shares.reward_minor);
            if sale.returnable_minor() > 0 {
                let rest = sale.draw(sale.returnable_minor(), Demand::Seller).expect("the rest").0;
                prop_assert_eq!(rest.reward_returned_minor, rest.shares.reward_minor);
            }
            for one in all.into_iter().rev() {
                sale = sale.undo(one);
            }
            prop_assert_eq!((sale.returned_minor, sale.reward_returned_minor), (0, 0));
        }
    }
}
