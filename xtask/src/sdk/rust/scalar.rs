//! The Rust type of a GraphQL type.

use async_graphql_parser::types::{BaseType, Type};

/// Whether the outermost layer is a list.
pub(super) fn is_list(value_type: &Type) -> bool {
    matches!(value_type.base, BaseType::List(_))
}

/// A type with its `Vec`s and `Option`s around what its innermost name becomes.
pub(super) fn wrapped(value_type: &Type, name_of: &dyn Fn(&str) -> String) -> String {
    let bare = match &value_type.base {
        BaseType::Named(name) => name_of(name),
        BaseType::List(item) => format!("Vec<{}>", wrapped(item, name_of)),
    };
    if value_type.nullable { format!("Option<{bare}>") } else { bare }
}

/// The Rust type of a scalar; enums and inputs keep their names. `Timestamp` is seconds since 1970.
pub(super) fn named(name: &str) -> String {
    match name {
        "ID" | "UrlString" | "SanitizedString" | "StringFloat" | "Decimal" => "String".into(),
        "Int" | "Timestamp" => "i64".into(),
        "Float" | "Number" => "f64".into(),
        "Boolean" => "bool".into(),
        "JSON" | "File" => "serde_json::Value".into(),
        _ => name.into(),
    }
}
