//! Rows of what is agreed with an affiliate, and what access passes offer to all.

use super::{Read, Tx, params};
use crate::error::{Error, Result};
use guildhall_core::affiliate::{Agreement, Commission, PayoutType};
use guildhall_core::ids::{AccessPassId, AffiliateId, Id, PlanId};
use guildhall_core::money::Currency;

/// The text that stands for a plan, or for every plan, in an agreement's row.
fn plan_text(plan: Option<&PlanId>) -> &str {
    plan.map_or("", Id::as_str)
}

/// Agrees with an affiliate about a plan, or about every plan that has no agreement of its own.
pub(crate) fn set(
    tx: &mut Tx<'_>,
    affiliate: &AffiliateId,
    plan: Option<&PlanId>,
    agreement: &Agreement,
) -> Result<()> {
    let (Commission::Percentage(amount) | Commission::Flat(amount)) = agreement.commission;
    tx.execute(
        "insert into affiliate_agreements (affiliate_id, plan_id, payout_type, amount, currency, only_first_payment)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (affiliate_id, plan_id) do update
         set payout_type = excluded.payout_type,
             amount = excluded.amount,
             currency = excluded.currency,
             only_first_payment = excluded.only_first_payment",
        params![
            affiliate,
            plan_text(plan),
            agreement.commission.payout_type().as_str(),
            amount,
            agreement.currency.code(),
            agreement.only_first_payment
        ],
    )?;
    Ok(())
}

/// Forgets all that was agreed with an affiliate.
pub(crate) fn clear(tx: &mut Tx<'_>, affiliate: &AffiliateId) -> Result<()> {
    tx.execute("delete from affiliate_agreements where affiliate_id = $1", params![affiliate])?;
    Ok(())
}

/// What is agreed about exactly this plan, or exactly about every plan.
pub(crate) fn find(
    read: &mut Read<'_>,
    affiliate: &AffiliateId,
    plan: Option<&PlanId>,
) -> Result<Option<Agreement>> {
    let row = read.first(
        "select payout_type, amount, currency, only_first_payment
         from affiliate_agreements
         where affiliate_id = $1 and plan_id = $2",
        params![affiliate, plan_text(plan)],
    )?;
    let Some(mut row) = row else { return Ok(None) };
    let (payout_type, amount) = (row.text(0)?, row.int(1)?);
    let commission = match PayoutType::from_word(&payout_type) {
        Some(PayoutType::FlatFee) => Commission::Flat(amount),
        Some(PayoutType::Percentage) => Commission::Percentage(amount),
        None => return Err(Error::internal(format!("a commission of the unknown type {payout_type}"))),
    };
    Ok(Some(Agreement {
        commission,
        currency: Currency::parse(&row.text(2)?).map_err(|error| Error::internal(error.0))?,
        only_first_payment: row.flag(3)?,
    }))
}

/// What a pass offers to whoever brings a buyer; each is `None` where it offers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Offers {
    /// To everyone.
    pub(crate) global: Option<Commission>,
    /// To who holds the pass.
    pub(crate) member: Option<Commission>,
}

pub(crate) fn offers(read: &mut Read<'_>, pass: &AccessPassId) -> Result<Offers> {
    let row = read.first(
        "select case when global_affiliate_enabled = 1 then global_affiliate_basis_points end,
           case when member_affiliate_enabled = 1 then member_affiliate_basis_points end
         from access_passes
         where id = $1",
        params![pass],
    )?;
    let Some(mut row) = row else { return Ok(Offers::default()) };
    let offer = |points: Option<i64>| points.filter(|points| *points > 0).map(Commission::Percentage);
    Ok(Offers { global: offer(row.int_or_null(0)?), member: offer(row.int_or_null(1)?) })
}
