//! What is agreed with an affiliate: by one call about many plans, and changed plan by plan.

use super::{AffiliateUpdate, NewAffiliate};
use crate::error::{Error, Result, no_such};
use crate::store::affiliate::AffiliateRow;
use crate::store::{self, Read, Tx};
use guildhall_core::affiliate::{Agreement, Commission, MOST_PLANS};
use guildhall_core::ids::{CompanyId, PlanId};
use guildhall_core::money::Currency;

/// Agrees with a new affiliate about the plans that were named, or about all.
pub(super) fn agree_about(tx: &mut Tx<'_>, affiliate: &AffiliateRow, new: &NewAffiliate) -> Result<()> {
    if new.plans.len() > MOST_PLANS {
        return Err(Error::Invalid(format!("`planIds` are {MOST_PLANS} at most.")));
    }
    let Some(fee) = new.fee else {
        return match new.plans.is_empty() && !new.only_first_payment {
            true => Ok(()),
            false => Err(Error::Invalid("`fee` says what they earn by these plans: name it.".into())),
        };
    };
    let plans: Vec<Option<&PlanId>> = match new.plans.is_empty() {
        true => vec![None],
        false => new.plans.iter().map(Some).collect(),
    };
    for plan in plans {
        let currency = currency_of(tx, &affiliate.company, plan)?;
        let commission = Commission::parse(new.payout_type, fee, currency)?;
        let agreement = Agreement { commission, currency, only_first_payment: new.only_first_payment };
        store::affiliate_agreement::set(tx, &affiliate.id, plan, &agreement)?;
    }
    Ok(())
}

/// The currency of an amount that is agreed about a plan of the company; about all plans, usd.
pub(super) fn currency_of(
    read: &mut Read<'_>,
    company: &CompanyId,
    plan: Option<&PlanId>,
) -> Result<Currency> {
    let Some(id) = plan else {
        return Ok(Currency::parse("usd")?);
    };
    match store::plan::find(read, id)? {
        Some(plan) if plan.company == *company => Ok(plan.currency),
        _ => no_such("plan", id),
    }
}

/// What is agreed after an update about the plan that it names; `None` when it says nothing of that.
pub(super) fn agreed(
    read: &mut Read<'_>,
    row: &AffiliateRow,
    currency: Currency,
    update: &AffiliateUpdate,
) -> Result<Option<Agreement>> {
    if update.fee.is_none() && update.payout_type.is_none() && update.only_first_payment.is_none() {
        return Ok(None);
    }
    let standing = agreement_about(read, row, update.plan.as_ref())?;
    let commission = match (update.fee, update.payout_type, standing) {
        (Some(fee), Some(payout_type), _) => Commission::parse(payout_type, fee, currency)?,
        (Some(fee), None, Some(standing)) => {
            Commission::parse(standing.commission.payout_type(), fee, currency)?
        }
        (None, given, Some(standing))
            if given.is_none_or(|given| given == standing.commission.payout_type()) =>
        {
            standing.commission
        }
        (Some(_), None, None) => {
            return Err(Error::Invalid("`payoutType` says what `fee` is measured by: name it too.".into()));
        }
        _ => return Err(Error::Invalid("`fee` says what they earn: name it too.".into())),
    };
    let keeps_amount = update.fee.is_none();
    Ok(Some(Agreement {
        commission,
        currency: standing.filter(|_| keeps_amount).map_or(currency, |standing| standing.currency),
        only_first_payment: update
            .only_first_payment
            .or(standing.map(|standing| standing.only_first_payment))
            .unwrap_or(false),
    }))
}

/// What is agreed about a plan: by itself, else with all others.
pub(super) fn agreement_about(
    read: &mut Read<'_>,
    row: &AffiliateRow,
    plan: Option<&PlanId>,
) -> Result<Option<Agreement>> {
    if let Some(plan) = plan
        && let Some(agreement) = store::affiliate_agreement::find(read, &row.id, Some(plan))?
    {
        return Ok(Some(agreement));
    }
    store::affiliate_agreement::find(read, &row.id, None)
}
