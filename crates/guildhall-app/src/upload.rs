//! Uploads: announced, put in one part or many, and examined until a file is ready.

use crate::Guildhall;
use crate::attachment::{Signature, check_signature, is_callers};
use crate::error::{Error, Result, no_such};
use crate::principal::Principal;
use crate::store;
use crate::store::attachment::Findings;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use guildhall_core::attachment::{self as rules, Media};
use guildhall_core::ids::{AppId, AttachmentId, Id, MultipartUploadId, UserId};

/// How long an upload's addresses work, in seconds (one day).
const UPLOAD_SECONDS: i64 = 24 * 60 * 60;
/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UploadStatus {
    Waiting,
    Uploaded,
    Ready,
    Failed,
}

/// An upload under way.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) id: AttachmentId,
    pub(crate) uploader: Option<UserId>,
    pub(crate) app: Option<AppId>,
    pub(crate) bytes: i64,
    pub(crate) checksum: Vec<u8>,
    pub(crate) status: UploadStatus,
    pub(crate) multipart: Option<MultipartUploadId>,
    pub(crate) object_key: String,
    pub(crate) content_type: String,
}

/// An upload about to be announced.
#[derive(Debug, Clone)]
pub(crate) struct NewUpload {
    pub(crate) uploader: Option<UserId>,
    pub(crate) app: Option<AppId>,
    pub(crate) record: String,
    pub(crate) filename: String,
    pub(crate) content_type: String,
    pub(crate) bytes: i64,
    pub(crate) checksum: [u8; 16],
    pub(crate) multipart: Option<MultipartUploadId>,
    pub(crate) object_key: String,
}

/// What a caller announces.
#[derive(Debug, Clone)]
pub struct UploadRequest {
    /// One of the wire's `AttachableRecords`.
    pub record: String,
    /// The file's name.
    pub filename: String,
    /// What the caller says it is.
    pub content_type: Option<String>,
    /// Its size in bytes.
    pub bytes: i64,
    /// Base64 of its MD5.
    pub checksum: String,
    /// In parts of 5 MiB.
    pub multipart: bool,
}

/// Where to put the bytes.
#[derive(Debug, Clone)]
pub struct UploadTicket {
    /// The direct upload's id.
    pub id: AttachmentId,
    /// For one part: where to put it, and the headers to send with it.
    pub one_part: Option<(String, Vec<(&'static str, String)>)>,
    /// For many: the upload's id, and where to put each, from part 1.
    pub parts: Option<(MultipartUploadId, Vec<String>)>,
}

/// Announces an upload.
///
/// # Errors
/// `Invalid` for an unsound size, name or checksum; `Unauthenticated` when nobody acts.
pub async fn announce(
    hall: &Guildhall,
    principal: &Principal,
    request: UploadRequest,
) -> Result<UploadTicket> {
    principal.acting_user()?;
    let bytes = rules::check_size(request.bytes, hall.settings.largest_upload_bytes)?;
    let filename = rules::check_filename(&request.filename)?;
    let checksum: [u8; 16] = STANDARD
        .decode(request.checksum.trim())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Error::Invalid("`checksum` must be the base64 of the file's MD5.".into()))?;
    let content_type =
        request.content_type.filter(|text| !text.is_empty() && text.len() <= 255 && text.is_ascii());
    let content_type = content_type.unwrap_or_else(|| "application/octet-stream".into());
    let principal = principal.clone();
    let upload = hall
        .store
        .write(move |tx| {
            let id: AttachmentId = tx.mint();
            let upload = NewUpload {
                uploader: principal.user.clone(),
                app: principal.app.as_ref().map(|app| app.id.clone()),
                record: request.record.clone(),
                filename: filename.clone(),
                content_type: content_type.clone(),
                bytes,
                checksum,
                multipart: request.multipart.then(|| tx.mint()),
                object_key: format!("attachments/{id}"),
            };
            store::attachment::insert(tx, &id, &upload)?;
            Ok((id, upload))
        })
        .await?;
    Ok(ticket(hall, &upload.0, &upload.1))
}

fn ticket(hall: &Guildhall, id: &AttachmentId, upload: &NewUpload) -> UploadTicket {
    let expires_at = hall.clock.now_ms() / 1000 + UPLOAD_SECONDS;
    let address =
        |path: &str| format!("{}{}", hall.settings.origin, hall.signer.sign("PUT", path, expires_at));
    match &upload.multipart {
        None => UploadTicket {
            id: id.clone(),
            one_part: Some((
                address(&format!("/uploads/{id}")),
                vec![
                    ("Content-Type", upload.content_type.clone()),
                    ("Content-MD5", STANDARD.encode(upload.checksum)),
                ],
            )),
            parts: None,
        },
        Some(multipart) => {
            let numbers = 1..=rules::part_count(upload.bytes);
            let parts = numbers.map(|number| address(&format!("/uploads/{id}/parts/{number}"))).collect();
            UploadTicket { id: id.clone(), one_part: None, parts: Some((multipart.clone(), parts)) }
        }
    }
}

/// Takes the bytes of a one-part upload (`part` is `None`) or of one part; answers the ETag, without
/// quotes.
///
/// # Errors
/// `Forbidden` for a wrong signature; `Invalid` for wrong bytes, of which nothing is kept; `Conflict`
/// when the file is ready already.
pub async fn receive<E: std::fmt::Display>(
    hall: &Guildhall,
    id: AttachmentId,
    part: Option<i64>,
    signature: &Signature,
    body: impl Stream<Item = std::result::Result<Bytes, E>> + Send,
) -> Result<String> {
    let path = match part {
        None => format!("/uploads/{id}"),
        Some(number) => format!("/uploads/{id}/parts/{number}"),
    };
    check_signature(hall, "PUT", &path, signature)?;
    let sought = id.clone();
    let found = hall.store.read(move |read| store::attachment::find_upload(read, &sought)).await?;
    let Some(upload) = found else {
        return no_such("upload", &id);
    };
    let broke_off = |error: E| Error::Invalid(format!("The upload broke off: {error}."));
    let body = body.map(|chunk| chunk.map_err(broke_off));
    if matches!(upload.status, UploadStatus::Ready | UploadStatus::Failed) {
        return Err(Error::Conflict("This upload is finished; announce a new one.".into()));
    }
    match (part, &upload.multipart) {
        (None, None) => {
            let stored =
                hall.files.store(&upload.object_key, body, upload.bytes, Some(&upload.checksum)).await?;
            hall.store.write(move |tx| store::attachment::set_uploaded(tx, &id)).await?;
            Ok(hex(&stored.md5))
        }
        (Some(number), Some(_)) => {
            let bytes = rules::part_size(upload.bytes, number)
                .ok_or_else(|| Error::Invalid(format!("This upload has no part {number}.")))?;
            let stored = hall.files.store(&part_key(&id, number), body, bytes, None).await?;
            let etag = hex(&stored.md5);
            let kept = etag.clone();
            hall.store
                .write(move |tx| store::attachment::set_part(tx, &id, number, &kept, stored.bytes))
                .await?;
            Ok(etag)
        }
        _ => Err(Error::Invalid("This upload was announced otherwise: one part or many.".into())),
    }
}

fn part_key(id: &AttachmentId, number: i64) -> String {
    format!("parts/{id}/{number}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A part as the caller lists it.
#[derive(Debug, Clone)]
pub struct ListedPart {
    /// From 1.
    pub number: i64,
    /// The ETag that was answered, with or without quotes.
    pub etag: String,
}

/// What a caller asks to be processed.
#[derive(Debug, Clone)]
pub struct ProcessRequest {
    /// The direct upload.
    pub id: AttachmentId,
    /// What the caller says it is.
    pub media: Media,
    /// For an upload in many parts.
    pub multipart: Option<(String, Vec<ListedPart>)>,
}

/// Joins the parts, finds out what the file is, and makes it ready. Asking again is answered the same.
///
/// # Errors
/// `NotFound` for an upload that is not the caller's; `Invalid` when bytes or parts are missing or the
/// file is not what the caller says it is.
pub async fn process(hall: &Guildhall, principal: &Principal, request: ProcessRequest) -> Result<()> {
    let (sought, caller) = (request.id.clone(), principal.clone());
    let found = hall.store.read(move |read| store::attachment::find_upload(read, &sought)).await?;
    let upload = match found {
        Some(upload) if is_callers(&caller, upload.uploader.as_ref(), upload.app.as_ref()) => upload,
        _ => return no_such("upload", &request.id),
    };
    match upload.status {
        UploadStatus::Ready => return Ok(()),
        UploadStatus::Failed => return Err(Error::Invalid("This upload failed; announce a new one.".into())),
        UploadStatus::Waiting if upload.multipart.is_none() => {
            return Err(Error::Invalid("The bytes of this upload have not arrived.".into()));
        }
        UploadStatus::Waiting | UploadStatus::Uploaded => {}
    }
    match finish(hall, upload, &request).await {
        // Whoever asked at the same time was faster, and took the parts away.
        Err(_) if is_ready(hall, request.id).await? => Ok(()),
        outcome => outcome,
    }
}

async fn is_ready(hall: &Guildhall, id: AttachmentId) -> Result<bool> {
    Ok(hall.store.read(move |read| store::attachment::find_ready(read, &id)).await?.is_some())
}

/// Joins and examines. The parts stay until the file is ready, so that it can be finished after a crash.
async fn finish(hall: &Guildhall, upload: Upload, request: &ProcessRequest) -> Result<()> {
    let Some(multipart) = &upload.multipart else {
        return examine(hall, upload, request.media).await;
    };
    let parts = listed_parts(hall, &upload, multipart, request.multipart.as_ref()).await?;
    hall.files.join(&parts, &upload.object_key, upload.bytes, &upload.checksum).await?;
    examine(hall, upload, request.media).await?;
    hall.files.remove(&parts).await;
    Ok(())
}

/// The objects of an upload's parts, when all arrived as listed.
async fn listed_parts(
    hall: &Guildhall,
    upload: &Upload,
    multipart: &MultipartUploadId,
    listed: Option<&(String, Vec<ListedPart>)>,
) -> Result<Vec<String>> {
    let Some((id, listed)) = listed else {
        return Err(Error::Invalid(
            "This upload has many parts: give `multipartUploadId` and `multipartParts`.".into(),
        ));
    };
    if id != multipart.as_str() {
        return Err(Error::Invalid("`multipartUploadId` is not this upload's.".into()));
    }
    let sought = upload.id.clone();
    let arrived = hall.store.read(move |read| store::attachment::parts(read, &sought)).await?;
    for number in 1..=rules::part_count(upload.bytes) {
        let etag = arrived.iter().find(|(arrived, _)| *arrived == number).map(|(_, etag)| etag);
        let named = listed.iter().find(|part| part.number == number).map(|part| part.etag.trim_matches('"'));
        match (etag, named) {
            (None, _) => return Err(Error::Invalid(format!("Part {number} has not arrived."))),
            (_, None) => return Err(Error::Invalid(format!("Part {number} is not listed."))),
            (Some(etag), Some(named)) if etag != named => {
                return Err(Error::Invalid(format!(
                    "The ETag of part {number} is not the one that was answered."
                )));
            }
            _ => {}
        }
    }
    Ok(arrived.iter().map(|(number, _)| part_key(&upload.id, *number)).collect())
}

/// Finds out from its bytes what a file is.
async fn examine(hall: &Guildhall, upload: Upload, declared: Media) -> Result<()> {
    let head = hall.files.head(&upload.object_key, upload.bytes).await?;
    let true_type = infer::get(&head).map(|kind| kind.mime_type());
    let true_media = true_type.map_or(Media::Other, Media::of_content_type);
    let id = upload.id.clone();
    if declared != Media::Other && declared != true_media {
        let why = format!(
            "The file is not {}: its bytes say {}.",
            declared.as_str(),
            true_type.unwrap_or("otherwise")
        );
        let kept = why.clone();
        hall.store.write(move |tx| store::attachment::set_failed(tx, &id, &kept)).await?;
        return Err(Error::Invalid(why));
    }
    // Where the bytes do not tell, the declared type counts, as long as it claims nothing they would tell.
    let claims_media = Media::of_content_type(&upload.content_type) != Media::Other;
    let content_type = match true_type {
        Some(true_type) => true_type.to_owned(),
        None if claims_media => "application/octet-stream".to_owned(),
        None => upload.content_type.clone(),
    };
    let size = (true_media == Media::Image).then(|| imagesize::blob_size(&head).ok()).flatten();
    let pixels = |side: usize| i64::try_from(side).ok();
    let (width, height) =
        (size.and_then(|size| pixels(size.width)), size.and_then(|size| pixels(size.height)));
    hall.store
        .write(move |tx| {
            let findings = Findings { content_type: &content_type, media: true_media, width, height };
            store::attachment::set_ready(tx, &id, &findings)
        })
        .await
}
