//! Forms: read within a bound, and only when a page of ours was what sent them.
//!
//! Every form carries a hidden field, `csrf`, that is bound to the sender's session, or before there is one to the
//! visitor's cookie: so nobody can be made to send a form, nor be signed in as someone else.

use crate::hub::page::Refused;
use crate::session::Visitor;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use guildhall_app::Guildhall;
use guildhall_core::media_type;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The largest form, in bytes (64 KiB).
const LARGEST_FORM: usize = 64 * 1024;
/// Where browsers say what sent a request.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A form that one of our own pages sent.
///
/// Refuses with a page: another site's request (403), a hidden field that does not fit (403), what is no form (415,
/// 400) and a form of more than 64 KiB (413). To be the last argument of a handler.
#[derive(Debug)]
pub(crate) struct ProtectedForm<T>(pub(crate) T);

impl<T, S> FromRequest<S> for ProtectedForm<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
    Arc<Guildhall>: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let refuse =
            |status, title, sentence: &str| Err(Refused::new(status, title, sentence).seen_by(&visitor));
        if is_foreign(&parts.headers, Arc::from_ref(state).origin()) {
            let sentence = "Another site sent this form. Open the page here and send it again.";
            return refuse(StatusCode::FORBIDDEN, "Not sent from here", sentence);
        }
        if !is_form(&parts.headers) {
            let sentence = "A form is sent as application/x-www-form-urlencoded.";
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Not a form", sentence);
        }
        let bytes = match Limited::new(body, LARGEST_FORM).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return refuse(StatusCode::PAYLOAD_TOO_LARGE, "Too large", "The form is larger than 64 KiB.");
            }
            Err(_) => return refuse(StatusCode::BAD_REQUEST, "Broken off", "The form broke off."),
        };
        if !carries(&bytes, &visitor.form_token()) {
            let sentence =
                "This form is out of date. Go back, reload the page, and send it again (it needs cookies).";
            return refuse(StatusCode::FORBIDDEN, "Out of date", sentence);
        }
        match serde_urlencoded::from_bytes(&bytes) {
            Ok(form) => Ok(Self(form)),
            Err(error) => {
                let sentence = format!("The form cannot be read: {error}.");
                refuse(StatusCode::BAD_REQUEST, "Not readable", &sentence)
            }
        }
    }
}

/// Whether the form's field `csrf` holds this.
fn carries(form: &[u8], token: &str) -> bool {
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(form).unwrap_or_default();
    let mut sent = fields.iter().filter(|(name, _)| name == "csrf").map(|(_, value)| value);
    match (sent.next(), sent.next()) {
        (Some(value), None) => bool::from(value.as_bytes().ct_eq(token.as_bytes())),
        _ => false,
    }
}

/// Whether the browser says that another site's page sent this.
fn is_foreign(headers: &HeaderMap, own_origin: &str) -> bool {
    let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return true;
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return false;
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own = origin == own_origin
        || origin.split_once("://").is_some_and(|(_, named)| host.is_some_and(|host| host == named));
    !is_own
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = media_type::essence(kind);
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_tell_what_sent_a_form() {
        let table: [(&[(HeaderName, &'static str)], bool); 10] = [
            (&[], false),
            (&[(FETCH_SITE, "same-origin")], false),
            (&[(FETCH_SITE, "none")], false),
            (&[(FETCH_SITE, "same-site")], true),
            (&[(FETCH_SITE, "cross-site")], true),
            (&[(ORIGIN, "https://hall.example")], false),
            (&[(ORIGIN, "http://127.0.0.1:8003"), (HOST, "127.0.0.1:8003")], false),
            (&[(ORIGIN, "https://evil.example"), (HOST, "127.0.0.1:8003")], true),
            (&[(ORIGIN, "null"), (HOST, "null")], true),
            (&[(FETCH_SITE, "same-origin"), (ORIGIN, "https://evil.example")], true),
        ];
        for (sent, foreign) in table {
            let pairs = sent.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
            assert_eq!(is_foreign(&pairs.collect(), "https://hall.example"), foreign, "{sent:?}");
        }
    }

    #[test]
    fn the_hidden_field_stands_once_and_fits() {
        assert!(carries(b"a=b&csrf=t", "t"));
        for form in [&b"a=b"[..], b"", b"csrf=", b"csrf=x", b"csrf=t&csrf=t", b"csrf=t&csrf=x", b"CSRF=t"] {
            assert!(!carries(form, "t"), "{form:?}");
        }
    }
}
