//! What a sale owes to who brought the buyer.
//!
//! A code is a username, or the id of an affiliate. It comes from a link that anyone can write, so one that says nothing
//! is no error: the sale is nobody's. Who is named by one may become an affiliate by it, where the pass makes an offer.

use super::agreement::agreement_about;
use super::is_on_team;
use crate::access;
use crate::error::Result;
use crate::plan::Plan;
use crate::store::affiliate::AffiliateRow;
use crate::store::{self, Read, Tx};
use guildhall_core::affiliate::{AffiliateStatus, AffiliateType, Commission, earns};
use guildhall_core::ids::{AffiliateId, CompanyId, Id, UserId};
use guildhall_core::user::check_username;

/// The longest code that a link's is kept, in bytes; ids and usernames are shorter.
const LONGEST_CODE: usize = 200;

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

/// The code of a link as it is kept with what the link led to; nothing of one that can name nobody.
pub(crate) fn code_of_link(given: Option<&str>) -> Option<String> {
    let names_somebody =
        |code: &&str| !code.is_empty() && code.len() <= LONGEST_CODE && !code.contains(char::is_control);
    given.map(str::trim).filter(names_somebody).map(str::to_owned)
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

/// What the affiliate of a membership earns by its `payment_index`-th charge, counted from zero; nobody earns who is an
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
        let Some((affiliate_type, _)) = offered(tx, company, plan, user)? else { return Ok(None) };
        store::affiliate::insert(tx, company, user, affiliate_type)?;
    }
    let row = store::affiliate::of_user(tx, company, user)?;
    Ok(row.filter(|row| row.status == AffiliateStatus::Active))
}

/// The offer of a plan's pass that somebody earns by, and how that makes an affiliate: the one to its members while they
/// are one, else the one to everyone. Nothing is offered to whoever is banned. The counts in `store::affiliate` say the
/// same.
fn offered(
    read: &mut Read<'_>,
    company: &CompanyId,
    plan: &Plan,
    user: &UserId,
) -> Result<Option<(AffiliateType, Commission)>> {
    let standing = access::pass_standing(read, company, &plan.access_pass, user)?;
    if standing.banned {
        return Ok(None);
    }
    let offers = store::affiliate_agreement::offers(read, &plan.access_pass)?;
    let of_member = offers.member.filter(|_| standing.member);
    let of_member = of_member.map(|commission| (AffiliateType::Passholder, commission));
    Ok(of_member.or(offers.global.map(|commission| (AffiliateType::Global, commission))))
}

/// What an affiliate earns by a payment for a plan: by what is agreed about the plan, else about all plans, else by what
/// the plan's pass offers them, however they became one.
pub(super) fn commission(
    read: &mut Read<'_>,
    row: &AffiliateRow,
    plan: &Plan,
    payment_index: i64,
) -> Result<Option<Commission>> {
    if let Some(agreement) = agreement_about(read, row, Some(&plan.id))? {
        return Ok(agreement.for_payment(plan.currency, payment_index));
    }
    let offered = offered(read, &row.company, plan, &row.user)?;
    Ok(offered.map(|(_, commission)| commission))
}
