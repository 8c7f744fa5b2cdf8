//! Uploads: bytes put at a signed address, one part or many.

use crate::error::Refusal;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use guildhall_app::attachment::Signature;
use guildhall_app::{Error, Guildhall, upload};
use guildhall_core::ids::{AttachmentId, Id};
use hyper::header::{CONNECTION, ETAG};
use std::collections::HashMap;
use std::sync::Arc;

/// The whole file.
pub(crate) async fn one_part(
    State(hall): State<Arc<Guildhall>>,
    Path(id): Path<String>,
    Query(parameters): Query<HashMap<String, String>>,
    body: Body,
) -> Result<Response, Refusal> {
    receive(&hall, &id, None, &parameters, body).await
}

/// One part of it.
pub(crate) async fn part(
    State(hall): State<Arc<Guildhall>>,
    Path((id, part)): Path<(String, String)>,
    Query(parameters): Query<HashMap<String, String>>,
    body: Body,
) -> Result<Response, Refusal> {
    let part = part.parse().map_err(|_| Error::Invalid("Parts are numbered from 1.".into()))?;
    receive(&hall, &id, Some(part), &parameters, body).await
}

async fn receive(
    hall: &Guildhall,
    id: &str,
    part: Option<i64>,
    parameters: &HashMap<String, String>,
    body: Body,
) -> Result<Response, Refusal> {
    let id = AttachmentId::parse(id).map_err(Error::from)?;
    let signature = signature(parameters)?;
    let etag = upload::receive(hall, id, part, &signature, body.into_data_stream()).await?;
    // The Node client reads no further than the head, so its process would stay until the connection ends.
    Ok([(ETAG, format!("\"{etag}\"")), (CONNECTION, "close".to_owned())].into_response())
}

/// The signature among an address's parameters.
pub(crate) fn signature(parameters: &HashMap<String, String>) -> Result<Signature, Error> {
    let expires = parameters.get("expires").and_then(|text| text.parse().ok());
    match (expires, parameters.get("signature")) {
        (Some(expires), Some(signature)) => Ok(Signature { expires, signature: signature.clone() }),
        _ => Err(Error::Forbidden("This address is not signed.".into())),
    }
}
