//! How a client's request is read: its parameters, once each, and who it says it is.

use super::Failure;
use axum::body::Body;
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guildhall_app::oauth::Presented;
use guildhall_core::media_type;
use guildhall_core::oauth::{Parameters, Refusal, RefusalKind};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// The largest body, in bytes (64 KiB).
const LARGEST_BODY: usize = 64 * 1024;

/// Reads a request of a client.
pub(super) async fn read(request: Request) -> Result<(Presented, Parameters), Failure> {
    let (parts, body) = request.into_parts();
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        let sentence = "Send the parameters in the body: what stands in an address is kept in logs.";
        return Err(Refusal::malformed(sentence).into());
    }
    let parameters = Parameters::new(pairs(&parts.headers, body).await?);
    Ok((presented(&parts.headers, &parameters)?, parameters))
}

async fn pairs(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, Refusal> {
    let bytes = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(Refusal::malformed("The body is larger than 64 KiB."));
        }
        Err(_) => return Err(Refusal::malformed("The body broke off.")),
    };
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = media_type::essence(kind);
    if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return serde_urlencoded::from_bytes(&bytes)
            .map_err(|_| Refusal::malformed("The body is not a form."));
    }
    if kind.eq_ignore_ascii_case("application/json") {
        let Pairs(pairs) = serde_json::from_slice(&bytes)
            .map_err(|_| Refusal::malformed("The body is not a JSON object whose values are text."))?;
        return Ok(pairs);
    }
    Err(Refusal::malformed(
        "Send a form or JSON, and say so: `Content-Type: application/x-www-form-urlencoded` or `application/json`.",
    ))
}

/// The members of a JSON object whose values are text or null, also those that stand there twice.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((name, value)) = members.next_entry::<String, Option<String>>()? {
                    pairs.push((name, value.unwrap_or_default()));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Who a client says it is: in the header, or in the body, and not in both.
fn presented(headers: &HeaderMap, parameters: &Parameters) -> Result<Presented, Refusal> {
    let client_id = parameters.get("client_id")?;
    let secret = parameters.get("client_secret")?;
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let Some(header) = sent.next() else {
        let client_id = parameters.require("client_id")?.to_owned();
        return Ok(Presented { client_id, secret: secret.map(str::to_owned) });
    };
    if sent.next().is_some() || secret.is_some() {
        return Err(Refusal::malformed("The client says in two ways who it is."));
    }
    let (named, secret) = header.to_str().ok().and_then(basic).ok_or_else(|| {
        let sentence = "The header `Authorization` is not `Basic` with `client_id:client_secret` in base64.";
        Refusal::new(RefusalKind::InvalidClient, sentence)
    })?;
    if client_id.is_some_and(|client_id| client_id != named) {
        return Err(Refusal::malformed("`client_id` is not the client of the header `Authorization`."));
    }
    Ok(Presented { client_id: named, secret: Some(secret) })
}

/// Id and secret of `Basic …`, each form-encoded before they were put together (RFC 6749, 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id)?, decoded(secret)?))
}

fn decoded(text: &str) -> Option<String> {
    let value = format!("v={}", text.replace('&', "%26"));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&value).ok()?;
    pairs.into_iter().next().map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_read_as_the_standard_writes_it() {
        let of = |text: &str| basic(&format!("Basic {}", STANDARD.encode(text)));
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(of("app_1:gh_a-b_c"), pair("app_1", "gh_a-b_c"));
        assert_eq!(of("app_1:a%3Ab+c%26&=d"), pair("app_1", "a:b c&&=d"));
        assert_eq!(of("app_1:"), pair("app_1", ""));
        assert_eq!(of("app_1"), None);
        assert_eq!(basic("Bearer YTpi"), None);
        assert_eq!(basic("basic  YTpi"), pair("a", "b"));
        assert_eq!(basic("Basic ???"), None);
        assert_eq!(basic("Basic"), None);
    }

    #[test]
    fn members_of_an_object_are_read_also_when_they_stand_there_twice() {
        let of = |text: &str| serde_json::from_str::<Pairs>(text).map(|Pairs(pairs)| pairs).ok();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            of(r#"{"a":"1","b":null,"a":"2"}"#),
            Some(vec![pair("a", "1"), pair("b", ""), pair("a", "2")])
        );
        for text in ["[]", "\"a\"", "{\"a\":1}", "{\"a\":[\"1\"]}", "{\"a\":{}}", "", "{"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
