//! Third-party apps: how one comes to be, and what its developers say of it.
//!
//! An app belongs to one company, stands on a hidden access pass of that company, and speaks through agent users.

use crate::Guildhall;
use crate::access_pass::{self, AccessPassKind, NewAccessPass, Visibility};
use crate::api_key::{self, FreshKey};
use crate::attachment;
use crate::audit::Doer;
use crate::company::Company;
use crate::error::{Error, Result, no_such};
use crate::page::{Page, Part};
use crate::principal::{Principal, authorize, holds, is_within_reach};
use crate::store::{self, Read, Tx};
use crate::user::{self, NewUser, User};
use guildhall_core::app::{self as rules, AppStatus};
use guildhall_core::app_view::check_path;
use guildhall_core::attachment::Media;
use guildhall_core::experience::check_name;
use guildhall_core::ids::{AccessPassId, AppId, AttachmentId, CompanyId, Id, UserId};
use guildhall_core::permission::Permission;
use serde_json::json;

/// A third-party app.
#[derive(Debug, Clone)]
pub struct App {
    /// The id.
    pub id: AppId,
    /// The company that owns it and has granted it everything.
    pub company: CompanyId,
    /// The name shown.
    pub name: String,
    /// The icon.
    pub icon: Option<AttachmentId>,
}

/// An app, to its developers.
#[derive(Debug, Clone)]
pub struct AppDetails {
    /// What everyone sees.
    pub app: App,
    /// The hidden pass that stands for it.
    pub access_pass: AccessPassId,
    /// A few words.
    pub description: Option<String>,
    /// Who finds it.
    pub status: AppStatus,
    /// Where it is served from, without a slash at the end.
    pub base_url: Option<String>,
    /// The same on a developer's machine.
    pub base_dev_url: Option<String>,
    /// The same while it is tried before a release.
    pub base_preview_url: Option<String>,
    /// The path of its view in a community.
    pub experience_path: Option<String>,
    /// The path of its view for a company's team.
    pub dashboard_path: Option<String>,
    /// The path of its public view.
    pub discover_path: Option<String>,
    /// The text of its public page.
    pub app_store_description: Option<String>,
    /// The address of its public page.
    pub product_page: Option<String>,
    /// What the button that opens it says.
    pub hub_cta: Option<String>,
    /// Whether buyers pay inside it.
    pub force_checkout_iframe: bool,
    /// The wire's `AppValidScopes` that signing in through it asks for.
    pub required_scopes: Vec<String>,
    /// When it was made, in milliseconds.
    pub created_at: i64,
}

/// What a new app is made of.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// The name shown.
    pub name: String,
    /// Where it is served from.
    pub base_url: Option<String>,
    /// The company that will own it; the caller's own when `None`.
    pub company: Option<CompanyId>,
}

/// An app that was just made.
#[derive(Debug, Clone)]
pub struct Made {
    /// The app.
    pub details: AppDetails,
    /// Its first key; `None` where the caller may not see keys, and so none was made.
    pub key: Option<FreshKey>,
}

/// What happens to a value that may be absent.
#[derive(Debug, Clone, Default)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Change<T> {
    /// Does it to a value, once the new one was found sound.
    pub(crate) fn apply(self, place: &mut Option<T>, check: impl FnOnce(T) -> Result<T>) -> Result<()> {
        match self {
            Self::Keep => {}
            Self::Clear => *place = None,
            Self::Set(value) => *place = Some(check(value)?),
        }
        Ok(())
    }
}

/// What is changed of an app; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct AppUpdate {
    /// The name shown.
    pub name: Option<String>,
    /// Who finds it.
    pub status: Option<AppStatus>,
    /// A few words.
    pub description: Change<String>,
    /// The icon, a picture of the caller's.
    pub icon: Change<AttachmentId>,
    /// Where it is served from.
    pub base_url: Change<String>,
    /// The same on a developer's machine.
    pub base_dev_url: Change<String>,
    /// The same while it is tried before a release.
    pub base_preview_url: Change<String>,
    /// The path of its view in a community.
    pub experience_path: Change<String>,
    /// The path of its view for a company's team.
    pub dashboard_path: Change<String>,
    /// The path of its public view.
    pub discover_path: Change<String>,
    /// The text of its public page.
    pub app_store_description: Change<String>,
    /// The address of its public page.
    pub product_page: Change<String>,
    /// What the button that opens it says.
    pub hub_cta: Change<String>,
    /// Whether buyers pay inside it.
    pub force_checkout_iframe: Option<bool>,
    /// The wire's `AppValidScopes`.
    pub required_scopes: Option<Vec<String>>,
    /// The agent that acts when nobody is named.
    pub default_agent: Option<UserId>,
}

/// Makes an app, on a hidden pass of its own, installed in its own company.
pub(crate) fn make(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    name: &str,
    base_url: Option<&str>,
) -> Result<AppId> {
    let id: AppId = tx.mint();
    let pass = NewAccessPass {
        company: company.clone(),
        kind: AccessPassKind::App,
        title: name.to_owned(),
        route: id.to_string(),
        headline: None,
        shortened_description: None,
        visibility: Visibility::Hidden,
    };
    let pass = access_pass::create(tx, &pass)?;
    store::app::insert(tx, &id, company, name, base_url, &pass)?;
    store::install::insert(tx, &id, company)?;
    Ok(id)
}

/// Makes an agent user of an app.
pub(crate) fn add_agent(tx: &mut Tx<'_>, app: &AppId, user: &NewUser, position: i64) -> Result<UserId> {
    let id = user::create(tx, user)?;
    store::app::insert_agent(tx, app, &id, position)?;
    Ok(id)
}

/// Makes an app with an agent user and, where the caller may see it, an API key.
///
/// # Errors
/// `Invalid` for an unsound name or address, `Forbidden` without `developer:create_app`.
pub async fn create(hall: &Guildhall, principal: &Principal, new: NewApp) -> Result<Made> {
    let principal = principal.clone();
    let made = hall.store.write(move |tx| {
        principal.acting_user()?;
        let company = match new.company.clone().or_else(|| principal.company.clone()) {
            Some(company) => company,
            None => principal.calling_app()?.company.clone(),
        };
        authorize(tx, &principal, &company, Permission::DeveloperCreateApp)?;
        let keyed = holds(tx, &principal, &company, Permission::DeveloperManageApiKey)?;
        create_in(tx, &Doer::of(&principal), &company, &new, keyed)
    });
    let made = made.await;
    hall.credentials.forget();
    made
}

pub(crate) fn create_in(
    tx: &mut Tx<'_>,
    doer: &Doer,
    company: &CompanyId,
    new: &NewApp,
    keyed: bool,
) -> Result<Made> {
    /// How many of the id's random letters make the agent's username its own.
    const OWN: usize = 10;
    let name = check_name(&new.name)?;
    let base_url = new.base_url.as_deref().map(|text| rules::check_base_url(text, "baseUrl")).transpose()?;
    let id = make(tx, company, name, base_url.as_deref())?;
    let own = &id.as_str()[id.as_str().len() - OWN..];
    let agent =
        NewUser { username: rules::agent_username(name, own), name: Some(name.into()), ..NewUser::default() };
    add_agent(tx, &id, &agent, 0)?;
    doer.log(tx, company, "create_app", &id, json!({"name": name}))?;
    let key = keyed.then(|| api_key::create_in(tx, doer, &id, company)).transpose()?;
    Ok(Made { details: details(tx, &id)?, key })
}

pub(crate) fn details(read: &mut Read<'_>, id: &AppId) -> Result<AppDetails> {
    match store::app::find_details(read, id)? {
        Some(found) => Ok(found),
        None => no_such("app", id),
    }
}

/// The app, for whoever may do this with it; the others are told that it is not there, or what they lack.
pub(crate) fn managed(
    read: &mut Read<'_>,
    principal: &Principal,
    id: &AppId,
    permission: Permission,
) -> Result<App> {
    principal.acting_user()?;
    match store::app::find(read, id)? {
        Some(app) if is_within_reach(read, principal, &app.company)? => {
            authorize(read, principal, &app.company, permission)?;
            Ok(app)
        }
        _ => no_such("app", id),
    }
}

/// An app, to its developers.
///
/// # Errors
/// `NotFound` for one that is none of the company's, `Forbidden` without `developer:basic:read`.
pub async fn find(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: AppId,
) -> Result<AppDetails> {
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            authorize(read, &principal, &company, Permission::DeveloperRead)?;
            match store::app::find_details(read, &id)? {
                Some(found) if found.app.company == company => Ok(found),
                _ => no_such("app", &id),
            }
        })
        .await
}

/// An app, to its developers, whichever of their companies owns it.
///
/// # Errors
/// `NotFound` for one that is none of the caller's business, `Forbidden` without `developer:basic:read`.
pub async fn find_managed(hall: &Guildhall, principal: &Principal, id: AppId) -> Result<AppDetails> {
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            managed(read, &principal, &id, Permission::DeveloperRead)?;
            details(read, &id)
        })
        .await
}

/// A company's apps, oldest first.
///
/// # Errors
/// `Forbidden` without `developer:basic:read`.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    part: Part<AppId>,
) -> Result<Page<AppDetails>> {
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            authorize(read, &principal, &company, Permission::DeveloperRead)?;
            let nodes = store::app::list(read, &company, &part)?;
            Ok(part.page(nodes, store::app::count(read, &company)?))
        })
        .await
}

/// The companies whose apps the caller may see, by title and at most 200.
///
/// # Errors
/// `Unauthenticated` when nobody acts.
pub async fn companies(hall: &Guildhall, principal: &Principal) -> Result<Vec<Company>> {
    const MOST: i64 = 200;
    let person = principal.acting_user()?.clone();
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            let mut companies = store::install::companies_of_team(read, &person, MOST)?;
            let mut failed = None;
            companies.retain(|company| {
                holds(read, &principal, &company.id, Permission::DeveloperRead).unwrap_or_else(|error| {
                    failed = Some(error);
                    false
                })
            });
            failed.map_or(Ok(companies), Err)
        })
        .await
}

/// An app's agent users, the one that acts when nobody is named first.
///
/// # Errors
/// `Internal` only.
pub async fn agents(hall: &Guildhall, app: AppId) -> Result<Vec<User>> {
    hall.store.read(move |read| store::app::agents(read, &app)).await
}

/// Changes an app.
///
/// # Errors
/// `Invalid` for what no app may be, `NotFound` for an app or icon that is none of the caller's business, `Forbidden`
/// without `developer:update_app`.
pub async fn update(hall: &Guildhall, principal: &Principal, id: AppId, update: AppUpdate) -> Result<()> {
    let principal = principal.clone();
    let updated = hall.store.write(move |tx| {
        let app = managed(tx, &principal, &id, Permission::DeveloperUpdateApp)?;
        if let Change::Set(icon) = &update.icon {
            attachment::check_usable(tx, &principal, std::slice::from_ref(icon))?;
            let file = store::attachment::find_ready(tx, icon)?;
            if !file.is_some_and(|file| file.media == Media::Image) {
                return Err(Error::Invalid("`icon` must be a picture.".into()));
            }
        }
        // Two who change different things at once lose nothing of each other's.
        tx.lock(&format!("app {id}"))?;
        let mut found = details(tx, &id)?;
        let agent = update.default_agent.clone();
        apply(&mut found, update.clone())?;
        store::app::update(tx, &found)?;
        if let Some(agent) = agent
            && !store::app::set_first_agent(tx, &id, &agent)?
        {
            return Err(Error::Invalid(format!(
                "`defaultAgentUserId` must be one of the app's agent users; `{agent}` is not."
            )));
        }
        Doer::of(&principal).log(tx, &app.company, "update_app", &id, json!({"name": found.app.name}))
    });
    let updated = updated.await;
    hall.credentials.forget();
    updated
}

fn apply(found: &mut AppDetails, update: AppUpdate) -> Result<()> {
    let text = |field, longest| move |text: String| Ok(rules::check_text(&text, field, longest)?);
    let address = |field| move |text: String| Ok(rules::check_base_url(&text, field)?);
    let path = |field| move |text: String| Ok(check_path(&text, field)?);
    if let Some(name) = update.name {
        found.app.name = check_name(&name)?.to_owned();
    }
    found.status = update.status.unwrap_or(found.status);
    update.icon.apply(&mut found.app.icon, Ok)?;
    update.description.apply(&mut found.description, text("description", rules::LONGEST_DESCRIPTION))?;
    update.base_url.apply(&mut found.base_url, address("baseUrl"))?;
    update.base_dev_url.apply(&mut found.base_dev_url, address("baseDevUrl"))?;
    update.base_preview_url.apply(&mut found.base_preview_url, address("basePreviewUrl"))?;
    update.experience_path.apply(&mut found.experience_path, path("experiencePath"))?;
    update.dashboard_path.apply(&mut found.dashboard_path, path("dashboardPath"))?;
    update.discover_path.apply(&mut found.discover_path, path("discoverPath"))?;
    update.app_store_description.apply(
        &mut found.app_store_description,
        text("appStoreDescription", rules::LONGEST_STORE_DESCRIPTION),
    )?;
    update.product_page.apply(&mut found.product_page, text("productPage", rules::LONGEST_ADDRESS))?;
    update.hub_cta.apply(&mut found.hub_cta, text("hubCta", rules::LONGEST_CALL))?;
    found.force_checkout_iframe = update.force_checkout_iframe.unwrap_or(found.force_checkout_iframe);
    if let Some(mut scopes) = update.required_scopes {
        scopes.sort();
        scopes.dedup();
        found.required_scopes = scopes;
    }
    Ok(())
}
