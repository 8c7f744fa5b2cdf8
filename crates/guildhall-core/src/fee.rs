//! Fees: what of a payment is whose.
//!
//! Everybody who takes a part of a payment takes it rounded down to the minor unit, so **the odd cent is the
//! seller's**. Parts are taken in one order: the processor's fee, the platform's, the affiliate's reward; each is at
//! most what those before it left, so that no sale costs its seller more than it brings.

use crate::affiliate::Commission;
use crate::money;
use crate::{Invalid, invalid};

/// What one party takes of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeRate {
    basis_points: i64,
    fixed_minor: i64,
}

impl FeeRate {
    /// Nothing.
    pub const NONE: Self = Self { basis_points: 0, fixed_minor: 0 };

    /// A rate of hundredths of a percent and a fixed part in minor units of the payment's currency.
    ///
    /// # Errors
    /// When either is below zero, the first above 10 000, or the second no amount.
    pub fn new(basis_points: i64, fixed_minor: i64) -> Result<Self, Invalid> {
        if !(0..=10_000).contains(&basis_points) {
            return invalid("A fee is 0 to 10000 hundredths of a percent.");
        }
        if !(0..=money::LARGEST_MINOR).contains(&fixed_minor) {
            return invalid("The fixed part of a fee is zero or more, and no larger than an amount can be.");
        }
        Ok(Self { basis_points, fixed_minor })
    }

    /// The fee of an amount, in minor units; never more than the amount.
    #[must_use]
    pub fn of(self, amount_minor: i64) -> i64 {
        let fee = money::basis_points_of(amount_minor, self.basis_points).saturating_add(self.fixed_minor);
        fee.min(amount_minor)
    }
}

/// What of a payment is whose, in minor units; the parts sum to `gross_minor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// What the buyer paid.
    pub gross_minor: i64,
    /// What the processor keeps.
    pub processor_fee_minor: i64,
    /// What the platform earns.
    pub platform_fee_minor: i64,
    /// What the affiliate earns.
    pub reward_minor: i64,
    /// What the seller earns, the odd cent included.
    pub net_minor: i64,
}

/// Divides what a buyer paid.
///
/// # Errors
/// When it is not above zero or beyond [`money::LARGEST_MINOR`].
pub fn divide(
    gross_minor: i64,
    processor: FeeRate,
    platform: FeeRate,
    commission: Option<Commission>,
) -> Result<Shares, Invalid> {
    if !(1..=money::LARGEST_MINOR).contains(&gross_minor) {
        return invalid("What is divided is more than zero, and no larger than an amount can be.");
    }
    let processor_fee_minor = processor.of(gross_minor);
    let mut left = gross_minor - processor_fee_minor;
    let platform_fee_minor = platform.of(gross_minor).min(left);
    left -= platform_fee_minor;
    let reward_minor = commission.map_or(0, |commission| commission.reward(gross_minor)).min(left);
    let net_minor = left - reward_minor;
    Ok(Shares { gross_minor, processor_fee_minor, platform_fee_minor, reward_minor, net_minor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(basis_points: i64, fixed_minor: i64) -> FeeRate {
        FeeRate::new(basis_points, fixed_minor).expect("a sound rate")
    }

    #[test]
    fn the_table_of_divisions() {
        let card = rate(270, 30);
        let third = Some(Commission::Percentage(3333));
        // What was paid, the processor's rate, the platform's, the reward; what each gets, the seller last.
        let table = [
            (10_000, card, rate(300, 0), None, (300, 300, 0, 9400)),
            // 2.7 % of 9.99 is 26.973 cents and 3 % is 29.97: both are rounded down, and the seller has the odd cents.
            (999, card, rate(300, 0), None, (56, 29, 0, 914)),
            (1000, card, rate(300, 0), third, (57, 30, 333, 580)),
            (1000, FeeRate::NONE, FeeRate::NONE, Some(Commission::Flat(250)), (0, 0, 250, 750)),
            // Fees that would be more than was paid.
            (20, card, rate(300, 10), None, (20, 0, 0, 0)),
            (40, card, rate(0, 100), third, (31, 9, 0, 0)),
            (1000, FeeRate::NONE, rate(5000, 0), Some(Commission::Percentage(10_000)), (0, 500, 500, 0)),
            (1, rate(9999, 0), rate(9999, 0), third, (0, 0, 0, 1)),
        ];
        for (gross, processor, platform, commission, expected) in table {
            let shares = divide(gross, processor, platform, commission).expect("sound");
            let parts = (
                shares.processor_fee_minor,
                shares.platform_fee_minor,
                shares.reward_minor,
                shares.net_minor,
            );
            assert_eq!(parts, expected, "{gross}");
        }
        assert!(divide(0, card, card, None).is_err());
        assert!(divide(money::LARGEST_MINOR + 1, card, card, None).is_err());
    }

    #[test]
    fn unsound_rates_are_refused() {
        assert!(FeeRate::new(10_001, 0).is_err());
        assert!(FeeRate::new(-1, 0).is_err());
        assert!(FeeRate::new(0, -1).is_err());
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_none_is_below_zero(
            gross in 1..=money::LARGEST_MINOR,
            points in (0_i64..=10_000, 0_i64..=10_000, 0_i64..=10_000),
            fixed in (0_i64..1_000_000, 0_i64..1_000_000),
        ) {
            let commission = Some(Commission::Percentage(points.2));
            let shares = divide(gross, rate(points.0, fixed.0), rate(points.1, fixed.1), commission).expect("sound");
            let parts =
                [shares.processor_fee_minor, shares.platform_fee_minor, shares.reward_minor, shares.net_minor];
            prop_assert_eq!(parts.iter().sum::<i64>(), gross);
            prop_assert!(parts.iter().all(|part| *part >= 0));
            // Nobody but the seller is rounded up.
            prop_assert!(i128::from(shares.reward_minor) * 10_000 <= i128::from(gross) * i128::from(points.2));
        }
    }
}
