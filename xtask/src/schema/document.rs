//! The server's schema, looked up by name.

use async_graphql_parser::types::{FieldDefinition, TypeDefinition, TypeKind, TypeSystemDefinition};
use std::collections::BTreeMap;
use std::path::Path;

/// Every named type of the schema, and the names of its roots.
#[derive(Debug)]
pub(crate) struct Schema {
    types: BTreeMap<String, TypeDefinition>,
    pub(crate) query_root: String,
    pub(crate) mutation_root: String,
}

impl Schema {
    /// Reads a schema in SDL.
    ///
    /// # Errors
    /// A sentence naming the file when it cannot be read or parsed.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Parses SDL text; without a `schema { … }` block the roots are `Query` and `Mutation`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let guarded = guard_enum_values(text);
        let document = async_graphql_parser::parse_schema(guarded).map_err(|error| error.to_string())?;
        let mut schema =
            Self { types: BTreeMap::new(), query_root: "Query".into(), mutation_root: "Mutation".into() };
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Type(definition) => {
                    let definition = definition.node;
                    schema.types.insert(definition.name.node.to_string(), definition);
                }
                TypeSystemDefinition::Schema(roots) => {
                    if let Some(query) = roots.node.query {
                        schema.query_root = query.node.to_string();
                    }
                    if let Some(mutation) = roots.node.mutation {
                        schema.mutation_root = mutation.node.to_string();
                    }
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        Ok(schema)
    }

    /// Every named type in order of name.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (&str, &TypeDefinition)> {
        self.types.iter().map(|(name, definition)| (name.as_str(), definition))
    }

    /// The definition of a type; the five built-in scalars have none.
    pub(crate) fn definition(&self, type_name: &str) -> Option<&TypeDefinition> {
        self.types.get(type_name)
    }

    /// The values of an enum in the schema's order; none for any other type.
    pub(crate) fn enum_values(definition: &TypeDefinition) -> Vec<String> {
        let TypeKind::Enum(kind) = &definition.kind else {
            return Vec::new();
        };
        let values = kind.values.iter().map(|value| value.node.value.node.as_str());
        values.map(|value| value.strip_prefix(GUARD).unwrap_or(value).to_owned()).collect()
    }

    /// A field of an object or interface.
    pub(crate) fn field(&self, type_name: &str, field_name: &str) -> Option<&FieldDefinition> {
        let fields = match &self.definition(type_name)?.kind {
            TypeKind::Object(object) => &object.fields,
            TypeKind::Interface(interface) => &interface.fields,
            _ => return None,
        };
        fields.iter().map(|field| &field.node).find(|field| field.name.node == field_name)
    }

    /// Whether values of the type are of one of several object types.
    pub(crate) fn is_abstract(&self, type_name: &str) -> bool {
        matches!(
            self.definition(type_name).map(|definition| &definition.kind),
            Some(TypeKind::Interface(_) | TypeKind::Union(_))
        )
    }

    /// The object types a value of this type can be of, by name; an object type is only itself.
    pub(crate) fn possible_types(&self, type_name: &str) -> Vec<String> {
        match self.definition(type_name).map(|definition| &definition.kind) {
            Some(TypeKind::Union(union)) => {
                let mut members: Vec<String> =
                    union.members.iter().map(|member| member.node.to_string()).collect();
                members.sort();
                members
            }
            Some(TypeKind::Interface(_)) => self
                .types
                .iter()
                .filter(|(_, definition)| implements(definition, type_name))
                .map(|(name, _)| name.clone())
                .collect(),
            _ => vec![type_name.to_owned()],
        }
    }
}

/// Stands before enum values that begin like a keyword, while they are parsed.
const GUARD: &str = "guarded__";

/// The parser takes `true_false` for the keyword `true` and stops; a prefix keeps it a name.
fn guard_enum_values(text: &str) -> String {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut guarded = String::with_capacity(text.len());
    for piece in text.split_inclusive(|character: char| !is_word(character)) {
        if ["true_", "false_", "null_"].iter().any(|keyword| piece.starts_with(keyword)) {
            guarded.push_str(GUARD);
        }
        guarded.push_str(piece);
    }
    guarded
}

fn implements(definition: &TypeDefinition, interface: &str) -> bool {
    matches!(&definition.kind, TypeKind::Object(object)
        if object.implements.iter().any(|name| name.node == interface))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enum_value_may_begin_like_a_keyword() {
        let schema = Schema::parse("enum Answer { true_false truly null_hypothesis other }").unwrap();
        let values = Schema::enum_values(schema.definition("Answer").unwrap());
        assert_eq!(values, ["true_false", "truly", "null_hypothesis", "other"]);
    }
}
