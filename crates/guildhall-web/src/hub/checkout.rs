//! The page of a checkout session.

use super::page::{Notice, render};
use crate::session::Visitor;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::{Guildhall, checkout};
use guildhall_core::ids::{CheckoutSessionId, Id};
use guildhall_core::money::in_words;
use hyper::StatusCode;
use std::sync::Arc;

/// Shows what is asked, and says that paying is not possible yet.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let found = match CheckoutSessionId::parse(&id) {
        Ok(id) => checkout::find(&hall, id).await,
        Err(error) => Err(error.into()),
    };
    let session = match found {
        Ok(session) => session,
        Err(error) => {
            let (visitor, title, lead) = (&visitor, "No such checkout", error.told());
            return render(StatusCode::NOT_FOUND, &Notice { visitor, title, lead: &lead, details: &[] });
        }
    };
    let mut details = vec![
        ("Seller", session.company_title.clone()),
        ("For", session.description.clone().unwrap_or(session.pass_title.clone())),
        ("Amount", in_words(session.amount_minor, session.currency)),
        ("Session", session.id.to_string()),
    ];
    let over = session.expires_at <= hall.now_ms();
    if over {
        details.push(("State", "over".to_owned()));
    }
    let (title, lead) = if over {
        ("This checkout is over", "Its time has run out. Nothing was charged.")
    } else {
        (
            "Checkout is not open yet",
            "This server cannot take payments yet. Nothing was charged and nothing will be.",
        )
    };
    render(StatusCode::OK, &Notice { visitor: &visitor, title, lead, details: &details })
}
