//! Entries: who waits for a plan that is not simply bought, and how long it takes entries.
//!
//! A waitlist's entries are approved or denied one by one; a raffle's are drawn (`raffle`), which approves the winners
//! and denies the rest. An approval lets its customer buy, within the plan's stock.

use crate::words::words;
use crate::{Invalid, invalid};

/// The most entries of one plan.
pub const MOST_ENTRIES: i64 = 100_000;

words! {
    /// Where an entry stands; the wire's `EntryStatus` but for `any`, which filters alone say.
    pub enum EntryStatus {
        /// The customer may buy.
        Approved = "approved",
        /// They may not.
        Denied = "denied",
        /// Not decided.
        Pending = "pending",
    }
}

impl EntryStatus {
    /// The status after a decision. `Ok(None)` when it was decided so before. A denial may be reconsidered; an approval
    /// stands, for the customer may have bought.
    ///
    /// # Errors
    /// When an approval is to be taken back, or a decision to be forgotten.
    pub fn decide(self, decision: Self) -> Result<Option<Self>, Invalid> {
        match (self, decision) {
            (this, decision) if this == decision => Ok(None),
            (Self::Pending, decision) | (Self::Denied, decision @ Self::Approved) => Ok(Some(decision)),
            (Self::Approved, _) => invalid(
                "The entry was approved, and its customer may have bought: cancel the membership instead.",
            ),
            (Self::Denied, _) => invalid("The entry was decided on."),
        }
    }
}

/// When and how many entries a plan takes; the wire's `ReleaseMethodSettingsInput`. Times are milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EntryRules {
    /// From when on.
    pub starts_at: Option<i64>,
    /// Until when.
    pub expires_at: Option<i64>,
    /// How many at most.
    pub most_entries: Option<i64>,
}

impl EntryRules {
    /// Checks the rules of a new plan. A raffle must end, since it is drawn after its end.
    ///
    /// # Errors
    /// With the sentence for the first that is unsound.
    pub fn check(&self, is_raffle: bool, now: i64) -> Result<(), Invalid> {
        if self.expires_at.is_some_and(|end| end <= now) {
            return invalid("`expiresAt` must lie ahead.");
        }
        if self.starts_at.zip(self.expires_at).is_some_and(|(start, end)| start >= end) {
            return invalid("`startsAt` must be before `expiresAt`.");
        }
        if is_raffle && self.expires_at.is_none() {
            return invalid("A raffle needs `expiresAt`: it is drawn after that.");
        }
        if self.most_entries.is_some_and(|most| !(1..=MOST_ENTRIES).contains(&most)) {
            return invalid(format!("`maxEntries` must be 1 to {MOST_ENTRIES}."));
        }
        Ok(())
    }

    /// Whether one more may enter at `now`, when so many have. The store counts in the same transaction.
    ///
    /// # Errors
    /// With the sentence for the customer.
    pub fn admit(&self, entries: i64, now: i64) -> Result<(), Invalid> {
        if self.starts_at.is_some_and(|start| now < start) {
            return invalid("Entries are not open yet.");
        }
        if self.expires_at.is_some_and(|end| now >= end) {
            return invalid("Entries are closed.");
        }
        if entries >= self.most_entries.unwrap_or(MOST_ENTRIES) {
            return invalid("There are no entries left.");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::EntryStatus::*;
    use super::*;

    #[test]
    fn every_pair_of_statuses() {
        let table = [
            (Pending, [Ok(Some(Approved)), Ok(Some(Denied)), Ok(None)]),
            (Approved, [Ok(None), Err(()), Err(())]),
            (Denied, [Ok(Some(Approved)), Ok(None), Err(())]),
        ];
        for (status, expected) in table {
            for (decision, expected) in EntryStatus::ALL.iter().zip(expected) {
                assert_eq!(status.decide(*decision).map_err(|_| ()), expected, "{status:?} {decision:?}");
            }
        }
    }

    #[test]
    fn rules_and_their_sentences() {
        let none = EntryRules::default();
        let rules = EntryRules { starts_at: Some(200), expires_at: Some(300), most_entries: Some(2) };
        assert!(none.check(false, 100).is_ok() && rules.check(true, 100).is_ok());
        let unsound = [
            (EntryRules { expires_at: Some(100), ..none }, false, "must lie ahead"),
            (EntryRules { starts_at: Some(300), ..rules }, false, "before `expiresAt`"),
            (none, true, "A raffle needs `expiresAt`"),
            (EntryRules { most_entries: Some(0), ..none }, false, "`maxEntries` must be 1 to 100000"),
        ];
        for (rules, is_raffle, sentence) in unsound {
            assert!(rules.check(is_raffle, 100).expect_err(sentence).0.contains(sentence));
        }
        let table = [
            (0, 199, Some("not open yet")),
            (1, 200, None),
            (1, 299, None),
            (0, 300, Some("closed")),
            (2, 200, Some("no entries left")),
        ];
        for (entries, now, refusal) in table {
            let got = rules.admit(entries, now).err().map(|error| error.0);
            assert_eq!(got.is_some(), refusal.is_some(), "{entries} at {now}");
            assert!(got.unwrap_or_default().contains(refusal.unwrap_or_default()));
        }
        assert!(none.admit(MOST_ENTRIES, 0).is_err());
    }
}
