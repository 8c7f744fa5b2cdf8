//! The sandbox's bank: the page on which a buyer takes the second step of a test card.

use super::page::{Notice, Refused, render, see_other};
use crate::form::ProtectedForm;
use crate::session::Visitor;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::Guildhall;
use guildhall_app::payment::{self, SecondStep};
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::plan_words::price;
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "sandbox_step.html")]
struct Step<'a> {
    visitor: &'a Visitor,
    payment: &'a PaymentId,
    amount: &'a str,
    seller: &'a str,
}

/// What the buyer answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    answer: String,
}

/// Asks the buyer.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(payment): Path<String>,
) -> Result<Response, Refused> {
    let payment = PaymentId::parse(&payment).map_err(|error| told(&visitor, error.into()))?;
    let step = payment::second_step(&hall, payment.clone()).await.map_err(|error| told(&visitor, error))?;
    let SecondStep { waits, seller, amount_minor, currency, session } = step;
    if !waits {
        return Ok(match session {
            Some(session) => see_other(&format!("/checkout/{session}")),
            None => render(
                StatusCode::OK,
                &Notice { visitor: &visitor, title: "Nothing to confirm", lead: "", details: &[] },
            ),
        });
    }
    let amount = price(amount_minor, currency);
    let step = Step { visitor: &visitor, payment: &payment, amount: &amount, seller: &seller };
    Ok(visitor.keep(render(StatusCode::OK, &step)))
}

/// Takes the buyer's answer.
pub(crate) async fn answer(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(payment): Path<String>,
    ProtectedForm(given): ProtectedForm<Answer>,
) -> Result<Response, Refused> {
    let payment = PaymentId::parse(&payment).map_err(|error| told(&visitor, error.into()))?;
    let taken = payment::take_second_step(&hall, payment.clone(), given.answer == "yes").await;
    taken.map_err(|error| told(&visitor, error))?;
    Ok(see_other(&format!("/checkout/return/{payment}")))
}

fn told(visitor: &Visitor, error: guildhall_app::Error) -> Refused {
    Refused::from(error).seen_by(visitor)
}
