//! Transfers: money that a caller moves from one account to another.

use super::known::Holder;
use super::{Account, TRANSFER_FEE_MINOR, pay_debt};
use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::principal::{self, Principal, authorize};
use crate::store::ledger::{NewTransfer, Written};
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{CompanyId, Id, LedgerAccountId, UserId};
use guildhall_core::ledger::{AccountKind, Posting, SoundRequest, TransferRequest};
use guildhall_core::money::{Currency, in_words};
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
/// `Forbidden` naming the missing permission, `Conflict` for a key used otherwise and for a company that owes more than it
/// has, `InsufficientFunds`.
pub async fn transfer(hall: &Guildhall, principal: &Principal, transfer: Transfer) -> Result<()> {
    let sound = transfer.request.check(TRANSFER_FEE_MINOR)?;
    principal.acting_user()?;
    let destination = read_destination(&transfer.destination)?;
    let source = hall.accounts.find(&hall.store, Holder::Account(transfer.source.clone())).await?;
    let destination = hall.accounts.find(&hall.store, destination).await?;
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            let accounts = (source.as_deref(), destination.as_deref());
            transfer_in(tx, &principal, &transfer, &sound, accounts)
        })
        .await
}

fn transfer_in(
    tx: &mut Tx<'_>,
    principal: &Principal,
    transfer: &Transfer,
    sound: &SoundRequest,
    (source, destination): (Option<&Account>, Option<&Account>),
) -> Result<()> {
    let Some(source) = source else { return no_such("ledger account", &transfer.source) };
    require_spendable(tx, principal, source)?;
    let receives = |account: &&Account| matches!(account.kind, AccountKind::User | AccountKind::Company);
    let Some(destination) = destination.filter(receives) else {
        return no_such("destination", &transfer.destination);
    };
    let posting =
        Posting::payment(sound.currency, source.clone(), destination.clone(), sound.amount_minor, None)?;
    let caller = match (principal.app_itself(), &principal.user) {
        (Some(app), _) => app.id.as_str(),
        (None, Some(user)) => user.as_str(),
        (None, None) => return principal.acting_user().map(|_| ()),
    };
    let reason = transfer.reason.as_deref().unwrap_or("transfer");
    let new = NewTransfer {
        caller,
        key: &sound.idempotence_key,
        request_hash: &request_hash(&source.id, &destination.id, sound, reason),
        reason,
        notes: sound.notes.as_deref(),
        subject: None,
    };
    hold_money(tx, source, destination)?;
    // What a company owes is paid back before anything of its money goes elsewhere.
    let owed = pay_debt_of(tx, source, sound.currency)?;
    match store::ledger::write(tx, &new, &posting)? {
        Written::New(_) => pay_debt_of(tx, destination, sound.currency).map(|_| ()),
        Written::Used { same_request: true } => Ok(()),
        Written::Used { same_request: false } => Err(Error::Conflict(
            "This `idempotenceKey` was used before with other arguments; nothing was moved.".into(),
        )),
        Written::OutOfBounds(_) if owed > 0 => Err(Error::Conflict(format!(
            "{} is owed, and has to be paid back before anything is transferred; nothing was moved.",
            in_words(owed, sound.currency)
        ))),
        Written::OutOfBounds(account) => Err(Error::InsufficientFunds(format!(
            "The account `{}` does not hold enough {}.",
            account.id,
            sound.currency.code()
        ))),
    }
}

/// Holds the money of the companies on either side: nobody makes a debt meanwhile. In one order for everyone.
fn hold_money(tx: &mut Tx<'_>, source: &Account, destination: &Account) -> Result<()> {
    let sides = [source, destination].into_iter().filter(|side| side.kind == AccountKind::Company);
    let mut companies: Vec<&str> = sides.map(|side| side.owner.as_str()).collect();
    companies.sort_unstable();
    for company in companies {
        tx.lock(&format!("money of {company}"))?;
    }
    Ok(())
}

/// Has a company on one side pay back what it owes; answers what it owes then, in minor units.
fn pay_debt_of(tx: &mut Tx<'_>, side: &Account, currency: Currency) -> Result<i64> {
    match side.kind {
        AccountKind::Company => pay_debt(tx, &CompanyId::from_stored(side.owner.clone()), currency),
        _ => Ok(0),
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

/// Checks that the caller may spend from an account: the acting user's own, or a company's by permission.
fn require_spendable(read: &mut Read<'_>, principal: &Principal, account: &Account) -> Result<()> {
    let user = principal.acting_user()?.clone();
    let permission = Permission::TransferFunds;
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
            Ok(())
        }
        AccountKind::Company => {
            let company = CompanyId::from_stored(account.owner.clone());
            if !concerns(read, principal, &user, &company)? {
                return no_such("ledger account", &account.id);
            }
            authorize(read, principal, &company, permission).map(|_| ())
        }
        _ => no_such("ledger account", &account.id),
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
fn read_destination(given: &str) -> Result<Holder> {
    if given.starts_with(UserId::PREFIX) {
        Ok(Holder::Owner(AccountKind::User, UserId::parse(given)?.as_str().to_owned()))
    } else if given.starts_with(CompanyId::PREFIX) {
        Ok(Holder::Owner(AccountKind::Company, CompanyId::parse(given)?.as_str().to_owned()))
    } else if given.starts_with(LedgerAccountId::PREFIX) {
        Ok(Holder::Account(LedgerAccountId::parse(given)?))
    } else {
        let shown: String = given.chars().filter(|c| !c.is_control()).take(64).collect();
        Err(Error::Invalid(format!(
            "`{shown}` is no destination: give a user (`user_…`), a company (`biz_…`) or a ledger account (`ldgr_…`)."
        )))
    }
}
