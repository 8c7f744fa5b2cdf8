//! The pages of a forgotten password.

use super::page::{Refused, refuse_with, render, see_other};
use super::sign_in::letter_hint;
use super::sign_up::LetterSent;
use crate::form::ProtectedForm;
use crate::session::{Browser, Visitor, let_out};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::{Error, Guildhall, password_reset};
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "forgot_password.html")]
struct Forgot<'a> {
    visitor: &'a Visitor,
    email: &'a str,
    refusal: Option<String>,
}

#[derive(Template)]
#[template(path = "reset_password.html")]
struct Reset<'a> {
    visitor: &'a Visitor,
    token: &'a str,
    username: &'a str,
    refusal: Option<String>,
}

/// Whose password was forgotten.
#[derive(Debug, Deserialize)]
pub(crate) struct Whose {
    email: String,
}

/// The new password.
#[derive(Deserialize)]
pub(crate) struct NewPassword {
    password: String,
}

/// Asks for an e-mail.
pub(crate) async fn page(visitor: Visitor) -> Response {
    visitor.keep(render(StatusCode::OK, &Forgot { visitor: &visitor, email: "", refusal: None }))
}

/// Takes it, and says that a letter is under way whether or not the e-mail has an account.
pub(crate) async fn ask(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Browser(browser): Browser,
    ProtectedForm(form): ProtectedForm<Whose>,
) -> Response {
    match password_reset::ask(&hall, &form.email, &browser.device).await {
        Ok(()) => {
            let lead = "If there is an account with this e-mail, a letter with a link is on its way. The link counts for an hour.";
            let (email, hint) = (form.email.trim(), letter_hint(&hall));
            visitor.keep(render(StatusCode::OK, &LetterSent { visitor: &visitor, lead, email, hint }))
        }
        Err(error) => {
            let refusal = Some(error.told());
            visitor.keep(refuse_with(&error, &Forgot { visitor: &visitor, email: &form.email, refusal }))
        }
    }
}

/// Asks for a new password.
pub(crate) async fn link(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Result<Response, Refused> {
    let username = whose(&hall, &visitor, &token).await?;
    let page = Reset { visitor: &visitor, token: &token, username: &username, refusal: None };
    Ok(visitor.keep(render(StatusCode::OK, &page)))
}

/// Takes it; whoever was signed in here is not any more.
pub(crate) async fn reset(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(token): Path<String>,
    ProtectedForm(form): ProtectedForm<NewPassword>,
) -> Result<Response, Refused> {
    let username = whose(&hall, &visitor, &token).await?;
    match password_reset::reset(&hall, &token, &form.password).await {
        Ok(()) => Ok(let_out(&hall, see_other("/sign-in?done=password"))),
        Err(Error::NotFound(_)) => Err(Refused::link_is_over().seen_by(&visitor)),
        Err(error) => {
            let refusal = Some(error.told());
            let page = Reset { visitor: &visitor, token: &token, username: &username, refusal };
            Ok(visitor.keep(refuse_with(&error, &page)))
        }
    }
}

async fn whose(hall: &Guildhall, visitor: &Visitor, token: &str) -> Result<String, Refused> {
    match password_reset::whose(hall, token).await {
        Ok(Some(username)) => Ok(username),
        Ok(None) => Err(Refused::link_is_over().seen_by(visitor)),
        Err(error) => Err(Refused::from(error).seen_by(visitor)),
    }
}
