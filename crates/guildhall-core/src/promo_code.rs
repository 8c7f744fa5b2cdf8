//! Promo codes: what one takes off a price, for which payments, and who may use it.
//!
//! A discount is rounded down to the minor unit: the odd cent is the seller's, as with fees. It never takes a price
//! below zero; what is left below the currency's smallest price is not charged (`payment::Payment::draft`). A use is
//! claimed in the store, by a conditional update of the stock and a unique row where one customer has one use.

use crate::money::{self, Currency};
use crate::words::words;
use crate::{Invalid, invalid};

/// The longest code, in characters.
pub const LONGEST_CODE: usize = 64;
/// The most plans that one code names.
pub const MOST_PLANS: usize = 100;
/// The most payments of one membership that a repeating code takes something off.
pub const MOST_INTERVALS: i64 = 1000;

words! {
    /// What the discount is measured by; the wire's `PromoTypes`.
    pub enum PromoType {
        /// An amount a payment.
        FlatAmount = "flat_amount",
        /// A part of each payment.
        Percentage = "percentage",
    }
}

words! {
    /// For how long; the wire's `PromoDurations`.
    pub enum PromoDuration {
        /// Every payment.
        Forever = "forever",
        /// The first payment.
        Once = "once",
        /// The first so many payments.
        Repeating = "repeating",
    }
}

words! {
    /// Where a code stands; the wire's `PromoCodeStatus`.
    pub enum PromoCodeStatus {
        /// It can be used.
        Active = "active",
        /// It was deleted; what it was used for keeps it.
        Archived = "archived",
        /// It cannot be used for now.
        Inactive = "inactive",
    }
}

/// What a code takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// Minor units of one currency.
    Flat(i64, Currency),
    /// Hundredths of a percent.
    Percentage(i64),
}

impl Discount {
    /// Reads a discount of the wire: an amount in major units, or a percentage such as 20.
    ///
    /// # Errors
    /// When it is nothing, more than the whole, or no amount of the currency.
    pub fn parse(promo_type: PromoType, amount_off: f64, currency: Currency) -> Result<Self, Invalid> {
        let discount = match promo_type {
            PromoType::FlatAmount => Self::Flat(money::minor_from_major(amount_off, currency)?, currency),
            PromoType::Percentage => Self::Percentage(money::basis_points(amount_off, "amountOff")?),
        };
        match discount {
            Self::Flat(amount, _) | Self::Percentage(amount) if amount <= 0 => {
                invalid("`amountOff` must be more than zero.")
            }
            discount => Ok(discount),
        }
    }

    /// What it takes off a price, in minor units, rounded down.
    ///
    /// # Errors
    /// When it is an amount of another currency.
    pub fn off(self, price_minor: i64, currency: Currency) -> Result<i64, Invalid> {
        match self {
            Self::Percentage(basis_points) => Ok(money::basis_points_of(price_minor, basis_points)),
            Self::Flat(amount_minor, own) if own == currency => Ok(amount_minor.min(price_minor)),
            Self::Flat(_, own) => invalid(format!(
                "The promo code takes off {}, and the price is in {}.",
                own.code(),
                currency.code()
            )),
        }
    }

    /// The discount for people: `20%`, `12.5%`, `5.00 usd`; the wire's `discountOff`.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Flat(amount_minor, currency) => money::in_words(amount_minor, currency),
            Self::Percentage(basis_points) => money::percent_in_words(basis_points),
        }
    }

    /// What it is measured by.
    #[must_use]
    pub fn promo_type(self) -> PromoType {
        match self {
            Self::Flat(..) => PromoType::FlatAmount,
            Self::Percentage(_) => PromoType::Percentage,
        }
    }

    /// The number of the wire: an amount in major units, or a percentage such as 20.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage has at most five digits")]
    pub fn amount_off(self) -> f64 {
        match self {
            Self::Flat(amount_minor, currency) => money::major_from_minor(amount_minor, currency),
            Self::Percentage(basis_points) => basis_points as f64 / 100.0,
        }
    }
}

/// For how many payments a `numberOfIntervals` of the wire stands: none says for ever, one says once.
///
/// # Errors
/// When it is below zero or above [`MOST_INTERVALS`].
pub fn duration_of(number_of_intervals: i64) -> Result<PromoDuration, Invalid> {
    match number_of_intervals {
        0 => Ok(PromoDuration::Forever),
        1 => Ok(PromoDuration::Once),
        2..=MOST_INTERVALS => Ok(PromoDuration::Repeating),
        _ => invalid(format!("`numberOfIntervals` must be 0 (for ever) to {MOST_INTERVALS}.")),
    }
}

/// Whether a code takes something off the payment which is the membership's `payment_index`-th, counted from zero. The
/// first payment of a membership counts also where a trial makes it small; each renewal counts once, retries do not.
#[must_use]
pub fn applies_to(duration: PromoDuration, number_of_intervals: i64, payment_index: i64) -> bool {
    match duration {
        PromoDuration::Forever => payment_index >= 0,
        PromoDuration::Once => payment_index == 0,
        PromoDuration::Repeating => (0..number_of_intervals).contains(&payment_index),
    }
}

/// How many payments a code takes something off, of a membership's payments from the `payment_index`-th on, counted from
/// zero; `None` for all of them.
#[must_use]
pub fn payments_left(duration: PromoDuration, number_of_intervals: i64, payment_index: i64) -> Option<i64> {
    let payments = match duration {
        PromoDuration::Forever => return None,
        PromoDuration::Once => 1,
        PromoDuration::Repeating => number_of_intervals,
    };
    Some((payments - payment_index).max(0))
}

/// The text of a code as it is compared and kept: trimmed, in capitals.
///
/// # Errors
/// When it is empty, longer than [`LONGEST_CODE`], or has other characters than letters, digits, `-` and `_`.
pub fn check_code(code: &str) -> Result<String, Invalid> {
    let code = code.trim();
    let is_plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if code.is_empty() || code.len() > LONGEST_CODE || !is_plain {
        return invalid(format!("A promo code is 1 to {LONGEST_CODE} letters, digits, `-` and `_`."));
    }
    Ok(code.to_ascii_uppercase())
}

/// Who may use a code, and until when. Times are milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Only who never had a membership of the company.
    pub new_users_only: bool,
    /// Only who had one, and has none that counts.
    pub churned_users_only: bool,
    /// Only for a membership that its customer has already.
    pub existing_memberships_only: bool,
    /// One use a customer.
    pub one_per_customer: bool,
    /// How many uses are left; `None` for as many as wanted.
    pub stock: Option<i64>,
    /// When it ends.
    pub expires_at: Option<i64>,
}

/// What a code's limits are asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Customer {
    /// Whether they ever had a membership of the company that was begun.
    pub had_membership: bool,
    /// Whether they have one that counts now.
    pub has_valid_membership: bool,
    /// Whether the code is to be used for a membership they have.
    pub is_for_existing: bool,
    /// Whether they used this code before.
    pub used_before: bool,
}

impl Limits {
    /// Checks that somebody can meet them at all.
    ///
    /// # Errors
    /// With the sentence for what contradicts itself.
    pub fn check(&self, now: i64) -> Result<(), Invalid> {
        if self.new_users_only && (self.churned_users_only || self.existing_memberships_only) {
            return invalid(
                "`newUsersOnly` goes with neither `churnedUsersOnly` nor `existingMembershipsOnly`.",
            );
        }
        if self.churned_users_only && self.existing_memberships_only {
            return invalid("`churnedUsersOnly` does not go with `existingMembershipsOnly`.");
        }
        if self.stock.is_some_and(|stock| stock < 1) {
            return invalid("`stock` must be at least 1, or unlimited.");
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return invalid("`expirationDatetime` must lie ahead.");
        }
        Ok(())
    }

    /// What holds for everybody: how many uses are left, and until when.
    #[must_use]
    pub fn of_all(&self) -> Self {
        Self { stock: self.stock, expires_at: self.expires_at, ..Self::default() }
    }

    /// Whether it depends on who the customer is.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.new_users_only
            || self.churned_users_only
            || self.existing_memberships_only
            || self.one_per_customer
    }

    /// Whether a customer uses it once: else who is a new customer, or a former one, could begin several memberships by
    /// it before the first one counts.
    #[must_use]
    pub fn is_used_once(&self) -> bool {
        self.one_per_customer || self.new_users_only || self.churned_users_only
    }

    /// Whether a customer may use the code at `now` (milliseconds).
    ///
    /// # Errors
    /// With the sentence for the customer.
    pub fn admit(&self, status: PromoCodeStatus, customer: Customer, now: i64) -> Result<(), Invalid> {
        if status != PromoCodeStatus::Active {
            return invalid("This promo code is not in use.");
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return invalid("This promo code has expired.");
        }
        if self.stock.is_some_and(|stock| stock < 1) {
            return invalid("This promo code is used up.");
        }
        if self.new_users_only && customer.had_membership {
            return invalid("This promo code is for new customers only.");
        }
        if self.churned_users_only && (!customer.had_membership || customer.has_valid_membership) {
            return invalid("This promo code is for former customers who come back.");
        }
        if self.is_used_once() && customer.used_before {
            return invalid("You have used this promo code before.");
        }
        if self.existing_memberships_only && !(customer.has_valid_membership && customer.is_for_existing) {
            return invalid("This promo code is for memberships that you have already.");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a known currency")
    }

    #[test]
    fn the_table_of_discounts() {
        let usd = currency("usd");
        let table = [
            (PromoType::Percentage, 20.0, 999, 199, "20%"),
            (PromoType::Percentage, 12.5, 1000, 125, "12.5%"),
            (PromoType::Percentage, 33.33, 1000, 333, "33.33%"),
            (PromoType::Percentage, 100.0, 999, 999, "100%"),
            (PromoType::FlatAmount, 5.0, 999, 500, "5.00 usd"),
            (PromoType::FlatAmount, 50.0, 999, 999, "50.00 usd"),
        ];
        for (promo_type, amount_off, price, off, words) in table {
            let discount = Discount::parse(promo_type, amount_off, usd).expect("sound");
            assert_eq!((discount.off(price, usd), discount.in_words().as_str()), (Ok(off), words));
            assert_eq!((discount.promo_type(), discount.amount_off()), (promo_type, amount_off));
        }
        for (promo_type, amount_off, sentence) in [
            (PromoType::Percentage, 0.0, "more than zero"),
            (PromoType::Percentage, 100.5, "from 0 to 100"),
            (PromoType::FlatAmount, -1.0, "more than zero"),
            (PromoType::FlatAmount, 0.001, "finer than usd"),
        ] {
            assert!(Discount::parse(promo_type, amount_off, usd).expect_err(sentence).0.contains(sentence));
        }
        let flat = Discount::parse(PromoType::FlatAmount, 5.0, usd).expect("sound");
        let refused = flat.off(500, currency("eur")).expect_err("another currency");
        assert_eq!(refused.0, "The promo code takes off usd, and the price is in eur.");
    }

    #[test]
    fn the_table_of_durations() {
        let table = [
            (0, PromoDuration::Forever, vec![0, 1, 99]),
            (1, PromoDuration::Once, vec![0]),
            (3, PromoDuration::Repeating, vec![0, 1, 2]),
        ];
        for (intervals, duration, applied) in table {
            assert_eq!(duration_of(intervals), Ok(duration));
            for index in [0, 1, 2, 3, 99] {
                let expected = applied.contains(&index) || duration == PromoDuration::Forever;
                assert_eq!(applies_to(duration, intervals, index), expected, "{duration:?} {index}");
                let left = payments_left(duration, intervals, index);
                assert_eq!(left.is_none_or(|left| left > 0), expected, "{duration:?} {index}: {left:?}");
                if let Some(left) = left {
                    assert!(!applies_to(duration, intervals, index + left), "{duration:?} {index}: {left}");
                }
            }
        }
        assert!(duration_of(-1).is_err() && duration_of(MOST_INTERVALS + 1).is_err());
    }

    #[test]
    fn codes_are_compared_without_case() {
        assert_eq!(check_code(" spring-24_x ").as_deref(), Ok("SPRING-24_X"));
        for code in ["", "a b", "a/b", "é", &"a".repeat(65)] {
            assert!(check_code(code).is_err(), "{code}");
        }
    }

    #[test]
    fn each_limit_has_its_sentence() {
        let (fresh, former, member) = (
            Customer::default(),
            Customer { had_membership: true, ..Customer::default() },
            Customer { had_membership: true, has_valid_membership: true, ..Customer::default() },
        );
        let upgrading = Customer { is_for_existing: true, ..member };
        let again = Customer { used_before: true, ..former };
        let none = Limits::default();
        let new = Limits { new_users_only: true, ..none };
        let churned = Limits { churned_users_only: true, ..none };
        let existing = Limits { existing_memberships_only: true, ..none };
        let once = Limits { one_per_customer: true, ..none };
        let table = [
            (none, fresh, None),
            (none, again, None),
            (new, fresh, None),
            (new, former, Some("new customers only")),
            (new, member, Some("new customers only")),
            (new, Customer { used_before: true, ..fresh }, Some("used this promo code before")),
            (churned, again, Some("used this promo code before")),
            (churned, fresh, Some("come back")),
            (churned, former, None),
            (churned, member, Some("come back")),
            (existing, fresh, Some("you have already")),
            (existing, member, Some("you have already")),
            (existing, upgrading, None),
            (once, former, None),
            (once, again, Some("used this promo code before")),
            (Limits { stock: Some(1), ..none }, fresh, None),
            (Limits { stock: Some(0), ..none }, fresh, Some("used up")),
            (Limits { expires_at: Some(101), ..none }, fresh, None),
            (Limits { expires_at: Some(100), ..none }, fresh, Some("has expired")),
        ];
        for (limits, customer, refusal) in table {
            match (limits.admit(PromoCodeStatus::Active, customer, 100), refusal) {
                (Ok(()), None) => {}
                (Err(error), Some(sentence)) if error.0.contains(sentence) => {}
                (got, expected) => panic!("{limits:?} {customer:?}: {got:?}, not {expected:?}"),
            }
        }
        for status in [PromoCodeStatus::Archived, PromoCodeStatus::Inactive] {
            assert!(none.admit(status, fresh, 0).expect_err("not in use").0.contains("not in use"));
        }
    }

    #[test]
    fn limits_that_nobody_meets_are_refused() {
        let none = Limits::default();
        let table = [
            (Limits { new_users_only: true, churned_users_only: true, ..none }, "goes with neither"),
            (Limits { new_users_only: true, existing_memberships_only: true, ..none }, "goes with neither"),
            (
                Limits { churned_users_only: true, existing_memberships_only: true, ..none },
                "does not go with",
            ),
            (Limits { stock: Some(0), ..none }, "at least 1"),
            (Limits { expires_at: Some(100), ..none }, "lie ahead"),
        ];
        for (limits, sentence) in table {
            assert!(limits.check(100).expect_err(sentence).0.contains(sentence));
        }
        assert!(none.check(100).is_ok());
    }

    proptest! {
        #[test]
        fn a_discount_takes_no_more_than_the_price(price in 0..=money::LARGEST_MINOR, points in 1_i64..=10_000) {
            let usd = currency("usd");
            for discount in [Discount::Percentage(points), Discount::Flat(points, usd)] {
                let off = discount.off(price, usd).expect("its currency");
                prop_assert!((0..=price).contains(&off));
            }
            prop_assert_eq!(Discount::Percentage(10_000).off(price, usd), Ok(price));
        }
    }
}
