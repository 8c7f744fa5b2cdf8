//! Structs that are sent: input types and the variables of an operation.

use super::super::names::{rust_field, serde_camel_case, snake_case};
use super::super::operation::InputField;
use super::super::vocabulary::Vocabulary;
use super::{has_default, imports, push, push_documentation, scalar};

/// A struct that needs more than this many values is written out by its callers, whose fields have names.
const MOST_ARGUMENTS: usize = 7;

/// Renders `inputs.rs`.
pub(super) fn inputs(vocabulary: &Vocabulary) -> String {
    let mut body = String::new();
    for (name, input) in &vocabulary.inputs {
        let fallback = format!("The schema's `{name}`.");
        let documentation = input.description.as_deref().unwrap_or(&fallback);
        push_struct(&mut body, name, Some(documentation), &input.fields, vocabulary);
    }
    format!("{}{}{body}", super::HEADER, imports(&body, vocabulary.enums.keys()))
}

/// A struct whose absent fields are not sent, with `Default` when every field can be left out or has an empty
/// value, else with a `new` that takes what must be given.
pub(super) fn push_struct(
    text: &mut String,
    name: &str,
    documentation: Option<&str>,
    fields: &[InputField],
    vocabulary: &Vocabulary,
) {
    let is_default = has_default(fields, vocabulary);
    text.push('\n');
    push_documentation(text, documentation);
    let default = if is_default { ", Default" } else { "" };
    push(text, format_args!("#[derive(Debug, Clone, PartialEq{default}, Serialize)]\n"));
    push(text, format_args!("#[serde(rename_all = \"camelCase\")]\npub struct {name} {{\n"));
    for field in fields {
        push_documentation(text, field.description.as_deref());
        if field.is_optional() {
            text.push_str("#[serde(skip_serializing_if = \"Option::is_none\")]\n");
        }
        if serde_camel_case(&snake_case(&field.name)) != field.name {
            push(text, format_args!("#[serde(rename = \"{}\")]\n", field.name));
        }
        push(text, format_args!("pub {}: {},\n", rust_field(&field.name), field_type(field)));
    }
    text.push_str("}\n");
    let required = fields.iter().filter(|field| !field.is_optional()).count();
    if !is_default && required <= MOST_ARGUMENTS {
        push_constructor(text, name, fields);
    }
}

fn field_type(field: &InputField) -> String {
    let written = scalar::wrapped(&field.value_type, &scalar::named);
    if field.has_default && !field.value_type.nullable { format!("Option<{written}>") } else { written }
}

fn push_constructor(text: &mut String, name: &str, fields: &[InputField]) {
    push(text, format_args!("\nimpl {name} {{\n/// With what must be given; everything else is left out.\n"));
    text.push_str("pub fn new(");
    for field in fields.iter().filter(|field| !field.is_optional()) {
        let written = field_type(field);
        let taken = if written == "String" { "impl Into<String>" } else { &written };
        push(text, format_args!("{}: {taken}, ", rust_field(&field.name)));
    }
    text.push_str(") -> Self {\nSelf {\n");
    for field in fields {
        let field_name = rust_field(&field.name);
        match (field.is_optional(), field_type(field).as_str()) {
            (true, _) => push(text, format_args!("{field_name}: None,\n")),
            (false, "String") => push(text, format_args!("{field_name}: {field_name}.into(),\n")),
            (false, _) => push(text, format_args!("{field_name},\n")),
        }
    }
    text.push_str("}\n}\n}\n");
}
