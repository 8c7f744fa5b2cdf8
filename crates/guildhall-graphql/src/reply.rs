//! Replies: data, errors and the status that goes with them, as GraphQL over HTTP wants it.

use async_graphql::{Response, ServerError, Value};
use bytes::Bytes;
use guildhall_core::media_type;
use http::{HeaderMap, StatusCode, header};

/// The longest sentence of an error, in characters.
const LONGEST_SENTENCE: usize = 1000;

/// Which of the two media types the caller reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// `application/graphql-response+json`: the status tells of errors.
    GraphQl,
    /// `application/json`: the status is 200 whenever GraphQL was spoken.
    Json,
}

impl Accepted {
    /// The first of the two that `Accept` names; plain JSON when it names neither.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get_all(header::ACCEPT);
        let ranges = accept.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        for range in ranges {
            let essence = media_type::essence(range);
            if essence.eq_ignore_ascii_case("application/graphql-response+json") {
                return Self::GraphQl;
            }
            if essence.eq_ignore_ascii_case("application/json") {
                return Self::Json;
            }
        }
        Self::Json
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) struct Reply {
    /// `None` when the request did not run.
    data: Option<Value>,
    errors: Vec<ServerError>,
    /// A status that stands whatever the caller reads.
    status: Option<StatusCode>,
}

impl Reply {
    /// A request that is not GraphQL at all.
    pub(crate) fn malformed(status: StatusCode, sentence: String) -> Self {
        Self::refused("INVALID_INPUT", sentence).with_status(status)
    }

    /// A request that was not run.
    pub(crate) fn refused(code: &'static str, sentence: String) -> Self {
        let mut error = ServerError::new(sentence, None);
        error.extensions.get_or_insert_default().set("code", code);
        Self { data: None, errors: vec![error], status: None }
    }

    /// A document that is not one.
    pub(crate) fn unparsed(error: async_graphql::parser::Error) -> Self {
        Self { data: None, errors: vec![coded(error.into())], status: None }
    }

    /// A request that ran, or was refused by validation. Published clients take an answer with data as
    /// success, so when every field of a persisted operation failed there is none.
    pub(crate) fn ran(response: Response, is_persisted: bool) -> Self {
        let errors: Vec<ServerError> = response.errors.into_iter().map(coded).collect();
        let nothing = match &response.data {
            Value::Null => true,
            Value::Object(fields) => is_persisted && fields.values().all(|value| *value == Value::Null),
            _ => false,
        };
        let data = if nothing && !errors.is_empty() { None } else { Some(response.data) };
        Self { data, errors, status: None }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status: Some(status), ..self }
    }

    fn status(&self, accepted: Accepted) -> StatusCode {
        match (self.status, accepted, &self.data) {
            (Some(status), _, _) => status,
            (None, Accepted::GraphQl, None) => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(data) = &self.data {
            out.extend_from_slice(b"\"data\":");
            write_json(out, data);
        }
        if !self.errors.is_empty() {
            if self.data.is_some() {
                out.push(b',');
            }
            out.extend_from_slice(b"\"errors\":");
            write_json(out, &self.errors);
        }
        out.push(b'}');
    }
}

fn write_json(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    if let Err(error) = serde_json::to_writer(&mut *out, value) {
        // Nothing in a reply can fail to be written: every key is text.
        tracing::error!(error = %error, "a reply could not be written");
    }
}

/// An error with a code; one that the executor itself raised is about the input, and may repeat much
/// of it.
fn coded(mut error: ServerError) -> ServerError {
    if let Some((end, _)) = error.message.char_indices().nth(LONGEST_SENTENCE) {
        error.message.truncate(end);
        error.message.push('…');
    }
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", "INVALID_INPUT");
    }
    error
}

/// The answer to a body.
#[derive(Debug)]
pub(crate) enum Outcome {
    One(Reply),
    Batch(Vec<Reply>),
}

impl Outcome {
    pub(crate) fn into_response(self, accepted: Accepted) -> http::Response<Bytes> {
        let mut out = Vec::with_capacity(256);
        let status = match &self {
            Self::One(reply) => {
                reply.write(&mut out);
                reply.status(accepted)
            }
            Self::Batch(replies) => {
                out.push(b'[');
                for (index, reply) in replies.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    reply.write(&mut out);
                }
                out.push(b']');
                StatusCode::OK
            }
        };
        let mut response = http::Response::new(Bytes::from(out));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(accepted.content_type()));
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, http::HeaderValue::from_static("GET, POST"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
        }
        response
    }
}
