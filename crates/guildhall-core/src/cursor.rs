//! Cursors: where a page ends in a list that is ordered by something, and by id where that is the same.
//!
//! A cursor holds the order, what the row was ordered by, and its id. So a page goes on where the one before ended, also
//! when the row changed or went away meanwhile, and a cursor of another order is known for one. Where rows are ordered by
//! their ids, which never change, the id alone says all of that.

use crate::ids::Id;
use crate::{Invalid, invalid, page};

/// The longest word that rows are ordered by, in characters.
const LONGEST_WORD: usize = 64;
/// A word behind all words and ids that rows are ordered by, in every collation: none of them is as long.
const LAST_WORD: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
const _: () = assert!(LAST_WORD.len() > LONGEST_WORD);

/// An order that a list has.
pub trait Order: Copy {
    /// Its word on the wire.
    fn word(self) -> &'static str;

    /// Whether rows are ordered by a word, and not by a number.
    fn is_by_word(self) -> bool;

    /// Whether rows are ordered by their ids, and the id alone is the cursor.
    fn is_by_id(self) -> bool {
        false
    }
}

/// What a row is ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A moment in milliseconds, an amount in minor units.
    Number(i64),
    /// A status, a code, an id.
    Word(String),
}

/// The place of a row in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// What the row is ordered by.
    pub key: Key,
    /// Its id.
    pub id: String,
}

impl Cursor {
    /// Reads a cursor that a page of this order answered.
    ///
    /// # Errors
    /// When it is none; the sentence names the argument.
    pub fn parse<I: Id>(text: &str, order: impl Order, argument: &str) -> Result<Self, Invalid> {
        Self::read::<I>(text, order)
            .ok_or_else(|| Invalid(format!("`{argument}` is not a cursor of this list and order.")))
    }

    fn read<I: Id>(text: &str, order: impl Order) -> Option<Self> {
        if order.is_by_id() {
            let id = I::parse(text).ok()?.as_str().to_owned();
            return Some(Self { key: Key::Word(id.clone()), id });
        }
        let (key, id) = text.strip_prefix(order.word())?.strip_prefix('.')?.split_once('.')?;
        let is_word = (1..=LONGEST_WORD).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        let key = match order.is_by_word() {
            true if is_word => Key::Word(key.to_owned()),
            true => return None,
            false => Key::Number(key.parse().ok()?),
        };
        Some(Self { key, id: I::parse(id).ok()?.as_str().to_owned() })
    }

    /// The cursor as it stands on the wire.
    #[must_use]
    pub fn text(&self, order: impl Order) -> String {
        match &self.key {
            _ if order.is_by_id() => self.id.clone(),
            Key::Number(number) => format!("{}.{number}.{}", order.word(), self.id),
            Key::Word(word) => format!("{}.{word}.{}", order.word(), self.id),
        }
    }
}

/// What the caller asked of a list, as the wire has it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// After this cursor.
    pub after: Option<String>,
    /// Before this one.
    pub before: Option<String>,
    /// The first so many.
    pub first: Option<i64>,
    /// The last so many.
    pub last: Option<i64>,
}

/// The part of a list that one page holds.
#[derive(Debug, Clone)]
pub struct Window<O> {
    /// What the list is ordered by.
    pub order: O,
    /// The largest first.
    pub descending: bool,
    after: Option<Cursor>,
    before: Option<Cursor>,
    size: usize,
    from_end: bool,
}

/// The rows that a page is read from: between two places, both left out, in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Above this place.
    pub lower: Cursor,
    /// Below this one.
    pub upper: Cursor,
    /// Read from above.
    pub descending: bool,
    /// At most so many: one more than the page holds, which tells whether there are more.
    pub limit: i64,
}

impl<O: Order> Window<O> {
    /// Reads what the caller asked. The page lies at the end of the list, or before `before`, when `last` is given
    /// without `first`, or `before` alone.
    ///
    /// # Errors
    /// For what is no cursor, and a size below zero.
    pub fn read<I: Id>(order: O, descending: bool, asked: &Asked) -> Result<Self, Invalid> {
        let cursor = |text: &Option<String>, argument| {
            let given = text.as_deref().filter(|text| !text.is_empty());
            given.map(|text| Cursor::parse::<I>(text, order, argument)).transpose()
        };
        let (after, before) = (cursor(&asked.after, "after")?, cursor(&asked.before, "before")?);
        let (first, last) = (page::size(asked.first, "first")?, page::size(asked.last, "last")?);
        let is_backward = asked.last.is_some() || (before.is_some() && after.is_none());
        Ok(Self {
            order,
            descending,
            from_end: asked.first.is_none() && is_backward,
            size: if asked.first.is_some() { first } else { last },
            after,
            before,
        })
    }

    /// The rows to read for it.
    #[must_use]
    pub fn span(&self) -> Span {
        let (lower, upper) =
            if self.descending { (&self.before, &self.after) } else { (&self.after, &self.before) };
        let is_by_word = self.order.is_by_word() || self.order.is_by_id();
        // A row may have the largest number there is, and lies before the end of the list all the same.
        let edge = |number, word: &str| Cursor {
            key: if is_by_word { Key::Word(word.into()) } else { Key::Number(number) },
            id: word.into(),
        };
        Span {
            lower: lower.clone().unwrap_or_else(|| edge(i64::MIN, "")),
            upper: upper.clone().unwrap_or_else(|| edge(i64::MAX, LAST_WORD)),
            descending: self.descending != self.from_end,
            limit: i64::try_from(self.size).unwrap_or(i64::MAX - 1) + 1,
        }
    }

    /// Cuts what was read of the span down to the page, in the list's order; answers whether more follow it and whether
    /// some went before.
    #[must_use]
    pub fn cut<T>(&self, rows: &mut Vec<T>) -> (bool, bool) {
        let has_more = rows.len() > self.size;
        rows.truncate(self.size);
        if !self.from_end {
            return (has_more, self.after.is_some());
        }
        rows.reverse();
        (self.before.is_some(), has_more)
    }
}

/// The most things that one filter names.
pub const MOST_FILTERED: usize = 100;
/// The longest text that a list is searched for, in characters.
pub const LONGEST_QUERY: usize = 200;

/// Checks how many things a filter names.
///
/// # Errors
/// When there are more than [`MOST_FILTERED`].
pub fn check_filter<T>(things: Vec<T>, argument: &str) -> Result<Vec<T>, Invalid> {
    if things.len() > MOST_FILTERED {
        return invalid(format!("`{argument}` takes at most {MOST_FILTERED}."));
    }
    Ok(things)
}

/// Checks what a list is searched for.
///
/// # Errors
/// When it is longer than [`LONGEST_QUERY`] or holds control characters.
pub fn check_query(query: &str) -> Result<&str, Invalid> {
    let query = query.trim();
    if query.chars().count() > LONGEST_QUERY || query.chars().any(char::is_control) {
        return invalid(format!(
            "`query` is at most {LONGEST_QUERY} characters long, without control characters."
        ));
    }
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MembershipId;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum By {
        Age,
        Id,
        Name,
    }

    impl Order for By {
        fn word(self) -> &'static str {
            match self {
                Self::Age => "age",
                Self::Id => "id",
                Self::Name => "name",
            }
        }

        fn is_by_word(self) -> bool {
            self == Self::Name
        }

        fn is_by_id(self) -> bool {
            self == Self::Id
        }
    }

    /// The list that windows look into: an age, and an id.
    fn list() -> Vec<(i64, String)> {
        [3, 1, 2, 2, 2, i64::MAX, i64::MIN]
            .into_iter()
            .enumerate()
            .map(|(n, age)| (age, format!("mem_{n}")))
            .collect()
    }

    /// What a store does with a span.
    fn read(span: &Span) -> Vec<(i64, String)> {
        let place = |cursor: &Cursor| match &cursor.key {
            Key::Number(number) => (*number, cursor.id.clone()),
            Key::Word(_) => panic!("ages are numbers"),
        };
        let (lower, upper) = (place(&span.lower), place(&span.upper));
        let mut found: Vec<_> = list().into_iter().filter(|row| *row > lower && *row < upper).collect();
        found.sort();
        if span.descending {
            found.reverse();
        }
        found.truncate(usize::try_from(span.limit).expect("a size"));
        found
    }

    fn page(descending: bool, asked: &Asked) -> (Vec<(i64, String)>, (bool, bool)) {
        let window = Window::read::<MembershipId>(By::Age, descending, asked).expect("sound");
        let mut rows = read(&window.span());
        let more = window.cut(&mut rows);
        (rows, more)
    }

    fn cursor(row: &(i64, String)) -> Option<String> {
        Some(Cursor { key: Key::Number(row.0), id: row.1.clone() }.text(By::Age))
    }

    #[test]
    fn pages_put_together_are_the_list_both_ways() {
        let mut sorted = list();
        sorted.sort();
        for descending in [false, true] {
            let mut whole = sorted.clone();
            if descending {
                whole.reverse();
            }
            for size in 1..=8 {
                let (mut forward, mut asked) = (Vec::new(), Asked { first: Some(size), ..Asked::default() });
                loop {
                    let (rows, (next, previous)) = page(descending, &asked);
                    assert_eq!(previous, !forward.is_empty());
                    asked.after = rows.last().and_then(cursor);
                    forward.extend(rows);
                    if !next {
                        break;
                    }
                }
                assert_eq!(forward, whole);
                let (mut backward, mut asked) = (Vec::new(), Asked { last: Some(size), ..Asked::default() });
                loop {
                    let (rows, (next, previous)) = page(descending, &asked);
                    assert_eq!(next, !backward.is_empty());
                    asked.before = rows.first().and_then(cursor);
                    backward.splice(0..0, rows);
                    if !previous {
                        break;
                    }
                }
                assert_eq!(backward, whole);
            }
        }
    }

    #[test]
    fn both_ends_bound_a_page() {
        let mut sorted = list();
        sorted.sort();
        let asked =
            Asked { after: cursor(&sorted[1]), before: cursor(&sorted[5]), first: Some(9), last: None };
        assert_eq!(page(false, &asked).0, sorted[2..5]);
        let asked = Asked { first: None, last: Some(2), ..asked };
        assert_eq!(page(false, &asked), (sorted[3..5].to_vec(), (true, true)));
    }

    #[test]
    fn a_cursor_reads_back_and_another_is_refused() {
        let number = Cursor { key: Key::Number(-5), id: "mem_1".into() };
        let word = Cursor { key: Key::Word("past_due".into()), id: "mem_1".into() };
        assert_eq!(
            Cursor::parse::<MembershipId>(&number.text(By::Age), By::Age, "after"),
            Ok(number.clone())
        );
        assert_eq!(Cursor::parse::<MembershipId>(&word.text(By::Name), By::Name, "after"), Ok(word));
        let other_order = number.text(By::Age);
        for text in ["mem_1", "age", "age.", "age.1", "age.1.", "age.x.mem_1", "age.1.pay_1", "age.1.mem_\0"]
        {
            let refused = Cursor::parse::<MembershipId>(text, By::Age, "before").expect_err(text);
            assert_eq!(refused.0, "`before` is not a cursor of this list and order.");
        }
        for text in [other_order.as_str(), "name..mem_1", "name.\0.mem_1", "name.a b.mem_1"] {
            assert!(Cursor::parse::<MembershipId>(text, By::Name, "after").is_err(), "{text}");
        }
        let code = Cursor { key: Key::Word("SPRING-24_A".into()), id: "mem_1".into() };
        assert_eq!(Cursor::parse::<MembershipId>(&code.text(By::Name), By::Name, "after"), Ok(code));
    }

    #[test]
    fn where_rows_are_ordered_by_their_ids_the_id_is_the_cursor() {
        let row = Cursor { key: Key::Word("mem_1".into()), id: "mem_1".into() };
        assert_eq!(row.text(By::Id), "mem_1");
        assert_eq!(Cursor::parse::<MembershipId>("mem_1", By::Id, "after"), Ok(row.clone()));
        for text in ["pay_1", "id.mem_1.mem_1", "age.1.mem_1", "mem_"] {
            let refused = Cursor::parse::<MembershipId>(text, By::Id, "after").expect_err(text);
            assert_eq!(refused.0, "`after` is not a cursor of this list and order.");
        }
        let asked = Asked { after: Some("mem_1".into()), ..Asked::default() };
        let span = Window::read::<MembershipId>(By::Id, false, &asked).expect("sound").span();
        assert_eq!(span.lower, row);
        assert!(matches!(span.upper.key, Key::Word(last) if last == LAST_WORD));
    }

    #[test]
    fn filters_are_bounded() {
        assert!(check_filter(vec![0; MOST_FILTERED], "planIds").is_ok());
        let refused = check_filter(vec![0; MOST_FILTERED + 1], "planIds").expect_err("too many");
        assert_eq!(refused.0, "`planIds` takes at most 100.");
        assert_eq!(check_query("  mira ").as_deref(), Ok("mira"));
        assert!(check_query(&"x".repeat(LONGEST_QUERY + 1)).is_err() && check_query("a\0").is_err());
    }
}
