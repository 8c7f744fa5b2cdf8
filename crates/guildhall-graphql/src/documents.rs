//! Documents that callers send, parsed once and kept.
//!
//! Bounds: [`MOST_KEPT`] documents of at most [`LONGEST_KEPT`] bytes; when they are full, all are
//! forgotten and the ones in use come back at once.

use crate::expansion;
use crate::reply::Reply;
use crate::validation::Prepared;
use async_graphql::Positioned;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{BaseType, DocumentOperations, ExecutableDocument, OperationDefinition};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

const MOST_KEPT: usize = 1000;
const LONGEST_KEPT: usize = 16 * 1024;

/// Variables that the published client 0.0.8 declares as `String` where an `ID` stands.
const DECLARED_AS_STRING: &[(&str, &str)] = &[
    ("SendDmMessage", "toUserId"),
    ("SendChatMessage", "experienceId"),
    ("SendFeedMessage", "experienceId"),
];

/// The documents kept.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    kept: RwLock<HashMap<String, Arc<Prepared>>>,
}

impl Documents {
    /// The document of a text, parsed now or earlier.
    pub(crate) fn prepare(&self, text: &str) -> Result<Arc<Prepared>, Reply> {
        if let Some(prepared) = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return Ok(Arc::clone(prepared));
        }
        let mut document = parse_query(text).map_err(Reply::unparsed)?;
        if !expansion::is_bounded(&document) {
            return Err(Reply::refused("INVALID_INPUT", expansion::TOO_LARGE.into()));
        }
        mend_declarations(&mut document);
        let prepared = Arc::new(Prepared::new(document));
        if text.len() <= LONGEST_KEPT {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(text.to_owned(), Arc::clone(&prepared));
        }
        Ok(prepared)
    }
}

fn mend_declarations(document: &mut ExecutableDocument) {
    match &mut document.operations {
        DocumentOperations::Single(_) => {}
        DocumentOperations::Multiple(operations) => {
            for (name, operation) in operations {
                mend_operation(name.as_str(), operation);
            }
        }
    }
}

fn mend_operation(name: &str, operation: &mut Positioned<OperationDefinition>) {
    for definition in &mut operation.node.variable_definitions {
        let variable = definition.node.name.node.as_str();
        if DECLARED_AS_STRING.contains(&(name, variable))
            && let BaseType::Named(declared) = &mut definition.node.var_type.node.base
            && declared.as_str() == "String"
        {
            *declared = async_graphql::Name::new("ID");
        }
    }
}
