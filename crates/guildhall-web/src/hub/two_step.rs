//! The pages of signing in with two steps: set up, turned off, recovered.

use super::account::{Part, show_refused};
use super::page::{Refused, refuse_with, render, see_other};
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guildhall_app::Guildhall;
use guildhall_app::two_step::{self, Offer};
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "two_step.html")]
struct SetUp<'a> {
    visitor: &'a Visitor,
    offer: &'a Offer,
    refusal: Option<String>,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct RecoveryCodes<'a> {
    visitor: &'a Visitor,
    codes: &'a [String],
}

#[derive(Deserialize)]
pub(crate) struct Confirmation {
    password: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Code {
    code: String,
}

/// Offers a secret to someone who gives the password.
pub(crate) async fn begin(
    State(hall): State<Arc<Guildhall>>,
    person: SignedIn,
    ProtectedForm(form): ProtectedForm<Confirmation>,
) -> Result<Response, Refused> {
    match two_step::offer(&hall, &person.session.user, &form.password).await {
        Ok(()) => Ok(see_other("/account/two-step")),
        Err(error) => show_refused(&hall, &person, Part::TwoSteps, &error).await,
    }
}

/// Shows what is offered.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { visitor, session }: SignedIn,
) -> Result<Response, Refused> {
    match two_step::offered(&hall, &session.user).await? {
        Some(offer) => Ok(render(StatusCode::OK, &SetUp { visitor: &visitor, offer: &offer, refusal: None })),
        None => Ok(see_other("/account")),
    }
}

/// Takes the code that proves that it was scanned, and shows the recovery codes, once.
pub(crate) async fn turn_on(
    State(hall): State<Arc<Guildhall>>,
    person: SignedIn,
    ProtectedForm(form): ProtectedForm<Code>,
) -> Result<Response, Refused> {
    let visitor = &person.visitor;
    match two_step::turn_on(&hall, &person.session.user, &form.code).await {
        Ok(codes) => Ok(render(StatusCode::OK, &RecoveryCodes { visitor, codes: &codes })),
        Err(error) => match two_step::offered(&hall, &person.session.user).await? {
            Some(offer) => {
                let refusal = Some(error.told());
                Ok(refuse_with(&error, &SetUp { visitor, offer: &offer, refusal }))
            }
            None => show_refused(&hall, &person, Part::TwoSteps, &error).await,
        },
    }
}

/// Takes the second step away.
pub(crate) async fn turn_off(
    State(hall): State<Arc<Guildhall>>,
    person: SignedIn,
    ProtectedForm(form): ProtectedForm<Confirmation>,
) -> Result<Response, Refused> {
    match two_step::turn_off(&hall, &person.session.user, &form.password).await {
        Ok(()) => Ok(see_other("/account?done=two-step")),
        Err(error) => show_refused(&hall, &person, Part::TwoSteps, &error).await,
    }
}

/// Makes new recovery codes and shows them, once.
pub(crate) async fn renew_codes(
    State(hall): State<Arc<Guildhall>>,
    person: SignedIn,
    ProtectedForm(form): ProtectedForm<Confirmation>,
) -> Result<Response, Refused> {
    match two_step::renew_codes(&hall, &person.session.user, &form.password).await {
        Ok(codes) => Ok(render(StatusCode::OK, &RecoveryCodes { visitor: &person.visitor, codes: &codes })),
        Err(error) => show_refused(&hall, &person, Part::TwoSteps, &error).await,
    }
}
