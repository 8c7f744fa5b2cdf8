//! Whether a webhook is genuine: signed with the shared secret, and not an old one sent again.
//!
//! Two forms are read: v5 (`x-whop-signature`) and v1, which follows the Standard Webhooks specification
//! (`webhook-id`, `webhook-timestamp`, `webhook-signature`).

use crate::clock::now_seconds;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;
use std::fmt;

/// How far the timestamp of a webhook may be from now, either way.
const TOLERANCE_SECONDS: u64 = 300;

/// Checks webhooks against the secret that the server signs them with.
///
/// ```
/// use guildhall_client::{WebhookError, WebhookValidator};
///
/// let validator = WebhookValidator::new("secret");
/// let refused = validator.validate_v5("t=1716931200,v1=00", b"{}");
/// assert_eq!(refused.unwrap_err(), WebhookError::Timestamp);
/// ```
#[derive(Clone)]
pub struct WebhookValidator {
    secret: String,
}

/// The three headers of a webhook in the v1 form.
#[derive(Debug, Clone, Copy)]
pub struct StandardWebhookHeaders<'a> {
    /// `webhook-id`: the same when a webhook is sent again.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: one or more `v1,<base64>`, separated by spaces.
    pub signature: &'a str,
}

/// The body of a webhook in the v5 form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct V5Webhook {
    /// `payment.succeeded` and the like.
    pub action: String,
    /// `v5`.
    pub api_version: Option<String>,
    /// What it is about; the fields depend on the action.
    pub data: Value,
}

/// The body of a webhook in the v1 form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StandardWebhook {
    /// `payment.succeeded` and the like.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it happened, in RFC 3339.
    pub timestamp: Option<String>,
    /// What it is about; the fields depend on the type.
    pub data: Value,
}

/// Why a webhook is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The secret for the v1 form is not base64.
    #[error("the webhook secret is not base64")]
    Secret,
    /// A header does not have its form.
    #[error("a webhook header is malformed")]
    Header,
    /// It was signed more than 300 seconds ago, or ahead.
    #[error("the webhook's timestamp is too far from now")]
    Timestamp,
    /// It was not signed with the secret.
    #[error("the webhook's signature is wrong")]
    Signature,
    /// It is genuine but its body is not the form's.
    #[error("the webhook's body could not be read")]
    Body,
}

impl fmt::Debug for WebhookValidator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebhookValidator").finish_non_exhaustive()
    }
}

impl WebhookValidator {
    /// With the secret the server shows for the webhook: any text for v5, base64 with or without `whsec_`
    /// before it for v1.
    pub fn new(secret: impl Into<String>) -> Self {
        Self { secret: secret.into() }
    }

    /// Checks a webhook in the v5 form now; `signature` is its `x-whop-signature`.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub fn validate_v5(&self, signature: &str, body: &[u8]) -> Result<V5Webhook, WebhookError> {
        self.validate_v5_at(signature, body, now_seconds())
    }

    /// Checks a webhook in the v5 form at a time in seconds since 1970.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub fn validate_v5_at(
        &self,
        signature: &str,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<V5Webhook, WebhookError> {
        let field = |name: &str| {
            let mut fields = signature.split(',').filter_map(|field| field.trim().split_once('='));
            fields.find(|(found, _)| *found == name).map(|(_, value)| value).ok_or(WebhookError::Header)
        };
        let timestamp = field("t")?;
        let sent = from_hex(field("v1")?).ok_or(WebhookError::Header)?;
        check_timestamp(timestamp, now_seconds)?;
        if !is_signed(self.secret.as_bytes(), &[timestamp.as_bytes(), body], &sent) {
            return Err(WebhookError::Signature);
        }
        serde_json::from_slice(body).map_err(|_| WebhookError::Body)
    }

    /// Checks a webhook in the v1 form now.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub fn validate_standard(
        &self,
        headers: StandardWebhookHeaders<'_>,
        body: &[u8],
    ) -> Result<StandardWebhook, WebhookError> {
        self.validate_standard_at(headers, body, now_seconds())
    }

    /// Checks a webhook in the v1 form at a time in seconds since 1970.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub fn validate_standard_at(
        &self,
        headers: StandardWebhookHeaders<'_>,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<StandardWebhook, WebhookError> {
        let encoded = self.secret.strip_prefix("whsec_").unwrap_or(&self.secret);
        let secret = STANDARD.decode(encoded).map_err(|_| WebhookError::Secret)?;
        check_timestamp(headers.timestamp, now_seconds)?;
        let parts = [headers.id.as_bytes(), headers.timestamp.as_bytes(), body];
        // Several signatures stand in the header while a secret is being changed; one is enough.
        let mut signatures = headers.signature.split(' ').filter_map(|each| each.strip_prefix("v1,"));
        let is_genuine = signatures
            .any(|encoded| STANDARD.decode(encoded).is_ok_and(|sent| is_signed(&secret, &parts, &sent)));
        if !is_genuine {
            return Err(WebhookError::Signature);
        }
        serde_json::from_slice(body).map_err(|_| WebhookError::Body)
    }
}

fn check_timestamp(timestamp: &str, now_seconds: i64) -> Result<(), WebhookError> {
    let sent_seconds: i64 = timestamp.parse().map_err(|_| WebhookError::Header)?;
    if sent_seconds.abs_diff(now_seconds) > TOLERANCE_SECONDS {
        return Err(WebhookError::Timestamp);
    }
    Ok(())
}

/// Whether `sent` is the HMAC-SHA256 of the parts joined by full stops; takes the same time wherever they
/// differ.
fn is_signed(secret: &[u8], parts: &[&[u8]], sent: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("an HMAC takes a key of any length");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            mac.update(b".");
        }
        mac.update(part);
    }
    mac.verify_slice(sent).is_ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests;
