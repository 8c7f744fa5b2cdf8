//! `hasAccess`: the only place that answers who may enter what.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::store::access::{self as rows, Record};
use crate::store::{self, Read};
use guildhall_core::access::{AccessLevel, Standing};
use guildhall_core::ids::{AccessPassId, CompanyId, ExperienceId, UserId};

/// A thing one may have access to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A company.
    Company(CompanyId),
    /// An access pass.
    AccessPass(AccessPassId),
    /// An experience.
    Experience(ExperienceId),
}

/// The level of access of `user` (the acting user when `None`) to a thing. A thing that does not exist
/// gives no access, so that nothing is learned from asking.
///
/// # Errors
/// `Unauthenticated` when nobody acts; `NotFound` when asking about somebody else where that is none of the
/// caller's business, the same whether the thing exists or not.
pub async fn check(
    hall: &Guildhall,
    principal: &Principal,
    thing: Thing,
    user: Option<UserId>,
) -> Result<AccessLevel> {
    let principal = principal.clone();
    hall.store.read(move |read| level(read, &principal, &thing, user.as_ref())).await
}

fn level(
    read: &mut Read<'_>,
    principal: &Principal,
    thing: &Thing,
    user: Option<&UserId>,
) -> Result<AccessLevel> {
    let about = match user {
        Some(user) => user,
        None => principal.acting_user()?,
    };
    let located = locate(read, thing)?;
    if principal.user.as_ref() != Some(about) {
        let may_ask = match &located {
            Some((company, _)) => may_ask_about_others(read, principal, company)?,
            None => false,
        };
        if !may_ask {
            principal.acting_user()?;
            return Err(Error::NotFound(
                "There is no such thing, or you may not ask about other users there: be on its team, or have the app installed.".into(),
            ));
        }
    }
    let Some((company, gone)) = located else {
        return Ok(AccessLevel::NoAccess);
    };
    let record = rows::record(read, &company, about)?;
    let standing = match thing {
        Thing::Company(_) => of_company(&record),
        Thing::AccessPass(pass) => of_pass(&record, pass),
        Thing::Experience(experience) => Standing { gone, ..of_experience(read, &record, experience)? },
    };
    Ok(standing.level())
}

fn locate(read: &mut Read<'_>, thing: &Thing) -> Result<Option<(CompanyId, bool)>> {
    match thing {
        Thing::Company(company) => {
            Ok(store::company::find(read, company)?.map(|company| (company.id, false)))
        }
        Thing::AccessPass(pass) => Ok(rows::company_of_pass(read, pass)?.map(|company| (company, false))),
        Thing::Experience(experience) => rows::company_of_experience(read, experience),
    }
}

/// Whether the caller is near a company: an app of it or installed there, or one of its team.
pub(crate) fn may_ask_about_others(
    read: &mut Read<'_>,
    principal: &Principal,
    company: &CompanyId,
) -> Result<bool> {
    if let Some(app) = principal.app_itself()
        && (app.company == *company || store::app::is_installed(read, &app.id, company)?)
    {
        return Ok(true);
    }
    match &principal.user {
        Some(user) => Ok(company_standing(read, company, user)?.level() == AccessLevel::Admin),
        None => Ok(false),
    }
}

/// What one user is to one company.
pub(crate) fn company_standing(read: &mut Read<'_>, company: &CompanyId, user: &UserId) -> Result<Standing> {
    Ok(of_company(&rows::record(read, company, user)?))
}

/// What one user is to one pass of a company.
pub(crate) fn pass_standing(
    read: &mut Read<'_>,
    company: &CompanyId,
    pass: &AccessPassId,
    user: &UserId,
) -> Result<Standing> {
    Ok(of_pass(&rows::record(read, company, user)?, pass))
}

/// Whether a ban keeps a user from a pass, or from all of its company.
pub(crate) fn is_banned(
    read: &mut Read<'_>,
    company: &CompanyId,
    pass: &AccessPassId,
    user: &UserId,
) -> Result<bool> {
    Ok(pass_standing(read, company, pass, user)?.banned)
}

fn of_company(record: &Record) -> Standing {
    let usable = |pass: &String| !record.banned_from.contains(pass);
    Standing {
        role: record.role,
        agent: record.is_agent,
        banned: record.banned_from_company,
        member: record.held.iter().any(usable),
        gone: false,
    }
}

fn of_pass(record: &Record, pass: &AccessPassId) -> Standing {
    use guildhall_core::ids::Id;
    let named = |held: &String| held == pass.as_str();
    Standing {
        banned: record.banned_from_company || record.banned_from.iter().any(named),
        member: record.held.iter().any(named),
        ..of_company(record)
    }
}

/// The standing before an experience that is not gone.
pub(crate) fn of_experience(
    read: &mut Read<'_>,
    record: &Record,
    experience: &ExperienceId,
) -> Result<Standing> {
    let doors = rows::doors(read, experience)?;
    Ok(Standing { member: record.opens(&doors), ..of_company(record) })
}

/// Whether nothing but a ban keeps a user out of an experience that is not gone.
pub(crate) fn is_barred(read: &mut Read<'_>, record: &Record, experience: &ExperienceId) -> Result<bool> {
    let doors = rows::doors(read, experience)?;
    let standing = Standing { member: record.opens(&doors), ..of_company(record) };
    let pardoned = Standing { banned: false, member: record.would_open(&doors), ..standing };
    Ok(standing.level() == AccessLevel::NoAccess && pardoned.level() != AccessLevel::NoAccess)
}
