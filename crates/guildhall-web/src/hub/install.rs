//! Where a person lets an app into a company, decides anew, and sends it away.

use super::app::{Mark, told};
use super::page::{Refused, render, see_other};
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::app::AppDetails;
use guildhall_app::install::{self, Asked, Candidate, Preview};
use guildhall_app::{Error, Guildhall, Principal};
use guildhall_core::ids::{AppId, CompanyId, Id};
use guildhall_core::permission::Permission;
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// The fields of a form in their order, of which one name may come often.
type Fields = Vec<(String, String)>;

/// What stands in the address.
#[derive(Debug, Deserialize)]
pub(crate) struct Asking {
    /// The company that decides; without one it is chosen first.
    company: Option<String>,
    /// What was done just now: `installed` or `removed`.
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "install_choice.html")]
struct Choice<'a> {
    visitor: &'a Visitor,
    app: &'a AppDetails,
    mark: Mark,
    candidates: &'a [Candidate],
    was_removed: bool,
}

#[derive(Template)]
#[template(path = "install.html")]
struct Decision<'a> {
    visitor: &'a Visitor,
    mark: Mark,
    preview: &'a Preview,
    /// Why the last decision was not taken.
    problem: Option<&'a str>,
    was_installed: bool,
}

impl Decision<'_> {
    /// Whether a box is ticked to begin with: what is needed, what is granted, and at first what is wished for.
    fn is_ticked(&self, asked: &Asked) -> bool {
        asked.requirement.required || asked.granted || (self.preview.installed_at.is_none() && asked.is_new)
    }
}

/// Shows the companies to choose from, or what the app asks of one.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(app): Path<String>,
    Query(asking): Query<Asking>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let principal = Principal::in_person(session.user);
    let app = AppId::parse(&app).map_err(|error| told(&visitor, error.into()))?;
    let done = asking.done.as_deref();
    if let Some(company) = asking.company.filter(|company| !company.is_empty()) {
        let company = CompanyId::parse(&company).map_err(|error| told(&visitor, error.into()))?;
        return decision(&hall, &visitor, &principal, app, company, None, done == Some("installed")).await;
    }
    let found = install::candidates(&hall, &principal, app.clone()).await;
    let (app, candidates) = found.map_err(|error| told(&visitor, error))?;
    if let ([only], None) = (&candidates[..], done) {
        return Ok(see_other(&format!("/apps/{}/install?company={}", app.app.id, only.company.id)));
    }
    let mark = Mark::of(&hall, &app.app).await;
    let was_removed = done == Some("removed");
    let choice = Choice { visitor: &visitor, mark, candidates: &candidates, was_removed, app: &app };
    Ok(render(StatusCode::OK, &choice))
}

async fn decision(
    hall: &Guildhall,
    visitor: &Visitor,
    principal: &Principal,
    app: AppId,
    company: CompanyId,
    problem: Option<&str>,
    was_installed: bool,
) -> Result<Response, Refused> {
    let preview = install::preview(hall, principal, app, company).await;
    let preview = preview.map_err(|error| told(visitor, error))?;
    let mark = Mark::of(hall, &preview.app.app).await;
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(render(status, &Decision { visitor, mark, preview: &preview, problem, was_installed }))
}

/// Takes the decision of the page.
pub(crate) async fn approve(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(app): Path<String>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let principal = Principal::in_person(session.user);
    let app = AppId::parse(&app).map_err(|error| told(&visitor, error.into()))?;
    let company = company_in(&fields).map_err(|error| told(&visitor, error))?;
    let granted: Option<Vec<Permission>> = fields
        .iter()
        .filter(|(name, _)| name == "granted")
        .map(|(_, word)| Permission::from_word(word))
        .collect();
    let granted = granted
        .ok_or_else(|| told(&visitor, Error::Invalid("The form names a permission nobody knows.".into())))?;
    match install::approve(&hall, &principal, app.clone(), company.clone(), granted).await {
        Ok(()) => Ok(see_other(&format!("/apps/{app}/install?company={company}&done=installed"))),
        // The list may have changed since the page was shown: it is shown again as it is now.
        Err(Error::Invalid(sentence)) => {
            decision(&hall, &visitor, &principal, app, company, Some(&sentence), false).await
        }
        Err(error) => Err(told(&visitor, error)),
    }
}

/// Sends the app away.
pub(crate) async fn uninstall(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(app): Path<String>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let app = AppId::parse(&app).map_err(|error| told(&visitor, error.into()))?;
    let company = company_in(&fields).map_err(|error| told(&visitor, error))?;
    let principal = Principal::in_person(session.user);
    let removed = install::uninstall(&hall, &principal, app.clone(), company).await;
    removed.map_err(|error| told(&visitor, error))?;
    // A hidden app that was sent away is known here no more.
    match install::candidates(&hall, &principal, app.clone()).await {
        Ok(_) => Ok(see_other(&format!("/apps/{app}/install?done=removed"))),
        Err(_) => Ok(see_other("/")),
    }
}

fn company_in(fields: &Fields) -> Result<CompanyId, Error> {
    let named = fields.iter().find(|(name, _)| name == "company").map_or("", |(_, value)| value);
    Ok(CompanyId::parse(named)?)
}
