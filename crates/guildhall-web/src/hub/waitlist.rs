//! Where somebody enters a waitlist or a raffle, and sees where their entry stands.

use super::affiliate::{Sent, carried, led_by};
use super::app::told;
use super::page::{Refused, refuse_with, render, see_other};
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor, encoded};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::entry::{self, Entry, Offered};
use guildhall_app::{Error, Guildhall, Principal};
use guildhall_core::ids::{Id, PlanId};
use guildhall_core::moment::minute;
use guildhall_core::plan::CustomField;
use guildhall_core::plan_words::formatted_price;
use guildhall_core::waitlist::EntryStatus;
use hyper::StatusCode;
use std::sync::Arc;

/// What the names of the fields that a plan asks begin with.
const ASKED: &str = "field:";

/// The fields of a form in their order.
type Fields = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "waitlist.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    offered: &'a Offered,
    price: String,
    /// Whether whoever looks may see all entries.
    is_of_team: bool,
    /// Why the form was refused.
    refusal: Option<&'a str>,
    /// What was sent.
    answers: &'a [(String, String)],
    /// Who sent the reader.
    affiliate: Option<&'a str>,
}

impl Page<'_> {
    fn answer(&self, field: &CustomField) -> &str {
        let found = self.answers.iter().find(|(id, _)| *id == field.id);
        found.map_or("", |(_, answer)| answer)
    }

    fn entered(&self, entry: &Entry) -> String {
        minute(entry.created_at)
    }

    /// Another page of the plan, or this one, led to by the same.
    fn led_to(&self, page: &str) -> String {
        led_by(&format!("/{page}/{}", self.offered.plan.id), self.affiliate)
    }

    /// Where somebody signs in and comes back.
    fn sign_in(&self) -> String {
        format!("/sign-in?return_to={}", encoded(&self.led_to("waitlist")))
    }

    fn ends(&self) -> Option<String> {
        self.offered.plan.entry_rules.expires_at.map(minute)
    }

    fn begins(&self) -> Option<String> {
        self.offered.plan.entry_rules.starts_at.map(minute)
    }
}

/// Shows it.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(plan): Path<String>,
    Query(sent): Query<Sent>,
) -> Result<Response, Refused> {
    let plan = PlanId::parse(&plan).map_err(|error| told(&visitor, error.into()))?;
    shown(&hall, &visitor, plan, None, &Form { affiliate: sent.code(), ..Form::default() }).await
}

/// What the form holds.
#[derive(Default)]
struct Form {
    /// What is answered, as pairs of a field's id and a text.
    answers: Fields,
    /// Who sent the reader.
    affiliate: Option<String>,
}

async fn shown(
    hall: &Guildhall,
    visitor: &Visitor,
    plan: PlanId,
    error: Option<&Error>,
    form: &Form,
) -> Result<Response, Refused> {
    let person = visitor.session.as_ref().map(|session| session.user.clone());
    let offered = entry::look(hall, person.clone(), plan).await.map_err(|error| told(visitor, error))?;
    let is_of_team = match person {
        Some(person) => {
            entry::desk(hall, &Principal::in_person(person), offered.company.id.clone()).await.is_ok()
        }
        None => false,
    };
    let sentence = error.map(ToString::to_string);
    let price = formatted_price(offered.plan.terms(), offered.plan.currency);
    let page = Page {
        visitor,
        offered: &offered,
        price,
        is_of_team,
        refusal: sentence.as_deref(),
        answers: &form.answers,
        affiliate: form.affiliate.as_deref(),
    };
    Ok(match error {
        Some(error) => refuse_with(error, &page),
        None => render(StatusCode::OK, &page),
    })
}

/// Takes an entry.
pub(crate) async fn enter(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(plan): Path<String>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let plan = PlanId::parse(&plan).map_err(|error| told(&visitor, error.into()))?;
    let affiliate = fields.iter().find(|(name, _)| name == "a").map(|(_, code)| code.clone());
    let answers: Fields = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(ASKED)?.to_owned(), value)))
        .collect();
    let form = Form { answers, affiliate: carried(affiliate) };
    let principal = Principal::in_person(session.user);
    let entered =
        entry::enter(&hall, &principal, plan.clone(), form.answers.clone(), form.affiliate.clone()).await;
    match entered {
        Ok(_) => Ok(see_other(&format!("/waitlist/{plan}"))),
        Err(error @ Error::Invalid(_)) => shown(&hall, &visitor, plan, Some(&error), &form).await,
        Err(error) => Err(told(&visitor, error)),
    }
}
