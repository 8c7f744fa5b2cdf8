//! Where an app sends a person to sign in to it: the question, and the way back with the answer.
//!
//! Whether an answer may go anywhere is decided by `guildhall_app::oauth::ask`; until that says so, what is wrong is
//! said on a page here.

use super::page::{Notice, Refused, let_forms_lead_on, render, see_other};
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor, encoded, let_out};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guildhall_app::Guildhall;
use guildhall_app::oauth::{self, Asked};
use guildhall_app::session::{self, Session};
use guildhall_core::oauth::{Authorization, Parameters, Prompt, Refusal, RefusalKind, Scope};
use guildhall_core::return_to::local_path;
use hyper::header::HeaderName;
use hyper::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;
use std::sync::Arc;

/// Where browsers say what led them here.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The question.
#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    visitor: &'a Visitor,
    session: &'a Session,
    app_name: &'a str,
    initial: String,
    sees: Vec<&'static str>,
    /// Where the person goes afterwards, as far as one needs to know it.
    leads_to: &'a str,
    /// The parameters of the request, sent back with the answer.
    query: &'a str,
}

/// The way back for a browser that comes from a form of ours: it follows a form's redirects only to where that form's
/// page may lead, so this page leads it on.
#[derive(Template)]
#[template(path = "hand_over.html")]
struct HandOver<'a> {
    visitor: &'a Visitor,
    app_name: &'a str,
    address: &'a str,
}

/// What the person answered.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    decision: String,
}

/// Asks the person, or answers for them what they said before.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let query = uri.query().unwrap_or_default();
    let (asked, app_name) = match read(&hall, &visitor, query).await? {
        Ok(sound) => sound,
        Err(answer) => return Ok(answer),
    };
    let refuse = |kind, sentence: &str| {
        Ok(see_other(&asked.back.with_refusal(&Refusal::new(kind, sentence), hall.origin())))
    };
    let Some(session) = &visitor.session else {
        let place = format!("/oauth?{query}");
        return match local_path(&place) {
            _ if asked.prompt == Prompt::Never => {
                refuse(RefusalKind::LoginRequired, "Nobody is signed in here.")
            }
            Some(place) => Ok(see_other(&format!("/sign-in?return_to={}", encoded(place)))),
            None => refuse(RefusalKind::InvalidRequest, "The request is longer than 2000 bytes."),
        };
    };
    let is_allowed =
        asked.prompt != Prompt::Always && oauth::is_allowed(&hall, &session.user, &asked).await?;
    if is_allowed {
        let address = oauth::allow(&hall, &session.user, &asked).await?;
        let comes_from_us = headers.get(FETCH_SITE).is_some_and(|site| site == "same-origin");
        return Ok(match comes_from_us {
            true => render(
                StatusCode::OK,
                &HandOver { visitor: &visitor, app_name: &app_name, address: &address },
            ),
            false => see_other(&address),
        });
    }
    if asked.prompt == Prompt::Never {
        return refuse(RefusalKind::ConsentRequired, "The person has not allowed this yet.");
    }
    Ok(question(&visitor, session, &asked, &app_name, query))
}

fn question(
    visitor: &Visitor,
    session: &Session,
    asked: &Authorization,
    app_name: &str,
    query: &str,
) -> Response {
    let uri = &asked.back.redirect_uri;
    let leads_to = uri.uri.split('/').nth(2).unwrap_or_default();
    let initial = app_name.chars().next().map(|first| first.to_uppercase().collect());
    let page = Consent {
        visitor,
        session,
        app_name,
        initial: initial.unwrap_or_default(),
        sees: asked.scopes.iter().flat_map(Scope::in_words).copied().collect(),
        leads_to: leads_to.split('?').next().unwrap_or_default(),
        query,
    };
    // Where the app leads from there is its own business, so no narrower than this.
    let sources = if uri.is_loopback() { "https: http:" } else { "https:" };
    let_forms_lead_on(render(StatusCode::OK, &page), sources)
}

/// Takes the person's answer back to the app.
pub(crate) async fn answer(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    uri: Uri,
    ProtectedForm(Decision { decision }): ProtectedForm<Decision>,
) -> Result<Response, Refused> {
    let query = uri.query().unwrap_or_default();
    let (asked, _) = match read(&hall, &visitor, query).await? {
        Ok(sound) => sound,
        Err(answer) => return Ok(answer),
    };
    match decision.as_str() {
        "allow" => Ok(see_other(&oauth::allow(&hall, &session.user, &asked).await?)),
        "cancel" => {
            let refusal = Refusal::new(RefusalKind::AccessDenied, "The person did not allow it.");
            Ok(see_other(&asked.back.with_refusal(&refusal, hall.origin())))
        }
        "switch" => {
            session::end(&hall, &session.user, &session.id).await?;
            let place = format!("/oauth?{query}");
            Ok(let_out(&hall, see_other(&format!("/sign-in?return_to={}", encoded(&place)))))
        }
        _ => {
            let sentence = "`decision` must be `allow`, `cancel` or `switch`.";
            Err(Refused::new(StatusCode::BAD_REQUEST, "That does not fit", sentence).seen_by(&visitor))
        }
    }
}

/// What the app asks, and its name; or the answer to a request that is not sound.
async fn read(
    hall: &Guildhall,
    visitor: &Visitor,
    query: &str,
) -> Result<Result<(Authorization, String), Response>, Refused> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    match oauth::ask(hall, &Parameters::new(pairs)).await? {
        Asked::Untrusted(sentence) => {
            let title = "This sign-in cannot go on";
            let lead = "The app that sent you here made a mistake, so nothing was sent back. You can close this page.";
            let details = [("For its developers", sentence)];
            let page = Notice { visitor, title, lead, details: &details };
            Ok(Err(render(StatusCode::BAD_REQUEST, &page)))
        }
        Asked::Refused(address) => Ok(Err(see_other(&address))),
        Asked::Sound(asked, name) => Ok(Ok((asked, name))),
    }
}
