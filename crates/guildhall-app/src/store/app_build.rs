//! Rows of apps' builds, and of what is in production.

use super::attachment::attachment_columns;
use super::{Read, Row, Tx, attachment, params};
use crate::app_build::{AppBuild, NewAppBuild};
use crate::error::{Error, Result};
use guildhall_core::ids::{AppBuildId, AppId};

macro_rules! build_columns {
    () => {
        "b.id, b.app_id, b.platform, b.checksum, b.supported_view_types, b.status, b.review_message, b.created_at"
    };
}

const BUILD_COLUMNS: usize = 8;

fn from_row(mut row: Row) -> Result<AppBuild> {
    Ok(AppBuild {
        id: row.id(0)?,
        app: row.id(1)?,
        platform: row.text(2)?,
        checksum: row.text(3)?,
        supported_view_types: serde_json::from_str(&row.text(4)?).map_err(Error::internal)?,
        status: row.text(5)?,
        review_message: row.text_or_null(6)?,
        created_at: row.int(7)?,
        file: attachment::from_row(&mut row, BUILD_COLUMNS)?,
    })
}

pub(crate) fn insert(tx: &mut Tx<'_>, app: &AppId, build: &NewAppBuild) -> Result<AppBuildId> {
    let (id, now): (AppBuildId, i64) = (tx.mint(), tx.now);
    let view_types = serde_json::to_string(&build.supported_view_types).map_err(Error::internal)?;
    tx.execute(
        "insert into app_builds (id, app_id, platform, attachment_id, checksum, supported_view_types, status,
           created_at)
         values ($1, $2, $3, $4, $5, $6, 'draft', $7)",
        params![&id, app, &build.platform, &build.attachment, &build.checksum, &view_types, now],
    )?;
    Ok(id)
}

pub(crate) fn find(read: &mut Read<'_>, id: &AppBuildId) -> Result<Option<AppBuild>> {
    let row = read.first(
        concat!(
            "select ",
            build_columns!(),
            ", ",
            attachment_columns!(),
            " from app_builds b
              join attachments a on a.id = b.attachment_id
              where b.id = $1"
        ),
        params![id],
    )?;
    row.map(from_row).transpose()
}

/// Approves a build and puts it into production on its platform.
pub(crate) fn promote(tx: &mut Tx<'_>, build: &AppBuild) -> Result<()> {
    let now = tx.now;
    tx.execute("update app_builds set status = 'approved' where id = $1", params![&build.id])?;
    tx.execute(
        "insert into app_production_builds (app_id, platform, build_id, promoted_at)
         values ($1, $2, $3, $4)
         on conflict (app_id, platform)
         do update set build_id = excluded.build_id, promoted_at = excluded.promoted_at",
        params![&build.app, &build.platform, &build.id, now],
    )?;
    Ok(())
}

/// Takes what a platform runs out of production; `false` where nothing is.
pub(crate) fn unassign(tx: &mut Tx<'_>, app: &AppId, platform: &str) -> Result<bool> {
    let removed = tx.execute(
        "delete from app_production_builds where app_id = $1 and platform = $2",
        params![app, platform],
    )?;
    Ok(removed == 1)
}

pub(crate) fn in_production(read: &mut Read<'_>, app: &AppId, platform: &str) -> Result<Option<AppBuild>> {
    let row = read.first(
        concat!(
            "select ",
            build_columns!(),
            ", ",
            attachment_columns!(),
            " from app_production_builds p
              join app_builds b on b.id = p.build_id
              join attachments a on a.id = b.attachment_id
              where p.app_id = $1
                and p.platform = $2"
        ),
        params![app, platform],
    )?;
    row.map(from_row).transpose()
}
