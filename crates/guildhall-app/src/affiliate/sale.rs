//! What a sale owes to who brought the buyer.
//!
//! A code is a username, or the id of an affiliate. It comes from a link that anyone can write, so one that says nothing
//! is no error: the sale is nobody's. Who is named by one may become an affiliate by it, where the pass makes an offer.

use super::agreement::agreement_about;
use super::is_on_team;
use crate::error::Result;
use crate::plan::Plan;
use crate::store::affiliate::AffiliateRow;
use crate::store::{self, Read, Tx};
use guildhall_core::affiliate::{AffiliateStatus, AffiliateType, Commission, earns};
use guildhall_core::ids::{AffiliateId, CompanyId, Id, UserId};
use guildhall_core::user::check_username;

/// Who brought a buyer, and what they earn by the first payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sold {
    /// The affiliate, to be kept with the membership and each of its payments.
    pub affiliate: AffiliateId,
    /// Whom the reward goes to.
    pub user: UserId,
    /// `None` when the sale counts for them and earns them nothing.
    pub commission: Option<Commission>,
}

/// Who a code names, if a sale of a plan to a buyer counts for them; nobody for a code that names no one, for the buyer
/// themselves, for the team, and for who is an affiliate no more.
///
/// # Errors
/// `Internal` only.
pub(crate) fn for_sale(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    plan: &Plan,
    code: &str,
    buyer: &UserId,
) -> Result<Option<Sold>> {
    let Some(user) = named(tx, company, code)? else {
        return Ok(None);
    };
    if !may_earn(tx, company, &user, Some(buyer))? {
        return Ok(None);
    }
    let Some(row) = found_or_made(tx, company, plan, &user)? else {
        return Ok(None);
    };
    let commission = commission(tx, &row, plan, 0)?;
    Ok(Some(Sold { affiliate: row.id, user, commission }))
}

/// What the affiliate of a membership earns by its `payment_index`-th payment, counted from zero; nobody earns who is an
/// affiliate no more or has joined the team.
///
/// # Errors
/// `Internal` only.
pub(crate) fn commission_for_renewal(
    read: &mut Read<'_>,
    affiliate: &AffiliateId,
    plan: &Plan,
    payment_index: i64,
) -> Result<Option<(UserId, Commission)>> {
    let Some(row) = store::affiliate::find_bare(read, affiliate)? else {
        return Ok(None);
    };
    let counts = row.status == AffiliateStatus::Active && row.company == plan.company;
    if !counts || !may_earn(read, &row.company, &row.user, None)? {
        return Ok(None);
    }
    Ok(commission(read, &row, plan, payment_index)?.map(|commission| (row.user, commission)))
}

/// The user whom a code names.
fn named(read: &mut Read<'_>, company: &CompanyId, code: &str) -> Result<Option<UserId>> {
    let code = code.trim().trim_start_matches('@');
    if code.starts_with(AffiliateId::PREFIX)
        && let Ok(id) = AffiliateId::parse(code)
        && let Some(row) = store::affiliate::find_bare(read, &id)?
    {
        return Ok((row.company == *company).then_some(row.user));
    }
    match check_username(code) {
        Ok(username) => Ok(store::user::find_by_username(read, username)?.map(|user| user.id)),
        Err(_) => Ok(None),
    }
}

/// Whether somebody may earn by a purchase in a company, where the buyer is known.
fn may_earn(read: &mut Read<'_>, company: &CompanyId, user: &UserId, buyer: Option<&UserId>) -> Result<bool> {
    let on_team = is_on_team(read, company, user)?;
    Ok(earns(user.as_str(), buyer.map_or("", Id::as_str), on_team))
}

/// The active affiliate that somebody is, or becomes by an offer of the plan's pass.
fn found_or_made(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    plan: &Plan,
    user: &UserId,
) -> Result<Option<AffiliateRow>> {
    if store::affiliate::of_user(tx, company, user)?.is_none() {
        let record = store::access::record(tx, company, user)?;
        let offers = store::affiliate_agreement::offers(tx, &plan.access_pass)?;
        let holds_pass = record.held.iter().any(|held| held == plan.access_pass.as_str());
        let affiliate_type = match (offers.global, offers.member.filter(|_| holds_pass)) {
            _ if record.banned_from_company => return Ok(None),
            (Some(_), _) => AffiliateType::Global,
            (None, Some(_)) => AffiliateType::Passholder,
            (None, None) => return Ok(None),
        };
        store::affiliate::insert(tx, company, user, affiliate_type)?;
    }
    let row = store::affiliate::of_user(tx, company, user)?;
    Ok(row.filter(|row| row.status == AffiliateStatus::Active))
}

/// What an affiliate earns by a payment for a plan: by what is agreed about the plan, else about all plans, else by what
/// the plan's pass offers.
pub(super) fn commission(
    read: &mut Read<'_>,
    row: &AffiliateRow,
    plan: &Plan,
    payment_index: i64,
) -> Result<Option<Commission>> {
    if let Some(agreement) = agreement_about(read, row, Some(&plan.id))? {
        return Ok(agreement.for_payment(plan.currency, payment_index));
    }
    let offers = store::affiliate_agreement::offers(read, &plan.access_pass)?;
    Ok(match row.affiliate_type {
        AffiliateType::Passholder => offers.member.or(offers.global),
        AffiliateType::Custom | AffiliateType::Global | AffiliateType::Marketplace => offers.global,
    })
}
