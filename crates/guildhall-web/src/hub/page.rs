//! How a template becomes a page, and an error one.

use crate::error::{self, status_and_code};
use crate::session::Visitor;
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use guildhall_app::Error;
use guildhall_app::processor::stripe::Sources;
use hyper::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{StatusCode, Uri};

/// Everything a page loads comes from here, and no other site may frame it.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'";

/// A page that says one thing.
#[derive(Template)]
#[template(path = "notice.html")]
pub(crate) struct Notice<'a> {
    pub(crate) visitor: &'a Visitor,
    pub(crate) title: &'a str,
    pub(crate) lead: &'a str,
    pub(crate) details: &'a [(&'a str, String)],
}

/// Renders a template. What a page says depends on who looks, so nothing keeps it.
pub(crate) fn render(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => {
            let headers = [
                (CACHE_CONTROL, "private, no-store"),
                (CONTENT_SECURITY_POLICY, POLICY),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (REFERRER_POLICY, "same-origin"),
            ];
            (status, headers, Html(page)).into_response()
        }
        Err(error) => {
            tracing::error!(error = %error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The same for a form that was refused: with the status that its error has.
pub(crate) fn refuse_with(error: &Error, template: &impl Template) -> Response {
    refused_as(error, render(StatusCode::OK, template))
}

/// A page that shows a form again, under the status of the error that refused it.
pub(crate) fn refused_as(error: &Error, mut page: Response) -> Response {
    (*page.status_mut(), _) = status_and_code(error);
    if let Error::RateLimited { retry_after_seconds, .. } = error {
        page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*retry_after_seconds));
    }
    page
}

/// Lets the forms of a page lead on to other servers: to `sources`, as a content security policy names them. Without
/// this a browser does not follow when the answer to a form leads elsewhere.
pub(crate) fn let_forms_lead_on(mut response: Response, sources: &str) -> Response {
    let policy = POLICY.replace("form-action 'self'", &format!("form-action 'self' {sources}"));
    let policy = HeaderValue::try_from(policy).expect("sources are written here, in ASCII");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// Renders a page that frames what is at other origins.
pub(crate) fn render_framing(template: &impl Template, origins: &str) -> Response {
    let mut response = render(StatusCode::OK, template);
    if let Ok(policy) = HeaderValue::try_from(format!("{POLICY}; frame-src {origins}")) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Renders a page that asks for a card, with what it loads of others for that.
pub(crate) fn render_with_sources(template: &impl Template, sources: &Sources) -> Response {
    let mut response = render(StatusCode::OK, template);
    let Sources { scripts, frames, connections, .. } = sources;
    let more = format!("script-src 'self' {scripts}; frame-src {frames}; connect-src {connections}");
    if let Ok(policy) = HeaderValue::try_from(format!("{POLICY}; {more}")) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The answer where no route is: a page to whoever opens one in a browser, else what programs read.
pub(crate) async fn no_such_page(visitor: Visitor, headers: HeaderMap, uri: Uri) -> Response {
    let accepted = headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    if !accepted.contains("text/html") {
        return error::nothing_at(&uri);
    }
    let lead = "There is nothing at this address. It may be mistyped, or what was here is gone.";
    render(StatusCode::NOT_FOUND, &Notice { visitor: &visitor, title: "Nothing here", lead, details: &[] })
}

/// Leads a browser on to another page, by GET; nothing keeps where.
pub(crate) fn see_other(place: &str) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(CACHE_CONTROL, "private, no-store")]).into_response();
    let place = HeaderValue::try_from(place).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(LOCATION, place);
    response
}

/// A page that says why something was not done.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    title: &'static str,
    sentence: String,
    retry_after_seconds: Option<i64>,
    visitor: Box<Visitor>,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, title: &'static str, sentence: &str) -> Self {
        let visitor = Box::new(Visitor::unknown());
        Self { status, title, sentence: sentence.to_owned(), retry_after_seconds: None, visitor }
    }

    /// The refusal of a link in a letter that counts no more.
    pub(crate) fn link_is_over() -> Self {
        let sentence = "This link was used already, or its time is over. Ask for a new one.";
        Self::new(StatusCode::NOT_FOUND, "This link counts no more", sentence)
    }

    /// The same, with a head that knows who looks.
    pub(crate) fn seen_by(mut self, visitor: &Visitor) -> Self {
        *self.visitor = visitor.clone();
        self
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let (status, _) = status_and_code(&error);
        let title = match &error {
            Error::Unauthenticated(_) => "Sign in first",
            Error::Forbidden(_) => "Not allowed",
            Error::NotFound(_) => "Not found",
            Error::Invalid(_) => "That does not fit",
            Error::Conflict(_) => "That does not go together",
            Error::InsufficientFunds(_) => "Not enough money",
            Error::RateLimited { .. } => "Too many tries",
            Error::Internal(_) => "Something broke",
        };
        let mut refused = Self::new(status, title, &error.told());
        if let Error::RateLimited { retry_after_seconds, .. } = error {
            refused.retry_after_seconds = Some(retry_after_seconds);
        }
        refused
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (visitor, title, lead) = (&*self.visitor, self.title, self.sentence.as_str());
        let mut response = render(self.status, &Notice { visitor, title, lead, details: &[] });
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
