//! A company's entries: who waits for its plans, and what its team decides of them.

use super::app::told;
use super::doors::{Door, doors};
use super::page::{Refused, refuse_with, render, see_other};
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::company::Company;
use guildhall_app::entry::{self, Decided, Entry, EntryFilter, Notice};
use guildhall_app::page::{Page as Listed, Part};
use guildhall_app::{Error, Guildhall, Principal};
use guildhall_core::ids::{CompanyId, EntryId, Id};
use guildhall_core::moment::minute;
use guildhall_core::waitlist::EntryStatus;
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// How many entries one page holds.
const SIZE: usize = 50;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// `approved`, `denied` or `all`; otherwise those that wait.
    status: Option<String>,
    /// The last entry of the page before.
    after: Option<String>,
    /// What was decided just now.
    done: Option<String>,
}

/// The part of the list that is shown: its word in addresses, and what it is called.
const PARTS: [(&str, &str); 4] =
    [("pending", "Waiting"), ("approved", "Approved"), ("denied", "Denied"), ("all", "All")];

/// What was decided and how its customer learns of it, its word in addresses, and what the page says then.
const DONE: [(EntryStatus, Notice, &str, &str); 6] = [
    (
        EntryStatus::Approved,
        Notice::Letter,
        "approved",
        "The entry is approved. Its customer was sent a link to the checkout.",
    ),
    (
        EntryStatus::Approved,
        Notice::Page,
        "approved-page",
        "The entry is approved. There is no address to write to: its customer finds the checkout where they entered.",
    ),
    (
        EntryStatus::Approved,
        Notice::Before,
        "approved-before",
        "Nothing was sent: the customer has a link that can still be used, or has bought.",
    ),
    (EntryStatus::Denied, Notice::Letter, "denied", "The entry is denied. Its customer was told."),
    (
        EntryStatus::Denied,
        Notice::Page,
        "denied-page",
        "The entry is denied. There is no address to write to: its customer is told where they entered.",
    ),
    (EntryStatus::Denied, Notice::Before, "denied-before", "Nothing was sent: the entry was denied before."),
];

#[derive(Template)]
#[template(path = "entries.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    company: &'a Company,
    doors: Vec<Door>,
    entries: &'a Listed<Entry>,
    /// Whether whoever looks decides, or only sees.
    decides: bool,
    /// Which of [`PARTS`].
    part: &'a str,
    good: Option<&'a str>,
    refusal: Option<&'a str>,
}

impl Page<'_> {
    fn entered(&self, entry: &Entry) -> String {
        minute(entry.created_at)
    }

    fn next(&self) -> Option<String> {
        let last = self.entries.nodes.last().filter(|_| self.entries.has_next)?;
        Some(format!("/companies/{}/entries?status={}&after={}", self.company.id, self.part, last.id))
    }
}

/// Shows the entries.
pub(crate) async fn list(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(company): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let company = CompanyId::parse(&company).map_err(|error| told(&visitor, error.into()))?;
    shown(&hall, &visitor, &Principal::in_person(session.user), company, &asked, None).await
}

async fn shown(
    hall: &Guildhall,
    visitor: &Visitor,
    principal: &Principal,
    company: CompanyId,
    asked: &Asked,
    error: Option<&Error>,
) -> Result<Response, Refused> {
    let fail = |error| told(visitor, error);
    let (company, open, decides) = entry::desk(hall, principal, company).await.map_err(fail)?;
    let wanted = asked.status.as_deref().unwrap_or("pending");
    let part = PARTS.iter().map(|(word, _)| *word).find(|word| *word == wanted).unwrap_or("pending");
    let filter = EntryFilter {
        statuses: EntryStatus::from_word(part).into_iter().collect(),
        ..EntryFilter::default()
    };
    let after = asked.after.as_deref().filter(|after| !after.is_empty());
    let after: Option<EntryId> = after.map(EntryId::parse).transpose().map_err(|error| fail(error.into()))?;
    let size = Part { after, ..Part::first(SIZE) };
    let entries = entry::list(hall, principal, company.id.clone(), filter, size).await.map_err(fail)?;
    let done = asked.done.as_deref().unwrap_or_default();
    let good = DONE.iter().find(|(_, _, word, _)| *word == done).map(|(_, _, _, sentence)| *sentence);
    let sentence = error.map(ToString::to_string);
    let refusal = sentence.as_deref();
    let doors = doors(&company, open, "entries");
    let page = Page { visitor, company: &company, doors, entries: &entries, decides, part, good, refusal };
    Ok(match error {
        Some(error) => refuse_with(error, &page),
        None => render(StatusCode::OK, &page),
    })
}

/// A decision as a form says it.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    /// `approved` or `denied`.
    decision: String,
    /// Which part of the list was shown.
    #[serde(default)]
    status: String,
}

/// Takes a decision.
pub(crate) async fn decide(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path((company, entry)): Path<(String, String)>,
    ProtectedForm(form): ProtectedForm<Decision>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let principal = Principal::in_person(session.user);
    let company = CompanyId::parse(&company).map_err(|error| told(&visitor, error.into()))?;
    let entry = EntryId::parse(&entry).map_err(|error| told(&visitor, error.into()))?;
    let decision = EntryStatus::from_word(&form.decision).filter(|word| *word != EntryStatus::Pending);
    let decision = decision
        .ok_or_else(|| told(&visitor, Error::Invalid("An entry is `approved` or `denied`.".into())))?;
    let part = PARTS.iter().map(|(word, _)| *word).find(|word| *word == form.status).unwrap_or("pending");
    match entry::decide(&hall, &principal, entry, decision).await {
        Ok(Decided { entry, notice }) => {
            let done = DONE.iter().find(|done| (done.0, done.1) == (entry.status, notice));
            let done = done.map_or("", |(_, _, word, _)| word);
            Ok(see_other(&format!("/companies/{company}/entries?status={part}&done={done}")))
        }
        // It may have been decided on since the page was shown.
        Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => {
            let asked = Asked { status: Some(part.to_owned()), ..Asked::default() };
            shown(&hall, &visitor, &principal, company, &asked, Some(&error)).await
        }
        Err(error) => Err(told(&visitor, error)),
    }
}
