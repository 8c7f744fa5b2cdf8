//! What lists are filtered and paged by, in SQL that both engines read.

use super::Value;
use crate::page::Page;
use guildhall_core::cursor::{Cursor, Key, Order, Span, Window};

/// The words that a filter names as one text, each between blanks, for [`is_listed`]; `None` for all there are.
pub(super) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let text = words.into_iter().fold(String::from(" "), |text, word| text + word + " ");
    (text.len() > 1).then_some(text)
}

/// The condition that a column is one of the words of a [`listed`] parameter.
macro_rules! is_listed {
    ($parameter:literal, $column:expr) => {
        concat!(
            "(cast(",
            $parameter,
            " as text) is null or replace(",
            $parameter,
            ", ' ' || ",
            $column,
            " || ' ', '') <> ",
            $parameter,
            ")"
        )
    };
}
pub(super) use is_listed;

/// The condition that a moment is no earlier than one parameter and no later than the other, where they are given.
macro_rules! is_between {
    ($column:literal, $from:literal, $until:literal) => {
        concat!(
            "(cast(",
            $from,
            " as bigint) is null or ",
            $column,
            " >= ",
            $from,
            ") and (cast(",
            $until,
            " as bigint) is null or ",
            $column,
            " <= ",
            $until,
            ")"
        )
    };
}
pub(super) use is_between;

/// The rest of a statement that reads a span: above the place of the first two parameters, below that of the next two,
/// at most the last. The comparisons of the key alone are what an index on an expression is searched by.
macro_rules! in_span {
    ($key:literal, $id:literal, $order:literal, $lower:literal, $lower_id:literal, $upper:literal,
     $upper_id:literal, $limit:literal) => {
        concat!(
            " and ",
            $key,
            " >= ",
            $lower,
            " and ",
            $key,
            " <= ",
            $upper,
            " and (",
            $key,
            ", ",
            $id,
            ") > (",
            $lower,
            ", ",
            $lower_id,
            ") and (",
            $key,
            ", ",
            $id,
            ") < (",
            $upper,
            ", ",
            $upper_id,
            ") order by ",
            $order,
            " limit ",
            $limit
        )
    };
}
pub(super) use in_span;

/// The parameters of [`in_span`].
pub(super) fn span_parameters(span: &Span) -> [Value<'_>; 5] {
    fn key(cursor: &Cursor) -> Value<'_> {
        match &cursor.key {
            Key::Number(number) => Value::Int(*number),
            Key::Word(word) => Value::Text(word),
        }
    }
    [
        key(&span.lower),
        Value::Text(&span.lower.id),
        key(&span.upper),
        Value::Text(&span.upper.id),
        Value::Int(span.limit),
    ]
}

/// The page of what was read of a window's span.
pub(crate) fn page<T>(window: &Window<impl Order>, mut nodes: Vec<T>, total: i64) -> Page<T> {
    let (has_next, has_previous) = window.cut(&mut nodes);
    Page { nodes, total, has_next, has_previous }
}

/// How SQLite goes about a statement, step by step, in a database without rows.
#[cfg(test)]
pub(super) fn steps_of(statement: &str) -> Vec<String> {
    use super::Engine as _;
    let mut engine = super::sqlite::SqliteEngine::in_memory();
    super::migrate::run(&mut engine, "here", 0).expect("up to date");
    let count = (1..100).rev().find(|number| statement.contains(&format!("${number}"))).unwrap_or(0);
    let sql = Box::leak(format!("explain query plan {statement}").into_boxed_str());
    let rows = engine.query(sql, &vec![Value::Null; count]).expect("it is SQL");
    rows.into_iter().map(|mut row| row.text(3).expect("a step")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_blanks() {
        assert_eq!(listed([]), None);
        assert_eq!(listed(["a", "b"]).as_deref(), Some(" a b "));
    }
}
