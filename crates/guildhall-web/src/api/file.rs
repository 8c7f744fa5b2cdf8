//! Files: served from signed addresses, whole or in spans, never as something that runs.

use super::upload::signature;
use crate::error::{Refusal, plain_refusal};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::attachment::{self, FileRange};
use guildhall_app::{Error, Guildhall};
use guildhall_core::attachment::is_shown_inline;
use guildhall_core::ids::{AttachmentId, Id};
use hyper::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, StatusCode};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Serves a file to whoever holds its address.
pub(crate) async fn read(
    State(hall): State<Arc<Guildhall>>,
    Path(id): Path<String>,
    Query(parameters): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = AttachmentId::parse(&id).map_err(Error::from)?;
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok()).and_then(span);
    let is_span = range.is_some();
    let (found, outgoing) = attachment::open(&hall, id, &signature(&parameters)?, range).await?;
    let Some(outgoing) = outgoing else {
        return Ok(beyond(found.bytes));
    };
    let mut response = Response::new(Body::from_stream(outgoing.stream));
    let inline = is_shown_inline(&found.content_type);
    let shown_type = if inline { found.content_type.as_str() } else { "application/octet-stream" };
    let disposition = disposition(if inline { "inline" } else { "attachment" }, &found.filename);
    let length = outgoing.range.end - outgoing.range.start;
    let out = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, shown_type),
        (CONTENT_DISPOSITION, disposition.as_str()),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (ACCEPT_RANGES, "bytes"),
        (CACHE_CONTROL, "private, max-age=3600"),
    ] {
        out.insert(name, HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("")));
    }
    out.insert(CONTENT_LENGTH, HeaderValue::from(length));
    if is_span {
        let last = outgoing.range.end.saturating_sub(1);
        let range = format!("bytes {}-{last}/{}", outgoing.range.start, outgoing.size);
        out.insert(CONTENT_RANGE, HeaderValue::from_str(&range).unwrap_or(HeaderValue::from_static("")));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// The answer to a span that begins after the file's end.
fn beyond(bytes: i64) -> Response {
    let sentence = format!("The file is {bytes} bytes large; the span asked for begins beyond that.");
    let mut response = plain_refusal(StatusCode::RANGE_NOT_SATISFIABLE, "INVALID_INPUT", &sentence);
    let range = HeaderValue::from_str(&format!("bytes */{bytes}")).unwrap_or(HeaderValue::from_static(""));
    response.headers_mut().insert(CONTENT_RANGE, range);
    response
}

/// One span of `bytes=…`; several spans are answered with the whole file, as the standard allows.
fn span(range: &str) -> Option<FileRange> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    match (from.trim().parse::<u64>(), to.trim().parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => Some(FileRange::Bounded(from..to.saturating_add(1))),
        (Ok(from), Err(_)) if to.trim().is_empty() => Some(FileRange::Offset(from)),
        (Err(_), Ok(last)) if from.trim().is_empty() && last > 0 => Some(FileRange::Suffix(last)),
        _ => None,
    }
}

/// A `Content-Disposition` that holds any name, after RFC 6266.
fn disposition(kind: &str, filename: &str) -> String {
    let mut encoded = String::new();
    for byte in filename.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("{kind}; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        assert!(matches!(span("bytes=0-9"), Some(FileRange::Bounded(range)) if range == (0..10)));
        assert!(matches!(span("bytes=5-"), Some(FileRange::Offset(5))));
        assert!(matches!(span("bytes=-5"), Some(FileRange::Suffix(5))));
        for bad in ["bytes=9-0", "bytes=a-b", "items=0-1", "bytes=-", "bytes=-0", "bytes=0-1,3-4"] {
            assert!(span(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn any_name_fits_a_header() {
        assert_eq!(
            disposition("attachment", "é\"\r\n.png"),
            "attachment; filename*=UTF-8''%C3%A9%22%0D%0A.png"
        );
    }
}
