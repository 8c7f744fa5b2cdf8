//! Accounts that were seen lately. An account never changes and is never removed, so what is kept stays true; it is read
//! outside of transactions, so that nothing is kept which was not committed. Bounds: [`MOST_KEPT`] accounts under each
//! of their names.

use super::Account;
use crate::error::Result;
use crate::store::{self, Store};
use guildhall_core::ids::LedgerAccountId;
use guildhall_core::ledger::AccountKind;
use quick_cache::sync::Cache;
use std::sync::Arc;

const MOST_KEPT: usize = 20_000;

/// How an account is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// By itself.
    Account(LedgerAccountId),
    /// By its kind and owner.
    Owner(AccountKind, String),
}

/// The accounts seen lately.
#[derive(Debug)]
pub(crate) struct KnownAccounts(Cache<Holder, Arc<Account>>);

impl Default for KnownAccounts {
    fn default() -> Self {
        Self(Cache::new(MOST_KEPT))
    }
}

impl KnownAccounts {
    /// An account, read when it is not known yet; `None` when there is none.
    pub(crate) async fn find(&self, store: &Store, holder: Holder) -> Result<Option<Arc<Account>>> {
        if let Some(known) = self.0.get(&holder) {
            return Ok(Some(known));
        }
        let wanted = holder.clone();
        let found = store
            .read(move |read| match &wanted {
                Holder::Account(id) => store::ledger::find(read, id),
                Holder::Owner(kind, owner) => {
                    let id = store::ledger::find_of_owner(read, *kind, owner)?;
                    Ok(id.map(|id| Account { id, kind: *kind, owner: owner.clone() }))
                }
            })
            .await?;
        Ok(found.map(|account| {
            let account = Arc::new(account);
            self.0.insert(holder, Arc::clone(&account));
            account
        }))
    }
}
