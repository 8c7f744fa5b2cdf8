//! What the client sends for an operation.

use serde::Serialize;

/// An operation as it is sent: by its document, or by the id that stands for it.
///
/// ```
/// use guildhall_client::operations;
///
/// assert_eq!(operations::BAN_USER.name, "banUser");
/// assert!(operations::ALL.iter().all(|operation| operation.persisted_id.starts_with("sha256:")));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation<'a> {
    /// The name in the document, `findOrCreateChat`.
    pub name: &'a str,
    /// Whether it reads or changes.
    pub kind: OperationKind,
    /// `sha256:<hex>`; only sent with [`BodyForm::PersistedId`](crate::BodyForm::PersistedId).
    pub persisted_id: &'a str,
    /// The GraphQL text; only sent with [`BodyForm::Document`](crate::BodyForm::Document).
    pub document: &'a str,
}

/// Whether an operation reads or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Changes.
    Mutation,
}

impl OperationKind {
    /// As it is spelled on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
        }
    }
}

/// What an operation without variables is sent with: `{}`.
#[derive(Debug, Serialize)]
pub(crate) struct NoVariables {}
