//! A developer's pages: the apps of one's companies, and one app with its settings, keys, agents and installs.

use super::api_key::shown;
use super::page::{Refused, render, see_other};
use super::permission_requirement::{Line, lines};
use super::redirect_uri::Addresses;
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::api_key::{self, ApiKey};
use guildhall_app::app::{self, App, AppDetails, AppUpdate, Change, NewApp};
use guildhall_app::company::Company;
use guildhall_app::page::Part;
use guildhall_app::user::User;
use guildhall_app::{Error, Guildhall, Principal, attachment, install, oauth, permission_requirement};
use guildhall_core::app::AppStatus;
use guildhall_core::ids::{AppId, CompanyId, Id};
use guildhall_core::moment;
use guildhall_core::page::LARGEST_SIZE;
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// How an app is known at a glance: its icon, or the first letter of its name.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) icon: Option<String>,
    pub(super) letter: String,
}

impl Mark {
    pub(super) async fn of(hall: &Guildhall, app: &App) -> Self {
        let file = attachment::shown(hall, app.icon.clone()).await.ok().flatten();
        let letter = app.name.chars().next().map(|first| first.to_uppercase().to_string());
        Self { icon: file.map(|file| attachment::address(hall, &file)), letter: letter.unwrap_or_default() }
    }
}

/// An error as a page that knows who looks.
pub(super) fn told(visitor: &Visitor, error: Error) -> Refused {
    Refused::from(error).seen_by(visitor)
}

/// One company and its apps.
struct Shelf {
    company: Company,
    apps: Vec<(AppDetails, Mark)>,
    /// Whether it has more than are shown.
    has_more: bool,
}

#[derive(Template)]
#[template(path = "developer.html")]
struct Shelves<'a> {
    visitor: &'a Visitor,
    shelves: &'a [Shelf],
    problem: Option<&'a str>,
    name: &'a str,
    base_url: &'a str,
}

/// Shows the apps of the companies that one develops for.
pub(crate) async fn list(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    shelves(&hall, &visitor, &Principal::in_person(session.user), None, ("", "")).await
}

async fn shelves(
    hall: &Guildhall,
    visitor: &Visitor,
    principal: &Principal,
    problem: Option<&str>,
    (name, base_url): (&str, &str),
) -> Result<Response, Refused> {
    let companies = app::companies(hall, principal).await.map_err(|error| told(visitor, error))?;
    let mut shelves = Vec::with_capacity(companies.len());
    for company in companies {
        let found = app::list(hall, principal, company.id.clone(), Part::first(LARGEST_SIZE)).await;
        let found = found.map_err(|error| told(visitor, error))?;
        let mut apps = Vec::with_capacity(found.nodes.len());
        for details in found.nodes {
            let mark = Mark::of(hall, &details.app).await;
            apps.push((details, mark));
        }
        shelves.push(Shelf { company, apps, has_more: found.has_next });
    }
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(render(status, &Shelves { visitor, shelves: &shelves, problem, name, base_url }))
}

/// What a new app is made of, as a form says it.
#[derive(Debug, Deserialize)]
pub(crate) struct NewForm {
    company: String,
    name: String,
    #[serde(default)]
    base_url: String,
}

/// Makes an app, and shows its key.
pub(crate) async fn create(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    ProtectedForm(form): ProtectedForm<NewForm>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let principal = Principal::in_person(session.user);
    let company = CompanyId::parse(&form.company).map_err(|error| told(&visitor, error.into()))?;
    let base_url = Some(form.base_url.clone()).filter(|url| !url.trim().is_empty());
    let new = NewApp { name: form.name.clone(), base_url, company: Some(company) };
    match app::create(&hall, &principal, new).await {
        Ok(made) => match made.key {
            Some(key) => Ok(shown(&visitor, &made.details.app.id, &key.text, "")),
            None => Ok(see_other(&format!("/developer/apps/{}", made.details.app.id))),
        },
        Err(Error::Invalid(sentence)) => {
            shelves(&hall, &visitor, &principal, Some(&sentence), (&form.name, &form.base_url)).await
        }
        Err(error) => Err(told(&visitor, error)),
    }
}

/// An app's settings, as a form says them; what is empty is absent.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    name: String,
    description: String,
    status: String,
    base_url: String,
    base_dev_url: String,
    experience_path: String,
    dashboard_path: String,
    discover_path: String,
    default_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        let empty = String::new;
        Self {
            name: empty(),
            description: empty(),
            status: AppStatus::Hidden.as_str().into(),
            base_url: empty(),
            base_dev_url: empty(),
            experience_path: empty(),
            dashboard_path: empty(),
            discover_path: empty(),
            default_agent: empty(),
        }
    }
}

impl Settings {
    fn of(found: &AppDetails, agents: &[User]) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            name: found.app.name.clone(),
            description: text(&found.description),
            status: found.status.as_str().into(),
            base_url: text(&found.base_url),
            base_dev_url: text(&found.base_dev_url),
            experience_path: text(&found.experience_path),
            dashboard_path: text(&found.dashboard_path),
            discover_path: text(&found.discover_path),
            default_agent: agents.first().map(|agent| agent.id.to_string()).unwrap_or_default(),
        }
    }

    fn read(&self) -> Result<AppUpdate, Error> {
        let set = |text: &str| match text.trim() {
            "" => Change::Clear,
            text => Change::Set(text.to_owned()),
        };
        let status = AppStatus::from_word(&self.status)
            .ok_or_else(|| Error::Invalid("The form names a visibility nobody knows.".into()))?;
        let agent = Some(self.default_agent.as_str()).filter(|agent| !agent.is_empty());
        Ok(AppUpdate {
            name: Some(self.name.clone()),
            status: Some(status),
            description: set(&self.description),
            base_url: set(&self.base_url),
            base_dev_url: set(&self.base_dev_url),
            experience_path: set(&self.experience_path),
            dashboard_path: set(&self.dashboard_path),
            discover_path: set(&self.discover_path),
            default_agent: agent.map(Id::parse).transpose()?,
            ..AppUpdate::default()
        })
    }
}

/// What a form of the page said that was refused, to be shown as it was typed.
#[derive(Debug)]
pub(super) enum Sent {
    Nothing,
    Settings(Settings),
    Addresses(Addresses),
}

/// What was done before the page is shown.
#[derive(Debug, Clone, Copy)]
pub(super) enum Done<'a> {
    Nothing,
    /// It worked.
    Well(&'a str),
    /// It was refused, with this sentence.
    Refused(&'a str),
}

#[derive(Template)]
#[template(path = "developer_app.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    found: &'a AppDetails,
    mark: Mark,
    settings: &'a Settings,
    /// The live keys with the day each was made; `None` for who may not see keys.
    keys: Option<Vec<(ApiKey, String)>>,
    agents: &'a [User],
    addresses: &'a Addresses,
    lines: &'a [Line],
    asked: usize,
    companies: &'a [Company],
    installs: i64,
    origin: &'a str,
    good: Option<&'a str>,
    problem: Option<&'a str>,
}

/// What stands in the address of an app's page.
#[derive(Debug, Deserialize)]
pub(crate) struct After {
    done: Option<String>,
}

/// Shows an app.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(app): Path<String>,
    Query(after): Query<After>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let app = AppId::parse(&app).map_err(|error| told(&visitor, error.into()))?;
    let done = match after.done.as_deref() {
        Some("saved") => Done::Well("The settings are saved."),
        Some("asked") => {
            Done::Well("The permissions are saved. Who installed the app is asked about what is new.")
        }
        Some("addresses") => Done::Well("The sign-in addresses are saved."),
        Some("revoked") => Done::Well("The key is revoked."),
        _ => Done::Nothing,
    };
    again(&hall, &visitor, &Principal::in_person(session.user), app, Sent::Nothing, done).await
}

/// The page of an app, with what was sent or else as things are.
pub(super) async fn again(
    hall: &Guildhall,
    visitor: &Visitor,
    principal: &Principal,
    app: AppId,
    sent: Sent,
    done: Done<'_>,
) -> Result<Response, Refused> {
    let fail = |error| told(visitor, error);
    let found = app::find_managed(hall, principal, app.clone()).await.map_err(fail)?;
    let agents = app::agents(hall, app.clone()).await.map_err(fail)?;
    let keys = api_key::list(hall, principal, found.app.clone()).await.map_err(fail)?;
    let asked = permission_requirement::list(hall, app.clone()).await.map_err(fail)?;
    let dated = |key: ApiKey| {
        let day = moment::day(key.created_at);
        (key, day)
    };
    let (good, problem) = match done {
        Done::Nothing => (None, None),
        Done::Well(sentence) => (Some(sentence), None),
        Done::Refused(sentence) => (None, Some(sentence)),
    };
    let uris = oauth::redirect_uris(hall, app.clone()).await.map_err(fail)?;
    let (mut settings, mut addresses) = (Settings::of(&found, &agents), Addresses::of(&uris));
    match sent {
        Sent::Nothing => {}
        Sent::Settings(sent) => settings = sent,
        Sent::Addresses(sent) => addresses = sent,
    }
    let (companies, installs) = install::companies_with(hall, principal, app).await.map_err(fail)?;
    let page = Page {
        visitor,
        mark: Mark::of(hall, &found.app).await,
        settings: &settings,
        keys: keys.map(|keys| keys.into_iter().map(dated).collect()),
        agents: &agents,
        addresses: &addresses,
        lines: &lines(&asked),
        asked: asked.len(),
        companies: &companies,
        installs,
        origin: hall.origin(),
        good,
        problem,
        found: &found,
    };
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(render(status, &page))
}

/// Saves the settings.
pub(crate) async fn update(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(app): Path<String>,
    ProtectedForm(settings): ProtectedForm<Settings>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let principal = Principal::in_person(session.user);
    let app = AppId::parse(&app).map_err(|error| told(&visitor, error.into()))?;
    let updated = match settings.read() {
        Ok(update) => app::update(&hall, &principal, app.clone(), update).await,
        Err(error) => Err(error),
    };
    match updated {
        Ok(()) => Ok(see_other(&format!("/developer/apps/{app}?done=saved"))),
        Err(Error::Invalid(sentence)) => {
            again(&hall, &visitor, &principal, app, Sent::Settings(settings), Done::Refused(&sentence)).await
        }
        Err(error) => Err(told(&visitor, error)),
    }
}
