//! Validation once a document: what was found sound stays so while the schema does.
//!
//! There are two executors of one schema. [`schema::strict`](crate::schema::strict) validates in full and notes here
//! that it did; [`schema::lenient`](crate::schema::lenient) runs what is noted. Questions about the schema itself
//! stay with the strict one.
//!
//! The types of values of variables are not part of validation; `coercion` checks those for every request.

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, ServerError, ValidationResult};
use guildhall_app::Principal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A parsed document, and whether validation found it sound.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// With its operation unnamed when it has but one, which costs less to copy for a run.
    document: ExecutableDocument,
    only_name: Option<Name>,
    asks_about_schema: bool,
    is_sound: AtomicBool,
}

impl Prepared {
    pub(crate) fn new(mut document: ExecutableDocument) -> Self {
        let mut only_name = None;
        document.operations = match document.operations {
            DocumentOperations::Multiple(operations) if operations.len() == 1 => {
                let mut operations = operations.into_iter();
                match operations.next() {
                    Some((name, operation)) => {
                        only_name = Some(name);
                        DocumentOperations::Single(operation)
                    }
                    None => DocumentOperations::Multiple(operations.collect()),
                }
            }
            other => other,
        };
        let asks_about_schema = document
            .operations
            .iter()
            .map(|(_, operation)| &operation.node.selection_set.node)
            .chain(document.fragments.values().map(|fragment| &fragment.node.selection_set.node))
            .any(selects_schema);
        Self { document, only_name, asks_about_schema, is_sound: AtomicBool::new(false) }
    }

    /// Whether the lenient executor may run it.
    pub(crate) fn is_sound(&self) -> bool {
        !self.asks_about_schema && self.is_sound.load(Ordering::Relaxed)
    }

    /// A copy to run, and the name to run it by; `None` for its only operation.
    pub(crate) fn to_run(&self, name: Option<String>) -> (ExecutableDocument, Option<String>) {
        let is_only = self.only_name.as_deref() == name.as_deref();
        (self.document.clone(), name.filter(|_| !is_only))
    }

    /// The operation that a name selects; `None` leaves the refusal to the executor.
    pub(crate) fn select(&self, name: Option<&str>) -> Option<&OperationDefinition> {
        match (&self.document.operations, name) {
            (DocumentOperations::Single(operation), _) => Some(&operation.node),
            (DocumentOperations::Multiple(operations), Some(name)) => {
                operations.get(name).map(|operation| &operation.node)
            }
            (DocumentOperations::Multiple(_), None) => None,
        }
    }

    /// Whether the caller may ask for the fields that an operation begins with: somebody limited to scopes may not ask
    /// for all. What they hold asks by itself.
    ///
    /// # Errors
    /// `Forbidden` for the first that the caller may not.
    pub(crate) fn check_fields(
        &self,
        operation: &OperationDefinition,
        principal: &Principal,
    ) -> guildhall_app::Result<()> {
        if principal.scopes.is_none() {
            return Ok(());
        }
        self.check_selections(&operation.selection_set.node, principal, 0)
    }

    fn check_selections(
        &self,
        selections: &SelectionSet,
        principal: &Principal,
        depth: usize,
    ) -> guildhall_app::Result<()> {
        selections.items.iter().try_for_each(|selection| match &selection.node {
            Selection::Field(field) => match field.node.name.node.as_str() {
                "__typename" | "__schema" | "__type" => Ok(()),
                name => principal.check_field(name),
            },
            Selection::InlineFragment(fragment) => {
                self.check_selections(&fragment.node.selection_set.node, principal, depth)
            }
            Selection::FragmentSpread(spread) => {
                match self.document.fragments.get(&spread.node.fragment_name.node) {
                    // Deeper than there are fragments only one that holds itself can lie, which the executor refuses.
                    Some(fragment) if depth <= self.document.fragments.len() => {
                        self.check_selections(&fragment.node.selection_set.node, principal, depth + 1)
                    }
                    _ => Ok(()),
                }
            }
        })
    }
}

fn selects_schema(selections: &SelectionSet) -> bool {
    selections.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => {
            matches!(field.node.name.node.as_str(), "__schema" | "__type")
                || selects_schema(&field.node.selection_set.node)
        }
        Selection::InlineFragment(fragment) => selects_schema(&fragment.node.selection_set.node),
        // Fragments are looked through by themselves.
        Selection::FragmentSpread(_) => false,
    })
}

/// Notes in the prepared document of a request that validation found it sound.
pub(crate) struct NoteSound;

impl ExtensionFactory for NoteSound {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Note)
    }
}

struct Note;

#[async_graphql::async_trait::async_trait]
impl Extension for Note {
    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(context).await?;
        if let Some(prepared) = context.data_opt::<Arc<Prepared>>() {
            prepared.is_sound.store(true, Ordering::Relaxed);
        }
        Ok(result)
    }
}
