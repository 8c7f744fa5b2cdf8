//! The list of a company's memberships: what it is ordered by.

use crate::cursor::Order;
use crate::words::words;

words! {
    /// What the list is ordered by; the wire's `MembershipsSortableColumns`.
    pub enum MembershipOrder {
        /// When it was canceled; those that never were come before all others.
        CanceledAt = "canceled_at",
        /// When it was made.
        CreatedAt = "created_at",
        /// The same.
        DateJoined = "date_joined",
        /// Its id.
        Id = "id",
        /// Its status, as a word.
        Status = "status",
        /// What was paid for it, in minor units of its plan's currency.
        TotalSpend = "total_spend",
    }
}

impl Order for MembershipOrder {
    fn word(self) -> &'static str {
        self.as_str()
    }

    fn is_by_word(self) -> bool {
        matches!(self, Self::Id | Self::Status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_the_contracts() {
        let contract = include_str!("../../../tests/contract/schema.graphql");
        let (_, rest) =
            contract.split_once("enum MembershipsSortableColumns {").expect("the contract has it");
        let theirs: Vec<&str> = rest.split_once('}').expect("it ends").0.split_whitespace().collect();
        let ours: Vec<&str> = MembershipOrder::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(ours, theirs);
    }
}
