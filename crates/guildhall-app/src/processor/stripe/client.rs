//! The small client that asks Stripe's API: one form, one answer.
//!
//! A typed client of the few questions that are asked here. The crate that is kept for all of the API, `async-stripe`,
//! is not used: its types are 11 MB of generated source which every part of it compiles, and they refuse an answer
//! that lacks any of a dozen fields nobody here reads, so that a charge which was made would not be known to be.

use super::settings::Settings;
use crate::outbound::{self, Poster, Resolver};
use crate::processor::Silence;
use bytes::Bytes;
use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded::Serializer;

/// The version of the API whose answers are read here.
const VERSION: &str = "2024-06-20";
/// The longest answer that is read, in bytes: lists hold a hundred things at most.
const LONGEST_ANSWER: usize = 2 * 1024 * 1024;

/// Asks Stripe.
#[derive(Debug)]
pub(crate) struct Client {
    pub(super) settings: Settings,
    poster: Poster,
}

/// Why a question was not answered with what it asked for.
#[derive(Debug)]
pub(super) enum Refused {
    /// A bank or Stripe says no to the charge.
    Card(Box<Trouble>),
    /// The question itself cannot be answered; nothing was done.
    Question(Box<Trouble>),
    /// Nothing is known.
    Silence(String),
}

impl Refused {
    /// Takes every refusal for silence. What is our fault is logged as an error.
    pub(super) fn into_silence(self) -> Silence {
        match self {
            Self::Silence(what) => Silence(what),
            Self::Card(trouble) | Self::Question(trouble) => {
                let what = format!("Stripe refuses what it was asked: {}", trouble.shown());
                tracing::error!(what, "Stripe was asked something that it does not take");
                Silence(what)
            }
        }
    }
}

/// What Stripe says was wrong.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Trouble {
    #[serde(rename = "type")]
    kind: Option<String>,
    pub(super) code: Option<String>,
    pub(super) decline_code: Option<String>,
    message: Option<String>,
    pub(super) param: Option<String>,
    payment_intent: Option<Named>,
}

/// The name of a thing of which nothing else is read.
#[derive(Debug, Clone, Deserialize)]
struct Named {
    id: String,
}

impl Trouble {
    /// The word for it: the bank's, else Stripe's.
    pub(super) fn word(&self) -> String {
        let word = self.decline_code.as_ref().or(self.code.as_ref());
        word.cloned().unwrap_or_else(|| "card_declined".to_owned())
    }

    /// A sentence for the buyer.
    pub(super) fn sentence(&self) -> String {
        self.message.clone().unwrap_or_else(|| "The card was declined.".to_owned())
    }

    /// What the log shows.
    pub(super) fn shown(&self) -> String {
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        format!("{} {} {} {}", of(&self.kind), of(&self.code), of(&self.param), of(&self.message))
    }

    /// The intent that it happened to.
    pub(super) fn intent(&self) -> Option<String> {
        self.payment_intent.as_ref().map(|intent| intent.id.clone())
    }
}

/// The pairs of a question as a form.
pub(super) fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Client {
    pub(crate) fn new(settings: Settings) -> Self {
        let poster = Poster::new(Resolver::System, settings.longest_ask).reading(LONGEST_ANSWER);
        Self { settings, poster }
    }

    /// Looks at something; `query` is a form.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &str) -> Result<T, Refused> {
        let mut address = self.settings.address(path);
        address.set_query(Some(query));
        let headers = self.headers(None)?;
        let asked = self.poster.ask(Method::GET, &address, headers, Bytes::new(), self.settings.reach());
        read(asked.await)
    }

    /// Asks for something to be done, under a key: asking again does nothing again.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &str,
        key: &str,
    ) -> Result<T, Refused> {
        let address = self.settings.address(path);
        let (headers, body) = (self.headers(Some(key))?, Bytes::copy_from_slice(form.as_bytes()));
        read(self.poster.ask(Method::POST, &address, headers, body, self.settings.reach()).await)
    }

    fn headers(&self, key: Option<&str>) -> Result<Vec<(HeaderName, HeaderValue)>, Refused> {
        let value = |text: &str| {
            HeaderValue::try_from(text).map_err(|_| Refused::Silence("a key that no header can hold".into()))
        };
        let mut secret = value(&format!("Bearer {}", self.settings.secret_key.reveal()))?;
        secret.set_sensitive(true);
        let mut headers = vec![
            (AUTHORIZATION, secret),
            (USER_AGENT, HeaderValue::from_static("Guildhall/1")),
            (HeaderName::from_static("stripe-version"), HeaderValue::from_static(VERSION)),
        ];
        if let Some(key) = key {
            headers.push((CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")));
            headers.push((HeaderName::from_static("idempotency-key"), value(key)?));
        }
        Ok(headers)
    }
}

/// What an answer says, by its status. <https://docs.stripe.com/api/errors>
fn read<T: DeserializeOwned>(asked: Result<outbound::Answer, outbound::Broken>) -> Result<T, Refused> {
    #[derive(Deserialize)]
    struct Told {
        error: Trouble,
    }
    let answer = asked.map_err(|broken| Refused::Silence(broken.reason))?;
    if answer.status == 200 {
        return serde_json::from_slice(&answer.body)
            .map_err(|error| Refused::Silence(format!("Stripe's answer cannot be read: {error}")));
    }
    let told = serde_json::from_slice::<Told>(&answer.body).map(|told| told.error);
    let silence = |trouble: &Trouble| {
        Refused::Silence(format!("Stripe answers {}: {}", answer.status, trouble.shown()))
    };
    match (answer.status, told) {
        (402, Ok(trouble)) => Err(Refused::Card(Box::new(trouble))),
        (400, Ok(trouble)) if trouble.kind.as_deref() == Some("idempotency_error") => Err(silence(&trouble)),
        (400 | 404, Ok(trouble)) => Err(Refused::Question(Box::new(trouble))),
        (401 | 403, Ok(trouble)) => {
            tracing::error!(what = trouble.shown(), "Stripe does not take our key for this");
            Err(silence(&trouble))
        }
        (_, told) => Err(silence(&told.unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::HeaderMap;
    use serde_json::Value;

    fn answered(status: u16, body: &str) -> Result<Value, Refused> {
        read(Ok(outbound::Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }))
    }

    #[test]
    fn an_answer_is_taken_for_what_its_status_says() {
        assert!(answered(200, r#"{"id": "pi_1"}"#).is_ok());
        let declined = r#"{"error": {"type": "card_error", "code": "card_declined", "decline_code": "lost_card",
            "message": "Your card was declined.", "payment_intent": {"id": "pi_1", "status": "x"}}}"#;
        match answered(402, declined) {
            Err(Refused::Card(trouble)) => {
                assert_eq!(
                    (trouble.word().as_str(), trouble.intent().as_deref()),
                    ("lost_card", Some("pi_1"))
                );
                assert_eq!(trouble.sentence(), "Your card was declined.");
            }
            other => panic!("{other:?}"),
        }
        let invalid = r#"{"error": {"type": "invalid_request_error", "param": "amount"}}"#;
        for status in [400, 404] {
            assert!(matches!(answered(status, invalid), Err(Refused::Question(_))), "{status}");
        }
        let conflict = r#"{"error": {"type": "idempotency_error", "message": "other parameters"}}"#;
        assert!(matches!(answered(400, conflict), Err(Refused::Silence(_))));
        for status in [100, 201, 301, 401, 403, 409, 424, 429, 500, 503] {
            assert!(matches!(answered(status, invalid), Err(Refused::Silence(_))), "{status}");
        }
        for body in ["", "<html>", "[]", r#"{"error": 5}"#] {
            for status in [400, 402, 500] {
                assert!(matches!(answered(status, body), Err(Refused::Silence(_))), "{status} {body}");
            }
        }
        assert!(matches!(answered(200, "{"), Err(Refused::Silence(_))));
    }
}
