//! Attachments: files as four kinds of one interface, and direct uploads.

use super::enums::{AttachableRecords, AttachmentVariants, Media, Word};
use super::page::id;
use super::scalars::{BigInt, Json};
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Interface, Object, SimpleObject};
use guildhall_app::attachment::{self, Attachment};
use guildhall_app::upload::{self, ListedPart, ProcessRequest, UploadRequest};
use guildhall_core::attachment as rules;
use guildhall_core::ids::AttachmentId;

/// Where a file can be read.
#[derive(Debug, SimpleObject)]
pub(crate) struct AttachmentSource {
    url: String,
}

#[expect(clippy::duplicated_attributes, reason = "two fields of one type are not one field twice")]
#[derive(Debug, Interface)]
#[graphql(
    field(name = "id", ty = "ID"),
    field(name = "source_url", ty = "Option<String>"),
    field(name = "content_type", ty = "Option<String>"),
    field(name = "signed_id", ty = "Option<ID>"),
    field(name = "analyzed", ty = "bool"),
    field(name = "byte_size_v2", ty = "Option<BigInt>"),
    field(name = "filename", ty = "Option<String>"),
    field(
        name = "source",
        ty = "AttachmentSource",
        arg(name = "variant", ty = "Option<AttachmentVariants>")
    )
)]
pub(crate) enum AttachmentInterface {
    Audio(AudioAttachment),
    Image(ImageAttachment),
    Other(OtherAttachment),
    Video(VideoAttachment),
}

impl From<Attachment> for AttachmentInterface {
    fn from(found: Attachment) -> Self {
        match found.media {
            rules::Media::Audio => Self::Audio(AudioAttachment(found)),
            rules::Media::Image => Self::Image(ImageAttachment(found)),
            rules::Media::Other => Self::Other(OtherAttachment(found)),
            rules::Media::Video => Self::Video(VideoAttachment(found)),
        }
    }
}

/// The file that something public shows, if it has one.
pub(crate) async fn shown(
    context: &Context<'_>,
    id: Option<&AttachmentId>,
) -> Result<Option<AttachmentInterface>> {
    let Some(id) = id else { return Ok(None) };
    let found = attachment::shown(&Caller::of(context).hall, Some(id.clone())).await?;
    Ok(found.map(AttachmentInterface::from))
}

/// The address of the file that something public shows, if it has one.
pub(crate) async fn shown_url(context: &Context<'_>, id: Option<&AttachmentId>) -> Result<Option<String>> {
    let hall = &Caller::of(context).hall;
    let found = attachment::shown(hall, id.cloned()).await?;
    Ok(found.map(|found| attachment::address(hall, &found)))
}

/// The address of a file.
pub(crate) fn address(context: &Context<'_>, found: &Attachment) -> String {
    attachment::address(&Caller::of(context).hall, found)
}

/// Declares one kind of attachment: what all have, and what it has beyond.
macro_rules! attachment_kind {
    ($kind:ident { $($own:tt)* }) => {
        #[derive(Debug)]
        pub(crate) struct $kind(Attachment);

        #[Object]
        impl $kind {
            async fn id(&self) -> ID {
                self.0.id.to_string().into()
            }

            async fn source_url(&self, context: &Context<'_>) -> Option<String> {
                Some(address(context, &self.0))
            }

            async fn content_type(&self) -> Option<String> {
                Some(self.0.content_type.clone())
            }

            async fn signed_id(&self) -> Option<ID> {
                Some(self.0.id.to_string().into())
            }

            /// A file is shown once it was examined.
            async fn analyzed(&self) -> bool {
                true
            }

            async fn byte_size_v2(&self) -> Option<BigInt> {
                Some(BigInt(self.0.bytes))
            }

            async fn filename(&self) -> Option<String> {
                Some(self.0.filename.clone())
            }

            /// The original; variants are served as the original.
            async fn source(
                &self,
                context: &Context<'_>,
                #[graphql(name = "variant")] _variant: Option<AttachmentVariants>,
            ) -> AttachmentSource {
                AttachmentSource { url: address(context, &self.0) }
            }

            $($own)*
        }
    };
}

attachment_kind!(OtherAttachment {});

attachment_kind!(AudioAttachment {
    /// Seconds; null while unknown.
    async fn duration(&self) -> Option<f64> {
        None
    }

    async fn waveform_url(&self) -> Option<String> {
        None
    }
});

attachment_kind!(ImageAttachment {
    async fn aspect_ratio(&self) -> Option<f64> {
        ratio(&self.0)
    }

    async fn blurhash(&self) -> Option<String> {
        None
    }

    async fn height(&self) -> Option<i32> {
        pixels(self.0.height)
    }

    async fn width(&self) -> Option<i32> {
        pixels(self.0.width)
    }
});

attachment_kind!(VideoAttachment {
    async fn aspect_ratio(&self) -> Option<f64> {
        ratio(&self.0)
    }

    /// Seconds; null while unknown.
    async fn duration(&self) -> Option<f64> {
        None
    }

    async fn height(&self) -> Option<i32> {
        pixels(self.0.height)
    }

    async fn width(&self) -> Option<i32> {
        pixels(self.0.width)
    }

    /// The film itself, until it has a poster.
    async fn preview(
        &self,
        context: &Context<'_>,
        #[graphql(name = "variant")] _variant: Option<AttachmentVariants>,
    ) -> AttachmentSource {
        AttachmentSource { url: address(context, &self.0) }
    }
});

fn pixels(side: Option<i64>) -> Option<i32> {
    side.and_then(|side| i32::try_from(side).ok())
}

fn ratio(found: &Attachment) -> Option<f64> {
    match (pixels(found.width), pixels(found.height)) {
        (Some(width), Some(height)) if height > 0 => Some(f64::from(width) / f64::from(height)),
        _ => None,
    }
}

/// A file to put somewhere, by its direct upload or its id.
#[derive(Debug, InputObject)]
pub(crate) struct AttachmentInput {
    direct_upload_id: Option<ID>,
    id: Option<ID>,
}

impl AttachmentInput {
    /// The file named.
    pub(crate) fn id(self) -> Result<AttachmentId> {
        let given = self.direct_upload_id.or(self.id).ok_or_else(|| {
            guildhall_app::Error::Invalid("An attachment needs `directUploadId` or `id`.".into())
        })?;
        id(&given)
    }

    /// The files named.
    pub(crate) fn ids(given: Option<Vec<Self>>) -> Result<Vec<AttachmentId>> {
        given.unwrap_or_default().into_iter().map(Self::id).collect()
    }
}

#[derive(Debug, InputObject)]
struct DirectUploadInput {
    byte_size: Option<i32>,
    byte_size_v2: Option<BigInt>,
    checksum: String,
    client_mutation_id: Option<String>,
    content_type: Option<String>,
    filename: String,
    metadata: Option<Json>,
    multipart: Option<bool>,
    record: AttachableRecords,
}

#[derive(Debug, InputObject)]
struct UploadPartInput {
    etag: String,
    part_number: i32,
}

#[derive(Debug, InputObject)]
struct AnalyzeAttachmentInput {
    client_mutation_id: Option<String>,
    direct_upload_id: String,
    media_type: Media,
    multipart_parts: Option<Vec<UploadPartInput>>,
    multipart_upload_id: Option<String>,
}

/// Where to put one part.
#[derive(Debug, SimpleObject)]
struct MultipartUrl {
    part_number: i32,
    url: String,
}

/// Where to put a file's bytes.
#[derive(Debug, SimpleObject)]
struct DirectUpload {
    headers: Json,
    id: ID,
    multipart_upload_id: Option<ID>,
    multipart_upload_urls: Option<Vec<MultipartUrl>>,
    upload_url: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct AttachmentQueries;

#[Object]
impl AttachmentQueries {
    /// A file of the caller's, once it is ready.
    async fn attachment(&self, context: &Context<'_>, id: ID) -> Result<AttachmentInterface> {
        let caller = Caller::of(context);
        let sought = super::page::id(&id)?;
        Ok(attachment::find(&caller.hall, &caller.principal, sought).await?.into())
    }
}

#[derive(Debug, Default)]
pub(crate) struct AttachmentMutations;

#[Object]
impl AttachmentMutations {
    async fn media_direct_upload(
        &self,
        context: &Context<'_>,
        input: DirectUploadInput,
    ) -> Result<Option<DirectUpload>> {
        let caller = Caller::of(context);
        let bytes = input.byte_size_v2.map(|size| size.0).or(input.byte_size.map(i64::from));
        let request = UploadRequest {
            record: input.record.as_str().to_owned(),
            filename: input.filename,
            content_type: input.content_type,
            bytes: bytes.ok_or_else(|| guildhall_app::Error::Invalid("Give `byteSizeV2`.".into()))?,
            checksum: input.checksum,
            multipart: input.multipart.unwrap_or(false),
        };
        let ticket = upload::announce(&caller.hall, &caller.principal, request).await?;
        let (upload_url, headers) = ticket.one_part.unzip();
        let headers =
            headers.unwrap_or_default().into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        let (multipart_upload_id, urls) = ticket.parts.unzip();
        Ok(Some(DirectUpload {
            headers: Json(serde_json::Value::Object(headers.collect())),
            id: ticket.id.to_string().into(),
            multipart_upload_id: multipart_upload_id.map(|id| id.to_string().into()),
            multipart_upload_urls: urls.map(|urls| {
                (1..).zip(urls).map(|(part_number, url)| MultipartUrl { part_number, url }).collect()
            }),
            upload_url,
        }))
    }

    async fn media_analyze_attachment(
        &self,
        context: &Context<'_>,
        input: AnalyzeAttachmentInput,
    ) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        let parts = input.multipart_parts.unwrap_or_default().into_iter();
        let parts =
            parts.map(|part| ListedPart { number: part.part_number.into(), etag: part.etag }).collect();
        let request = ProcessRequest {
            id: id(&ID::from(input.direct_upload_id))?,
            media: match input.media_type {
                Media::Audio => rules::Media::Audio,
                Media::Image => rules::Media::Image,
                Media::Other => rules::Media::Other,
                Media::Video => rules::Media::Video,
            },
            multipart: input.multipart_upload_id.map(|id| (id, parts)),
        };
        upload::process(&caller.hall, &caller.principal, request).await?;
        Ok(Some(true))
    }
}
