//! What goes over the wire: the body and headers of an event in either form.
//!
//! Version v5 is signed with the secret's text; version v1 with the bytes that it encodes, as the Standard Webhooks
//! specification says. Some published templates encode the whole text once more before they check, so v1
//! carries a second signature, by the text: one of them is enough to whoever checks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use guildhall_core::ids::{CompanyId, Id, WebhookEventId};
use guildhall_core::moment::rfc3339;
use guildhall_core::webhook::{ApiVersion, Event, Subject};
use hmac::{Hmac, KeyInit, Mac};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use serde_json::json;
use sha2::Sha256;
use std::fmt::Write as _;

/// What a receiver is told.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) id: &'a WebhookEventId,
    /// By the name that this receiver knows it.
    pub(super) event: Event,
    pub(super) company: &'a CompanyId,
    pub(super) subject: &'a Subject,
    /// When it happened, in milliseconds.
    pub(super) at: i64,
}

impl Message<'_> {
    /// The body; the same on every try. `manage_url` is where people see and change what they hold.
    pub(super) fn body(&self, version: ApiVersion, manage_url: &str) -> Bytes {
        let body = match version {
            ApiVersion::V5 => json!({
                "api_version": "v5",
                "action": self.event.action(),
                "data": self.subject.v5(manage_url),
            }),
            ApiVersion::V1 => json!({
                "id": self.id.as_str(),
                "api_version": "v1",
                "type": self.event.standard_type(),
                "timestamp": rfc3339(self.at),
                "company_id": self.company.as_str(),
                "data": self.subject.v1(manage_url),
            }),
        };
        Bytes::from(body.to_string())
    }

    /// The headers of a try at `now` (milliseconds).
    pub(super) fn headers(
        &self,
        version: ApiVersion,
        secret: &str,
        body: &[u8],
        now: i64,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let seconds = now.div_euclid(1000).to_string();
        let mut headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (USER_AGENT, HeaderValue::from_static("Guildhall-Webhooks/1")),
            (HeaderName::from_static("webhook-id"), value(self.id.as_str())),
            (HeaderName::from_static("webhook-timestamp"), value(&seconds)),
        ];
        headers.push(match version {
            ApiVersion::V5 => {
                let signed = signature(secret.as_bytes(), &[seconds.as_bytes(), body]);
                let text = format!("t={seconds},v1={}", hex(&signed));
                (HeaderName::from_static("x-whop-signature"), value(&text))
            }
            ApiVersion::V1 => {
                let parts = [self.id.as_str().as_bytes(), seconds.as_bytes(), body];
                let encoded = STANDARD.encode(signature(&key_of(secret), &parts));
                let by_text = STANDARD.encode(signature(secret.as_bytes(), &parts));
                (HeaderName::from_static("webhook-signature"), value(&format!("v1,{encoded} v1,{by_text}")))
            }
        });
        headers
    }
}

/// The bytes that a secret encodes; its own where it is not ours and encodes none.
fn key_of(secret: &str) -> Vec<u8> {
    let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
    STANDARD.decode(encoded).unwrap_or_else(|_| secret.as_bytes().to_vec())
}

/// The HMAC-SHA256 of the parts joined by full stops.
fn signature(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("an HMAC takes a key of any length");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            mac.update(b".");
        }
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("ids, digits and signatures are plain text")
}
