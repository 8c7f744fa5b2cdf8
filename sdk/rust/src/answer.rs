//! Reading the body of a 2xx answer.

use crate::{Error, GraphQlError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Envelope<T> {
    data: Option<T>,
    errors: Option<Vec<GraphQlError>>,
}

/// Reads an answer straight into its type; only one that fails is read again, for its errors.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let typed = serde_json::from_slice::<Envelope<T>>(body);
    if let Ok(Envelope { data: Some(data), errors }) = typed
        && errors.is_none_or(|errors| errors.is_empty())
    {
        return Ok(data);
    }
    let plain: Envelope<Value> = serde_json::from_slice(body)?;
    match plain.errors {
        Some(errors) if !errors.is_empty() => Err(Error::GraphQl { errors, data: plain.data }),
        _ => Ok(serde_json::from_value(plain.data.unwrap_or_default())?),
    }
}
