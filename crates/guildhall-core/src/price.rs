//! Prices: what a buyer pays in the end, after a discount and with tax.

use crate::money::{basis_points, basis_points_of};
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
    /// asked for.
    #[must_use]
    pub fn new(subtotal_minor: i64, discount_minor: i64, tax: TaxRate) -> Self {
        let discount_minor = discount_minor.clamp(0, subtotal_minor.max(0));
        let net_minor = subtotal_minor - discount_minor;
        let tax_minor = if tax.is_included {
            let part = i128::from(net_minor) * i128::from(tax.basis_points)
                / i128::from(10_000 + tax.basis_points.max(0));
            i64::try_from(part).unwrap_or(0)
        } else {
            basis_points_of(net_minor, tax.basis_points)
        };
        let total_minor = if tax.is_included { net_minor } else { net_minor + tax_minor };
        Self { subtotal_minor, discount_minor, tax_minor, total_minor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        // (subtotal, discount, tax rate) → (discount, tax, total)
        let table = [
            ((1000, 0, TaxRate::default()), (0, 0, 1000)),
            ((1000, 250, TaxRate::default()), (250, 0, 750)),
            ((1000, 5000, TaxRate::default()), (1000, 0, 0)),
            ((1000, -5, TaxRate::default()), (0, 0, 1000)),
            ((1190, 0, rate(1900, true)), (0, 190, 1190)),
            ((999, 0, rate(1900, true)), (0, 159, 999)),
            ((1000, 0, rate(1900, false)), (0, 190, 1190)),
            ((999, 99, rate(825, false)), (99, 74, 974)),
            ((0, 0, rate(1900, false)), (0, 0, 0)),
        ];
        for ((subtotal, discount, tax), (discount_minor, tax_minor, total_minor)) in table {
            let price = Price::new(subtotal, discount, tax);
            assert_eq!(
                price,
                Price { subtotal_minor: subtotal, discount_minor, tax_minor, total_minor },
                "{subtotal} {discount} {tax:?}"
            );
        }
    }
}
