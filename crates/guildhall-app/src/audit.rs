//! The audit log: who did what to a company, written in the transaction that does it.

use crate::error::Result;
use crate::principal::Principal;
use crate::store::audit::Deed;
use crate::store::{self, Tx};
use guildhall_core::ids::{AppId, CompanyId, Id, UserId};

/// Who does something.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doer {
    app: Option<AppId>,
    user: Option<UserId>,
}

impl Doer {
    /// The operator, at the machine itself: neither app nor person of the hall.
    pub(crate) const OPERATOR: Self = Self { app: None, user: None };

    /// A caller.
    pub(crate) fn of(principal: &Principal) -> Self {
        Self { app: principal.app.as_ref().map(|app| app.id.clone()), user: principal.user.clone() }
    }

    /// Writes down what is done to a thing of a company.
    pub(crate) fn log(
        &self,
        tx: &mut Tx<'_>,
        company: &CompanyId,
        action: &str,
        subject: &impl Id,
        details: serde_json::Value,
    ) -> Result<()> {
        let app = self.app.as_ref().map(Id::as_str);
        let deed =
            Deed { company, app, actor: self.user.as_ref(), action, subject: subject.as_str(), details };
        store::audit::log(tx, &deed)
    }
}
