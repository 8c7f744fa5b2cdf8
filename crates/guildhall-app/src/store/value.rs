//! What goes into statements and comes out of them: text, integers, bytes and null.

use crate::error::{Error, Result};
use guildhall_core::ids::{self, Id};

/// A parameter of a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

macro_rules! from_ids {
    ($($id:ident),*) => {$(
        impl<'a> From<&'a ids::$id> for Value<'a> {
            fn from(value: &'a ids::$id) -> Self {
                Self::Text(value.as_str())
            }
        }
    )*};
}

from_ids!(
    AccessPassId,
    AffiliateId,
    ApiKeyId,
    AppBuildId,
    AppId,
    AttachmentId,
    AuditEntryId,
    CheckoutSessionId,
    CompanyId,
    CompanyMemberId,
    DisputeId,
    EntryId,
    ExperienceId,
    FeedId,
    GrantId,
    InvoiceId,
    JobId,
    LeaseId,
    LedgerAccountId,
    MembershipId,
    MultipartUploadId,
    NotificationId,
    PaymentId,
    PaymentMethodId,
    PayoutId,
    PlanId,
    PostId,
    PromoCodeId,
    RefundId,
    SandboxChargeId,
    SandboxRefundId,
    SessionId,
    TransferId,
    UserId,
    WebhookDeliveryId,
    WebhookEventId,
    WebhookId
);

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The parameters of a statement, in order.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::Value::from($value)),*] as &[$crate::store::Value<'_>]
    };
}
pub(crate) use params;

/// One column of an answer.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// One row of an answer. A column of another type than asked for is an internal error.
#[derive(Debug)]
pub(crate) struct Row(pub(super) Vec<Cell>);

impl Row {
    fn cell(&mut self, column: usize) -> Cell {
        self.0.get_mut(column).map_or(Cell::Null, |cell| std::mem::replace(cell, Cell::Null))
    }

    /// A text column, taken out of the row.
    pub(crate) fn text(&mut self, column: usize) -> Result<String> {
        self.text_or_null(column)?.ok_or_else(|| unexpected(column, "text"))
    }

    /// A text column that may be null, taken out of the row.
    pub(crate) fn text_or_null(&mut self, column: usize) -> Result<Option<String>> {
        match self.cell(column) {
            Cell::Text(text) => Ok(Some(text)),
            Cell::Null => Ok(None),
            _ => Err(unexpected(column, "text")),
        }
    }

    /// An integer column.
    pub(crate) fn int(&mut self, column: usize) -> Result<i64> {
        self.int_or_null(column)?.ok_or_else(|| unexpected(column, "an integer"))
    }

    /// An integer column that may be null.
    pub(crate) fn int_or_null(&mut self, column: usize) -> Result<Option<i64>> {
        match self.cell(column) {
            Cell::Int(value) => Ok(Some(value)),
            Cell::Null => Ok(None),
            _ => Err(unexpected(column, "an integer")),
        }
    }

    /// A 0/1 column.
    pub(crate) fn flag(&mut self, column: usize) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// A bytes column.
    pub(crate) fn bytes(&mut self, column: usize) -> Result<Vec<u8>> {
        match self.cell(column) {
            Cell::Bytes(bytes) => Ok(bytes),
            _ => Err(unexpected(column, "bytes")),
        }
    }

    /// An id column.
    pub(crate) fn id<T: Id>(&mut self, column: usize) -> Result<T> {
        Ok(T::from_stored(self.text(column)?))
    }

    /// An id column that may be null.
    pub(crate) fn id_or_null<T: Id>(&mut self, column: usize) -> Result<Option<T>> {
        Ok(self.text_or_null(column)?.map(T::from_stored))
    }
}

fn unexpected(column: usize, kind: &str) -> Error {
    Error::internal(format!("column {column} is not {kind}"))
}
