//! What can go wrong with a call, told apart by what the caller can do about it.

use serde::Deserialize;
use serde_json::Value;

/// Why a call did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option cannot be used; nothing was sent.
    #[error("{option} cannot be used: {reason}")]
    Option {
        /// The field of [`WhopApiOptions`](crate::WhopApiOptions).
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No whole answer came: no connection, a timeout, a connection that broke.
    #[error("no answer from the server")]
    Network(#[from] reqwest::Error),
    /// The answer's status is not 2xx, such as 401 for a wrong key and 429 when it is asked too often.
    #[error("the server answered {status}: {body}")]
    Http {
        /// The HTTP status.
        status: u16,
        /// The answer's text.
        body: String,
    },
    /// The operation failed, in whole or in part.
    #[error("{}", errors.first().map_or("the operation failed", |error| error.message.as_str()))]
    GraphQl {
        /// At least one, in the server's order.
        errors: Vec<GraphQlError>,
        /// What was answered beside the errors.
        data: Option<Value>,
    },
    /// The answer is not what the operation's document asks for.
    #[error("the answer could not be read")]
    Decode(#[from] serde_json::Error),
    /// The file store took an uploaded part without answering the `ETag` that names it.
    #[error("part {part_number} of the upload was answered without an ETag")]
    MissingEtag {
        /// Counted from 1.
        part_number: i64,
    },
    /// The server answered an upload without saying where to put the bytes.
    #[error("the server named no address for part {part_number} of the upload")]
    MissingUploadUrl {
        /// Counted from 1.
        part_number: i64,
    },
    /// The server did not finish with an uploaded file in the time that the client waits.
    #[error("the uploaded file {direct_upload_id} is not ready")]
    AttachmentNotReady {
        /// The id to ask [`WhopApi::get_attachment`](crate::WhopApi::get_attachment) for later.
        direct_upload_id: String,
    },
}

/// One error of a GraphQL answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "WireError")]
pub struct GraphQlError {
    /// For people.
    pub message: String,
    /// For programs, when the server gives one.
    pub code: Option<String>,
    /// Keys and indexes that lead to the field that failed; empty when the whole operation did.
    pub path: Vec<Value>,
}

#[derive(Deserialize)]
struct WireError {
    #[serde(default)]
    message: String,
    path: Option<Vec<Value>>,
    extensions: Option<WireExtensions>,
}

#[derive(Deserialize)]
struct WireExtensions {
    code: Option<Value>,
}

impl From<WireError> for GraphQlError {
    fn from(wire: WireError) -> Self {
        let code = wire.extensions.and_then(|extensions| extensions.code).map(|code| match code {
            Value::String(code) => code,
            other => other.to_string(),
        });
        Self { message: wire.message, code, path: wire.path.unwrap_or_default() }
    }
}
