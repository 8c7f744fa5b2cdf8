//! Promo codes.

use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::store::{Read, Tx};
use guildhall_core::ids::{PaymentId, PromoCodeId, UserId};
use guildhall_core::money::Currency;
use guildhall_core::promo_code::Discount;

#[derive(Debug, Clone)]
pub(crate) struct Applied {
    pub(crate) id: PromoCodeId,
    pub(crate) code: String,
    pub(crate) discount: Discount,
}

pub(crate) fn quote(_: &mut Read<'_>, _: &Plan, _: &str, _: Option<&UserId>) -> Result<Applied> {
    Err(Error::Invalid("There is no such promo code.".into()))
}
pub(crate) fn claim(_: &mut Tx<'_>, _: &PromoCodeId, _: &UserId, _: &PaymentId) -> Result<()> {
    Ok(())
}
pub(crate) fn release(_: &mut Tx<'_>, _: &PaymentId) -> Result<()> {
    Ok(())
}
pub(crate) fn discount_minor(_: &mut Read<'_>, _: &PromoCodeId, _: i64, _: i64, _: Currency) -> Result<i64> {
    Ok(0)
}
pub(crate) fn code_of(_: &mut Read<'_>, _: &PromoCodeId) -> Result<Option<String>> {
    Ok(None)
}
