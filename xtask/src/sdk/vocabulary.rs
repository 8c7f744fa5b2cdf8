//! The named types that callers meet: the inputs they send and the enums on either side.

use super::operation::{InputField, Operation};
use super::shape::{Selected, base_name};
use crate::schema::document::Schema;
use async_graphql_parser::types::{TypeDefinition, TypeKind};
use std::collections::BTreeMap;

/// Inputs and enums that the operations reach, by name.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    pub(super) inputs: BTreeMap<String, Input>,
    pub(super) enums: BTreeMap<String, Enum>,
}

/// An input object type.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) description: Option<String>,
    pub(super) fields: Vec<InputField>,
}

/// An enum type with its values in the schema's order.
#[derive(Debug)]
pub(super) struct Enum {
    pub(super) description: Option<String>,
    pub(super) values: Vec<String>,
}

impl Vocabulary {
    /// Collects what the variables and the answers of the operations name.
    ///
    /// # Errors
    /// A sentence when a variable or an input field names a type that is not in the schema.
    pub(super) fn of(schema: &Schema, operations: &[Operation]) -> Result<Self, String> {
        let mut vocabulary = Self::default();
        for operation in operations {
            for variable in &operation.variables {
                vocabulary
                    .add(schema, base_name(&variable.value_type))
                    .map_err(|error| format!("{} ${}: {error}", operation.name, variable.name))?;
            }
            vocabulary.add_answer(schema, &operation.data)?;
        }
        Ok(vocabulary)
    }

    fn add_answer(&mut self, schema: &Schema, selected: &Selected) -> Result<(), String> {
        let own = selected.cases.iter().flat_map(|case| &case.fields);
        for field in selected.fields.iter().chain(own) {
            match &field.nested {
                Some(nested) => self.add_answer(schema, nested)?,
                None => self.add(schema, base_name(&field.value_type))?,
            }
        }
        Ok(())
    }

    fn add(&mut self, schema: &Schema, name: &str) -> Result<(), String> {
        if self.inputs.contains_key(name) || self.enums.contains_key(name) {
            return Ok(());
        }
        let Some(definition) = schema.definition(name) else {
            return match name {
                "ID" | "String" | "Int" | "Float" | "Boolean" => Ok(()),
                _ => Err(format!("the schema has no type {name}")),
            };
        };
        match &definition.kind {
            TypeKind::Enum(_) => {
                let values = Schema::enum_values(definition);
                let found = Enum { description: description(definition), values };
                self.enums.insert(name.to_owned(), found);
            }
            TypeKind::InputObject(kind) => {
                let fields: Vec<InputField> = kind
                    .fields
                    .iter()
                    .map(|field| InputField {
                        name: field.node.name.node.to_string(),
                        value_type: field.node.ty.node.clone(),
                        has_default: field.node.default_value.is_some(),
                        description: field.node.description.as_ref().map(|text| text.node.clone()),
                    })
                    .collect();
                let found = Input { description: description(definition), fields: fields.clone() };
                self.inputs.insert(name.to_owned(), found);
                for field in &fields {
                    self.add(schema, base_name(&field.value_type))
                        .map_err(|error| format!("{name}.{}: {error}", field.name))?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn description(definition: &TypeDefinition) -> Option<String> {
    definition.description.as_ref().map(|description| description.node.clone())
}
