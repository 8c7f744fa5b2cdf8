//! The wire's scalars.

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};
use guildhall_core::Invalid;
use guildhall_core::money::{self, Currency};

/// Seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) i64);

impl Timestamp {
    /// The second of a moment in milliseconds.
    pub(crate) fn of_ms(milliseconds: i64) -> Self {
        Self(milliseconds.div_euclid(1000))
    }
}

#[Scalar]
impl ScalarType for Timestamp {
    fn parse(value: Value) -> InputValueResult<Self> {
        whole_number(&value)
            .map(Self)
            .ok_or_else(|| InputValueError::custom("a timestamp is a whole number of seconds"))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

/// A whole number of up to 64 bits; text on the wire, since JSON's numbers end at 53 bits. A number is
/// taken too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BigInt(pub(crate) i64);

#[Scalar]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let read = match &value {
            Value::String(text) => text.parse().ok(),
            value => whole_number(value),
        };
        read.map(Self).ok_or_else(|| {
            InputValueError::custom("a BigInt is a whole number of up to 64 bits, or its text")
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A decimal number; a number or its text on the wire. What it may be is said where it is used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StringFloat {
    /// It was a number.
    Number(f64),
    /// It was text, which holds its digits exactly.
    Text(String),
}

impl StringFloat {
    /// The number that it is.
    pub(crate) fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.parse().expect("what is kept as text reads as a number"),
        }
    }

    /// The amount of money that it is in major units of a currency, in minor units.
    pub(crate) fn minor(&self, currency: Currency) -> Result<i64, Invalid> {
        match self {
            Self::Number(number) => money::minor_from_major(*number, currency),
            Self::Text(text) => money::minor_from_text(text, currency),
        }
    }
}

#[Scalar]
impl ScalarType for StringFloat {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.trim().parse::<f64>().is_ok() => {
                Ok(Self::Text(text.trim().to_owned()))
            }
            Value::Number(number) => number
                .as_f64()
                .map(Self::Number)
                .ok_or_else(|| InputValueError::custom("a StringFloat is a number, or its text")),
            _ => Err(InputValueError::custom("a StringFloat is a number, or its text")),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Number(number) => Value::String(number.to_string()),
            Self::Text(text) => Value::String(text.clone()),
        }
    }
}

/// An address such as `https://example.com/webhooks`; what it may be is said where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UrlString(pub(crate) String);

#[Scalar]
impl ScalarType for UrlString {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            _ => Err(InputValueError::custom("a UrlString is text")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A whole number, also when JSON wrote it as `1.0`.
#[expect(clippy::cast_possible_truncation, reason = "whole floats below 2^53 are exact")]
fn whole_number(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else { return None };
    let whole = |float: f64| (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64);
    Number::as_i64(number).or_else(|| number.as_f64().and_then(whole))
}

/// A file that a form would send beside the document. GraphQL over JSON has no such thing: files are uploaded first
/// and named by their ids.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct File;

#[Scalar]
impl ScalarType for File {
    fn parse(_: Value) -> InputValueResult<Self> {
        Err(InputValueError::custom("a file is not sent here: upload it, and name it by `directUploadId`"))
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

/// Any JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Json(pub(crate) serde_json::Value);

#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value.into_json()?))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or(Value::Null)
    }
}
