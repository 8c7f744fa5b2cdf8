//! Rows of accounts and of recovery codes.

use super::{Read, Row, Tx, params};
use crate::error::{Result, no_such};
use crate::password;
use guildhall_core::account::email_key;
use guildhall_core::ids::UserId;
use guildhall_core::user::username_key;

/// An account as it is kept, with what is kept of its user. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct AccountRow {
    pub(crate) user: UserId,
    pub(crate) username: String,
    pub(crate) name: Option<String>,
    /// As it stands with the user.
    pub(crate) email: String,
    /// `None` while nobody has shown that it is theirs, see [`insert`].
    pub(crate) email_confirmed_at: Option<i64>,
    /// A PHC string.
    pub(crate) password_hash: String,
    pub(crate) password_changed_at: i64,
    /// Whether signing in takes a second step.
    pub(crate) has_two_steps: bool,
}

macro_rules! account_columns {
    () => {
        "select u.id, u.username, u.name, coalesce(u.email, a.email_key), a.email_confirmed_at,
           a.password_hash, a.password_changed_at,
           case when a.totp_secret is null then cast(0 as bigint) else cast(1 as bigint) end
         from accounts a
         join users u on u.id = a.user_id "
    };
}

fn from_row(mut row: Row) -> Result<AccountRow> {
    Ok(AccountRow {
        user: row.id(0)?,
        username: row.text(1)?,
        name: row.text_or_null(2)?,
        email: row.text(3)?,
        email_confirmed_at: row.int_or_null(4)?,
        password_hash: row.text(5)?,
        password_changed_at: row.int(6)?,
        has_two_steps: row.flag(7)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, user: &UserId) -> Result<Option<AccountRow>> {
    let row = read.first(concat!(account_columns!(), "where a.user_id = $1"), params![user])?;
    row.map(from_row).transpose()
}

/// The account of a user that must have one.
pub(crate) fn require(read: &mut Read<'_>, user: &UserId) -> Result<AccountRow> {
    match find(read, user)? {
        Some(account) => Ok(account),
        None => no_such("account of the user", user),
    }
}

pub(crate) fn find_by_email(read: &mut Read<'_>, email: &str) -> Result<Option<AccountRow>> {
    let key = email_key(email);
    let row = read.first(concat!(account_columns!(), "where a.email_key = $1"), params![&key])?;
    row.map(from_row).transpose()
}

pub(crate) fn find_by_username(read: &mut Read<'_>, username: &str) -> Result<Option<AccountRow>> {
    let key = username_key(username);
    let row = read.first(concat!(account_columns!(), "where u.username_key = $1"), params![&key])?;
    row.map(from_row).transpose()
}

/// Adds an account; `false` when another one has the e-mail, or the user has one. One without a password is that of a
/// purchase, whose e-mail somebody typed: it is confirmed with the first password, see [`set_password`].
pub(crate) fn insert(tx: &mut Tx<'_>, user: &UserId, email: &str, password_hash: &str) -> Result<bool> {
    let (key, now) = (email_key(email), tx.now);
    let confirmed_at = (password_hash != password::NONE).then_some(now);
    let added = tx.execute(
        "insert into accounts
           (user_id, email_key, email_confirmed_at, password_hash, password_changed_at, totp_last_step, created_at)
         values ($1, $2, $5, $3, $4, 0, $4)
         on conflict do nothing",
        params![user, &key, password_hash, now, confirmed_at],
    )?;
    Ok(added == 1)
}

/// Gives an account a password. Who may give it the first one has followed the link of a letter to its e-mail, or was
/// handed one by the operator, who answers for that: the e-mail is confirmed by it.
pub(crate) fn set_password(tx: &mut Tx<'_>, user: &UserId, password_hash: &str) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update accounts
         set password_hash = $2, password_changed_at = $3, email_confirmed_at = coalesce(email_confirmed_at, $3)
         where user_id = $1",
        params![user, password_hash, now],
    )?;
    Ok(())
}

/// Keeps others from taking an e-mail until the transaction ends.
pub(crate) fn lock_email(tx: &mut Tx<'_>, email: &str) -> Result<()> {
    tx.lock(&format!("account e-mail {}", email_key(email)))
}

/// Gives an account another e-mail, which was confirmed; `false` when another account has it.
pub(crate) fn set_email(tx: &mut Tx<'_>, user: &UserId, email: &str) -> Result<bool> {
    let (key, now) = (email_key(email), tx.now);
    lock_email(tx, email)?;
    let changed = tx.execute(
        "update accounts
         set email_key = $2, email_confirmed_at = $3
         where user_id = $1
           and not exists (select 1 from accounts o where o.email_key = $2 and o.user_id <> $1)",
        params![user, &key, now],
    )?;
    tx.execute(
        "update users
         set email = $2, updated_at = $3
         where id = $1
           and $4 = cast(1 as bigint)",
        params![user, email, now, changed == 1],
    )?;
    Ok(changed == 1)
}

pub(crate) fn set_name(tx: &mut Tx<'_>, user: &UserId, name: Option<&str>) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update users
         set name = $2, updated_at = $3
         where id = $1",
        params![user, name, now],
    )?;
    Ok(())
}

/// What the second step of an account is checked against.
pub(crate) struct TotpRow {
    /// `None` while signing in takes one step.
    pub(crate) secret: Option<Vec<u8>>,
    /// What was offered to be set up.
    pub(crate) offered: Option<Vec<u8>>,
}

pub(crate) fn totp(read: &mut Read<'_>, user: &UserId) -> Result<TotpRow> {
    let row = read.first(
        "select coalesce(totp_secret, $2), coalesce(totp_offered_secret, $2)
         from accounts
         where user_id = $1",
        params![user, &[][..]],
    )?;
    let Some(mut row) = row else {
        return no_such("account of the user", user);
    };
    let some = |bytes: Vec<u8>| (!bytes.is_empty()).then_some(bytes);
    Ok(TotpRow { secret: some(row.bytes(0)?), offered: some(row.bytes(1)?) })
}

/// Keeps a secret that is offered; `None` takes an offer back.
pub(crate) fn set_offered_totp(tx: &mut Tx<'_>, user: &UserId, secret: Option<&[u8]>) -> Result<()> {
    tx.execute(
        "update accounts
         set totp_offered_secret = $2
         where user_id = $1",
        params![user, secret],
    )?;
    Ok(())
}

/// Makes a secret the account's second step, or takes the step away.
pub(crate) fn set_totp(tx: &mut Tx<'_>, user: &UserId, secret: Option<&[u8]>, last_step: i64) -> Result<()> {
    tx.execute(
        "update accounts
         set totp_secret = $2, totp_offered_secret = null, totp_last_step = $3
         where user_id = $1",
        params![user, secret, last_step],
    )?;
    Ok(())
}

/// Uses up a step's code and those of earlier ones; `false` when it is used up already.
pub(crate) fn use_totp_step(tx: &mut Tx<'_>, user: &UserId, step: i64) -> Result<bool> {
    let used = tx.execute(
        "update accounts
         set totp_last_step = $2
         where user_id = $1
           and totp_last_step < $2",
        params![user, step],
    )?;
    Ok(used == 1)
}

/// Puts new recovery codes in the place of the old ones.
pub(crate) fn set_recovery_codes(tx: &mut Tx<'_>, user: &UserId, hashes: &[[u8; 32]]) -> Result<()> {
    tx.execute("delete from recovery_codes where user_id = $1", params![user])?;
    for hash in hashes {
        tx.execute(
            "insert into recovery_codes (user_id, code_hash)
             values ($1, $2)",
            params![user, hash.as_slice()],
        )?;
    }
    Ok(())
}

/// Uses up a recovery code; `false` when the account has no such code.
pub(crate) fn use_recovery_code(tx: &mut Tx<'_>, user: &UserId, hash: &[u8; 32]) -> Result<bool> {
    let used = tx.execute(
        "delete from recovery_codes
         where user_id = $1
           and code_hash = $2",
        params![user, hash.as_slice()],
    )?;
    Ok(used == 1)
}

pub(crate) fn recovery_codes_left(read: &mut Read<'_>, user: &UserId) -> Result<i64> {
    let row = read.first(
        "select cast(count(*) as bigint)
         from recovery_codes
         where user_id = $1",
        params![user],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}
