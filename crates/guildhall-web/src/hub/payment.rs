//! A company's payments, as its team reads them: the list, and each with all that became of it.

mod course;
mod refund;
mod shown;
mod sums;
mod words;

pub(crate) use refund::give_back;
pub(crate) use shown::page;
pub(super) use shown::{Refusal, show};
pub(super) use words::{Stamp, buyer, initial, reason_of_dispute, stamp_of_dispute};

use super::app::told;
use super::doors::{Door, doors};
use super::page::{Refused, refuse_with, render};
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::receipt::{Desk, Receipt, ReceiptFilter, desk};
use guildhall_app::{Error, Guildhall, Principal};
use guildhall_core::cursor::{self, Window, check_query};
use guildhall_core::ids::{CompanyId, Id, PaymentId};
use guildhall_core::moment::day_in_words;
use guildhall_core::plan_words::price;
use guildhall_core::receipt::{Outcome, ReceiptOrder};
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use words::stamp;

/// How many payments one page holds.
const SIZE: i64 = 50;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// The word of an `Outcome`; otherwise all.
    status: Option<String>,
    /// What is looked for.
    q: Option<String>,
    /// The last payment of the page before.
    after: Option<String>,
    /// The first payment of the page behind.
    before: Option<String>,
}

/// The parts of the list: the word of an `Outcome`, and what it is called.
const PARTS: [(&str, &str); 6] = [
    ("", "All"),
    ("succeeded", "Paid"),
    ("partially_refunded", "Given back in part"),
    ("refunded", "Given back"),
    ("past_due", "Past due"),
    ("failed", "Declined"),
];

#[derive(Template)]
#[template(path = "payments.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    desk: &'a Desk,
    doors: Vec<Door>,
    /// Which of [`PARTS`].
    part: &'a str,
    /// What is looked for, as it was typed.
    query: &'a str,
    refusal: Option<String>,
}

impl Page<'_> {
    fn is_narrowed(&self) -> bool {
        !(self.part.is_empty() && self.query.is_empty())
    }

    fn buyer(&self, receipt: &Receipt) -> String {
        buyer(receipt)
    }

    fn initial(&self, receipt: &Receipt) -> String {
        initial(receipt)
    }

    fn amount(&self, receipt: &Receipt) -> String {
        price(receipt.payment.amount_minor, receipt.currency)
    }

    fn stamp(&self, receipt: &Receipt) -> Stamp {
        stamp(&receipt.payment, receipt.billing_reason)
    }

    fn day(&self, receipt: &Receipt) -> String {
        day_in_words(receipt.created_at)
    }

    /// The address of a part of the list, with what is looked for.
    fn place(&self, part: &str) -> String {
        self.address(part, None)
    }

    fn older(&self) -> Option<String> {
        let last = self.desk.receipts.nodes.last().filter(|_| self.desk.receipts.has_next)?;
        Some(self.address(self.part, Some(("after", &last.cursor(ReceiptOrder::CreatedAt)))))
    }

    fn newer(&self) -> Option<String> {
        let first = self.desk.receipts.nodes.first().filter(|_| self.desk.receipts.has_previous)?;
        Some(self.address(self.part, Some(("before", &first.cursor(ReceiptOrder::CreatedAt)))))
    }

    fn address(&self, part: &str, edge: Option<(&str, &str)>) -> String {
        let mut asked = vec![("status", part), ("q", self.query)];
        asked.extend(edge);
        asked.retain(|(_, value)| !value.is_empty());
        let asked = serde_urlencoded::to_string(asked).expect("pairs of text can be written");
        let place = format!("/companies/{}/payments", self.desk.company.id);
        if asked.is_empty() { place } else { format!("{place}?{asked}") }
    }
}

/// Shows the payments.
pub(crate) async fn list(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path(company): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let company = CompanyId::parse(&company).map_err(|error| told(&visitor, error.into()))?;
    let principal = Principal::in_person(session.user);
    let wanted = asked.status.as_deref().unwrap_or_default();
    let part = PARTS.iter().map(|(word, _)| *word).find(|word| *word == wanted).unwrap_or_default();
    let typed = asked.q.as_deref().unwrap_or_default().trim();
    // What cannot be looked for is said, over the list as it is without it.
    let (query, error) = match check_query(typed) {
        Ok(query) => (query, None),
        Err(error) => ("", Some(Error::from(error))),
    };
    let filter = ReceiptFilter {
        outcomes: Outcome::from_word(part).into_iter().collect(),
        query: query.to_owned(),
        ..ReceiptFilter::default()
    };
    let window = window(asked.after, asked.before).map_err(|error| told(&visitor, error))?;
    let desk = desk(&hall, &principal, company, filter, window).await;
    let desk = desk.map_err(|error| told(&visitor, error))?;
    let refusal = error.as_ref().map(ToString::to_string);
    let doors = doors(&desk.company, desk.doors, "payments");
    let page = Page { visitor: &visitor, desk: &desk, doors, part, query: typed, refusal };
    Ok(match error {
        Some(error) => refuse_with(&error, &page),
        None => render(StatusCode::OK, &page),
    })
}

/// The part of the list that an address names: the newest, or what lies beside an edge of another page.
fn window(after: Option<String>, before: Option<String>) -> Result<Window<ReceiptOrder>, Error> {
    let is_backward = before.as_deref().is_some_and(|before| !before.is_empty());
    let (first, last) = if is_backward { (None, Some(SIZE)) } else { (Some(SIZE), None) };
    let asked = cursor::Asked { after, before, first, last };
    Ok(Window::read::<PaymentId>(ReceiptOrder::CreatedAt, true, &asked)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_a_part_of_the_list() {
        assert_eq!(PARTS.len(), 1 + Outcome::ALL.len());
        for (word, _) in &PARTS[1..] {
            assert!(Outcome::from_word(word).is_some(), "{word}");
        }
    }
}
