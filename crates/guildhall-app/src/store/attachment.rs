//! Rows of attachments and the parts they are uploaded in.

use super::{Read, Row, Tx, params};
use crate::attachment::Attachment;
use crate::error::{Error, Result};
use crate::upload::{NewUpload, Upload, UploadStatus};
use guildhall_core::attachment::Media;
use guildhall_core::ids::{AttachmentId, PostId};

pub(crate) fn insert(tx: &mut Tx<'_>, id: &AttachmentId, upload: &NewUpload) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into attachments (id, uploader_id, app_id, record, filename, declared_type, declared_bytes, checksum,
           status, multipart_id, object_key, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9, $10, $11)",
        params![
            id,
            upload.uploader.as_ref(),
            upload.app.as_ref(),
            &upload.record,
            &upload.filename,
            &upload.content_type,
            upload.bytes,
            upload.checksum.as_slice(),
            upload.multipart.as_ref(),
            &upload.object_key,
            now
        ],
    )?;
    Ok(())
}

pub(crate) fn find_upload(read: &mut Read<'_>, id: &AttachmentId) -> Result<Option<Upload>> {
    let row = read.first(
        "select uploader_id, app_id, declared_bytes, checksum, status, multipart_id, object_key, declared_type
         from attachments
         where id = $1",
        params![id],
    )?;
    row.map(|mut row| {
        Ok(Upload {
            id: id.clone(),
            uploader: row.id_or_null(0)?,
            app: row.id_or_null(1)?,
            bytes: row.int(2)?,
            checksum: row.bytes(3)?,
            status: status_of(&row.text(4)?)?,
            multipart: row.id_or_null(5)?,
            object_key: row.text(6)?,
            content_type: row.text(7)?,
        })
    })
    .transpose()
}

fn status_of(word: &str) -> Result<UploadStatus> {
    match word {
        "waiting" => Ok(UploadStatus::Waiting),
        "uploaded" => Ok(UploadStatus::Uploaded),
        "ready" => Ok(UploadStatus::Ready),
        "failed" => Ok(UploadStatus::Failed),
        other => Err(Error::internal(format!("an attachment with the unknown status {other}"))),
    }
}

/// Notes that the bytes of a one-part upload are there.
pub(crate) fn set_uploaded(tx: &mut Tx<'_>, id: &AttachmentId) -> Result<()> {
    tx.execute(
        "update attachments set status = 'uploaded' where id = $1 and status in ('waiting', 'uploaded')",
        params![id],
    )?;
    Ok(())
}

/// What processing found out about a file.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    pub(crate) content_type: &'a str,
    pub(crate) media: Media,
    pub(crate) width: Option<i64>,
    pub(crate) height: Option<i64>,
}

pub(crate) fn set_ready(tx: &mut Tx<'_>, id: &AttachmentId, findings: &Findings<'_>) -> Result<()> {
    tx.execute(
        "update attachments
         set status = 'ready',
             content_type = $2,
             media = $3,
             width = $4,
             height = $5
         where id = $1",
        params![id, findings.content_type, findings.media.as_str(), findings.width, findings.height],
    )?;
    tx.execute("delete from attachment_parts where attachment_id = $1", params![id])?;
    Ok(())
}

pub(crate) fn set_failed(tx: &mut Tx<'_>, id: &AttachmentId, why: &str) -> Result<()> {
    tx.execute(
        "update attachments set status = 'failed', failure = $2 where id = $1 and status <> 'ready'",
        params![id, why],
    )?;
    Ok(())
}

pub(crate) fn set_part(
    tx: &mut Tx<'_>,
    id: &AttachmentId,
    number: i64,
    etag: &str,
    bytes: i64,
) -> Result<()> {
    tx.execute(
        "insert into attachment_parts (attachment_id, part_number, etag, bytes)
         values ($1, $2, $3, $4)
         on conflict (attachment_id, part_number) do update set etag = excluded.etag, bytes = excluded.bytes",
        params![id, number, etag, bytes],
    )?;
    Ok(())
}

/// The parts that arrived, in order: number and ETag.
pub(crate) fn parts(read: &mut Read<'_>, id: &AttachmentId) -> Result<Vec<(i64, String)>> {
    let rows = read.query(
        "select part_number, etag
         from attachment_parts
         where attachment_id = $1
         order by part_number",
        params![id],
    )?;
    rows.into_iter().map(|mut row| Ok((row.int(0)?, row.text(1)?))).collect()
}

macro_rules! attachment_columns {
    () => {
        "a.id, a.uploader_id, a.app_id, a.filename, a.declared_bytes, a.object_key, a.content_type, a.media, a.width,
         a.height"
    };
}

pub(super) use attachment_columns;

/// Reads a file whose columns begin at `from`.
pub(super) fn from_row(row: &mut Row, from: usize) -> Result<Attachment> {
    let media = row.text(from + 7)?;
    Ok(Attachment {
        id: row.id(from)?,
        uploader: row.id_or_null(from + 1)?,
        app: row.id_or_null(from + 2)?,
        filename: row.text(from + 3)?,
        bytes: row.int(from + 4)?,
        object_key: row.text(from + 5)?,
        content_type: row.text(from + 6)?,
        media: Media::from_word(&media).unwrap_or(Media::Other),
        width: row.int_or_null(from + 8)?,
        height: row.int_or_null(from + 9)?,
    })
}

/// A file that is ready.
pub(crate) fn find_ready(read: &mut Read<'_>, id: &AttachmentId) -> Result<Option<Attachment>> {
    let row = read.first(
        concat!(
            "select ",
            attachment_columns!(),
            " from attachments a where a.id = $1 and a.status = 'ready'"
        ),
        params![id],
    )?;
    row.map(|mut row| from_row(&mut row, 0)).transpose()
}

/// The files of a post, in order.
pub(crate) fn of_post(read: &mut Read<'_>, post: &PostId) -> Result<Vec<Attachment>> {
    let rows = read.query(
        concat!(
            "select ",
            attachment_columns!(),
            " from post_attachments t
              join attachments a on a.id = t.attachment_id
              where t.post_id = $1
              order by t.position"
        ),
        params![post],
    )?;
    rows.into_iter().map(|mut row| from_row(&mut row, 0)).collect()
}
