//! The pages of signing in: a name and a password, then perhaps a code.

use super::page::{Refused, refuse_with, render, see_other};
use crate::form::ProtectedForm;
use crate::session::{Browser, Visitor, encoded, let_in, let_on, step_held};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use guildhall_app::sign_in::{self, Entry};
use guildhall_app::{Error, Guildhall, mail};
use guildhall_core::return_to::local_path;
use hyper::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::sync::Arc;

/// Where people go who came for nothing in particular.
pub(super) const HOME: &str = "/account";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    visitor: &'a Visitor,
    name: &'a str,
    return_to: Option<&'a str>,
    /// What was just done elsewhere.
    told: Option<&'a str>,
    refusal: Option<String>,
}

impl SignIn<'_> {
    fn sign_up_address(&self) -> String {
        leading_on("/sign-up", self.return_to)
    }
}

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStep<'a> {
    visitor: &'a Visitor,
    return_to: Option<&'a str>,
    refusal: Option<String>,
}

/// What stands in the address of these pages.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Parameters {
    pub(super) return_to: Option<String>,
    /// `password` after a reset.
    done: Option<String>,
}

/// The first step's form.
#[derive(Deserialize)]
pub(crate) struct Password {
    name: String,
    password: String,
    return_to: Option<String>,
}

/// The second step's form.
#[derive(Deserialize)]
pub(crate) struct Code {
    code: String,
    return_to: Option<String>,
}

/// A place on this server, if one was given.
pub(super) fn place(given: Option<&str>) -> Option<&str> {
    given.and_then(local_path)
}

/// The address of a page that leads on to a place.
pub(super) fn leading_on(page: &str, return_to: Option<&str>) -> String {
    return_to.map_or_else(|| page.to_owned(), |place| format!("{page}?return_to={}", encoded(place)))
}

/// Asks for a name and a password.
pub(crate) async fn page(visitor: Visitor, Query(parameters): Query<Parameters>) -> Response {
    let return_to = place(parameters.return_to.as_deref());
    if visitor.session.is_some() {
        return see_other(return_to.unwrap_or(HOME));
    }
    let told = (parameters.done.as_deref() == Some("password"))
        .then_some("Your password is changed. Sign in with the new one.");
    let page = SignIn { visitor: &visitor, name: "", return_to, told, refusal: None };
    visitor.keep(render(StatusCode::OK, &page))
}

/// Takes them.
pub(crate) async fn enter(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Browser(browser): Browser,
    ProtectedForm(form): ProtectedForm<Password>,
) -> Response {
    let return_to = place(form.return_to.as_deref());
    match sign_in::sign_in(&hall, &form.name, &form.password, browser).await {
        Ok(Entry::Done(entered)) => let_in(&hall, &entered, see_other(return_to.unwrap_or(HOME))),
        Ok(Entry::CodeNeeded(token)) => {
            let_on(&hall, &token, see_other(&leading_on("/sign-in/code", return_to)))
        }
        Err(error) => {
            let refusal = Some(error.told());
            let name = form.name.as_str();
            let page = SignIn { visitor: &visitor, name, return_to, told: None, refusal };
            visitor.keep(refuse_with(&error, &page))
        }
    }
}

/// Asks for a code.
pub(crate) async fn code_page(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let is_awaited = match step_held(&hall, &headers) {
        Some(token) => sign_in::awaits_code(&hall, token).await?,
        None => false,
    };
    let return_to = place(parameters.return_to.as_deref());
    if !is_awaited {
        return Ok(see_other(&leading_on("/sign-in", return_to)));
    }
    Ok(visitor.keep(render(StatusCode::OK, &SecondStep { visitor: &visitor, return_to, refusal: None })))
}

/// Takes it.
pub(crate) async fn enter_code(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Browser(browser): Browser,
    headers: HeaderMap,
    ProtectedForm(form): ProtectedForm<Code>,
) -> Response {
    let return_to = place(form.return_to.as_deref());
    let token = step_held(&hall, &headers).unwrap_or_default();
    match sign_in::second_step(&hall, token, &form.code, browser).await {
        Ok(entered) => let_in(&hall, &entered, see_other(return_to.unwrap_or(HOME))),
        Err(error @ Error::NotFound(_)) => {
            let refusal = Some(error.told());
            let page = SignIn { visitor: &visitor, name: "", return_to, told: None, refusal };
            visitor.keep(refuse_with(&error, &page))
        }
        Err(error) => {
            let refusal = Some(error.told());
            visitor.keep(refuse_with(&error, &SecondStep { visitor: &visitor, return_to, refusal }))
        }
    }
}

/// Where a letter is when no mail is sent: for the pages that say that one is under way.
pub(crate) fn letter_hint(hall: &Guildhall) -> &'static str {
    match mail::is_configured(hall) {
        true => "If it does not come within a few minutes, look among the unwanted mail.",
        false => "This server sends no mail: whoever runs it finds the link in its log.",
    }
}
