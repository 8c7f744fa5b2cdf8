//! Rows of apps' API keys.

use super::{Read, Row, Tx, params};
use crate::api_key::ApiKey;
use crate::error::Result;
use guildhall_core::ids::{ApiKeyId, AppId, CompanyId, UserId};

fn from_row(mut row: Row) -> Result<ApiKey> {
    Ok(ApiKey {
        id: row.id(0)?,
        app: row.id(1)?,
        end: row.text(2)?,
        created_at: row.int(3)?,
        ends_at: row.int_or_null(4)?,
    })
}

pub(crate) fn insert(tx: &mut Tx<'_>, app: &AppId, key_hash: &[u8], end: &str) -> Result<ApiKeyId> {
    let id: ApiKeyId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into app_api_keys (id, app_id, key_hash, key_end, created_at)
         values ($1, $2, $3, $4, $5)",
        params![&id, app, key_hash, end, now],
    )?;
    Ok(id)
}

/// The live keys of an app, oldest first; there are few.
pub(crate) fn list(read: &mut Read<'_>, app: &AppId) -> Result<Vec<ApiKey>> {
    let now = read.now;
    let rows = read.query(
        "select id, app_id, key_end, created_at, ends_at
         from app_api_keys
         where app_id = $1
           and revoked_at is null
           and (ends_at is null or ends_at > $2)
         order by id
         limit 1000",
        params![app, now],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// A key, live or not.
pub(crate) fn find(read: &mut Read<'_>, id: &ApiKeyId) -> Result<Option<ApiKey>> {
    let row = read.first(
        "select id, app_id, key_end, created_at, ends_at
         from app_api_keys
         where id = $1",
        params![id],
    )?;
    row.map(from_row).transpose()
}

/// Revokes a live key; `false` when there is none.
pub(crate) fn revoke(tx: &mut Tx<'_>, id: &ApiKeyId) -> Result<bool> {
    let now = tx.now;
    let changed = tx.execute(
        "update app_api_keys
         set revoked_at = $2
         where id = $1
           and revoked_at is null
           and (ends_at is null or ends_at > $2)",
        params![id, now],
    )?;
    Ok(changed == 1)
}

/// Names the successor of a live key that has none, and when it ends; `false` when there is no such key.
pub(crate) fn succeed(tx: &mut Tx<'_>, id: &ApiKeyId, successor: &ApiKeyId, ends_at: i64) -> Result<bool> {
    let now = tx.now;
    let changed = tx.execute(
        "update app_api_keys
         set successor_id = $2,
             ends_at = $3
         where id = $1
           and revoked_at is null
           and successor_id is null
           and (ends_at is null or ends_at > $4)",
        params![id, successor, ends_at, now],
    )?;
    Ok(changed == 1)
}

/// The app of a live key and its first agent.
#[derive(Debug)]
pub(crate) struct KeyHolder {
    pub(crate) app: AppId,
    pub(crate) company: CompanyId,
    pub(crate) first_agent: Option<UserId>,
    pub(crate) key_hash: Vec<u8>,
}

pub(crate) fn find_holder(read: &mut Read<'_>, key_hash: &[u8]) -> Result<Option<KeyHolder>> {
    let now = read.now;
    let row = read.first(
        "select a.id, a.company_id, k.key_hash,
           (select g.user_id from app_agents g where g.app_id = a.id order by g.position, g.user_id limit 1)
         from app_api_keys k
         join apps a on a.id = k.app_id
         where k.key_hash = $1
           and k.revoked_at is null
           and (k.ends_at is null or k.ends_at > $2)",
        params![key_hash, now],
    )?;
    row.map(|mut row| {
        Ok(KeyHolder {
            app: row.id(0)?,
            company: row.id(1)?,
            key_hash: row.bytes(2)?,
            first_agent: row.id_or_null(3)?,
        })
    })
    .transpose()
}
