//! The page of one's own account, and the forms on it.

use super::page::{Refused, render, see_other};
use super::session::Button;
use super::sign_in::letter_hint;
use super::sign_up::LetterSent;
use crate::form::ProtectedForm;
use crate::session::{Browser, SignedIn, Visitor, let_in};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::account::{self, Account};
use guildhall_app::session::{self, Session};
use guildhall_app::{Error, Guildhall};
use guildhall_core::ids::{Id, SessionId};
use guildhall_core::session::{ago, device_in_words};
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// A part of the page that a form belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Name,
    Email,
    Password,
    TwoSteps,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    account: &'a Account,
    sessions: &'a [ShownSession],
    told: Option<&'static str>,
    refusal: Option<(Part, String)>,
    password_changed: String,
    /// What stands for a picture: the first letter of the name.
    initial: String,
}

impl Page<'_> {
    /// Why the form of a part was refused.
    fn refusal_of(&self, part: Part) -> Option<&str> {
        self.refusal.as_ref().filter(|(refused, _)| *refused == part).map(|(_, sentence)| sentence.as_str())
    }
}

struct ShownSession {
    id: String,
    device: String,
    address: String,
    last_seen: String,
    began: String,
    is_here: bool,
}

/// What was just done, as it stands in the address.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Parameters {
    done: Option<String>,
}

/// What each form on the page sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Name {
    name: String,
}

#[derive(Deserialize)]
pub(crate) struct Email {
    email: String,
    password: String,
}

#[derive(Deserialize)]
pub(crate) struct Passwords {
    password: String,
    new_password: String,
}

/// Shows it.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { visitor, session }: SignedIn,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Refused> {
    let told = match parameters.done.as_deref() {
        Some("open") => Some("Welcome! Your account is open."),
        Some("name") => Some("Your name is changed."),
        Some("password") => Some("Your password is changed, and you are signed out everywhere else."),
        Some("two-step") => Some("Signing in takes one step again."),
        Some("session") => Some("The device is signed out."),
        Some("sessions") => Some("Every other device is signed out."),
        _ => None,
    };
    show(&hall, &visitor, &session, StatusCode::OK, told, None).await
}

async fn show(
    hall: &Guildhall,
    visitor: &Visitor,
    here: &Session,
    status: StatusCode,
    told: Option<&'static str>,
    refusal: Option<(Part, String)>,
) -> Result<Response, Refused> {
    let account =
        account::find(hall, &here.user).await.map_err(|error| Refused::from(error).seen_by(visitor))?;
    let now = hall.now_ms();
    let sessions = session::list(hall, &here.user).await?.into_iter().map(|session| ShownSession {
        id: session.id.to_string(),
        device: device_in_words(&session.device.agent),
        address: session.device.address,
        last_seen: ago(now - session.last_seen_at),
        began: ago(now - session.created_at),
        is_here: session.id == here.id,
    });
    let mut sessions: Vec<ShownSession> = sessions.collect();
    sessions.sort_by_key(|session| !session.is_here);
    let password_changed = ago(now - account.password_changed_at);
    let name = account.name.as_deref().unwrap_or(&account.username);
    let initial = name.chars().take(1).flat_map(char::to_uppercase).collect();
    let page =
        Page { visitor, account: &account, sessions: &sessions, told, refusal, password_changed, initial };
    Ok(render(status, &page))
}

/// The page once more, with why a part's form was refused.
pub(super) async fn show_refused(
    hall: &Guildhall,
    SignedIn { visitor, session }: &SignedIn,
    part: Part,
    error: &Error,
) -> Result<Response, Refused> {
    let shown = show(hall, visitor, session, StatusCode::OK, None, Some((part, error.told()))).await?;
    Ok(super::page::refused_as(error, shown))
}

/// Changes the name shown.
pub(crate) async fn rename(
    State(hall): State<Arc<Guildhall>>,
    person: SignedIn,
    ProtectedForm(form): ProtectedForm<Name>,
) -> Result<Response, Refused> {
    match account::rename(&hall, &person.session.user, &form.name).await {
        Ok(()) => Ok(see_other("/account?done=name")),
        Err(error) => show_refused(&hall, &person, Part::Name, &error).await,
    }
}

/// Asks for another e-mail.
pub(crate) async fn change_email(
    State(hall): State<Arc<Guildhall>>,
    person: SignedIn,
    ProtectedForm(form): ProtectedForm<Email>,
) -> Result<Response, Refused> {
    match account::change_email(&hall, &person.session.user, &form.password, &form.email).await {
        Ok(()) => {
            let lead = "We have written to the new address. It is yours here once you follow the link in the letter.";
            let (email, hint) = (form.email.trim(), letter_hint(&hall));
            Ok(render(StatusCode::OK, &LetterSent { visitor: &person.visitor, lead, email, hint }))
        }
        Err(error) => show_refused(&hall, &person, Part::Email, &error).await,
    }
}

/// Changes the password.
pub(crate) async fn change_password(
    State(hall): State<Arc<Guildhall>>,
    person: SignedIn,
    Browser(browser): Browser,
    ProtectedForm(form): ProtectedForm<Passwords>,
) -> Result<Response, Refused> {
    let changed =
        account::change_password(&hall, &person.session, &form.password, &form.new_password, browser).await;
    match changed {
        Ok(entered) => Ok(let_in(&hall, &entered, see_other("/account?done=password"))),
        Err(error) => show_refused(&hall, &person, Part::Password, &error).await,
    }
}

/// Ends one session.
pub(crate) async fn end_session(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session: here, visitor }: SignedIn,
    Path(id): Path<String>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    let ended = match SessionId::parse(&id) {
        Ok(id) => session::end(&hall, &here.user, &id).await,
        Err(error) => Err(error.into()),
    };
    ended.map_err(|error| Refused::from(error).seen_by(&visitor))?;
    Ok(see_other("/account?done=session"))
}

/// Ends every session but this one.
pub(crate) async fn end_other_sessions(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session: here, .. }: SignedIn,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    session::end_others(&hall, &here).await?;
    Ok(see_other("/account?done=sessions"))
}
