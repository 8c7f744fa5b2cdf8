//! A company's disputes, as its team reads and answers them.

use super::app::told;
use super::doors::{Door, doors};
use super::page::{Refused, render, see_other};
use super::payment::{self, Refusal, Stamp, buyer, initial, reason_of_dispute, stamp_of_dispute};
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::dispute::{Case, Desk, MOST_WAITING, desk, find_payment, respond};
use guildhall_app::{Error, Guildhall, Principal};
use guildhall_core::dispute::DisputeAnswer;
use guildhall_core::ids::{CompanyId, DisputeId, Id};
use guildhall_core::moment::{day_in_words, minute};
use guildhall_core::plan_words::price;
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// The last dispute of the page before.
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "disputes.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    desk: &'a Desk,
    doors: Vec<Door>,
    /// Whether this is the page that also shows those that wait for an answer.
    is_first: bool,
}

impl Page<'_> {
    fn place(&self, case: &Case) -> String {
        format!("/companies/{}/payments/{}", self.desk.company.id, case.receipt.id)
    }

    fn amount(&self, case: &Case) -> String {
        price(case.dispute.amount_minor, case.dispute.currency)
    }

    fn buyer(&self, case: &Case) -> String {
        buyer(&case.receipt)
    }

    fn initial(&self, case: &Case) -> String {
        initial(&case.receipt)
    }

    fn reason(&self, case: &Case) -> String {
        reason_of_dispute(case.dispute.reason.as_deref())
    }

    fn stamp(&self, case: &Case) -> Stamp {
        stamp_of_dispute(case.dispute.status)
    }

    fn day(&self, case: &Case) -> String {
        day_in_words(case.dispute.created_at)
    }

    /// Until when it may be answered.
    fn until(&self, case: &Case) -> Option<String> {
        case.dispute.needs_response_by.map(minute)
    }

    /// Whether more may wait than are shown.
    fn is_cut(&self) -> bool {
        self.desk.waiting.len() >= MOST_WAITING
    }

    fn older(&self) -> Option<String> {
        let next = self.desk.next.as_ref()?;
        Some(format!("/companies/{}/disputes?after={next}", self.desk.company.id))
    }
}

/// Shows the disputes.
pub(crate) async fn list(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path(company): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let company = CompanyId::parse(&company).map_err(|error| told(&visitor, error.into()))?;
    let after = asked.after.as_deref().filter(|after| !after.is_empty());
    let after = after.map(DisputeId::parse).transpose().map_err(|error| told(&visitor, error.into()))?;
    let is_first = after.is_none();
    let desk = desk(&hall, &Principal::in_person(session.user), company, after).await;
    let desk = desk.map_err(|error| told(&visitor, error))?;
    let doors = doors(&desk.company, desk.doors, "disputes");
    Ok(render(StatusCode::OK, &Page { visitor: &visitor, desk: &desk, doors, is_first }))
}

/// An answer as a form says it.
#[derive(Debug, Deserialize)]
pub(crate) struct Answered {
    /// `contest` or `accept`.
    #[serde(default)]
    answer: String,
}

/// Answers a dispute.
pub(crate) async fn answer(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path((company, dispute)): Path<(String, String)>,
    ProtectedForm(form): ProtectedForm<Answered>,
) -> Result<Response, Refused> {
    let company = CompanyId::parse(&company).map_err(|error| told(&visitor, error.into()))?;
    let dispute = DisputeId::parse(&dispute).map_err(|error| told(&visitor, error.into()))?;
    let principal = Principal::in_person(session.user);
    let Some(answer) = DisputeAnswer::from_word(&form.answer) else {
        let sentence = "A dispute is answered by `contest` or `accept`.";
        return Err(told(&visitor, Error::Invalid(sentence.into())));
    };
    match respond(&hall, &principal, company.clone(), dispute.clone(), answer).await {
        Ok(answered) => {
            let (payment, word) = (answered.payment, answer.as_str());
            Ok(see_other(&format!("/companies/{company}/payments/{payment}?done={word}")))
        }
        // It may have been answered, or decided, since the page was shown.
        Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => {
            let found = find_payment(&hall, &principal, company.clone(), dispute).await;
            let payment = found.map_err(|error| told(&visitor, error))?;
            payment::show(&hall, &visitor, &principal, company, payment, Refusal::Answer(error)).await
        }
        Err(error) => Err(told(&visitor, error)),
    }
}
