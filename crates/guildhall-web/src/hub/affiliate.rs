//! Where a person is an affiliate: their links, and what these earned; and how pages carry the code of such a link on.

use super::page::{Refused, render};
use crate::session::{SignedIn, Visitor, encoded};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guildhall_app::affiliate::{self, Affiliation, Earned};
use guildhall_app::{Guildhall, user};
use guildhall_core::ids::{Id, PlanId};
use guildhall_core::money::in_words;
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "affiliates.html")]
struct Affiliates<'a> {
    visitor: &'a Visitor,
    affiliations: &'a [Affiliation],
    origin: &'a str,
    /// What a link says of who shared it.
    username: &'a str,
}

impl Affiliates<'_> {
    /// The link that brings buyers of a plan.
    fn link(&self, plan: &PlanId) -> String {
        format!("{}/checkout/{plan}?a={}", self.origin, self.username)
    }

    fn earned(&self, earned: &Earned) -> String {
        in_words(earned.earned_minor, earned.currency)
    }

    /// What is not released; `None` for nothing.
    fn pending(&self, earned: &Earned) -> Option<String> {
        (earned.pending_minor > 0).then(|| in_words(earned.pending_minor, earned.currency))
    }
}

/// The longest code that pages carry on, in bytes.
const LONGEST_CODE: usize = 200;

/// What stands in the address of a page that a link of an affiliate leads to, or leads on to.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Sent {
    /// Who sent the reader.
    a: Option<String>,
}

impl Sent {
    /// The code of who sent the reader, to be carried on.
    pub(super) fn code(self) -> Option<String> {
        carried(self.a)
    }
}

/// A code that is carried on; nothing of one that names nobody.
pub(super) fn carried(code: Option<String>) -> Option<String> {
    code.filter(|code| !code.is_empty() && code.len() <= LONGEST_CODE)
}

/// A place of this server with the code of who sent the reader.
pub(super) fn led_by(place: &str, code: Option<&str>) -> String {
    code.map_or_else(|| place.to_owned(), |code| format!("{place}?a={}", encoded(code)))
}

/// Shows them.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
) -> Result<Response, Refused> {
    let refused = |error: guildhall_app::Error| Refused::from(error).seen_by(&visitor);
    let affiliations = affiliate::affiliations(&hall, &session.user).await.map_err(refused)?;
    let user = user::find(&hall, session.user.as_str()).await.map_err(refused)?;
    let page = Affiliates {
        visitor: &visitor,
        affiliations: &affiliations,
        origin: hall.origin(),
        username: &user.username,
    };
    Ok(render(StatusCode::OK, &page))
}
