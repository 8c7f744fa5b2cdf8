//! Affiliates: who brings buyers, and what each earns by it.

use crate::money::{self, Currency};
use crate::words::words;
use crate::{Invalid, invalid};

/// The most plans that one call agrees about.
pub const MOST_PLANS: usize = 100;

words! {
    /// How someone became an affiliate; the wire's `AffiliateTypes`.
    pub enum AffiliateType {
        /// By an agreement with the company alone.
        Custom = "custom",
        /// By the offer that a company makes to everyone.
        Global = "global",
        /// By the platform's own listing.
        Marketplace = "marketplace",
        /// By the offer that a company makes to its members.
        Passholder = "passholder",
    }
}

words! {
    /// Where an affiliate stands; the wire's `Status`.
    pub enum AffiliateStatus {
        /// Their links count, and they earn.
        Active = "active",
        /// Neither; they can be taken back.
        Archived = "archived",
        /// The same, and lists leave them out.
        Deleted = "deleted",
    }
}

words! {
    /// What a reward is measured by; the wire's `PayoutTypes`.
    pub enum PayoutType {
        /// An amount a payment.
        FlatFee = "flat_fee",
        /// A part of a payment.
        Percentage = "percentage",
    }
}

/// What an affiliate earns by each payment of the memberships they brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commission {
    /// Hundredths of a percent of what the buyer paid.
    Percentage(i64),
    /// Minor units of the payment's currency.
    Flat(i64),
}

impl Commission {
    /// Reads a commission of the wire: a percentage, or an amount in major units.
    ///
    /// # Errors
    /// When it is nothing, more than the whole, or no amount of the currency.
    pub fn parse(payout_type: PayoutType, amount: f64, currency: Currency) -> Result<Self, Invalid> {
        let commission = match payout_type {
            PayoutType::Percentage => Self::Percentage(money::basis_points(amount, "amount")?),
            PayoutType::FlatFee => Self::Flat(money::minor_from_major(amount, currency)?),
        };
        match commission {
            Self::Percentage(amount) | Self::Flat(amount) if amount <= 0 => {
                invalid("A commission is more than zero.")
            }
            commission => Ok(commission),
        }
    }

    /// The reward for a payment, in minor units, rounded down; what fees leave bounds it (`fee::divide`).
    #[must_use]
    pub fn reward(self, gross_minor: i64) -> i64 {
        match self {
            Self::Percentage(basis_points) => money::basis_points_of(gross_minor, basis_points),
            Self::Flat(amount_minor) => amount_minor.min(gross_minor),
        }
    }

    /// What it is measured by.
    #[must_use]
    pub fn payout_type(self) -> PayoutType {
        match self {
            Self::Percentage(_) => PayoutType::Percentage,
            Self::Flat(_) => PayoutType::FlatFee,
        }
    }

    /// The commission for people, e.g. `30%` or `5.00 usd`; an amount is one of `currency`.
    #[must_use]
    pub fn in_words(self, currency: Currency) -> String {
        match self {
            Self::Percentage(basis_points) => money::percent_in_words(basis_points),
            Self::Flat(amount_minor) => money::in_words(amount_minor, currency),
        }
    }
}

/// What is agreed with an affiliate about a plan, or about all plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// What they earn.
    pub commission: Commission,
    /// The currency of a commission that is an amount.
    pub currency: Currency,
    /// Whether they earn by the first payment of each membership alone.
    pub only_first_payment: bool,
}

impl Agreement {
    /// What is earned by the payment in `currency` which is the membership's `payment_index`-th, counted from zero.
    /// An amount of one currency is earned by payments in that currency alone.
    #[must_use]
    pub fn for_payment(&self, currency: Currency, payment_index: i64) -> Option<Commission> {
        let is_of_currency =
            matches!(self.commission, Commission::Percentage(_)) || self.currency == currency;
        let counts = payment_index == 0 || (payment_index > 0 && !self.only_first_payment);
        (is_of_currency && counts).then_some(self.commission)
    }
}

/// Whether someone earns by a purchase: not by their own, and not by one in a company on whose team they are.
#[must_use]
pub fn earns(affiliate: &str, buyer: &str, is_on_team: bool) -> bool {
    affiliate != buyer && !is_on_team
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_rewards() {
        let usd = Currency::parse("usd").expect("a known currency");
        let parse = |payout_type, amount| Commission::parse(payout_type, amount, usd);
        assert_eq!(parse(PayoutType::Percentage, 30.0).map(|one| one.reward(999)), Ok(299));
        assert_eq!(parse(PayoutType::FlatFee, 5.0).map(|one| one.reward(999)), Ok(500));
        assert_eq!(parse(PayoutType::FlatFee, 50.0).map(|one| one.reward(999)), Ok(999));
        for amount in [0.0, -1.0] {
            assert!(parse(PayoutType::FlatFee, amount).is_err());
            assert!(parse(PayoutType::Percentage, amount).is_err());
        }
        assert!(parse(PayoutType::Percentage, 101.0).is_err());
        assert!(parse(PayoutType::FlatFee, 0.001).is_err());
    }

    #[test]
    fn the_table_of_agreements() {
        let (usd, eur) = ("usd", "eur");
        let currency = |code| Currency::parse(code).expect("a known currency");
        let (part, flat) = (Commission::Percentage(3000), Commission::Flat(500));
        let table = [
            (part, usd, false, eur, 0, true),
            (part, usd, false, eur, 7, true),
            (part, usd, true, usd, 0, true),
            (part, usd, true, usd, 1, false),
            (part, usd, false, usd, -1, false),
            (flat, usd, false, usd, 1, true),
            (flat, usd, false, eur, 0, false),
        ];
        for (commission, own, only_first_payment, paid, index, earned) in table {
            let agreement = Agreement { commission, currency: currency(own), only_first_payment };
            let found = agreement.for_payment(currency(paid), index);
            assert_eq!(found, earned.then_some(commission), "{agreement:?} {paid} {index}");
        }
        assert_eq!(part.in_words(currency(usd)), "30%");
        assert_eq!(flat.in_words(currency(usd)), "5.00 usd");
        assert_eq!((part.payout_type(), flat.payout_type()), (PayoutType::Percentage, PayoutType::FlatFee));
    }

    #[test]
    fn nobody_earns_by_themselves() {
        assert!(earns("user_a", "user_b", false));
        assert!(!earns("user_a", "user_a", false));
        assert!(!earns("user_a", "user_b", true));
    }
}
