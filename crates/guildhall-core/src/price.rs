//! Prices: what a buyer pays in the end, after a discount and with tax.

use crate::money::basis_points_of;

/// A tax as a seller has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaxRate {
    /// Hundredths of a percent.
    pub basis_points: i64,
    /// Whether prices hold it; else it comes on top.
    pub is_included: bool,
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
