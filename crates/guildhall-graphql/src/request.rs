//! Requests: the two body forms, and what is wrong with one that is neither.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value, Variables};
use memchr::memmem;
use serde::Deserialize;

/// What one request asks to run.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) what: What,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Variables,
}

/// A document, or the id of one that the server holds.
#[derive(Debug, PartialEq)]
pub(crate) enum What {
    Document(String),
    Persisted(String),
}

/// One request, or several in one body.
#[derive(Debug)]
pub(crate) enum Body {
    One(Request),
    Batch(Vec<Request>),
}

/// The most requests one body holds.
pub(crate) const LARGEST_BATCH: usize = 10;

impl Body {
    /// Reads a JSON body.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let escapes_nul = memmem::find(bytes, br"\u0000").is_some();
        if !escapes_nul && let Some(request) = Request::of_usual_form(bytes) {
            return Ok(Self::One(request));
        }
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| format!("The body is not JSON: {error}."))?;
        // JSON holds the character escaped or not at all.
        if escapes_nul && crate::coercion::holds_nul(&value) {
            return Err("Text must not hold the character NUL.".into());
        }
        match value {
            Value::Object(fields) => Ok(Self::One(Request::read(fields)?)),
            Value::List(requests) if (1..=LARGEST_BATCH).contains(&requests.len()) => {
                let requests = requests.into_iter().map(|request| match request {
                    Value::Object(fields) => Request::read(fields),
                    _ => Err("Every request of a batch is a JSON object.".into()),
                });
                Ok(Self::Batch(requests.collect::<Result<_, _>>()?))
            }
            Value::List(_) => Err(format!("A batch holds 1 to {LARGEST_BATCH} requests.")),
            _ => Err("The body must be a JSON object.".into()),
        }
    }
}

/// What nearly every body is, read in one go.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UsualForm {
    query: Option<String>,
    operation_id: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Variables,
    /// Null, where it is there at all.
    #[serde(default, rename = "extensions")]
    _extensions: (),
}

impl Request {
    /// One request in its usual form; `None` for everything else, which is then read step by step so that what
    /// is wrong with it can be said.
    fn of_usual_form(bytes: &[u8]) -> Option<Self> {
        // An object, since a list would be taken for the fields in order.
        bytes.trim_ascii_start().first().filter(|first| **first == b'{')?;
        let form: UsualForm = serde_json::from_slice(bytes).ok()?;
        let what = match (form.query, form.operation_id) {
            (Some(query), _) => document(query).ok()?,
            (None, Some(id)) => What::Persisted(id),
            (None, None) => return None,
        };
        Some(Self { what, operation_name: form.operation_name, variables: form.variables })
    }

    fn read(mut fields: IndexMap<Name, Value>) -> Result<Self, String> {
        let operation_name = optional_text(&mut fields, "operationName")?;
        let variables = Variables::from_value(object(&mut fields, "variables")?);
        object(&mut fields, "extensions")?;
        let what = match (optional_text(&mut fields, "query")?, optional_text(&mut fields, "operationId")?) {
            (Some(query), _) => document(query)?,
            (None, Some(id)) => What::Persisted(id),
            (None, None) => {
                return Err("Give `query`, a document, or `operationId`, the id of one we hold.".into());
            }
        };
        Ok(Self { what, operation_name, variables })
    }

    /// Reads the parameters of an address.
    pub(crate) fn of_parameters(parameters: &str) -> Result<Self, String> {
        let mut fields = IndexMap::new();
        for (name, value) in form(parameters) {
            let value = match name.as_str() {
                "variables" | "extensions" if !value.is_empty() => {
                    serde_json::from_str(&value).map_err(|error| format!("`{name}` is not JSON: {error}."))?
                }
                "id" => {
                    fields.insert(Name::new("operationId"), value.into());
                    continue;
                }
                _ => Value::String(value),
            };
            fields.insert(Name::new(name), value);
        }
        if fields.values().any(crate::coercion::holds_nul) {
            return Err("Text must not hold the character NUL.".into());
        }
        Self::read(fields)
    }
}

fn document(text: String) -> Result<What, String> {
    if text.contains("\\u0000") {
        return Err("Text must not hold the character NUL.".into());
    }
    Ok(What::Document(text))
}

fn optional_text(fields: &mut IndexMap<Name, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.swap_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{name}` must be text.")),
    }
}

fn object(fields: &mut IndexMap<Name, Value>, name: &str) -> Result<Value, String> {
    match fields.swap_remove(name) {
        None | Some(Value::Null) => Ok(Value::Null),
        Some(Value::String(text)) if text.is_empty() => Ok(Value::Null),
        Some(value @ Value::Object(_)) => Ok(value),
        Some(_) => Err(format!("`{name}` must be a JSON object.")),
    }
}

/// The pairs of a form-encoded text.
fn form(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(body: &str) -> Result<Request, String> {
        match Body::read(body.as_bytes())? {
            Body::One(request) => Ok(request),
            Body::Batch(_) => Err("a batch".into()),
        }
    }

    #[test]
    fn both_forms_are_read() {
        let document = one(r#"{"query":"{a}","operationName":null,"variables":{"a":1}}"#).expect("form 1");
        assert_eq!(document.what, What::Document("{a}".into()));
        let persisted =
            one(r#"{"operationId":"whop-sdk-ts-server/sha256:0","operationType":"query"}"#).expect("form 2");
        assert_eq!(persisted.what, What::Persisted("whop-sdk-ts-server/sha256:0".into()));
        let parameters =
            Request::of_parameters("query=%7Ba%7D&variables=%7B%22a%22%3A1%7D").expect("parameters");
        assert_eq!(parameters.variables[&Name::new("a")], Value::from(1));
    }

    #[test]
    fn each_refusal_has_its_sentence() {
        let many = format!("[{}]", [r#"{"query":"{a}"}"#; 11].join(","));
        let table = [
            ("", "not JSON"),
            ("{", "not JSON"),
            ("1", "must be a JSON object"),
            ("[]", "1 to 10 requests"),
            (many.as_str(), "1 to 10 requests"),
            ("[1]", "of a batch"),
            ("{}", "Give `query`"),
            (r#"{"query":1}"#, "`query` must be text"),
            (r#"{"query":"{a}","variables":[]}"#, "`variables` must be a JSON object"),
            (r#"{"query":"{a}","operationName":{}}"#, "`operationName` must be text"),
            (r#"{"query":"{a}","extensions":"x"}"#, "`extensions` must be a JSON object"),
            (r#"{"query":"{a}","variables":{"a":"\u0000"}}"#, "NUL"),
            (r#"{"query":"{a(b:\"\\u0000\")}"}"#, "NUL"),
        ];
        for (body, sentence) in table {
            let error = one(body).expect_err(sentence);
            assert!(error.contains(sentence), "{body}: {error}");
        }
    }
}
