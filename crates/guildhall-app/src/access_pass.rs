//! Access passes: what is sold, and what opens experiences.
//!
//! `change.rs` is what sellers make and say of theirs, `list.rs` a company's shelf. A deleted pass is found nowhere.

mod change;
mod list;

pub use change::{AccessPassUpdate, NewPass, OfferUpdate, create_as, delete, update};
pub use list::{AccessPassFilter, AccessPassOrder, VisibilityFilter, list};

use crate::Guildhall;
use crate::access;
use crate::company::Company;
use crate::error::{Error, Result, no_such};
use crate::principal::{Principal, holds};
use crate::store::{self, Read, Tx};
use crate::user::User;
use guildhall_core::access::AccessLevel;
use guildhall_core::ids::{AccessPassId, AttachmentId, CompanyId};
use guildhall_core::permission::Permission;

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
    /// All there is to say about it.
    pub description: Option<String>,
    /// The seller's pitch.
    pub creator_pitch: Option<String>,
    /// Where a buyer goes afterwards, unless the plan or the checkout says otherwise.
    pub redirect_purchase_url: Option<String>,
    /// What the button of a page about it is to say, one of the wire's `CustomCtas`; kept for its seller, since there is
    /// no such page here.
    pub custom_cta: String,
    /// Where that button is to lead instead; likewise.
    pub custom_cta_url: Option<String>,
    /// What license keys of it begin with.
    pub license_key_prefix: Option<String>,
    /// What anyone earns who brings a buyer.
    pub global_affiliate: Offer,
    /// What a member earns who brings a buyer.
    pub member_affiliate: Offer,
    /// Whether everyone is told how many members it has.
    pub show_member_count: bool,
    /// Whether a page about it is to show what is offered beside it; kept for its seller, since there is no such page.
    pub show_offers: bool,
    /// The seller's own JSON.
    pub metadata: String,
    /// When it was made, in milliseconds.
    pub created_at: i64,
    /// When it was last changed, in milliseconds.
    pub updated_at: i64,
}

impl AccessPass {
    /// Whether it stands for an app or for what one charges: it goes with that, and its seller sells nothing by it.
    #[must_use]
    pub fn stands_for_app(&self) -> bool {
        [AccessPassKind::App, AccessPassKind::ApiOnly].iter().any(|kind| self.kind == kind.as_str())
    }
}

/// What a seller offers to those who bring buyers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offer {
    /// Whether the offer stands.
    pub enabled: bool,
    /// The part of a payment, in hundredths of a percent.
    pub basis_points: Option<i64>,
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

    /// The one of the wire's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::App, Self::Regular, Self::ExperienceUpsell, Self::ApiOnly];
        all.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Who finds a pass or plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone.
    Visible,
    /// The team.
    Hidden,
    /// The team; it is sold no more.
    Archived,
    /// Whoever has its address.
    QuickLink,
}

impl Visibility {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
            Self::Archived => "archived",
            Self::QuickLink => "quick_link",
        }
    }

    /// The one of the wire's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Visible, Self::Hidden, Self::Archived, Self::QuickLink];
        all.into_iter().find(|one| one.as_str() == word)
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

/// How many people hold a valid membership of the pass.
///
/// # Errors
/// `Internal` only.
pub async fn active_users(hall: &Guildhall, id: AccessPassId) -> Result<i64> {
    hall.store.scan(move |read| store::membership::count_valid_users(read, &id)).await
}

/// The same, as everyone is told it: zero where its seller does not show it, but to those who hold
/// `access_pass:basic:read` in its company.
///
/// # Errors
/// `Internal` only.
pub async fn shown_active_users(hall: &Guildhall, principal: &Principal, pass: &AccessPass) -> Result<i64> {
    if !pass.show_member_count {
        let (principal, company) = (principal.clone(), pass.company.clone());
        let look = hall.store.read(move |read| holds(read, &principal, &company, Permission::AccessPassRead));
        if !look.await? {
            return Ok(0);
        }
    }
    active_users(hall, pass.id.clone()).await
}

/// An access pass, as a part of something else that the caller may see.
///
/// # Errors
/// `NotFound`, also when it was deleted.
pub async fn load(hall: &Guildhall, id: AccessPassId) -> Result<AccessPass> {
    hall.store
        .read(move |read| match store::access_pass::find(read, &id)? {
            Some(found) => Ok(found.pass),
            None => no_such("access pass", &id),
        })
        .await
}

/// An access pass as a part of what was bought of it, whatever became of it.
///
/// # Errors
/// `NotFound`.
pub async fn load_ever(hall: &Guildhall, id: AccessPassId) -> Result<AccessPass> {
    hall.store
        .read(move |read| match store::access_pass::find_ever(read, &id)? {
            Some(pass) => Ok(pass),
            None => no_such("access pass", &id),
        })
        .await
}

/// An access pass's public face as a part of something else that the caller may see; `None` when it was deleted.
///
/// # Errors
/// `Internal` only.
pub async fn load_public(hall: &Guildhall, id: AccessPassId) -> Result<Option<PublicAccessPass>> {
    hall.store.read(move |read| store::access_pass::find(read, &id)).await
}

/// An access pass as a part of something else, to those who hold `access_pass:basic:read` in its company; to others,
/// and when it was deleted, `None`.
///
/// # Errors
/// `Internal` only.
pub async fn load_if_shown(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: AccessPassId,
) -> Result<Option<AccessPass>> {
    let principal = principal.clone();
    hall.store
        .read(move |read| match holds(read, &principal, &company, Permission::AccessPassRead)? {
            true => Ok(store::access_pass::find(read, &id)?.map(|found| found.pass)),
            false => Ok(None),
        })
        .await
}

/// Makes an access pass.
pub(crate) fn create(tx: &mut Tx<'_>, pass: &NewAccessPass) -> Result<AccessPassId> {
    lock_routes(tx, &pass.company)?;
    store::access_pass::insert(tx, pass)?.ok_or_else(|| taken(&pass.route))
}

fn taken(route: &str) -> Error {
    Error::Conflict(format!("The route `{route}` is taken in this company."))
}

/// Holds everyone else who gives a pass of the company a route.
fn lock_routes(tx: &mut Tx<'_>, company: &CompanyId) -> Result<()> {
    tx.lock(&format!("routes of {company}"))
}

/// Holds everyone else who changes the pass, deletes it or lets somebody hold it.
pub(crate) fn lock(tx: &mut Tx<'_>, id: &AccessPassId) -> Result<()> {
    tx.lock(&format!("access pass {id}"))
}

/// Holds whoever would change the pass or delete it: to be called before somebody comes to hold it, which many may at
/// once.
pub(crate) fn keep(tx: &mut Tx<'_>, id: &AccessPassId) -> Result<()> {
    tx.share(&format!("access pass {id}"))
}
