//! The page on which a card is typed, into Stripe's own form: its number never comes here.
//!
//! Whoever has the payment's unguessable id may pay it, as with checkout sessions. It is the one page that needs scripts,
//! and it says so where there are none.

use super::page::{Notice, Refused, render, render_with_sources, see_other};
use crate::session::Visitor;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::processor::stripe::{CardPage, Sources, card_page};
use guildhall_app::{Error, Guildhall};
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::plan_words::price;
use hyper::StatusCode;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "card.html")]
struct Card<'a> {
    visitor: &'a Visitor,
    /// What is charged now, in words; `None` where the card is kept alone.
    amount: Option<String>,
    needs_card: bool,
    client_secret: &'a str,
    publishable_key: &'a str,
    return_url: &'a str,
    sources: &'a Sources,
}

/// Shows it, or leads on when there is nothing to do.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(payment): Path<String>,
) -> Result<Response, Refused> {
    let seen = |error: Error| Refused::from(error).seen_by(&visitor);
    let payment = PaymentId::parse(&payment).map_err(|error| seen(error.into()))?;
    match card_page(&hall, payment).await.map_err(seen)? {
        CardPage::Asks { needs_card, due, client_secret, publishable_key, return_url, sources } => {
            let page = Card {
                visitor: &visitor,
                amount: due.map(|(minor, currency)| price(minor, currency)),
                needs_card,
                client_secret: &client_secret,
                publishable_key: &publishable_key,
                return_url: &return_url,
                sources: &sources,
            };
            Ok(render_with_sources(&page, &sources))
        }
        CardPage::LeadsOn(place) => Ok(see_other(&place)),
        CardPage::Silent => {
            let lead = "Stripe does not answer right now. Nothing was charged by this page; open it again in a minute.";
            let notice = Notice {
                visitor: &visitor,
                title: "Cards cannot be asked for right now",
                lead,
                details: &[],
            };
            Ok(render(StatusCode::SERVICE_UNAVAILABLE, &notice))
        }
    }
}
