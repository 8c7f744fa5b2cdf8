//! The pages of signing up, and of the link that confirms an e-mail.

use super::page::{Refused, refuse_with, render, see_other};
use super::sign_in::{HOME, Parameters, leading_on, letter_hint, place};
use crate::form::ProtectedForm;
use crate::session::{Browser, Visitor, let_in};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::sign_up::{self, Confirmed, NewAccount, Pending};
use guildhall_app::{Error, Guildhall};
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "sign_up.html")]
struct SignUp<'a> {
    visitor: &'a Visitor,
    form: &'a Form,
    return_to: Option<&'a str>,
    sign_in_address: String,
    refusal: Option<String>,
}

/// Says that a letter is under way.
#[derive(Template)]
#[template(path = "letter_sent.html")]
pub(super) struct LetterSent<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) lead: &'a str,
    pub(super) email: &'a str,
    pub(super) hint: &'static str,
}

#[derive(Template)]
#[template(path = "confirm_email.html")]
struct Confirm<'a> {
    visitor: &'a Visitor,
    token: &'a str,
    pending: &'a Pending,
    /// Whether the username is to be chosen again.
    is_taken: bool,
    refusal: Option<String>,
}

#[derive(Template)]
#[template(path = "done.html")]
pub(super) struct Done<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) title: &'a str,
    pub(super) lead: &'a str,
    /// Where to go on, and what that is called.
    pub(super) next: (&'a str, &'a str),
}

/// What someone who wants an account writes.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Form {
    #[serde(default)]
    name: String,
    username: String,
    email: String,
    password: String,
    return_to: Option<String>,
}

impl Form {
    fn page<'a>(&'a self, visitor: &'a Visitor, refusal: Option<String>) -> SignUp<'a> {
        let return_to = place(self.return_to.as_deref());
        SignUp { visitor, form: self, return_to, sign_in_address: leading_on("/sign-in", return_to), refusal }
    }
}

/// The button under a link's page, and perhaps another username.
#[derive(Debug, Deserialize)]
pub(crate) struct Confirmation {
    username: Option<String>,
}

/// Asks for what an account needs.
pub(crate) async fn page(visitor: Visitor, Query(parameters): Query<Parameters>) -> Response {
    let form = Form { return_to: parameters.return_to, ..Form::default() };
    if visitor.session.is_some() {
        return see_other(place(form.return_to.as_deref()).unwrap_or(HOME));
    }
    visitor.keep(render(StatusCode::OK, &form.page(&visitor, None)))
}

/// Takes it, and says that a letter is under way whether or not the e-mail has an account.
pub(crate) async fn ask(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Browser(browser): Browser,
    ProtectedForm(form): ProtectedForm<Form>,
) -> Response {
    let new = NewAccount {
        username: form.username.clone(),
        name: form.name.clone(),
        email: form.email.clone(),
        password: form.password.clone(),
        return_to: place(form.return_to.as_deref()).map(ToOwned::to_owned),
    };
    match sign_up::sign_up(&hall, new, &browser.device, &visitor.form_token()).await {
        Ok(()) => {
            let lead = "We have written to you. Follow the link in the letter, and your account is open.";
            let (email, hint) = (form.email.trim(), letter_hint(&hall));
            visitor.keep(render(StatusCode::OK, &LetterSent { visitor: &visitor, lead, email, hint }))
        }
        Err(error) => visitor.keep(refuse_with(&error, &form.page(&visitor, Some(error.told())))),
    }
}

/// Shows what a link would do, and does nothing: programs follow links in letters too.
pub(crate) async fn link(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Result<Response, Refused> {
    let pending = pending(&hall, &visitor, &token).await?;
    let page =
        Confirm { visitor: &visitor, token: &token, pending: &pending, is_taken: false, refusal: None };
    Ok(visitor.keep(render(StatusCode::OK, &page)))
}

/// Does it.
pub(crate) async fn confirm(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Browser(browser): Browser,
    Path(token): Path<String>,
    ProtectedForm(form): ProtectedForm<Confirmation>,
) -> Result<Response, Refused> {
    let pending = pending(&hall, &visitor, &token).await?;
    match sign_up::confirm(&hall, &token, form.username, browser, &visitor.form_token()).await {
        Ok(Confirmed::Account { entered: Some(entered), return_to }) => {
            let place = return_to.as_deref().unwrap_or("/account?done=open");
            Ok(let_in(&hall, &entered, see_other(place)))
        }
        Ok(Confirmed::Account { entered: None, return_to }) => {
            let (title, lead) = ("Your account is open", "Sign in with the password that you chose.");
            let address = leading_on("/sign-in", return_to.as_deref());
            let next = (address.as_str(), "Sign in");
            Ok(render(StatusCode::OK, &Done { visitor: &visitor, title, lead, next }))
        }
        Ok(Confirmed::Email(email)) => {
            let lead = format!("Letters go to {email} from now on, and you sign in with it.");
            let (title, next) = ("Your e-mail is changed", ("/account", "Your account"));
            Ok(render(StatusCode::OK, &Done { visitor: &visitor, title, lead: &lead, next }))
        }
        Ok(Confirmed::AccountExists) => {
            let (title, next) = ("You have an account already", ("/sign-in", "Sign in"));
            let lead = "There is an account with this e-mail already: sign in, or reset its password.";
            Ok(render(StatusCode::CONFLICT, &Done { visitor: &visitor, title, lead, next }))
        }
        Ok(Confirmed::ChoosePassword(place)) => {
            let (title, next) = ("Choose your password", (place.as_str(), "Choose a password"));
            let lead = "Something was bought with this e-mail, and belongs to its account. You did not ask for the account in this browser: choose a password here, and it is yours.";
            Ok(render(StatusCode::OK, &Done { visitor: &visitor, title, lead, next }))
        }
        Err(error) => {
            let is_taken = matches!(pending, Pending::Account { .. })
                && matches!(error, Error::Conflict(_) | Error::Invalid(_));
            let refusal = Some(error.told());
            let page = Confirm { visitor: &visitor, token: &token, pending: &pending, is_taken, refusal };
            Ok(visitor.keep(refuse_with(&error, &page)))
        }
    }
}

async fn pending(hall: &Guildhall, visitor: &Visitor, token: &str) -> Result<Pending, Refused> {
    match sign_up::pending(hall, token).await {
        Ok(Some(pending)) => Ok(pending),
        Ok(None) => Err(Refused::link_is_over().seen_by(visitor)),
        Err(error) => Err(Refused::from(error).seen_by(visitor)),
    }
}
