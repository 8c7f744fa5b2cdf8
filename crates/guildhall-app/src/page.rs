//! Pages of lists.

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
