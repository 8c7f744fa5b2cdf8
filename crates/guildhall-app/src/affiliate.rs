//! Affiliates.

use crate::error::Result;
use crate::plan::Plan;
use crate::store::{Read, Tx};
use guildhall_core::affiliate::Commission;
use guildhall_core::ids::{AffiliateId, CompanyId, UserId};

#[derive(Debug, Clone)]
pub(crate) struct Sold {
    pub(crate) affiliate: AffiliateId,
    pub(crate) user: UserId,
    pub(crate) commission: Option<Commission>,
}

pub(crate) fn for_sale(_: &mut Tx<'_>, _: &CompanyId, _: &Plan, _: &str, _: &UserId) -> Result<Option<Sold>> {
    Ok(None)
}
pub(crate) fn commission_for_renewal(
    _: &mut Read<'_>,
    _: &AffiliateId,
    _: &Plan,
    _: i64,
) -> Result<Option<(UserId, Commission)>> {
    Ok(None)
}
pub(crate) fn user_of(_: &mut Read<'_>, _: &AffiliateId) -> Result<Option<UserId>> {
    Ok(None)
}
pub(crate) fn username(_: &mut Read<'_>, _: &AffiliateId) -> Result<Option<String>> {
    Ok(None)
}
