//! Structs that are answered, one for each selection set, and enums where the document tells types apart.

use super::super::names::{pascal_case, rust_field, serde_camel_case, snake_case};
use super::super::operation::Operation;
use super::super::shape::{Selected, SelectedField};
use super::{push, push_documentation, scalar};

/// The response of an operation and everything inside it.
pub(super) fn push_response(text: &mut String, operation: &Operation) {
    let prefix = pascal_case(&operation.name);
    let documentation = format!("What [`WhopApi::{}`] answers.", snake_case(&operation.name));
    push_struct(text, &format!("{prefix}Response"), &prefix, &documentation, &operation.data.fields);
}

/// A struct, then the types of its fields, whose names begin with `prefix`.
fn push_struct(text: &mut String, name: &str, prefix: &str, documentation: &str, fields: &[SelectedField]) {
    text.push('\n');
    push_documentation(text, Some(documentation));
    text.push_str("#[derive(Debug, Clone, PartialEq, Deserialize)]\n#[serde(rename_all = \"camelCase\")]\n");
    push(text, format_args!("pub struct {name} {{\n"));
    for field in fields {
        push_documentation(text, field.description.as_deref());
        if serde_camel_case(&snake_case(&field.key)) != field.key {
            push(text, format_args!("#[serde(rename = \"{}\")]\n", field.key));
        }
        let written = scalar::wrapped(&field.value_type, &|inner| match &field.nested {
            Some(_) => nested_name(prefix, field),
            None => scalar::named(inner),
        });
        push(text, format_args!("pub {}: {written},\n", rust_field(&field.key)));
    }
    text.push_str("}\n");
    for field in fields {
        if let Some(nested) = &field.nested {
            push_selected(text, &nested_name(prefix, field), &field.key, nested);
        }
    }
}

fn nested_name(prefix: &str, field: &SelectedField) -> String {
    format!("{prefix}{}", pascal_case(&field.key))
}

fn push_selected(text: &mut String, name: &str, key: &str, selected: &Selected) {
    if selected.cases.is_empty() {
        push_struct(text, name, name, &format!("What stands under `{key}`."), &selected.fields);
        return;
    }
    let has_common_fields = !selected.fields.is_empty();
    let other_documentation = match selected.other_types.join("`, `").as_str() {
        "" => "Whatever a newer server adds.".to_owned(),
        others => format!("`{others}`, and whatever a newer server adds."),
    };
    push(text, format_args!("\n/// What stands under `{key}`, told apart by its type.\n"));
    push(text, format_args!("#[derive(Debug, Clone, PartialEq)]\npub enum {name} {{\n"));
    for case in &selected.cases {
        push(text, format_args!("/// Of type `{0}`.\n{0}(Box<{name}{0}>),\n", case.type_name));
    }
    push(text, format_args!("/// {other_documentation}\n"));
    let other = if has_common_fields { format!("Other(Box<{name}Other>)") } else { "Other".into() };
    push(text, format_args!("{other},\n}}\n"));
    push_reading(text, name, selected);
    for case in &selected.cases {
        let case_name = format!("{name}{}", case.type_name);
        let documentation = format!("What stands under `{key}` when it is of type `{}`.", case.type_name);
        push_struct(text, &case_name, &case_name, &documentation, &case.fields);
    }
    if has_common_fields {
        let other_name = format!("{name}Other");
        push_struct(text, &other_name, &other_name, &other_documentation, &selected.fields);
    }
}

/// How the enum is read. Where the document selects no `__typename` there is one case only, and an object
/// that holds anything is of it.
fn push_reading(text: &mut String, name: &str, selected: &Selected) {
    let is_told = selected.fields.iter().any(|field| field.key == "__typename");
    let assumed = match selected.cases.as_slice() {
        [case] if !is_told => format!("Some(\"{}\")", case.type_name),
        _ => "None".into(),
    };
    push(text, format_args!("\nimpl<'de> Deserialize<'de> for {name} {{\n"));
    text.push_str("fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {\n");
    text.push_str("let object = TypedObject::deserialize(deserializer)?;\n");
    push(text, format_args!("match object.type_name({assumed}) {{\n"));
    for case in &selected.cases {
        push(text, format_args!("Some(\"{0}\") => object.read().map(Self::{0}),\n", case.type_name));
    }
    let other = if selected.fields.is_empty() { "Ok(Self::Other)" } else { "object.read().map(Self::Other)" };
    push(text, format_args!("_ => {other},\n}}\n}}\n}}\n"));
}
