//! An upload: the order of its steps, its parts, and what makes it fail.

use crate::stub::{Answer, Asked, Stub};
use guildhall_client::{
    AttachableRecords, AttachmentUpload, Error, GetAttachmentAttachment, UploadedAttachment, WhopApi,
    WhopApiOptions,
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

const MEBIBYTE: usize = 1024 * 1024;

async fn upload(stub: &Stub, bytes: Vec<u8>) -> Result<UploadedAttachment, Error> {
    let api = WhopApi::new(WhopApiOptions {
        app_api_key: "key".into(),
        api_origin: stub.origin.clone(),
        ..WhopApiOptions::default()
    })?;
    api.upload_attachment(AttachmentUpload {
        bytes: bytes.into(),
        filename: "photo.jpg".into(),
        content_type: "image/jpeg".into(),
        record: AttachableRecords::DmsPost,
    })
    .await
}

fn put_answer(asked: &Asked) -> Answer {
    let tag = asked.target.trim_start_matches('/').replace('/', "-");
    Answer { status: 200, headers: vec![("etag", format!("\"{tag}\""))], body: String::new() }
}

fn attachment() -> Answer {
    Answer::json(&json!({ "data": { "attachment": {
        "__typename": "ImageAttachment", "id": "file_1", "signedId": null, "analyzed": true,
        "byteSizeV2": "3", "filename": "photo.jpg", "contentType": "image/jpeg",
        "source": { "url": "https://files.test/1" }, "width": 1, "height": 1,
    } } }))
}

fn not_ready() -> Answer {
    Answer::json(&json!({ "data": null, "errors": [{ "message": "not found" }] }))
}

fn processed() -> Answer {
    Answer::json(&json!({ "data": { "mediaAnalyzeAttachment": true } }))
}

fn input(asked: &[Asked], operation: &str) -> Value {
    let found = asked.iter().find(|asked| asked.target.ends_with(operation)).unwrap();
    found.json()["variables"]["input"].clone()
}

#[tokio::test]
async fn a_small_file_is_put_once_with_the_headers_it_was_given() {
    let checks = AtomicU32::new(0);
    let stub = Stub::start(move |origin, asked| match asked.target.as_str() {
        "/public-graphql/uploadMedia" => Answer::json(&json!({ "data": { "mediaDirectUpload": {
            "id": "up_1", "headers": { "content-md5": "rL0Y20zC+Fzt72VPzMSk2A==" },
            "uploadUrl": format!("{origin}/put/1"), "multipartUploadId": null, "multipartUploadUrls": null,
        } } })),
        "/public-graphql/processAttachment" => processed(),
        "/public-graphql/getAttachment" if checks.fetch_add(1, Ordering::Relaxed) == 0 => not_ready(),
        "/public-graphql/getAttachment" => attachment(),
        _ => put_answer(asked),
    })
    .await;
    let uploaded = upload(&stub, b"foo".to_vec()).await.unwrap();
    assert_eq!(uploaded.direct_upload_id, "up_1");
    assert!(matches!(uploaded.attachment, GetAttachmentAttachment::ImageAttachment(_)));

    let asked = stub.asked();
    let steps: Vec<&str> = asked.iter().map(|asked| asked.target.rsplit('/').next().unwrap()).collect();
    assert_eq!(steps, ["uploadMedia", "1", "processAttachment", "getAttachment", "getAttachment"]);
    let expected = json!({
        "byteSizeV2": "3", "checksum": "rL0Y20zC+Fzt72VPzMSk2A==", "contentType": "image/jpeg",
        "filename": "photo.jpg", "multipart": false, "record": "dms_post",
    });
    assert_eq!(input(&asked, "uploadMedia"), expected);
    let expected = json!({ "directUploadId": "up_1", "mediaType": "image" });
    assert_eq!(input(&asked, "processAttachment"), expected);
    let put = &asked[1];
    assert_eq!((put.method.as_str(), put.body.as_slice()), ("PUT", b"foo".as_slice()));
    assert_eq!(put.headers["content-md5"], "rL0Y20zC+Fzt72VPzMSk2A==");
    assert!(!put.headers.contains_key("authorization"), "the key is for the server alone");
}

#[tokio::test]
async fn a_large_file_is_put_in_parts_and_a_part_that_fails_is_put_again() {
    let failures = AtomicU32::new(0);
    let stub = Stub::start(move |origin, asked| match asked.target.as_str() {
        "/public-graphql/uploadMedia" => {
            let url = |number| json!({ "partNumber": number, "url": format!("{origin}/part/{number}") });
            Answer::json(&json!({ "data": { "mediaDirectUpload": {
                "id": "up_1", "headers": {}, "uploadUrl": null, "multipartUploadId": "many_1",
                "multipartUploadUrls": [url(3), url(1), url(2)],
            } } }))
        }
        "/public-graphql/processAttachment" => processed(),
        "/public-graphql/getAttachment" => attachment(),
        "/part/2" if failures.fetch_add(1, Ordering::Relaxed) == 0 => {
            Answer { status: 503, headers: Vec::new(), body: String::new() }
        }
        _ => put_answer(asked),
    })
    .await;
    let bytes: Vec<u8> = (0..11 * MEBIBYTE).map(|index| (index / MEBIBYTE) as u8).collect();
    upload(&stub, bytes.clone()).await.unwrap();

    let asked = stub.asked();
    for (part, range) in bytes.chunks(5 * MEBIBYTE).enumerate() {
        let target = format!("/part/{}", part + 1);
        let puts: Vec<&Asked> = asked.iter().filter(|asked| asked.target == target).collect();
        assert_eq!(puts.len(), if part == 1 { 2 } else { 1 });
        assert!(puts.iter().all(|put| put.body == range), "{target} holds other bytes");
    }
    let part = |number: i64| json!({ "etag": format!("part-{number}"), "partNumber": number });
    let expected = json!({
        "directUploadId": "up_1", "mediaType": "image", "multipartUploadId": "many_1",
        "multipartParts": [part(1), part(2), part(3)],
    });
    assert_eq!(input(&asked, "processAttachment"), expected);
    assert_eq!(input(&asked, "uploadMedia")["multipart"], json!(true));
}

#[tokio::test]
async fn a_put_without_etag_and_an_answer_without_address_are_errors() {
    for (upload_url, expected) in [(Some("/put/1"), "without an ETag"), (None, "named no address")] {
        let stub = Stub::start(move |origin, asked| match asked.target.as_str() {
            "/public-graphql/uploadMedia" => Answer::json(&json!({ "data": { "mediaDirectUpload": {
                "id": "up_1", "headers": {}, "uploadUrl": upload_url.map(|path| format!("{origin}{path}")),
            } } })),
            _ => Answer { status: 200, headers: vec![("etag", "unquoted".into())], body: String::new() },
        })
        .await;
        let error = upload(&stub, b"foo".to_vec()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
