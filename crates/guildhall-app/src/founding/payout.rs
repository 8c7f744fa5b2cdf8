//! Money in a founder's hands: what accounts hold that no page shows, and debts.

use super::Founder;
use crate::error::Result;
use crate::ledger::{self, Parties};
use guildhall_core::ids::CompanyId;
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;
use guildhall_core::posting::Happening;
use guildhall_core::sale::Drawn;

impl Founder<'_, '_> {
    /// What an owner's account of a kind holds, in minor units.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn held(&mut self, kind: AccountKind, owner: &str, currency: Currency) -> Result<i64> {
        ledger::free_minor(self.tx, kind, owner, currency)
    }

    /// Has a company owe what a bank took for a dispute, once a key.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn debt(&mut self, company: &CompanyId, currency: Currency, minor: i64, key: &str) -> Result<()> {
        let drawn = Drawn { debt_minor: minor, ..Drawn::default() };
        let disputed = Happening::DisputeOpened { drawn, fee: Drawn::default() };
        let parties = Parties { company: Some(company), person: None, affiliate: None, processor: "sandbox" };
        ledger::book(self.tx, key, "dispute", key, currency, &[disputed], &parties).map(|_| ())
    }
}
