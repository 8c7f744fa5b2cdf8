//! Prices: what a buyer pays in the end, after a discount and with tax.

use crate::money::{Currency, basis_points, basis_points_of};
use crate::{Invalid, invalid};

/// The longest name of a tax, in characters.
pub const LONGEST_TAX_LABEL: usize = 40;

/// A tax as a seller has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaxRate {
    /// Hundredths of a percent.
    pub basis_points: i64,
    /// Whether prices hold it; else it comes on top.
    pub is_included: bool,
}

impl TaxRate {
    /// Reads a rate as people say it, e.g. `8.25` percent.
    ///
    /// # Errors
    /// When it is not above 0 and up to 100, or has more than two digits behind the point.
    pub fn of_percent(percent: f64, is_included: bool) -> Result<Self, Invalid> {
        match basis_points(percent, "percent")? {
            0 => invalid("A tax of 0 percent is none: take it away instead."),
            basis_points => Ok(Self { basis_points, is_included }),
        }
    }
}

/// Checks what buyers read of a tax, e.g. `VAT`. Answers it without what surrounds it.
///
/// # Errors
/// When it is empty, too long, or of several lines.
pub fn check_tax_label(label: &str) -> Result<&str, Invalid> {
    let label = label.trim();
    let length = label.chars().count();
    if !(1..=LONGEST_TAX_LABEL).contains(&length) || label.chars().any(char::is_control) {
        return invalid(format!("`label` is 1 to {LONGEST_TAX_LABEL} characters long, on one line."));
    }
    Ok(label)
}

/// A price, line by line, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// What the plan costs, for the whole quantity.
    pub subtotal_minor: i64,
    /// What a promo code takes off.
    pub discount_minor: i64,
    /// The tax: part of the total when it is included, added to it otherwise.
    pub tax_minor: i64,
    /// What is paid.
    pub total_minor: i64,
}

impl Price {
    /// Adds the lines up. A discount never takes more than there is; tax is rounded down, so that the odd cent is not
    /// asked for. A discount of less than all, and a tax that is added, are whole steps of the currency, so that what comes
    /// of a price in steps can be charged.
    #[must_use]
    pub fn new(subtotal_minor: i64, discount_minor: i64, tax: TaxRate, currency: Currency) -> Self {
        let discount_minor = match discount_minor.clamp(0, subtotal_minor.max(0)) {
            all if all == subtotal_minor => all,
            part => currency.in_steps(part),
        };
        let net_minor = subtotal_minor - discount_minor;
        let tax_minor = if tax.is_included {
            let part = i128::from(net_minor) * i128::from(tax.basis_points)
                / i128::from(10_000 + tax.basis_points.max(0));
            i64::try_from(part).unwrap_or(0)
        } else {
            currency.in_steps(basis_points_of(net_minor, tax.basis_points))
        };
        let total_minor = if tax.is_included { net_minor } else { net_minor + tax_minor };
        Self { subtotal_minor, discount_minor, tax_minor, total_minor }
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
    fn a_tax_has_a_name_and_a_rate_or_is_none() {
        for (label, expected) in [("VAT", Some("VAT")), (" MwSt. ", Some("MwSt.")), ("", None), (" \t", None)]
        {
            assert_eq!(check_tax_label(label).ok(), expected, "{label}");
        }
        let (longest, longer) = ("é".repeat(LONGEST_TAX_LABEL), "é".repeat(LONGEST_TAX_LABEL + 1));
        assert!(check_tax_label(&longest).is_ok());
        for label in [longer.as_str(), "a\nb", "a\u{7}b"] {
            assert!(check_tax_label(label).is_err(), "{label:?}");
        }
        let points = |percent| TaxRate::of_percent(percent, true).map(|rate| rate.basis_points).ok();
        let table = [(19.0, Some(1900)), (0.01, Some(1)), (100.0, Some(10_000)), (8.25, Some(825))];
        for (percent, expected) in table {
            assert_eq!(points(percent), expected, "{percent}");
        }
        for percent in [0.0, -0.0, -1.0, 100.01, 8.255, f64::NAN, f64::INFINITY] {
            assert_eq!(points(percent), None, "{percent}");
        }
    }

    #[test]
    fn the_lines_of_a_price() {
        let rate = |basis_points, is_included| TaxRate { basis_points, is_included };
        // (subtotal, discount, tax rate, currency) → (discount, tax, total)
        let table = [
            ((1000, 0, TaxRate::default(), "usd"), (0, 0, 1000)),
            ((1000, 250, TaxRate::default(), "usd"), (250, 0, 750)),
            ((1000, 5000, TaxRate::default(), "usd"), (1000, 0, 0)),
            ((1000, -5, TaxRate::default(), "usd"), (0, 0, 1000)),
            ((1190, 0, rate(1900, true), "usd"), (0, 190, 1190)),
            ((999, 0, rate(1900, true), "usd"), (0, 159, 999)),
            ((1000, 0, rate(1900, false), "usd"), (0, 190, 1190)),
            ((999, 99, rate(825, false), "usd"), (99, 74, 974)),
            ((0, 0, rate(1900, false), "usd"), (0, 0, 0)),
            ((5120, 1129, rate(825, false), "kwd"), (1120, 330, 4330)),
            ((5120, 1129, rate(825, true), "kwd"), (1120, 304, 4000)),
            ((5125, 5125, rate(825, false), "kwd"), (5125, 0, 0)),
            ((5000, 1250, rate(1900, false), "mga"), (1200, 700, 4500)),
        ];
        for ((subtotal, discount, tax, code), (discount_minor, tax_minor, total_minor)) in table {
            let price = Price::new(subtotal, discount, tax, currency(code));
            assert_eq!(
                price,
                Price { subtotal_minor: subtotal, discount_minor, tax_minor, total_minor },
                "{subtotal} {discount} {tax:?} {code}"
            );
        }
    }

    proptest! {
        /// What is taken off and added leaves a price that can be charged as it is, and the lines sum up to it.
        #[test]
        fn a_price_in_steps_stays_in_steps(
            index in 0_usize..80,
            steps in 0_i64..=1_000_000_000,
            discount_minor in -5_i64..=2_000_000_000,
            basis_points in 0_i64..=10_000,
            is_included: bool,
        ) {
            let currency = Currency::all().nth(index).expect("there are more");
            let (step, subtotal_minor) = (currency.step_minor(), steps * currency.step_minor());
            let tax = TaxRate { basis_points, is_included };
            let price = Price::new(subtotal_minor, discount_minor, tax, currency);
            prop_assert_eq!(price.total_minor % step, 0);
            let added_minor = if is_included { 0 } else { price.tax_minor };
            prop_assert_eq!(price.subtotal_minor - price.discount_minor + added_minor, price.total_minor);
            let wanted_minor = discount_minor.clamp(0, subtotal_minor);
            prop_assert!((0..step).contains(&(wanted_minor - price.discount_minor)));
            let net_minor = price.subtotal_minor - price.discount_minor;
            let exact_minor = basis_points_of(net_minor, basis_points);
            prop_assert!(is_included || (0..step).contains(&(exact_minor - price.tax_minor)));
        }
    }
}
