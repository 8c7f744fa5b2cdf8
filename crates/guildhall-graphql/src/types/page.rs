//! Pages and cursors.

use super::enums::Direction;
use super::scalars::Timestamp;
use crate::error::Result;
use async_graphql::{ID, SimpleObject};
use guildhall_app::page::Part;
use guildhall_core::cursor::{self, Asked, Order, Window};
use guildhall_core::ids::Id;
use guildhall_core::page;

/// Where a page lies in its list.
#[derive(Debug, Clone, Default, SimpleObject)]
pub(crate) struct PageInfo {
    pub(crate) end_cursor: Option<String>,
    pub(crate) has_next_page: bool,
    pub(crate) has_previous_page: bool,
    pub(crate) start_cursor: Option<String>,
}

impl PageInfo {
    /// Cursors are the ids of the first and last node.
    pub(crate) fn of<T>(found: &guildhall_app::page::Page<T>, cursor: impl Fn(&T) -> String) -> Self {
        Self {
            end_cursor: found.nodes.last().map(&cursor),
            has_next_page: found.has_next,
            has_previous_page: found.has_previous,
            start_cursor: found.nodes.first().map(&cursor),
        }
    }
}

/// A page's size from `first` or `limit`.
pub(crate) fn size(asked: Option<i32>, argument: &str) -> Result<usize> {
    Ok(page::size(asked.map(i64::from), argument)?)
}

/// Reads which part of a list is asked for. Without `first` and `last` it is the first page, or with `before` alone the
/// last one before that.
pub(crate) fn part<C: Id>(
    after: Option<&str>,
    before: Option<&str>,
    first: Option<i32>,
    last: Option<i32>,
) -> Result<Part<C>> {
    let (after, before) = (cursor(after, "after")?, cursor(before, "before")?);
    let is_backward = last.is_some() || (before.is_some() && after.is_none());
    Ok(Part {
        after,
        before,
        size: if first.is_some() { size(first, "first")? } else { size(last, "last")? },
        from_end: first.is_none() && is_backward,
    })
}

/// Reads a required id.
pub(crate) fn id<T: Id>(id: &ID) -> Result<T> {
    Ok(T::parse(id.as_str()).map_err(guildhall_app::Error::from)?)
}

/// Reads an optional id.
pub(crate) fn optional_id<T: Id>(given: Option<&ID>) -> Result<Option<T>> {
    given.map(id).transpose()
}

/// Reads a list of ids.
pub(crate) fn ids<T: Id>(given: &[ID]) -> Result<Vec<T>> {
    given.iter().map(id).collect()
}

/// Reads a cursor, which is an id that a page answered.
pub(crate) fn cursor<T: Id>(given: Option<&str>, argument: &str) -> Result<Option<T>> {
    let read = given.filter(|text| !text.is_empty()).map(T::parse).transpose();
    Ok(read
        .map_err(|_| guildhall_app::Error::Invalid(format!("`{argument}` is not a cursor of this list.")))?)
}

/// The part of an ordered list that one page holds; without a direction the largest come first.
pub(crate) fn window<I: Id, O: Order>(
    order: O,
    direction: Option<Direction>,
    asked: &Asked,
) -> Result<Window<O>> {
    Ok(Window::read::<I>(order, direction != Some(Direction::Asc), asked)?)
}

/// Reads the ids that a filter names; none for all.
pub(crate) fn filtered_ids<T: Id>(given: Option<Vec<ID>>, argument: &str) -> Result<Vec<T>> {
    ids(&cursor::check_filter(given.unwrap_or_default(), argument)?)
}

/// Reads the words that a filter names; none for all.
pub(crate) fn filtered<T, U>(
    given: Option<Vec<T>>,
    argument: &str,
    read: impl Fn(&T) -> Option<U>,
) -> Result<Vec<U>> {
    let given = cursor::check_filter(given.unwrap_or_default(), argument)?;
    Ok(given.iter().filter_map(read).collect())
}

/// The first millisecond of a second that a filter begins at.
pub(crate) fn from_ms(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| at.0.saturating_mul(1000))
}

/// The last millisecond of a second that a filter ends with.
pub(crate) fn until_ms(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| at.0.saturating_mul(1000).saturating_add(999))
}

/// A total as the wire counts.
pub(crate) fn total(total: i64) -> i32 {
    i32::try_from(total).unwrap_or(i32::MAX)
}
