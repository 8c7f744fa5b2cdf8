//! Uploading a file: ask where, put the bytes, say they are there, wait until the server has looked at them.
//!
//! Bounds: parts of 5 MiB, ten at once, ten attempts each; the wait ends after about two minutes.

use crate::{
    AnalyzeAttachmentInput, AttachableRecords, BigInt, DirectUploadInput, Error, GetAttachmentAttachment,
    GetAttachmentVariables, Media, ProcessAttachmentVariables, UploadMediaMediaDirectUpload,
    UploadMediaVariables, UploadPartInput, WhopApi,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};
use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::time::Duration;
use tokio::task::JoinSet;

const PART_BYTES: usize = 5 * 1024 * 1024;
const PARTS_AT_ONCE: usize = 10;
const ATTEMPTS_PER_PART: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const READINESS_CHECKS: u32 = 64;

/// A file to upload.
#[derive(Debug, Clone)]
pub struct AttachmentUpload {
    /// The whole file.
    pub bytes: Bytes,
    /// As people see it, `photo.jpg`.
    pub filename: String,
    /// Its media type, `image/jpeg`.
    pub content_type: String,
    /// What it will be attached to, which decides what is allowed.
    pub record: AttachableRecords,
}

/// A file that the server has taken in.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadedAttachment {
    /// What goes into `AttachmentInput { direct_upload_id, .. }`.
    pub direct_upload_id: String,
    /// What the server made of it.
    pub attachment: GetAttachmentAttachment,
}

impl WhopApi {
    /// Uploads a file and waits until it can be attached.
    ///
    /// ```no_run
    /// # async fn run(api: guildhall_client::WhopApi) -> Result<(), Box<dyn std::error::Error>> {
    /// use guildhall_client::{
    ///     AttachableRecords, AttachmentInput, AttachmentUpload, SendMessageToChatVariables,
    /// };
    ///
    /// let uploaded = api
    ///     .upload_attachment(AttachmentUpload {
    ///         bytes: std::fs::read("photo.jpg")?.into(),
    ///         filename: "photo.jpg".into(),
    ///         content_type: "image/jpeg".into(),
    ///         record: AttachableRecords::DmsPost,
    ///     })
    ///     .await?;
    /// let attachment = AttachmentInput {
    ///     direct_upload_id: Some(uploaded.direct_upload_id),
    ///     ..AttachmentInput::default()
    /// };
    /// api.send_message_to_chat(SendMessageToChatVariables {
    ///     experience_id: "exp_…".into(),
    ///     message: "Look!".into(),
    ///     attachments: Some(vec![attachment]),
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a call, and [`Error::MissingEtag`], [`Error::MissingUploadUrl`] and
    /// [`Error::AttachmentNotReady`].
    pub async fn upload_attachment(&self, upload: AttachmentUpload) -> Result<UploadedAttachment, Error> {
        let AttachmentUpload { bytes, filename, content_type, record } = upload;
        let is_multipart = bytes.len() > PART_BYTES;
        let media_type = media_type(&content_type);
        let checksum = STANDARD.encode(Md5::digest(&bytes));
        let input = DirectUploadInput {
            byte_size_v2: Some(BigInt(i64::try_from(bytes.len()).unwrap_or(i64::MAX))),
            content_type: Some(content_type),
            multipart: Some(is_multipart),
            ..DirectUploadInput::new(checksum, filename, record)
        };
        let answer = self.upload_media(UploadMediaVariables { input }).await?;
        let direct_upload = answer.media_direct_upload.ok_or(Error::MissingUploadUrl { part_number: 1 })?;

        let mut process = AnalyzeAttachmentInput::new(direct_upload.id.clone(), media_type);
        if is_multipart {
            process.multipart_parts = Some(self.put_parts(&direct_upload, &bytes).await?);
            process.multipart_upload_id = direct_upload.multipart_upload_id;
        } else {
            self.put_whole(&direct_upload, bytes).await?;
        }
        self.process_attachment(ProcessAttachmentVariables { input: process }).await?;
        self.wait_until_ready(direct_upload.id).await
    }

    async fn put_whole(
        &self,
        direct_upload: &UploadMediaMediaDirectUpload,
        bytes: Bytes,
    ) -> Result<(), Error> {
        let url = direct_upload.upload_url.as_deref().ok_or(Error::MissingUploadUrl { part_number: 1 })?;
        let headers = self.put(url, upload_headers(&direct_upload.headers), bytes).await?;
        etag(&headers, 1).map(drop)
    }

    /// Puts every part, ten at once, and answers them in order.
    async fn put_parts(
        &self,
        direct_upload: &UploadMediaMediaDirectUpload,
        bytes: &Bytes,
    ) -> Result<Vec<UploadPartInput>, Error> {
        let urls = direct_upload.multipart_upload_urls.as_deref().unwrap_or_default();
        let mut uploads = JoinSet::new();
        let mut done = Vec::new();
        for (part_number, start) in (1..).zip((0..bytes.len()).step_by(PART_BYTES)) {
            let part = bytes.slice(start..bytes.len().min(start + PART_BYTES));
            let url = urls
                .iter()
                .find(|target| target.part_number == part_number)
                .map(|target| target.url.clone())
                .ok_or(Error::MissingUploadUrl { part_number })?;
            if uploads.len() == PARTS_AT_ONCE {
                done.extend(next_part(&mut uploads).await?);
            }
            let api = self.clone();
            uploads.spawn(async move { api.put_part(part_number, &url, part).await });
        }
        while let Some(part) = next_part(&mut uploads).await? {
            done.push(part);
        }
        done.sort_by_key(|part| part.part_number);
        Ok(done)
    }

    async fn put_part(&self, part_number: i64, url: &str, bytes: Bytes) -> Result<UploadPartInput, Error> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let put = self.put(url, HeaderMap::new(), bytes.clone()).await;
            match put.and_then(|headers| etag(&headers, part_number)) {
                Ok(etag) => return Ok(UploadPartInput { etag, part_number }),
                Err(error) if attempt == ATTEMPTS_PER_PART => return Err(error),
                Err(_) => attempt += 1,
            }
            pause = wait(pause).await;
        }
    }

    /// Asks for the attachment until the server answers it: an error of GraphQL means "not yet".
    async fn wait_until_ready(&self, direct_upload_id: String) -> Result<UploadedAttachment, Error> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..READINESS_CHECKS {
            match self.get_attachment(GetAttachmentVariables { id: direct_upload_id.clone() }).await {
                Ok(answer) => {
                    return Ok(UploadedAttachment { direct_upload_id, attachment: answer.attachment });
                }
                Err(Error::GraphQl { .. }) => pause = wait(pause).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::AttachmentNotReady { direct_upload_id })
    }
}

async fn next_part(
    uploads: &mut JoinSet<Result<UploadPartInput, Error>>,
) -> Result<Option<UploadPartInput>, Error> {
    match uploads.join_next().await {
        None => Ok(None),
        Some(Ok(part)) => part.map(Some),
        Some(Err(failure)) => std::panic::resume_unwind(failure.into_panic()),
    }
}

/// Waits, and answers how long to wait the next time.
#[expect(clippy::disallowed_methods, reason = "another server is given time; it sends no signal")]
async fn wait(pause: Duration) -> Duration {
    tokio::time::sleep(pause).await;
    LONGEST_PAUSE.min(pause * 3 / 2)
}

/// The headers that an upload's answer asks to be sent along: an object of strings.
fn upload_headers(headers: &Value) -> HeaderMap {
    let named = headers.as_object().into_iter().flatten();
    named
        .filter_map(|(name, value)| {
            let value = HeaderValue::from_str(value.as_str()?).ok()?;
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
        })
        .collect()
}

/// The `ETag` of an answer, its double quotes taken off.
fn etag(headers: &HeaderMap, part_number: i64) -> Result<String, Error> {
    headers
        .get(ETAG)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix('"')?.strip_suffix('"'))
        .map(str::to_owned)
        .ok_or(Error::MissingEtag { part_number })
}

fn media_type(content_type: &str) -> Media {
    match content_type.split('/').next() {
        Some("image") => Media::Image,
        Some("video") => Media::Video,
        Some("audio") => Media::Audio,
        _ => Media::Other,
    }
}
