//! Rows of grants: one a signing-in, with its code, its refresh token of the moment, and its access tokens.

use crate::error::Result;
use crate::store::{Read, Row, Tx, params};
use guildhall_core::ids::{AppId, CompanyId, GrantId, UserId};
use guildhall_core::oauth::Scopes;

/// How many live access tokens a grant has at most; older ones give way.
const MOST_ACCESS_TOKENS: i64 = 10;
/// How many ended grants are cleared away at a time.
const SWEEP: i64 = 20;

/// A grant as it stands.
pub(crate) struct GrantRow {
    pub(crate) id: GrantId,
    pub(crate) app: AppId,
    pub(crate) scopes: Scopes,
    pub(crate) redirect_uri: String,
    pub(crate) is_public: bool,
    pub(crate) code_challenge: Option<String>,
    pub(crate) code_expires_at: i64,
    pub(crate) is_code_used: bool,
    /// The code's before it is exchanged, when nobody asks for it.
    pub(crate) refresh_hash: Vec<u8>,
    pub(crate) refresh_expires_at: i64,
    pub(crate) is_revoked: bool,
}

macro_rules! grant_columns {
    () => {
        "id, app_id, scopes, redirect_uri, is_public, code_challenge, code_expires_at, code_used_at,
         coalesce(refresh_hash, code_hash), coalesce(refresh_expires_at, 0), revoked_at"
    };
}

fn from_row(mut row: Row) -> Result<GrantRow> {
    Ok(GrantRow {
        id: row.id(0)?,
        app: row.id(1)?,
        scopes: Scopes::from_stored(&row.text(2)?),
        redirect_uri: row.text(3)?,
        is_public: row.flag(4)?,
        code_challenge: row.text_or_null(5)?,
        code_expires_at: row.int(6)?,
        is_code_used: row.int_or_null(7)?.is_some(),
        refresh_hash: row.bytes(8)?,
        refresh_expires_at: row.int(9)?,
        is_revoked: row.int_or_null(10)?.is_some(),
    })
}

/// What a grant begins as: a code.
pub(crate) struct NewGrant<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) user: &'a UserId,
    pub(crate) scopes: &'a Scopes,
    pub(crate) redirect_uri: &'a str,
    pub(crate) is_public: bool,
    pub(crate) code_hash: [u8; 32],
    pub(crate) code_challenge: Option<&'a str>,
    pub(crate) code_expires_at: i64,
}

pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewGrant<'_>) -> Result<()> {
    let (id, now): (GrantId, i64) = (tx.mint(), tx.now);
    let scopes = new.scopes.to_string();
    tx.execute(
        "insert into oauth_grants
           (id, app_id, user_id, scopes, redirect_uri, is_public, code_hash, code_challenge, code_expires_at,
            created_at, ends_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)",
        params![
            &id,
            new.app,
            new.user,
            &scopes,
            new.redirect_uri,
            new.is_public,
            new.code_hash.as_slice(),
            new.code_challenge,
            new.code_expires_at,
            now
        ],
    )?;
    Ok(())
}

pub(crate) fn find_by_code(read: &mut Read<'_>, code_hash: &[u8]) -> Result<Option<GrantRow>> {
    let sql = concat!("select ", grant_columns!(), " from oauth_grants where code_hash = $1");
    read.first(sql, params![code_hash])?.map(from_row).transpose()
}

pub(crate) fn find_by_family(read: &mut Read<'_>, family_hash: &[u8]) -> Result<Option<GrantRow>> {
    let sql = concat!("select ", grant_columns!(), " from oauth_grants where family_hash = $1");
    read.first(sql, params![family_hash])?.map(from_row).transpose()
}

/// What a grant gets when its code is exchanged: the hashes of its tokens, and when they end.
pub(crate) struct Tokens {
    pub(crate) access_hash: [u8; 32],
    pub(crate) access_expires_at: i64,
    pub(crate) family_hash: [u8; 32],
    pub(crate) refresh_hash: [u8; 32],
    pub(crate) refresh_expires_at: i64,
}

/// Uses a code up; `false` when it was used or revoked before, also by another transaction at the same time.
pub(crate) fn use_code(tx: &mut Tx<'_>, grant: &GrantId, tokens: &Tokens) -> Result<bool> {
    let now = tx.now;
    let used = tx.execute(
        "update oauth_grants
         set code_used_at = $2, family_hash = $3, refresh_hash = $4, refresh_expires_at = $5, ends_at = $5
         where id = $1
           and code_used_at is null
           and revoked_at is null",
        params![
            grant,
            now,
            tokens.family_hash.as_slice(),
            tokens.refresh_hash.as_slice(),
            tokens.refresh_expires_at
        ],
    )?;
    Ok(used == 1)
}

/// Puts a new refresh token in the place of an old one; `false` when another is in its place already.
pub(crate) fn rotate(tx: &mut Tx<'_>, grant: &GrantId, old: &[u8], tokens: &Tokens) -> Result<bool> {
    let rotated = tx.execute(
        "update oauth_grants
         set refresh_hash = $3, refresh_expires_at = $4, ends_at = $4
         where id = $1
           and refresh_hash = $2
           and revoked_at is null",
        params![grant, old, tokens.refresh_hash.as_slice(), tokens.refresh_expires_at],
    )?;
    Ok(rotated == 1)
}

/// Adds an access token; those of the same grant that have ended, or are too many, go.
pub(crate) fn insert_access_token(tx: &mut Tx<'_>, grant: &GrantId, tokens: &Tokens) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "delete from oauth_access_tokens
         where grant_id = $1
           and expires_at <= $2",
        params![grant, now],
    )?;
    tx.execute(
        "delete from oauth_access_tokens
         where token_hash in (
           select token_hash
           from oauth_access_tokens
           where grant_id = $1
           order by expires_at desc, token_hash
           limit 1000 offset $2
         )",
        params![grant, MOST_ACCESS_TOKENS - 1],
    )?;
    tx.execute(
        "insert into oauth_access_tokens (token_hash, grant_id, expires_at)
         values ($1, $2, $3)",
        params![tokens.access_hash.as_slice(), grant, tokens.access_expires_at],
    )?;
    Ok(())
}

/// Whose a live access token is.
pub(crate) struct Bearer {
    pub(crate) app: AppId,
    /// The company that owns the app.
    pub(crate) company: CompanyId,
    pub(crate) user: UserId,
    pub(crate) scopes: Scopes,
    pub(crate) is_public: bool,
}

pub(crate) fn find_by_access_token(read: &mut Read<'_>, token_hash: &[u8]) -> Result<Option<Bearer>> {
    let now = read.now;
    let row = read.first(
        "select g.app_id, a.company_id, g.user_id, g.scopes, g.is_public
         from oauth_access_tokens t
         join oauth_grants g on g.id = t.grant_id
         join apps a on a.id = g.app_id
         where t.token_hash = $1
           and t.expires_at > $2
           and g.revoked_at is null",
        params![token_hash, now],
    )?;
    row.map(|mut row| {
        Ok(Bearer {
            app: row.id(0)?,
            company: row.id(1)?,
            user: row.id(2)?,
            scopes: Scopes::from_stored(&row.text(3)?),
            is_public: row.flag(4)?,
        })
    })
    .transpose()
}

/// Ends a grant and everything that came of it.
pub(crate) fn revoke(tx: &mut Tx<'_>, grant: &GrantId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update oauth_grants
         set revoked_at = $2
         where id = $1
           and revoked_at is null",
        params![grant, now],
    )?;
    Ok(())
}

pub(crate) fn revoke_access_token(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<()> {
    tx.execute("delete from oauth_access_tokens where token_hash = $1", params![token_hash])?;
    Ok(())
}

/// Ends every grant of a person.
pub(crate) fn revoke_of_user(tx: &mut Tx<'_>, user: &UserId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update oauth_grants
         set revoked_at = $2
         where user_id = $1
           and revoked_at is null",
        params![user, now],
    )?;
    Ok(())
}

/// Ends every grant that a person gave an app.
pub(crate) fn revoke_of_user_and_app(tx: &mut Tx<'_>, user: &UserId, app: &AppId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update oauth_grants
         set revoked_at = $3
         where user_id = $1
           and app_id = $2
           and revoked_at is null",
        params![user, app, now],
    )?;
    Ok(())
}

/// Clears away some of the grants that ended before a moment.
pub(crate) fn delete_ended(tx: &mut Tx<'_>, before: i64) -> Result<()> {
    let ended = tx.query(
        "select id
         from oauth_grants
         where ends_at < $1
         order by ends_at, id
         limit $2",
        params![before, SWEEP],
    )?;
    for mut row in ended {
        let grant: GrantId = row.id(0)?;
        tx.execute("delete from oauth_access_tokens where grant_id = $1", params![&grant])?;
        tx.execute("delete from oauth_grants where id = $1", params![&grant])?;
    }
    Ok(())
}
