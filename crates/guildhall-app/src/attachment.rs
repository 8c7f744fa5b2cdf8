//! Attachments: files that are ready, who may use them, and their signed addresses.

use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::files::Outgoing;
use crate::principal::Principal;
use crate::store::{self, Read};
use guildhall_core::attachment::Media;
use guildhall_core::ids::{AppId, AttachmentId, UserId};

/// How long a file's address works, in seconds (one day).
const FILE_SECONDS: i64 = 24 * 60 * 60;

/// A file that is ready.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// The id; also that of its direct upload.
    pub id: AttachmentId,
    /// Who uploaded it.
    pub uploader: Option<UserId>,
    /// Through which app.
    pub app: Option<AppId>,
    /// Its name.
    pub filename: String,
    /// Its size.
    pub bytes: i64,
    /// Where the object store keeps it.
    pub(crate) object_key: String,
    /// What its bytes say it is.
    pub content_type: String,
    /// The same, coarsely.
    pub media: Media,
    /// Pixels.
    pub width: Option<i64>,
    /// Pixels.
    pub height: Option<i64>,
}

/// The signature that came with an address.
#[derive(Debug, Clone)]
pub struct Signature {
    /// Seconds since 1970.
    pub expires: i64,
    /// Hexadecimal.
    pub signature: String,
}

pub(crate) fn check_signature(
    hall: &Guildhall,
    method: &str,
    path: &str,
    signature: &Signature,
) -> Result<()> {
    let now = hall.clock.now_ms() / 1000;
    if hall.signer.verify(method, path, signature.expires, &signature.signature, now) {
        return Ok(());
    }
    Err(Error::Forbidden("This address is not one of ours, or its time is over.".into()))
}

pub(crate) fn is_callers(principal: &Principal, uploader: Option<&UserId>, app: Option<&AppId>) -> bool {
    let same_app = app.is_some() && principal.app_itself().map(|app| &app.id) == app;
    let same_user = uploader.is_some() && principal.user.as_ref() == uploader;
    same_app || same_user
}

/// A file of the caller's, once it is ready.
///
/// # Errors
/// `NotFound`, also while it is not ready.
pub async fn find(hall: &Guildhall, principal: &Principal, id: AttachmentId) -> Result<Attachment> {
    let principal = principal.clone();
    hall.store
        .read(move |read| match store::attachment::find_ready(read, &id)? {
            Some(found) if is_callers(&principal, found.uploader.as_ref(), found.app.as_ref()) => Ok(found),
            _ => Err(Error::NotFound(format!(
                "There is no attachment `{id}` that is ready, or you have no access to it."
            ))),
        })
        .await
}

/// A file that something public shows, such as a logo.
///
/// # Errors
/// `Internal` only.
pub async fn shown(hall: &Guildhall, id: Option<AttachmentId>) -> Result<Option<Attachment>> {
    match id {
        None => Ok(None),
        Some(id) => hall.store.read(move |read| store::attachment::find_ready(read, &id)).await,
    }
}

/// Whether the caller may put these files into a post.
pub(crate) fn check_usable(read: &mut Read<'_>, principal: &Principal, ids: &[AttachmentId]) -> Result<()> {
    for id in ids {
        match store::attachment::find_ready(read, id)? {
            Some(found) if is_callers(principal, found.uploader.as_ref(), found.app.as_ref()) => {}
            _ => {
                return Err(Error::NotFound(format!(
                    "There is no attachment `{id}` that is ready, or you have no access to it."
                )));
            }
        }
    }
    Ok(())
}

/// An address the file can be read at for a while.
#[must_use]
pub fn address(hall: &Guildhall, attachment: &Attachment) -> String {
    let expires_at = hall.clock.now_ms() / 1000 + FILE_SECONDS;
    let path = format!("/files/{}", attachment.id);
    format!("{}{}", hall.settings.origin, hall.signer.sign("GET", &path, expires_at))
}

/// A span of a file that a reader asks for.
pub use object_store::GetRange as FileRange;

/// Opens a file for whoever holds a signed address; no bytes where the span lies beyond its end.
///
/// # Errors
/// `Forbidden` for a wrong signature, `NotFound`.
pub async fn open(
    hall: &Guildhall,
    id: AttachmentId,
    signature: &Signature,
    range: Option<FileRange>,
) -> Result<(Attachment, Option<Outgoing>)> {
    check_signature(hall, "GET", &format!("/files/{id}"), signature)?;
    let sought = id.clone();
    let found = hall.store.read(move |read| store::attachment::find_ready(read, &sought)).await?;
    let Some(attachment) = found else {
        return no_such("file", &id);
    };
    if range.as_ref().is_some_and(|range| lies_beyond(range, attachment.bytes)) {
        return Ok((attachment, None));
    }
    let outgoing = hall.files.open(&attachment.object_key, range).await?;
    Ok((attachment, Some(outgoing)))
}

fn lies_beyond(range: &FileRange, bytes: i64) -> bool {
    let bytes = u64::try_from(bytes).unwrap_or(0);
    match range {
        FileRange::Bounded(span) => span.start >= bytes,
        FileRange::Offset(start) => *start >= bytes,
        FileRange::Suffix(_) => false,
    }
}
