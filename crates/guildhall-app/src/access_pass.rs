//! Access passes: what is sold, and what opens experiences.

use crate::Guildhall;
use crate::access;
use crate::company::Company;
use crate::error::{Error, Result, no_such};
use crate::principal::Principal;
use crate::store::{self, Read, Tx};
use crate::user::User;
use guildhall_core::access::AccessLevel;
use guildhall_core::ids::{AccessPassId, AttachmentId, CompanyId};

/// An access pass.
#[derive(Debug, Clone)]
pub struct AccessPass {
    /// The id.
    pub id: AccessPassId,
    /// The company that sells it.
    pub company: CompanyId,
    /// One of the wire's `AccessPassTypes`.
    pub kind: String,
    /// The name shown.
    pub title: String,
    /// Its path, unique in the company.
    pub route: String,
    /// A line under the title.
    pub headline: Option<String>,
    /// A short description.
    pub shortened_description: Option<String>,
    /// One of the wire's `Visibility`.
    pub visibility: String,
    /// Whether the platform vouches for it.
    pub verified: bool,
    /// The logo.
    pub logo: Option<AttachmentId>,
    /// The banner.
    pub banner: Option<AttachmentId>,
}

/// An access pass as everyone may see it, with its seller.
#[derive(Debug, Clone)]
pub struct PublicAccessPass {
    /// The pass.
    pub pass: AccessPass,
    /// The company that sells it.
    pub company: Company,
    /// The owner of that company.
    pub owner: User,
}

/// What an access pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessPassKind {
    /// Stands for an app.
    App,
    /// Sold on its own.
    Regular,
    /// Hidden behind an experience's upsell.
    ExperienceUpsell,
    /// Stands for what an app charges.
    ApiOnly,
}

impl AccessPassKind {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Regular => "regular",
            Self::ExperienceUpsell => "experience_upsell",
            Self::ApiOnly => "api_only",
        }
    }
}

/// Who finds a pass or plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone.
    Visible,
    /// The team.
    Hidden,
}

impl Visibility {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
        }
    }
}

/// What a new access pass is made of.
#[derive(Debug, Clone)]
pub struct NewAccessPass {
    /// The company that sells it.
    pub company: CompanyId,
    /// What it is for.
    pub kind: AccessPassKind,
    /// The name shown.
    pub title: String,
    /// Its path, unique in the company.
    pub route: String,
    /// A line under the title.
    pub headline: Option<String>,
    /// A short description.
    pub shortened_description: Option<String>,
    /// Who finds it.
    pub visibility: Visibility,
}

/// An access pass's public face. A hidden or archived one is shown to its team, its holders and the
/// apps installed in its company.
///
/// # Errors
/// `NotFound`.
pub async fn find(hall: &Guildhall, principal: &Principal, id: AccessPassId) -> Result<PublicAccessPass> {
    let principal = principal.clone();
    hall.store
        .read(move |read| match store::access_pass::find(read, &id)? {
            Some(found) if is_shown(read, &principal, &found)? => Ok(found),
            _ => no_such("access pass", &id),
        })
        .await
}

fn is_shown(read: &mut Read<'_>, principal: &Principal, found: &PublicAccessPass) -> Result<bool> {
    if matches!(found.pass.visibility.as_str(), "visible" | "quick_link") {
        return Ok(true);
    }
    let company = &found.company.id;
    if let Some(app) = principal.app_itself()
        && (app.company == *company || store::app::is_installed(read, &app.id, company)?)
    {
        return Ok(true);
    }
    match &principal.user {
        Some(user) => Ok(access::company_standing(read, company, user)?.level() != AccessLevel::NoAccess),
        None => Ok(false),
    }
}

/// The title of a pass, for who has got as far as its id; also of one that was deleted.
///
/// # Errors
/// `NotFound`.
pub async fn title(hall: &Guildhall, id: AccessPassId) -> Result<String> {
    hall.store
        .read(move |read| match store::access_pass::title(read, &id)? {
            Some(title) => Ok(title),
            None => no_such("access pass", &id),
        })
        .await
}

/// How many people hold a valid membership of the pass.
///
/// # Errors
/// `Internal` only.
pub async fn active_users(hall: &Guildhall, id: AccessPassId) -> Result<i64> {
    hall.store.scan(move |read| store::membership::count_valid_users(read, &id)).await
}

/// Makes an access pass.
pub(crate) fn create(tx: &mut Tx<'_>, pass: &NewAccessPass) -> Result<AccessPassId> {
    store::access_pass::insert(tx, pass)?
        .ok_or_else(|| Error::Conflict(format!("The route `{}` is taken in this company.", pass.route)))
}
