//! The operations that have a document, with what the table says about each.

use super::shape::{self, Selected};
use crate::schema::document::Schema;
use async_graphql_parser::types::{OperationType, Type};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One operation a client gets a method for.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) group: String,
    pub(super) kind: OperationType,
    /// As the table has them: a trailing `?` marks one that only widens the answer.
    pub(super) permissions: Vec<String>,
    /// The newest id published for servers, `sha256:<hex>`.
    pub(super) persisted_id: String,
    pub(super) document: String,
    pub(super) variables: Vec<InputField>,
    pub(super) data: Selected,
}

/// A variable of an operation, or a field of an input type.
#[derive(Debug, Clone)]
pub(super) struct InputField {
    pub(super) name: String,
    pub(super) value_type: Type,
    pub(super) has_default: bool,
    pub(super) description: Option<String>,
}

impl InputField {
    /// Whether a caller may leave it out.
    pub(super) fn is_optional(&self) -> bool {
        self.value_type.nullable || self.has_default
    }
}

#[derive(Debug, Deserialize)]
struct TableEntry {
    group: String,
    kind: String,
    permissions: Vec<String>,
    ids: BTreeMap<String, BTreeMap<String, String>>,
}

/// Reads `operations.json` and every `<group>/<name>.graphql` beside it, in order of name.
///
/// # Errors
/// A sentence naming the file whose document does not parse, does not fit the schema, or says another name,
/// group or kind than the table.
pub(super) fn read_all(folder: &Path, schema: &Schema) -> Result<Vec<Operation>, String> {
    let table_path = folder.join("operations.json");
    let table_text = read(&table_path)?;
    let table: BTreeMap<String, TableEntry> =
        serde_json::from_str(&table_text).map_err(|error| format!("{}: {error}", table_path.display()))?;
    let mut operations = Vec::new();
    for (name, entry) in &table {
        let path = folder.join(&entry.group).join(format!("{name}.graphql"));
        if path.exists() {
            let document = read(&path)?;
            let operation = resolve(name, entry, document.trim_end(), schema)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            operations.push(operation);
        }
    }
    refuse_strays(folder, &operations)?;
    Ok(operations)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn resolve(name: &str, entry: &TableEntry, document: &str, schema: &Schema) -> Result<Operation, String> {
    let parsed = async_graphql_parser::parse_query(document).map_err(|error| error.to_string())?;
    let (_, definition) = parsed
        .operations
        .iter()
        .find(|(found, _)| found.is_some_and(|found| found == name))
        .ok_or_else(|| format!("holds no operation named {name}"))?;
    let definition = &definition.node;
    if definition.ty.to_string() != entry.kind {
        return Err(format!("is a {}, the table says {}", definition.ty, entry.kind));
    }
    let root = match definition.ty {
        OperationType::Query => &schema.query_root,
        OperationType::Mutation => &schema.mutation_root,
        OperationType::Subscription => return Err("is a subscription, which no client sends".into()),
    };
    let variables = definition.variable_definitions.iter().map(|variable| InputField {
        name: variable.node.name.node.to_string(),
        value_type: variable.node.var_type.node.clone(),
        has_default: variable.node.default_value.is_some(),
        description: None,
    });
    Ok(Operation {
        name: name.to_owned(),
        group: entry.group.clone(),
        kind: definition.ty,
        permissions: entry.permissions.clone(),
        persisted_id: newest_server_id(entry).ok_or("has no server id in the table")?,
        document: document.to_owned(),
        variables: variables.collect(),
        data: shape::select(schema, &parsed, root, &definition.selection_set.node)?,
    })
}

/// The id whose range of versions ends last.
fn newest_server_id(entry: &TableEntry) -> Option<String> {
    let ids = entry.ids.get("server")?;
    let newest = ids.iter().max_by_key(|(_, range)| {
        let last = range.rsplit("..").next().unwrap_or_default();
        let numbers = last.split('.').map(|number| number.parse::<u32>().unwrap_or_default());
        numbers.collect::<Vec<_>>()
    })?;
    Some(newest.0.clone())
}

/// A document that the table does not lead to would be left out without a word.
fn refuse_strays(folder: &Path, operations: &[Operation]) -> Result<(), String> {
    let entries = |path: &Path| {
        std::fs::read_dir(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| format!("{}: {error}", path.display()))
    };
    for group in entries(folder)?.iter().filter(|entry| entry.path().is_dir()) {
        for file in entries(&group.path())? {
            let (path, group) = (file.path(), group.file_name());
            let is_known = operations.iter().any(|operation| {
                group == operation.group.as_str()
                    && file.file_name() == format!("{}.graphql", operation.name).as_str()
            });
            if path.extension().is_some_and(|extension| extension == "graphql") && !is_known {
                return Err(format!("{}: operations.json leads to no such document", path.display()));
            }
        }
    }
    Ok(())
}
