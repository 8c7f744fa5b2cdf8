//! Installs: a company lets an app in, says what it may do there, changes its mind, and sends it away.
//!
//! An owner or admin decides, in person: an app that acts for one may not. What was decided replaces what was decided
//! before. Bounds: a person is shown [`MOST_COMPANIES`] companies.

use crate::Guildhall;
use crate::access;
use crate::app::AppDetails;
use crate::audit::Doer;
use crate::company::Company;
use crate::error::{Error, Result, no_such};
use crate::permission_requirement::PermissionRequirement;
use crate::principal::{Principal, authorize};
use crate::store::{self, Read, Tx};
use guildhall_core::access::AccessLevel;
use guildhall_core::app::AppStatus;
use guildhall_core::ids::{AppId, CompanyId, UserId};
use guildhall_core::permission::{Permission, Role};
use serde_json::json;

/// How many companies a list of them holds.
const MOST_COMPANIES: i64 = 200;

/// A permission that an app asks a company for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What is asked, and why.
    pub requirement: PermissionRequirement,
    /// Whether the company granted it.
    pub granted: bool,
    /// Whether the company was not asked before.
    pub is_new: bool,
}

/// What an app is to a company, or would be.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The app.
    pub app: AppDetails,
    /// The company that made it.
    pub developer: Company,
    /// The company that decides.
    pub company: Company,
    /// Since when it is installed, in milliseconds.
    pub installed_at: Option<i64>,
    /// What it asks for.
    pub asked: Vec<Asked>,
    /// What it was granted and asks for no more; the next decision takes it away.
    pub surplus: Vec<Permission>,
}

impl Preview {
    /// Whether the app is installed and asks for something that was not decided yet, or cannot do without.
    #[must_use]
    pub fn needs_approval(&self) -> bool {
        let undecided = |asked: &Asked| asked.is_new || (asked.requirement.required && !asked.granted);
        self.installed_at.is_some() && self.asked.iter().any(undecided)
    }
}

/// A company that a person may install an app into.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The company.
    pub company: Company,
    /// Whether the app is installed there.
    pub installed: bool,
    /// Whether it asks for something that was not decided yet.
    pub needs_approval: bool,
}

/// The companies that the caller may install an app into, by title, the app's own left out.
///
/// # Errors
/// `NotFound` when the app is not shown to the caller; `Forbidden` for an app; `Unauthenticated`.
pub async fn candidates(
    hall: &Guildhall,
    principal: &Principal,
    app: AppId,
) -> Result<(AppDetails, Vec<Candidate>)> {
    let person = in_person(principal)?;
    hall.store
        .read(move |read| {
            let details = visible(read, &person, &app)?;
            let mut candidates = Vec::new();
            for company in store::install::companies_decided_by(read, &person, MOST_COMPANIES)? {
                if company.id == details.app.company || !decides(read, &person, &company.id)? {
                    continue;
                }
                let preview = preview_in(read, details.clone(), company)?;
                candidates.push(Candidate {
                    installed: preview.installed_at.is_some(),
                    needs_approval: preview.needs_approval(),
                    company: preview.company,
                });
            }
            Ok((details, candidates))
        })
        .await
}

/// What an app asks of a company, and what it was granted.
///
/// # Errors
/// `NotFound` when the app is not shown to the caller or the caller does not decide for the company; `Forbidden` for an
/// app; `Unauthenticated`.
pub async fn preview(
    hall: &Guildhall,
    principal: &Principal,
    app: AppId,
    company: CompanyId,
) -> Result<Preview> {
    let person = in_person(principal)?;
    hall.store
        .read(move |read| {
            let details = visible(read, &person, &app)?;
            let company = decided_company(read, &person, &company)?;
            preview_in(read, details, company)
        })
        .await
}

/// Installs an app in a company, or decides anew: it is granted these permissions and no others.
///
/// # Errors
/// As for [`preview`]; `Invalid` for a permission that the app does not ask for, or without one that it needs;
/// `Conflict` in the app's own company, where it has every permission.
pub async fn approve(
    hall: &Guildhall,
    principal: &Principal,
    app: AppId,
    company: CompanyId,
    granted: Vec<Permission>,
) -> Result<()> {
    let person = in_person(principal)?;
    let doer = Doer::of(principal);
    let approved = hall.store.write(move |tx| {
        let details = visible(tx, &person, &app)?;
        let company = decided_company(tx, &person, &company)?;
        tx.lock(&format!("install {app} {}", company.id))?;
        let preview = preview_in(tx, details, company)?;
        let declined = weigh(&preview, &granted)?;
        approve_in(tx, &doer, &app, &preview.company.id, &granted, &declined)
    });
    approved.await
}

pub(crate) fn approve_in(
    tx: &mut Tx<'_>,
    doer: &Doer,
    app: &AppId,
    company: &CompanyId,
    granted: &[Permission],
    declined: &[Permission],
) -> Result<()> {
    store::install::insert(tx, app, company)?;
    store::install::decide(tx, app, company, granted, declined)?;
    let words = |permissions: &[Permission]| -> Vec<&str> {
        permissions.iter().map(|permission| permission.as_str()).collect()
    };
    let details = json!({"granted": words(granted), "declined": words(declined)});
    doer.log(tx, company, "install_app", app, details)
}

/// Holds what is to be granted against what is asked; answers what is declined.
fn weigh(preview: &Preview, granted: &[Permission]) -> Result<Vec<Permission>> {
    if preview.app.app.company == preview.company.id {
        return Err(Error::Conflict(
            "The app is this company's own: it is installed and has every permission already.".into(),
        ));
    }
    for (place, permission) in granted.iter().enumerate() {
        if !preview.asked.iter().any(|asked| asked.requirement.permission == *permission) {
            return Err(Error::Invalid(format!("The app does not ask for `{}`.", permission.as_str())));
        }
        if granted[..place].contains(permission) {
            return Err(Error::Invalid(format!("`{}` is granted twice.", permission.as_str())));
        }
    }
    let left_out = preview.asked.iter().filter(|asked| !granted.contains(&asked.requirement.permission));
    let mut declined = Vec::new();
    for asked in left_out {
        let permission = asked.requirement.permission;
        if asked.requirement.required {
            let word = permission.as_str();
            return Err(Error::Invalid(format!("The app cannot be installed without `{word}`.")));
        }
        declined.push(permission);
    }
    Ok(declined)
}

/// Takes an app out of a company: it has no permission there any more, and acts for nobody of it.
///
/// # Errors
/// As for [`preview`]; `NotFound` where it is not installed; `Conflict` in its own company.
pub async fn uninstall(
    hall: &Guildhall,
    principal: &Principal,
    app: AppId,
    company: CompanyId,
) -> Result<()> {
    let person = in_person(principal)?;
    let doer = Doer::of(principal);
    let removed = hall.store.write(move |tx| {
        visible(tx, &person, &app)?;
        decided_company(tx, &person, &company)?;
        uninstall_in(tx, &doer, &app, &company)
    });
    removed.await
}

pub(crate) fn uninstall_in(tx: &mut Tx<'_>, doer: &Doer, app: &AppId, company: &CompanyId) -> Result<()> {
    match store::app::find(tx, app)? {
        None => return no_such("app", app),
        Some(found) if found.company == *company => {
            return Err(Error::Conflict("An app stays installed in the company that owns it.".into()));
        }
        Some(_) => {}
    }
    tx.lock(&format!("install {app} {company}"))?;
    if !store::install::delete(tx, app, company)? {
        return Err(Error::NotFound(format!("The app is not installed in the company `{company}`.")));
    }
    doer.log(tx, company, "uninstall_app", app, json!({}))
}

/// Where an app is installed beside its own company, oldest first and [`MOST_COMPANIES`] at most, and in how many.
///
/// # Errors
/// `NotFound`, `Forbidden` without `developer:basic:read`.
pub async fn companies_with(
    hall: &Guildhall,
    principal: &Principal,
    app: AppId,
) -> Result<(Vec<Company>, i64)> {
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            let Some(found) = store::app::find(read, &app)? else {
                return no_such("app", &app);
            };
            authorize(read, &principal, &found.company, Permission::DeveloperRead)?;
            let companies = store::install::companies_with(read, &app, MOST_COMPANIES)?;
            Ok((companies, store::install::count(read, &app)?))
        })
        .await
}

/// The person who decides. An app could otherwise grant itself what the person it acts for may grant.
fn in_person(principal: &Principal) -> Result<UserId> {
    if principal.app.is_some() {
        return Err(Error::Forbidden(
            "Installing is decided by a person who is signed in to the hall, not by an app.".into(),
        ));
    }
    principal.acting_user().cloned()
}

/// Whether a person decides which apps a company has.
fn decides(read: &mut Read<'_>, person: &UserId, company: &CompanyId) -> Result<bool> {
    let standing = access::company_standing(read, company, person)?;
    Ok(standing.level() == AccessLevel::Admin && standing.role.is_some_and(Role::decides_on_apps))
}

fn decided_company(read: &mut Read<'_>, person: &UserId, id: &CompanyId) -> Result<Company> {
    match store::company::find(read, id)? {
        Some(company) if decides(read, person, id)? => Ok(company),
        _ => no_such("company", id),
    }
}

/// The app, to those who may know of it: a hidden one is known to its own team and to those who decide where it is.
fn visible(read: &mut Read<'_>, person: &UserId, id: &AppId) -> Result<AppDetails> {
    let Some(details) = store::app::find_details(read, id)? else {
        return no_such("app", id);
    };
    if details.status != AppStatus::Hidden
        || access::company_standing(read, &details.app.company, person)?.level() == AccessLevel::Admin
    {
        return Ok(details);
    }
    for company in store::install::companies_decided_by(read, person, MOST_COMPANIES)? {
        if store::app::is_installed(read, id, &company.id)? && decides(read, person, &company.id)? {
            return Ok(details);
        }
    }
    no_such("app", id)
}

fn preview_in(read: &mut Read<'_>, app: AppDetails, company: Company) -> Result<Preview> {
    let id = &app.app.id;
    let installed_at = store::install::installed_at(read, id, &company.id)?;
    let granted = store::install::granted(read, id, &company.id)?;
    let declined = store::install::declined(read, id, &company.id)?;
    let requirements = store::permission_requirement::list(read, id)?;
    let surplus = granted.iter().copied();
    let surplus = surplus.filter(|held| requirements.iter().all(|asked| asked.permission != *held)).collect();
    let asked = requirements.into_iter().map(|requirement| Asked {
        granted: granted.contains(&requirement.permission),
        is_new: !granted.contains(&requirement.permission) && !declined.contains(&requirement.permission),
        requirement,
    });
    let asked = asked.collect();
    let developer = store::company::find(read, &app.app.company)?
        .ok_or_else(|| Error::internal("an app without its company"))?;
    Ok(Preview { app, developer, company, installed_at, asked, surplus })
}
