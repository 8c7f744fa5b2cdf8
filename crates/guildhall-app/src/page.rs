//! Pages of lists.

use guildhall_core::cursor::{Cursor, Key, Order};
use guildhall_core::ids::Id;

/// A page of a list: what it holds, how many there are in all, and whether more follow or went before.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// In the list's order.
    pub nodes: Vec<T>,
    /// In the whole list.
    pub total: i64,
    /// More follow.
    pub has_next: bool,
    /// Some went before.
    pub has_previous: bool,
}

/// A row of a list with what it was ordered by: a figure that was counted for this page, and may be another one at the
/// next. In the order of making there is none.
#[derive(Debug, Clone)]
pub struct Ranked<T> {
    /// The row.
    pub row: T,
    /// The figure.
    pub rank: i64,
}

impl<T> Ranked<T> {
    /// Where the row of this id stands in the list.
    #[must_use]
    pub fn cursor(&self, order: impl Order, id: &impl Id) -> String {
        Cursor { key: Key::Number(self.rank), id: id.as_str().to_owned() }.text(order)
    }
}

/// Which part of a list is asked for, in the list's order.
#[derive(Debug, Clone)]
pub struct Part<C> {
    /// After the one with this cursor.
    pub after: Option<C>,
    /// Before the one with this cursor.
    pub before: Option<C>,
    /// How many.
    pub size: usize,
    /// Those nearest to the end, or to `before`, when there are more than `size`.
    pub from_end: bool,
}

impl<C> Part<C> {
    /// The first so many.
    #[must_use]
    pub fn first(size: usize) -> Self {
        Self { after: None, before: None, size, from_end: false }
    }

    /// How many rows to read: one more than are shown, which tells whether there are more.
    pub(crate) fn rows(&self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX - 1) + 1
    }

    /// The page of what was read: up to [`Self::rows`], from the end backwards where it is asked from the end.
    pub(crate) fn page<T>(&self, mut nodes: Vec<T>, total: i64) -> Page<T> {
        let more = nodes.len() > self.size;
        nodes.truncate(self.size);
        if self.from_end {
            nodes.reverse();
        }
        let (has_next, has_previous) = match self.from_end {
            true => (self.before.is_some(), more),
            false => (more, self.after.is_some()),
        };
        Page { nodes, total, has_next, has_previous }
    }
}
