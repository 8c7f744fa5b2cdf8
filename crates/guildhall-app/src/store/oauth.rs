//! Rows of redirect URIs, of what people allowed apps, and of the codes and tokens that came of it.

mod grant;

use super::{Read, Tx, params};
use crate::error::Result;
use guildhall_core::ids::{AppId, UserId};
use guildhall_core::oauth::{RedirectUri, Scopes};

pub(crate) use grant::{
    GrantRow, NewGrant, Tokens, delete_ended, find_by_access_token, find_by_code, find_by_family, insert,
    insert_access_token, revoke, revoke_access_token, revoke_of_user, revoke_of_user_and_app, rotate,
    use_code,
};

/// The registered addresses of an app, in alphabetical order.
pub(crate) fn redirect_uris(read: &mut Read<'_>, app: &AppId) -> Result<Vec<RedirectUri>> {
    let rows = read.query(
        "select uri, is_public
         from app_redirect_uris
         where app_id = $1
         order by uri
         limit 1000",
        params![app],
    )?;
    rows.into_iter().map(|mut row| Ok(RedirectUri { uri: row.text(0)?, is_public: row.flag(1)? })).collect()
}

/// The registered address of an app that is this text, letter for letter.
pub(crate) fn find_redirect_uri(read: &mut Read<'_>, app: &AppId, uri: &str) -> Result<Option<RedirectUri>> {
    let row = read.first(
        "select uri, is_public
         from app_redirect_uris
         where app_id = $1
           and uri = $2",
        params![app, uri],
    )?;
    row.map(|mut row| Ok(RedirectUri { uri: row.text(0)?, is_public: row.flag(1)? })).transpose()
}

/// Registers an address, or changes whether it is public.
pub(crate) fn set_redirect_uri(tx: &mut Tx<'_>, app: &AppId, uri: &RedirectUri) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into app_redirect_uris (app_id, uri, is_public, created_at)
         values ($1, $2, $3, $4)
         on conflict (app_id, uri) do update set is_public = excluded.is_public",
        params![app, &uri.uri, uri.is_public, now],
    )?;
    Ok(())
}

pub(crate) fn delete_redirect_uri(tx: &mut Tx<'_>, app: &AppId, uri: &str) -> Result<bool> {
    let deleted = tx.execute(
        "delete from app_redirect_uris
         where app_id = $1
           and uri = $2",
        params![app, uri],
    )?;
    Ok(deleted == 1)
}

/// What a person has allowed an app.
pub(crate) fn consent(read: &mut Read<'_>, user: &UserId, app: &AppId) -> Result<Option<Scopes>> {
    let row = read.first(
        "select scopes
         from oauth_consents
         where user_id = $1
           and app_id = $2",
        params![user, app],
    )?;
    row.map(|mut row| Ok(Scopes::from_stored(&row.text(0)?))).transpose()
}

/// Remembers what a person allows an app, in place of what stood there.
pub(crate) fn set_consent(tx: &mut Tx<'_>, user: &UserId, app: &AppId, scopes: &Scopes) -> Result<()> {
    let (scopes, now) = (scopes.to_string(), tx.now);
    tx.execute(
        "insert into oauth_consents (user_id, app_id, scopes, given_at)
         values ($1, $2, $3, $4)
         on conflict (user_id, app_id) do update set scopes = excluded.scopes, given_at = excluded.given_at",
        params![user, app, &scopes, now],
    )?;
    Ok(())
}

pub(crate) fn delete_consent(tx: &mut Tx<'_>, user: &UserId, app: &AppId) -> Result<bool> {
    let deleted = tx.execute(
        "delete from oauth_consents
         where user_id = $1
           and app_id = $2",
        params![user, app],
    )?;
    Ok(deleted == 1)
}

/// An app that a person has allowed something: id, name, scopes, since when.
pub(crate) struct ConsentRow {
    pub(crate) app: AppId,
    pub(crate) name: String,
    pub(crate) scopes: Scopes,
    pub(crate) given_at: i64,
}

/// The apps a person has allowed something, the latest first.
pub(crate) fn consents_of(read: &mut Read<'_>, user: &UserId, most: i64) -> Result<Vec<ConsentRow>> {
    let rows = read.query(
        "select a.id, a.name, c.scopes, c.given_at
         from oauth_consents c
         join apps a on a.id = c.app_id
         where c.user_id = $1
         order by c.given_at desc, a.id
         limit $2",
        params![user, most],
    )?;
    rows.into_iter()
        .map(|mut row| {
            Ok(ConsentRow {
                app: row.id(0)?,
                name: row.text(1)?,
                scopes: Scopes::from_stored(&row.text(2)?),
                given_at: row.int(3)?,
            })
        })
        .collect()
}
