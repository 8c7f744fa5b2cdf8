//! Values of variables, checked against their declared types before anything runs.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, OperationDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Value, Variables};
use std::collections::{HashMap, HashSet};

/// The input types of the schema.
#[derive(Debug)]
pub(crate) struct InputTypes {
    types: HashMap<String, Input>,
}

#[derive(Debug)]
enum Input {
    Enum(HashSet<String>),
    Object(HashMap<String, Field>),
}

#[derive(Debug)]
struct Field {
    declared: Type,
    has_default: bool,
}

impl InputTypes {
    /// Reads the input types of a printed schema.
    pub(crate) fn read(printed: &str) -> Self {
        let document = parse_schema(printed).expect("the schema that was just printed parses");
        let mut types = HashMap::new();
        for definition in document.definitions {
            if let TypeSystemDefinition::Type(definition) = definition
                && let Some((name, input)) = input(definition.node)
            {
                types.insert(name, input);
            }
        }
        Self { types }
    }

    /// Checks every variable of an operation.
    pub(crate) fn check(&self, operation: &OperationDefinition, variables: &Variables) -> Result<(), String> {
        for definition in &operation.variable_definitions {
            let definition = &definition.node;
            let name = definition.name.node.as_str();
            match variables.get(&definition.name.node) {
                Some(value) => self.check_value(value, &definition.var_type.node, &format!("${name}"))?,
                None if definition.var_type.node.nullable || definition.default_value.is_some() => {}
                None => {
                    return Err(format!("The variable ${name} is required: {}.", definition.var_type.node));
                }
            }
        }
        Ok(())
    }

    fn check_value(&self, value: &Value, declared: &Type, path: &str) -> Result<(), String> {
        match (&declared.base, value) {
            (_, Value::Null) if declared.nullable => Ok(()),
            (_, Value::Null) => Err(format!("{path} must not be null: {declared}.")),
            (BaseType::List(inner), Value::List(values)) => {
                for (index, value) in values.iter().enumerate() {
                    self.check_value(value, inner, &format!("{path}[{index}]"))?;
                }
                Ok(())
            }
            (BaseType::List(inner), single) => self.check_value(single, inner, path),
            (BaseType::Named(name), value) => self.check_named(value, name, path),
        }
    }

    fn check_named(&self, value: &Value, name: &Name, path: &str) -> Result<(), String> {
        match (self.types.get(name.as_str()), value) {
            (Some(Input::Object(fields)), Value::Object(given)) => {
                for (key, value) in given {
                    let Some(field) = fields.get(key.as_str()) else {
                        return Err(format!("{path} has no field `{}`: {name}.", shown(key)));
                    };
                    self.check_value(value, &field.declared, &format!("{path}.{key}"))?;
                }
                let missing = fields.iter().find(|(key, field)| {
                    !field.declared.nullable && !field.has_default && !given.contains_key(key.as_str())
                });
                match missing {
                    Some((key, field)) => Err(format!("{path}.{key} is required: {}.", field.declared)),
                    None => Ok(()),
                }
            }
            (Some(Input::Enum(words)), Value::String(word)) if words.contains(word) => Ok(()),
            (Some(Input::Enum(words)), Value::Enum(word)) if words.contains(word.as_str()) => Ok(()),
            (Some(_), _) => Err(format!("{path} is not a {name}.")),
            (None, value) if is_scalar(value, name) => Ok(()),
            (None, _) => Err(format!("{path} is not a {name}.")),
        }
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

fn is_scalar(value: &Value, name: &str) -> bool {
    match (name, value) {
        ("JSON", _) => true,
        ("String" | "UrlString" | "ID", Value::String(_)) | ("Boolean", Value::Boolean(_)) => true,
        ("ID", Value::Number(number)) => number.is_i64() || number.is_u64(),
        ("Int", Value::Number(number)) => number.as_i64().is_some_and(|whole| i32::try_from(whole).is_ok()),
        ("Float" | "StringFloat", Value::Number(_)) => true,
        ("StringFloat", Value::String(text)) => text.trim().parse::<f64>().is_ok(),
        ("Timestamp", Value::Number(number)) => is_whole(number),
        ("BigInt", Value::Number(number)) => is_whole(number),
        ("BigInt", Value::String(text)) => text.parse::<i64>().is_ok(),
        _ => false,
    }
}

fn is_whole(number: &async_graphql::Number) -> bool {
    number.is_i64() || number.as_f64().is_some_and(|float| float.fract() == 0.0 && float.abs() < 9e15)
}

fn input(definition: TypeDefinition) -> Option<(String, Input)> {
    let name = definition.name.node.to_string();
    match definition.kind {
        TypeKind::Enum(words) => {
            let words = words.values.into_iter().map(|word| word.node.value.node.to_string());
            Some((name, Input::Enum(words.collect())))
        }
        TypeKind::InputObject(object) => {
            let fields = object.fields.into_iter().map(|field| {
                let field = field.node;
                let has_default = field.default_value.is_some();
                (field.name.node.to_string(), Field { declared: field.ty.node, has_default })
            });
            Some((name, Input::Object(fields.collect())))
        }
        _ => None,
    }
}

/// Whether a value holds the character NUL, which no store keeps.
pub(crate) fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::List(values) => values.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}
