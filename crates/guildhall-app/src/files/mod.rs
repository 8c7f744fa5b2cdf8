//! Files: bytes in an object store, and the signed addresses they go in and out by.
//!
//! Owns the object store and nothing of the database. An object appears whole or not at all; what was
//! refused half way leaves nothing behind. Bounds: one chunk of memory a stream.

mod signature;

pub(crate) use signature::Signer;

use crate::error::{Error, Result};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use md5::{Digest, Md5};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, WriteMultipart};
use std::sync::Arc;

/// How much of a stream waits to be written, in chunks of object_store's size.
const WRITES_UNDER_WAY: usize = 4;
/// How much of a file is read to find out what it is, in bytes.
const HEAD_BYTES: u64 = 64 * 1024;

/// The object store.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    objects: Arc<dyn ObjectStore>,
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) bytes: i64,
    pub(crate) md5: [u8; 16],
}

/// A file, or a span of it, on its way out.
pub struct Outgoing {
    /// The bytes.
    pub stream: futures_util::stream::BoxStream<'static, std::io::Result<Bytes>>,
    /// The first byte and the one after the last.
    pub range: std::ops::Range<u64>,
    /// The size of the whole file.
    pub size: u64,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Outgoing({:?} of {})", self.range, self.size)
    }
}

impl Files {
    /// Keeps objects in a local directory, made when it is missing.
    pub(crate) fn in_directory(directory: &std::path::Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let objects = object_store::local::LocalFileSystem::new_with_prefix(directory)
            .map_err(std::io::Error::other)?
            .with_fsync(true);
        Ok(Self { objects: Arc::new(objects) })
    }

    /// Stores a stream that must be just `expected` bytes long, and just this MD5 when one is given.
    pub(crate) async fn store(
        &self,
        key: &str,
        body: impl Stream<Item = Result<Bytes>> + Send,
        expected: i64,
        checksum: Option<&[u8]>,
    ) -> Result<Stored> {
        let upload = self.objects.put_multipart(&Path::from(key)).await?;
        let mut writer = WriteMultipart::new(upload);
        match pour(&mut writer, body, expected).await {
            Ok(stored) if checksum.is_none_or(|checksum| checksum == stored.md5) => {
                writer.finish().await?;
                Ok(stored)
            }
            Ok(_) => {
                writer.abort().await?;
                Err(Error::Invalid(
                    "The bytes do not have the checksum that was declared; nothing was kept.".into(),
                ))
            }
            Err(error) => {
                writer.abort().await?;
                Err(error)
            }
        }
    }

    /// Joins objects into one, in order.
    pub(crate) async fn join(
        &self,
        parts: &[String],
        key: &str,
        expected: i64,
        checksum: &[u8],
    ) -> Result<Stored> {
        let store = Arc::clone(&self.objects);
        let paths: Vec<Path> = parts.iter().map(|part| Path::from(part.as_str())).collect();
        let body = futures_util::stream::iter(paths)
            .then(move |path| {
                let store = Arc::clone(&store);
                async move { store.get(&path).await.map(object_store::GetResult::into_stream) }
            })
            .flat_map(|opened| match opened {
                Ok(stream) => stream,
                Err(error) => futures_util::stream::once(async move { Err(error) }).boxed(),
            });
        self.store(key, body.map(|chunk| Ok(chunk?)), expected, Some(checksum)).await
    }

    /// Removes objects; one that stays behind is only told to the log.
    pub(crate) async fn remove(&self, keys: &[String]) {
        for key in keys {
            if let Err(error) = self.objects.delete(&Path::from(key.as_str())).await {
                tracing::warn!(key, error = %error, "an object could not be removed");
            }
        }
    }

    /// The first bytes of an object.
    pub(crate) async fn head(&self, key: &str, size: i64) -> Result<Bytes> {
        let end = u64::try_from(size).unwrap_or(0).min(HEAD_BYTES);
        Ok(self.objects.get_range(&Path::from(key), 0..end).await?)
    }

    /// An object, or a span of it.
    pub(crate) async fn open(&self, key: &str, range: Option<GetRange>) -> Result<Outgoing> {
        let options = GetOptions { range, ..GetOptions::default() };
        let found = match self.objects.get_opts(&Path::from(key), options).await {
            Err(object_store::Error::NotFound { .. }) => {
                return Err(Error::NotFound("There is no such file any more.".into()));
            }
            found => found?,
        };
        let (range, size) = (found.range.clone(), found.meta.size);
        let stream = found.into_stream().map(|chunk| chunk.map_err(std::io::Error::other)).boxed();
        Ok(Outgoing { stream, range, size })
    }
}

async fn pour(
    writer: &mut WriteMultipart,
    body: impl Stream<Item = Result<Bytes>> + Send,
    expected: i64,
) -> Result<Stored> {
    let mut body = std::pin::pin!(body);
    let mut md5 = Md5::new();
    let mut bytes: i64 = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        bytes += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
        if bytes > expected {
            return Err(Error::Invalid(format!(
                "The upload is larger than the {expected} bytes that were declared."
            )));
        }
        md5.update(&chunk);
        writer.wait_for_capacity(WRITES_UNDER_WAY).await?;
        writer.put(chunk);
    }
    if bytes != expected {
        return Err(Error::Invalid(format!("The upload is {bytes} bytes large; {expected} were declared.")));
    }
    Ok(Stored { bytes, md5: md5.finalize().into() })
}
