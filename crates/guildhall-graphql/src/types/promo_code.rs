//! Promo codes: to their company.

use super::enums::{Currencies, PromoTypes, Word};
use async_graphql::{ID, Object};
use guildhall_app::promo_code::PromoCode as Found;
use guildhall_core::promo_code::PromoType as Type;

fn count(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn promo_type(found: &Found) -> PromoTypes {
    match found.discount.promo_type() {
        Type::FlatAmount => PromoTypes::FlatAmount,
        Type::Percentage => PromoTypes::Percentage,
    }
}

fn currency(found: &Found) -> Currencies {
    Currencies::from_word(found.currency.code()).unwrap_or(Currencies::Usd)
}

/// A promo code, to its company.
#[derive(Debug)]
pub(crate) struct PromoCode(pub(crate) Found);

#[Object]
impl PromoCode {
    /// Major units of `baseCurrency`, or a percentage.
    async fn amount_off(&self) -> f64 {
        self.0.discount.amount_off()
    }

    async fn base_currency(&self) -> Currencies {
        currency(&self.0)
    }

    /// In capitals; codes are compared without case.
    async fn code(&self) -> Option<&str> {
        Some(&self.0.code)
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// How many payments of a membership it takes something off; 0 for all.
    async fn number_of_intervals(&self) -> Option<i32> {
        Some(count(self.0.number_of_intervals))
    }

    async fn promo_type(&self) -> PromoTypes {
        promo_type(&self.0)
    }
}
