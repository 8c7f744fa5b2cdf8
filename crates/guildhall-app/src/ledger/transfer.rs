//! Transfers: money that a caller moves from one account to another.

use super::{Account, TRANSFER_FEE_MINOR};
use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::principal::{self, Principal, authorize};
use crate::store::ledger::{Claim, NewTransfer, Posted};
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{CompanyId, Id, LedgerAccountId, UserId};
use guildhall_core::ledger::{AccountKind, Posting, SoundRequest, TransferRequest};
use guildhall_core::permission::Permission;
use sha2::{Digest, Sha256};

/// What a caller asks to transfer.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Amount, currency, key and notes.
    pub request: TransferRequest,
    /// The account the money comes from.
    pub source: LedgerAccountId,
    /// A user, a company or an account.
    pub destination: String,
    /// One of the wire's `CreditTransactionTransferReasons`.
    pub reason: Option<String>,
}

/// Moves money. One key moves it once, however often and however many at once ask; the same key with
/// other arguments is refused.
///
/// # Errors
/// `Invalid` for an unsound request, `NotFound` for accounts that are none of the caller's business,
/// `Forbidden` naming the missing permission, `Conflict` for a key used otherwise, `InsufficientFunds`.
pub async fn transfer(hall: &Guildhall, principal: &Principal, transfer: Transfer) -> Result<()> {
    let principal = principal.clone();
    let sound = transfer.request.check(TRANSFER_FEE_MINOR)?;
    hall.store.write(move |tx| transfer_in(tx, &principal, &transfer, &sound)).await
}

fn transfer_in(
    tx: &mut Tx<'_>,
    principal: &Principal,
    transfer: &Transfer,
    sound: &SoundRequest,
) -> Result<()> {
    let source = spendable(tx, principal, &transfer.source)?;
    let destination = destination(tx, &transfer.destination)?;
    let posting =
        Posting::payment(sound.currency, source.clone(), destination.clone(), sound.amount_minor, None)?;
    let caller = match (principal.app_itself(), &principal.user) {
        (Some(app), _) => app.id.as_str(),
        (None, Some(user)) => user.as_str(),
        (None, None) => return principal.acting_user().map(|_| ()),
    };
    let reason = transfer.reason.as_deref().unwrap_or("transfer");
    let claim = store::ledger::claim(
        tx,
        &NewTransfer {
            caller,
            key: &sound.idempotence_key,
            request_hash: &request_hash(&source.id, &destination.id, sound, reason),
            reason,
            notes: sound.notes.as_deref(),
            subject: None,
        },
    )?;
    match claim {
        Claim::New(id) => match store::ledger::post(tx, &id, &posting)? {
            Posted::Whole => Ok(()),
            Posted::OutOfBounds(account) => Err(Error::InsufficientFunds(format!(
                "The account `{}` does not hold enough {}.",
                account.id,
                sound.currency.code()
            ))),
        },
        Claim::Used { same_request: true } => Ok(()),
        Claim::Used { same_request: false } => Err(Error::Conflict(
            "This `idempotenceKey` was used before with other arguments; nothing was moved.".into(),
        )),
    }
}

/// What makes two requests the same.
fn request_hash(
    source: &LedgerAccountId,
    destination: &LedgerAccountId,
    sound: &SoundRequest,
    reason: &str,
) -> [u8; 32] {
    let text = serde_json::json!([
        source.as_str(),
        destination.as_str(),
        sound.currency.code(),
        sound.amount_minor,
        sound.notes,
        reason
    ]);
    Sha256::digest(text.to_string()).into()
}

/// An account the caller may spend from: the acting user's own, or a company's by permission.
fn spendable(read: &mut Read<'_>, principal: &Principal, id: &LedgerAccountId) -> Result<Account> {
    let user = principal.acting_user()?.clone();
    let permission = Permission::TransferFunds;
    let Some(account) = store::ledger::find(read, id)? else {
        return no_such("ledger account", id);
    };
    match account.kind {
        AccountKind::User if account.owner == user.as_str() => {
            if let Some(app) = &principal.app
                && !principal.is_agent
                && !store::app::is_granted_for_user(read, &app.id, &user, permission)?
            {
                return Err(principal::missing(
                    permission,
                    "in every company of the person that the app acts for",
                ));
            }
            Ok(account)
        }
        AccountKind::Company => {
            let company = CompanyId::from_stored(account.owner.clone());
            if !concerns(read, principal, &user, &company)? {
                return no_such("ledger account", id);
            }
            authorize(read, principal, &company, permission)?;
            Ok(account)
        }
        _ => no_such("ledger account", id),
    }
}

/// Whether a company's existence as an account holder is any of the caller's business.
fn concerns(read: &mut Read<'_>, principal: &Principal, user: &UserId, company: &CompanyId) -> Result<bool> {
    if let Some(app) = &principal.app
        && principal.is_agent
    {
        return Ok(app.company == *company || store::app::is_installed(read, &app.id, company)?);
    }
    let record = store::access::record(read, company, user)?;
    Ok(record.role.is_some() || !record.held.is_empty())
}

/// Where money may go: a user's or company's account, named by either's id or its own.
fn destination(read: &mut Read<'_>, given: &str) -> Result<Account> {
    let found = if given.starts_with(UserId::PREFIX) {
        let owner = UserId::parse(given)?;
        store::ledger::find_of_owner(read, AccountKind::User, owner.as_str())?
    } else if given.starts_with(CompanyId::PREFIX) {
        let owner = CompanyId::parse(given)?;
        store::ledger::find_of_owner(read, AccountKind::Company, owner.as_str())?
    } else if given.starts_with(LedgerAccountId::PREFIX) {
        Some(LedgerAccountId::parse(given)?)
    } else {
        let shown: String = given.chars().filter(|c| !c.is_control()).take(64).collect();
        return Err(Error::Invalid(format!(
            "`{shown}` is no destination: give a user (`user_…`), a company (`biz_…`) or a ledger account (`ldgr_…`)."
        )));
    };
    let account = found.map(|id| store::ledger::find(read, &id)).transpose()?.flatten();
    match account {
        Some(account) if matches!(account.kind, AccountKind::User | AccountKind::Company) => Ok(account),
        _ => no_such("destination", &given),
    }
}
