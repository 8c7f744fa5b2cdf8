//! How large a document is once its fragments are spread out.
//!
//! The executor walks spread-out documents, and a few fragments that each spread the next one twice are
//! a document without end. So they are counted first, each fragment once.

use async_graphql::Positioned;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use std::collections::HashMap;

/// The most selections of a document, fragments spread out.
const MOST_SELECTIONS: usize = 10_000;
/// How deeply fragments and fields may nest while they are counted.
const DEEPEST: usize = 100;

/// The refusal of a document that is larger than the bounds.
pub(crate) const TOO_LARGE: &str = "The document asks for too much: with its fragments spread out it holds more than 10000 fields, or nests them too deeply.";

/// Whether a document stays within the bounds.
pub(crate) fn is_bounded(document: &ExecutableDocument) -> bool {
    let mut counter = Counter { document, fragments: HashMap::new() };
    let mut total = 0_usize;
    for (_, operation) in document.operations.iter() {
        match counter.count(&operation.node.selection_set, 0) {
            Some(selections) => total = total.saturating_add(selections),
            None => return false,
        }
    }
    total <= MOST_SELECTIONS
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    /// What each fragment holds; nothing while it is being counted, so that one that holds itself ends
    /// here. The executor refuses it.
    fragments: HashMap<&'a str, usize>,
}

impl<'a> Counter<'a> {
    /// The number of selections, fragments spread out; `None` beyond the bounds.
    fn count(&mut self, set: &'a Positioned<SelectionSet>, depth: usize) -> Option<usize> {
        let mut total = 0_usize;
        for selection in &set.node.items {
            let inside = match &selection.node {
                Selection::Field(field) => self.count_inside(&field.node.selection_set, depth)?,
                Selection::InlineFragment(fragment) => {
                    self.count_inside(&fragment.node.selection_set, depth)?
                }
                Selection::FragmentSpread(spread) => {
                    self.count_fragment(spread.node.fragment_name.node.as_str(), depth)?
                }
            };
            total = total.saturating_add(inside).saturating_add(1);
            if total > MOST_SELECTIONS {
                return None;
            }
        }
        Some(total)
    }

    fn count_inside(&mut self, set: &'a Positioned<SelectionSet>, depth: usize) -> Option<usize> {
        if depth >= DEEPEST { None } else { self.count(set, depth + 1) }
    }

    fn count_fragment(&mut self, name: &'a str, depth: usize) -> Option<usize> {
        if let Some(known) = self.fragments.get(name) {
            return Some(*known);
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Some(0);
        };
        self.fragments.insert(name, 0);
        let inside = self.count_inside(&fragment.node.selection_set, depth)?;
        self.fragments.insert(name, inside);
        Some(inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    #[test]
    fn fragments_are_counted_as_often_as_they_are_spread() {
        let doubling = |times: usize| {
            let fragments: String =
                (0..times).map(|n| format!("fragment F{n} on Q {{ ...F{m} ...F{m} }} ", m = n + 1)).collect();
            format!("{{ ...F0 }} {fragments} fragment F{times} on Q {{ a }}")
        };
        for (document, bounded) in [
            ("{ a { b } ... on Q { c } }".to_owned(), true),
            (format!("{{ {} }}", "a ".repeat(10_000)), true),
            (format!("{{ {} }}", "a ".repeat(10_001)), false),
            (doubling(10), true),
            (doubling(14), false),
            (doubling(90), false),
            ("{ ...F } fragment F on Q { ...F }".to_owned(), true),
            ("{ ...Missing }".to_owned(), true),
        ] {
            let parsed = parse_query(&document).expect("a document");
            let start: String = document.chars().take(40).collect();
            assert_eq!(is_bounded(&parsed), bounded, "{start}");
        }
    }
}
