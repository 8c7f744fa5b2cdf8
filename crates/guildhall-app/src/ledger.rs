//! The double-entry ledger: the only truth about money.
//!
//! A transfer claims its caller's key, moves the balances by conditional updates and writes its entries
//! down, in one transaction. Costs: two rows and two balances a plain transfer. Bounds: 2 or 3 entries.

use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::principal::{self, Principal, authorize};
use crate::store::ledger::{Claim, NewTransfer};
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{CompanyId, Id, LedgerAccountId, TransferId, UserId};
use guildhall_core::ledger::{AccountKind, Posting, SoundRequest, TransferRequest};
use guildhall_core::money::Currency;
use guildhall_core::permission::Permission;
use sha2::{Digest, Sha256};

/// What a transfer costs its sender, in minor units of any currency.
const TRANSFER_FEE_MINOR: i64 = 0;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: LedgerAccountId,
    /// Whose it is, or what stands behind it.
    pub kind: AccountKind,
    /// A user's or company's id; the kind's word for the platform's own.
    pub owner: String,
}

/// What an account holds in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The currency.
    pub currency: Currency,
    /// Minor units.
    pub balance_minor: i64,
}

/// An account with its balances.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The account.
    pub id: LedgerAccountId,
    /// What a transfer from it costs, in minor units.
    pub transfer_fee_minor: i64,
    /// One a currency.
    pub balances: Vec<Balance>,
}

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

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// Transfers written down.
    pub transfers: i64,
    /// Entries written down.
    pub entries: i64,
    /// Transfers whose entries do not sum to zero.
    pub unbalanced_transfers: i64,
    /// Transfers without entries.
    pub transfers_without_entries: i64,
    /// Balances that are not the sum of their entries.
    pub wrong_balances: i64,
    /// Balances below zero that must not be.
    pub negative_balances: i64,
    /// The sum of all entries by currency, in minor units.
    pub sums: Vec<(String, i64)>,
}

impl AuditReport {
    /// Whether the ledger is sound.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.unbalanced_transfers == 0
            && self.transfers_without_entries == 0
            && self.wrong_balances == 0
            && self.negative_balances == 0
            && self.sums.iter().all(|(_, sum)| *sum == 0)
    }
}

/// The acting user's account.
///
/// # Errors
/// `Unauthenticated` when nobody acts.
pub async fn of_current_user(hall: &Guildhall, principal: &Principal) -> Result<Statement> {
    let user = principal.acting_user()?.clone();
    hall.store.read(move |read| statement(read, AccountKind::User, user.as_str())).await
}

/// A company's account.
///
/// # Errors
/// `Forbidden` without `company:balance:read`.
pub async fn of_company(hall: &Guildhall, principal: &Principal, company: CompanyId) -> Result<Statement> {
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            authorize(read, &principal, &company, Permission::CompanyBalanceRead)?;
            statement(read, AccountKind::Company, company.as_str())
        })
        .await
}

fn statement(read: &mut Read<'_>, kind: AccountKind, owner: &str) -> Result<Statement> {
    let id = store::ledger::find_of_owner(read, kind, owner)?
        .ok_or_else(|| Error::internal(format!("{owner} has no ledger account")))?;
    let balances = store::ledger::balances(read, &id)?;
    Ok(Statement { id, transfer_fee_minor: TRANSFER_FEE_MINOR, balances })
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
        },
    )?;
    match claim {
        Claim::New(id) if store::ledger::post(tx, &id, &posting)? => Ok(()),
        Claim::New(_) => Err(Error::InsufficientFunds(format!(
            "The account `{}` does not hold enough {}.",
            source.id,
            sound.currency.code()
        ))),
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

/// Makes the account of a new user or company.
pub(crate) fn open_account(tx: &mut Tx<'_>, kind: AccountKind, owner: &str) -> Result<LedgerAccountId> {
    store::ledger::find_or_insert(tx, kind, owner)
}

/// Lets money in from outside, e.g. a demo world's opening balances. One key lets it in once.
pub(crate) fn fund(
    tx: &mut Tx<'_>,
    kind: AccountKind,
    owner: &str,
    currency: Currency,
    amount_minor: i64,
    key: &str,
) -> Result<()> {
    let source = platform_account(tx, AccountKind::Funding)?;
    let id = store::ledger::find_or_insert(tx, kind, owner)?;
    let destination = Account { id, kind, owner: owner.to_owned() };
    let hash: [u8; 32] = Sha256::digest(format!("{owner} {} {amount_minor}", currency.code())).into();
    let transfer =
        NewTransfer { caller: "guildhall", key, request_hash: &hash, reason: "funding", notes: None };
    if let Claim::New(id) = store::ledger::claim(tx, &transfer)? {
        let posting = Posting::payment(currency, source, destination, amount_minor, None)?;
        post_or_fail(tx, &id, &posting)?;
    }
    Ok(())
}

fn platform_account(tx: &mut Tx<'_>, kind: AccountKind) -> Result<Account> {
    let owner = kind.as_str();
    Ok(Account { id: store::ledger::find_or_insert(tx, kind, owner)?, kind, owner: owner.to_owned() })
}

fn post_or_fail(tx: &mut Tx<'_>, id: &TransferId, posting: &Posting<Account>) -> Result<()> {
    if store::ledger::post(tx, id, posting)? {
        return Ok(());
    }
    Err(Error::internal("an account that may go below zero was refused"))
}

/// Proves, or disproves, that everything sums to zero.
///
/// # Errors
/// `Internal` only.
pub async fn audit(hall: &Guildhall) -> Result<AuditReport> {
    hall.store.scan(store::ledger::audit).await
}

/// What a user earned in usd, in minor units, over the last day, week, month, and ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earnings {
    /// 24 hours.
    pub day_minor: i64,
    /// 7 days.
    pub week_minor: i64,
    /// 30 days.
    pub month_minor: i64,
    /// Ever.
    pub lifetime_minor: i64,
}

/// The acting user's own earnings; nobody else's are shown.
///
/// # Errors
/// `Internal` only.
pub async fn earnings(hall: &Guildhall, principal: &Principal, user: &UserId) -> Result<Option<Earnings>> {
    if principal.user.as_ref() != Some(user) {
        return Ok(None);
    }
    let user = user.clone();
    hall.store
        .scan(move |read| {
            let usd = Currency::parse("usd")?;
            let Some(account) = store::ledger::find_of_owner(read, AccountKind::User, user.as_str())? else {
                return Ok(None);
            };
            let now = read.now;
            let mut since = |days: i64| {
                store::ledger::earned_since(read, &account, usd, now - days * 24 * 60 * 60 * 1000)
            };
            Ok(Some(Earnings {
                day_minor: since(1)?,
                week_minor: since(7)?,
                month_minor: since(30)?,
                lifetime_minor: since(365_000)?,
            }))
        })
        .await
}
