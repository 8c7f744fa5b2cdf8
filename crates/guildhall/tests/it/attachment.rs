//! Files: announced, put in one part or many, examined, shown, and served from signed addresses.

use crate::harness::{Answered, Hall};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guildhall_core::ids::{Id, UserId};
use md5::{Digest, Md5};
use reqwest::header::HeaderValue;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const ANNOUNCE: &str = "mutation($input: DirectUploadInput!) { mediaDirectUpload(input: $input) {
  id headers uploadUrl multipartUploadId multipartUploadUrls { partNumber url }
} }";
const PROCESS: &str = "mutation($input: AnalyzeAttachmentInput!) { mediaAnalyzeAttachment(input: $input) }";
const GET: &str = "query($id: ID!) { attachment(id: $id) {
  __typename id signedId analyzed byteSizeV2 filename contentType source(variant: original) { url }
  ... on ImageAttachment { width height aspectRatio }
} }";
const PART: usize = 5 * 1024 * 1024;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn md5_base64(bytes: &[u8]) -> String {
    STANDARD.encode(Md5::digest(bytes))
}

fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The head of a PNG of this size in pixels, which is all that examining it reads.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend_from_slice(&width.to_be_bytes());
    bytes.extend_from_slice(&height.to_be_bytes());
    bytes.extend_from_slice(&[8, 6, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// What announces these bytes, changed.
fn announcement(bytes: &[u8], changes: Value) -> Value {
    let mut input = json!({
        "byteSizeV2": bytes.len().to_string(),
        "checksum": md5_base64(bytes),
        "contentType": "image/png",
        "filename": "bench.png",
        "record": "forum_post",
    });
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    for (name, value) in changes {
        input[name] = value;
    }
    json!({"input": input})
}

async fn announce(hall: &Hall, user: Option<&UserId>, bytes: &[u8], changes: Value) -> Value {
    hall.run(user, ANNOUNCE, announcement(bytes, changes)).await.data()["mediaDirectUpload"].clone()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

async fn put(address: &str, bytes: Vec<u8>) -> Response {
    Client::new().put(address).body(bytes).send().await.expect("an answer")
}

/// The status, code and sentence of a refusal outside GraphQL.
async fn refusal(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.expect("JSON");
    let error = &body["errors"][0];
    (status, text(&error["extensions"], "code").to_owned(), text(error, "message").to_owned())
}

#[track_caller]
fn refused(answered: &Answered, code: &str, sentence: &str) {
    let refusal = answered.refusal();
    assert_eq!(refusal.0, code, "{}", refusal.1);
    assert!(refusal.1.contains(sentence), "\"{}\" does not say \"{sentence}\"", refusal.1);
}

#[track_caller]
fn refused_plainly(refusal: &(u16, String, String), status: u16, code: &str, sentence: &str) {
    assert_eq!((refusal.0, refusal.1.as_str()), (status, code), "{}", refusal.2);
    assert!(refusal.2.contains(sentence), "\"{}\" does not say \"{sentence}\"", refusal.2);
}

async fn process(
    hall: &Hall,
    user: Option<&UserId>,
    ticket: &Value,
    media: &str,
    etags: Option<&[String]>,
) -> Answered {
    let mut input = json!({"directUploadId": ticket["id"], "mediaType": media});
    if let Some(etags) = etags {
        let parts = (1..).zip(etags).map(|(number, etag)| json!({"etag": etag, "partNumber": number}));
        input["multipartUploadId"] = ticket["multipartUploadId"].clone();
        input["multipartParts"] = parts.collect();
    }
    hall.run(user, PROCESS, json!({"input": input})).await
}

async fn get(hall: &Hall, user: Option<&UserId>, ticket: &Value) -> Answered {
    hall.run(user, GET, json!({"id": ticket["id"]})).await
}

/// Uploads in one part and processes; answers the file's address.
async fn upload(hall: &Hall, bytes: &[u8], changes: Value, media: &str) -> (Value, String) {
    let ticket = announce(hall, None, bytes, changes).await;
    assert_eq!(put(text(&ticket, "uploadUrl"), bytes.to_vec()).await.status(), 200);
    assert_eq!(process(hall, None, &ticket, media, None).await.data()["mediaAnalyzeAttachment"], true);
    let found = get(hall, None, &ticket).await.data()["attachment"].clone();
    let address = text(&found["source"], "url").to_owned();
    (found, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_part_goes_from_announcement_to_a_message() {
    let hall = Hall::open().await;
    let customer = Some(&hall.world.customer);
    let bytes = png(640, 320);
    let ticket = announce(&hall, customer, &bytes, json!({})).await;
    assert_eq!(ticket["headers"], json!({"Content-MD5": md5_base64(&bytes), "Content-Type": "image/png"}));
    assert_eq!(ticket["multipartUploadId"], Value::Null);
    assert_eq!(ticket["multipartUploadUrls"], Value::Null);
    let not_ready = "that is ready, or you have no access to it.";
    refused(&get(&hall, customer, &ticket).await, "NOT_FOUND", not_ready);
    refused(&process(&hall, customer, &ticket, "image", None).await, "INVALID_INPUT", "have not arrived");

    let response = put(text(&ticket, "uploadUrl"), bytes.clone()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["etag"], format!("\"{}\"", md5_hex(&bytes)));
    refused(&get(&hall, customer, &ticket).await, "NOT_FOUND", not_ready);
    for _ in 0..2 {
        assert_eq!(
            process(&hall, customer, &ticket, "image", None).await.data()["mediaAnalyzeAttachment"],
            true
        );
    }
    let answered = get(&hall, customer, &ticket).await;
    let found = &answered.data()["attachment"];
    let shown = json!({
        "__typename": "ImageAttachment", "id": ticket["id"], "signedId": ticket["id"], "analyzed": true,
        "byteSizeV2": bytes.len().to_string(), "filename": "bench.png", "contentType": "image/png",
        "width": 640, "height": 320, "aspectRatio": 2.0, "source": found["source"],
    });
    assert_eq!(*found, shown);
    let again = refusal(put(text(&ticket, "uploadUrl"), bytes.clone()).await).await;
    refused_plainly(&again, 409, "CONFLICT", "This upload is finished; announce a new one.");

    let chat = hall.world.chat_experience.as_str();
    let send = "mutation($id: ID!, $files: [AttachmentInput!]) {
      sendMessage(input: {message: \"Look\", experienceId: $id, attachments: $files}) }";
    let variables = json!({"id": chat, "files": [{"directUploadId": ticket["id"]}]});
    let sent = hall.run(customer, send, variables).await.data()["sendMessage"].clone();
    let list = "query($id: ID!) { feedPosts(feedType: chat_feed, experienceId: $id, limit: 1) {
      posts { ... on DmsPost { id attachments { id contentType sourceUrl } } } } }";
    let listed = hall.run(Some(&hall.world.moderator), list, json!({"id": chat})).await;
    let post = &listed.data()["feedPosts"]["posts"][0];
    assert_eq!(post["id"], sent);
    assert_eq!(post["attachments"][0]["id"], ticket["id"]);
    assert_eq!(post["attachments"][0]["contentType"], "image/png");
    let served = reqwest::get(text(&post["attachments"][0], "sourceUrl")).await.expect("an answer");
    assert_eq!(served.bytes().await.expect("the file"), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_parts_are_joined_once_all_arrived_as_listed() {
    let hall = Arc::new(Hall::open().await);
    let mut bytes = png(10, 20);
    bytes.resize(2 * PART + 12_345, b'x');
    let ticket = announce(&hall, None, &bytes, json!({"multipart": true})).await;
    assert_eq!(ticket["uploadUrl"], Value::Null);
    let urls = ticket["multipartUploadUrls"].as_array().expect("addresses");
    assert_eq!(urls.iter().map(|url| url["partNumber"].clone()).collect::<Vec<_>>(), [1, 2, 3]);

    let mut etags = vec![String::new(); 3];
    for index in [2, 0] {
        let part = bytes.chunks(PART).nth(index).expect("a part").to_vec();
        let etag = format!("\"{}\"", md5_hex(&part));
        // A part may be put again, as a client does that saw no answer.
        for _ in 0..2 {
            let response = put(text(&urls[index], "url"), part.clone()).await;
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["etag"], etag);
        }
        etags[index] = etag;
    }
    let not_yet = process(&hall, None, &ticket, "image", Some(&etags)).await;
    refused(&not_yet, "INVALID_INPUT", "Part 2 has not arrived.");
    let second = bytes[PART..2 * PART].to_vec();
    etags[1] = format!("\"{}\"", md5_hex(&second));
    assert_eq!(put(text(&urls[1], "url"), second).await.status(), 200);

    refused(&process(&hall, None, &ticket, "image", None).await, "INVALID_INPUT", "give `multipartUploadId`");
    refused(
        &process(&hall, None, &ticket, "image", Some(&etags[..2])).await,
        "INVALID_INPUT",
        "Part 3 is not listed.",
    );
    let swapped = [etags[1].clone(), etags[0].clone(), etags[2].clone()];
    let answered = process(&hall, None, &ticket, "image", Some(&swapped)).await;
    refused(&answered, "INVALID_INPUT", "The ETag of part 1 is not the one that was answered.");
    let other = json!({"id": ticket["id"], "multipartUploadId": "mpu_other"});
    let answered = process(&hall, None, &other, "image", Some(&etags)).await;
    refused(&answered, "INVALID_INPUT", "`multipartUploadId` is not this upload's.");
    refused(&get(&hall, None, &ticket).await, "NOT_FOUND", "that is ready");

    // Asked several times at once, as by a client that lost patience: every answer is the same.
    let mut asking = JoinSet::new();
    for _ in 0..5 {
        let (hall, ticket, etags) = (Arc::clone(&hall), ticket.clone(), etags.clone());
        asking.spawn(async move { process(&hall, None, &ticket, "image", Some(&etags)).await });
    }
    for answered in asking.join_all().await {
        assert_eq!(answered.data()["mediaAnalyzeAttachment"], true);
    }
    let found = get(&hall, None, &ticket).await.data()["attachment"].clone();
    assert_eq!((found["width"].clone(), found["height"].clone()), (json!(10), json!(20)));
    let served = reqwest::get(text(&found["source"], "url")).await.expect("an answer");
    assert_eq!(served.bytes().await.expect("the file"), bytes);
    // Refused before its body is read, which a large one would feel as a broken connection.
    let late = refusal(put(text(&urls[0], "url"), b"late".to_vec()).await).await;
    refused_plainly(&late, 409, "CONFLICT", "This upload is finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_were_not_declared_are_refused_and_not_kept() {
    let hall = Hall::open().await;
    let bytes = png(1, 1);
    let ticket = announce(&hall, None, &bytes, json!({})).await;
    let address = text(&ticket, "uploadUrl");
    let mut other = bytes.clone();
    other[20] ^= 1;
    let mut longer = bytes.clone();
    longer.push(0);
    for (sent, sentence) in [
        (other, "The bytes do not have the checksum that was declared; nothing was kept."),
        (longer, "The upload is larger than the 33 bytes that were declared."),
        (bytes[..32].to_vec(), "The upload is 32 bytes large; 33 were declared."),
        (Vec::new(), "The upload is 0 bytes large; 33 were declared."),
    ] {
        refused_plainly(&refusal(put(address, sent).await).await, 400, "INVALID_INPUT", sentence);
    }
    refused(&process(&hall, None, &ticket, "image", None).await, "INVALID_INPUT", "have not arrived");
    assert_eq!(put(address, bytes.clone()).await.status(), 200, "a refused upload may be tried again");

    let many = vec![7; PART + 1];
    let ticket =
        announce(&hall, None, &many, json!({"multipart": true, "checksum": md5_base64(&bytes)})).await;
    let urls = ticket["multipartUploadUrls"].as_array().expect("addresses");
    let short = refusal(put(text(&urls[0], "url"), vec![7; PART - 1]).await).await;
    refused_plainly(&short, 400, "INVALID_INPUT", "bytes large; 5242880 were declared.");
    let long = refusal(put(text(&urls[1], "url"), vec![7; 2]).await).await;
    refused_plainly(&long, 400, "INVALID_INPUT", "larger than the 1 bytes that were declared");
    let mut etags = Vec::new();
    for (url, part) in urls.iter().zip(many.chunks(PART)) {
        let response = put(text(url, "url"), part.to_vec()).await;
        etags.push(response.headers()["etag"].to_str().expect("text").to_owned());
    }
    for _ in 0..2 {
        let answered = process(&hall, None, &ticket, "other", Some(&etags)).await;
        refused(
            &answered,
            "INVALID_INPUT",
            "The bytes do not have the checksum that was declared; nothing was kept.",
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_our_living_addresses_take_and_give_bytes() {
    let hall = Hall::open().await;
    let bytes = png(1, 1);
    let ticket = announce(&hall, None, &bytes, json!({})).await;
    let other = announce(&hall, None, &bytes, json!({})).await;
    let address = text(&ticket, "uploadUrl").to_owned();
    let query = address.split_once('?').expect("a query").1;
    let origin = &hall.running.origin;
    let id = text(&ticket, "id");
    let (not_ours, unsigned) = ("is not one of ours, or its time is over", "This address is not signed.");
    for (address, status, code, sentence) in [
        (format!("{origin}/uploads/{}?{query}", text(&other, "id")), 403, "FORBIDDEN", not_ours),
        (format!("{origin}/uploads/{id}/parts/1?{query}"), 403, "FORBIDDEN", not_ours),
        (address.replace("expires=1", "expires=2"), 403, "FORBIDDEN", not_ours),
        (format!("{}0", &address[..address.len() - 1]), 403, "FORBIDDEN", not_ours),
        (format!("{address}00"), 403, "FORBIDDEN", not_ours),
        (format!("{origin}/uploads/{id}"), 403, "FORBIDDEN", unsigned),
        (format!("{origin}/uploads/{id}?expires=soon&signature=x"), 403, "FORBIDDEN", unsigned),
        (format!("{origin}/uploads/post_1?{query}"), 400, "INVALID_INPUT", "is not an attachment id"),
        (
            format!("{origin}/uploads/{id}/parts/one?{query}"),
            400,
            "INVALID_INPUT",
            "Parts are numbered from 1.",
        ),
    ] {
        if address == *text(&ticket, "uploadUrl") {
            continue;
        }
        refused_plainly(&refusal(put(&address, bytes.clone()).await).await, status, code, sentence);
    }
    hall.clock.advance_ms(DAY_MS);
    refused_plainly(&refusal(put(&address, bytes.clone()).await).await, 403, "FORBIDDEN", not_ours);

    let (_, address) = upload(&hall, &bytes, json!({}), "image").await;
    assert_eq!(reqwest::get(&address).await.expect("an answer").status(), 200);
    let elsewhere = address.replace("/files/", "/uploads/");
    refused_plainly(&refusal(put(&elsewhere, bytes).await).await, 403, "FORBIDDEN", not_ours);
    let unsigned_file = reqwest::get(address.split('?').next().expect("a path")).await.expect("an answer");
    refused_plainly(&refusal(unsigned_file).await, 403, "FORBIDDEN", unsigned);
    hall.clock.advance_ms(DAY_MS);
    let over = reqwest::get(&address).await.expect("an answer");
    refused_plainly(&refusal(over).await, 403, "FORBIDDEN", not_ours);
}

#[tokio::test(flavor = "multi_thread")]
async fn unsound_announcements_are_refused() {
    let hall = Hall::open().await;
    let bytes = png(1, 1);
    for (changes, sentence) in [
        (json!({"byteSizeV2": "0"}), "`byteSizeV2` must be more than zero."),
        (json!({"byteSizeV2": -1}), "`byteSizeV2` must be more than zero."),
        (json!({"byteSizeV2": (1_i64 << 40).to_string()}), "1073741824 is the most."),
        (json!({"byteSizeV2": i64::MAX.to_string()}), "1073741824 is the most."),
        (json!({"byteSizeV2": null}), "Give `byteSizeV2`."),
        (json!({"byteSizeV2": "many"}), "is not a BigInt"),
        (json!({"filename": ""}), "`filename` must name a file."),
        (json!({"filename": "../.."}), "`filename` must name a file."),
        (json!({"checksum": "abc"}), "`checksum` must be the base64 of the file's MD5."),
        (json!({"checksum": md5_hex(&bytes)}), "`checksum` must be the base64 of the file's MD5."),
        (json!({"record": "spoon"}), "is not a AttachableRecords"),
    ] {
        refused(&hall.run(None, ANNOUNCE, announcement(&bytes, changes)).await, "INVALID_INPUT", sentence);
    }
    let nobody =
        hall.post(&[], &json!({"query": ANNOUNCE, "variables": announcement(&bytes, json!({}))})).await;
    refused(&nobody, "UNAUTHENTICATED", "This needs a caller");
    let (found, _) = upload(&hall, &bytes, json!({"filename": "C:\\x\\../é\u{202e}.png"}), "image").await;
    assert_eq!(found["filename"], "é\u{202e}.png");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_what_it_is_said_to_be_fails_for_good() {
    let hall = Hall::open().await;
    for (bytes, declared, sentence) in [
        (
            b"<html><script>alert(1)</script></html>".to_vec(),
            "image",
            "The file is not image: its bytes say ",
        ),
        (png(1, 1), "video", "The file is not video: its bytes say image/png."),
        (b"just words".to_vec(), "audio", "The file is not audio: its bytes say otherwise."),
    ] {
        let ticket = announce(&hall, None, &bytes, json!({})).await;
        assert_eq!(put(text(&ticket, "uploadUrl"), bytes.clone()).await.status(), 200);
        refused(&process(&hall, None, &ticket, declared, None).await, "INVALID_INPUT", sentence);
        let again = process(&hall, None, &ticket, "other", None).await;
        refused(&again, "INVALID_INPUT", "This upload failed; announce a new one.");
        refused(&get(&hall, None, &ticket).await, "NOT_FOUND", "that is ready");
    }
    // Words that were announced as a picture and processed as nothing in particular are served as such.
    let (found, address) = upload(&hall, b"just words", json!({}), "other").await;
    assert_eq!(
        (text(&found, "__typename"), text(&found, "contentType")),
        ("OtherAttachment", "application/octet-stream")
    );
    assert_eq!(
        reqwest::get(&address).await.expect("an answer").headers()["content-type"],
        "application/octet-stream"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_carry_a_script_is_served_as_a_download() {
    let hall = Hall::open().await;
    for (bytes, content_type) in [
        (&b"<!DOCTYPE html><html><script>alert(1)</script></html>"[..], "text/html"),
        (&b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"[..], "image/svg+xml"),
        (&b"<?xml version=\"1.0\"?><x/>"[..], "application/xhtml+xml"),
    ] {
        let name = "a\"b\r\nX-Evil: 1 é.html";
        let (_, address) =
            upload(&hall, bytes, json!({"contentType": content_type, "filename": name}), "other").await;
        let response = reqwest::get(&address).await.expect("an answer");
        let headers = response.headers();
        assert_eq!(headers["content-type"], "application/octet-stream", "{content_type}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
        assert_eq!(
            headers["content-disposition"],
            "attachment; filename*=UTF-8''a%22bX-Evil%3A%201%20%C3%A9.html"
        );
        assert!(headers.get("x-evil").is_none());
        assert_eq!(response.bytes().await.expect("the file"), bytes);
    }
    let (_, address) = upload(&hall, &png(1, 1), json!({}), "image").await;
    let response = reqwest::get(&address).await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "image/png");
    assert_eq!(response.headers()["content-disposition"], "inline; filename*=UTF-8''bench.png");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_of_a_file_are_served() {
    let hall = Hall::open().await;
    let bytes: Vec<u8> = (0..100).collect();
    let (_, address) = upload(&hall, &bytes, json!({"contentType": "application/x-bench"}), "other").await;
    let ask = |range: &'static str| Client::new().get(&address).header("range", range).send();
    for (range, from, to) in [
        ("bytes=0-9", 0, 10),
        ("bytes=90-", 90, 100),
        ("bytes=-5", 95, 100),
        ("bytes=95-1000", 95, 100),
        ("bytes=-1000", 0, 100),
        ("bytes=99-99", 99, 100),
        ("bytes=0-18446744073709551615", 0, 100),
    ] {
        let response = ask(range).await.expect("an answer");
        assert_eq!(response.status(), 206, "{range}");
        assert_eq!(response.headers()["content-range"], format!("bytes {from}-{}/100", to - 1), "{range}");
        assert_eq!(response.headers()["accept-ranges"], "bytes");
        assert_eq!(response.content_length(), Some(u64::try_from(to - from).expect("small")), "{range}");
        assert_eq!(response.bytes().await.expect("a span"), bytes[from..to], "{range}");
    }
    for range in ["bytes=9-0", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=-", ""] {
        let response = ask(range).await.expect("an answer");
        assert_eq!(response.status(), 200, "{range}: what is no single span is answered with the whole file");
        assert_eq!(response.bytes().await.expect("the file"), bytes, "{range}");
    }
    for range in ["bytes=100-", "bytes=100-200", "bytes=18446744073709551615-18446744073709551615"] {
        let response = ask(range).await.expect("an answer");
        assert_eq!(
            response.headers().get("content-range").map(HeaderValue::as_bytes),
            Some(&b"bytes */100"[..]),
            "{range}"
        );
        refused_plainly(&refusal(response).await, 416, "INVALID_INPUT", "The file is 100 bytes large");
    }
    let head = Client::new().head(&address).send().await.expect("an answer");
    assert_eq!((head.status().as_u16(), head.headers()["content-length"].as_bytes()), (200, &b"100"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_apps_and_nobody_see_nothing_of_a_file() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let bytes = png(1, 1);
    let (found, _) = upload(&hall, &bytes, json!({}), "image").await;
    let waiting = announce(&hall, None, &bytes, json!({})).await;
    let not_ready =
        |id: &str| format!("There is no attachment `{id}` that is ready, or you have no access to it.");
    for id in [text(&found, "id"), text(&waiting, "id"), "file_none"] {
        let answered = hall.run_with(&foreign.key, None, GET, json!({"id": id})).await;
        refused(&answered, "NOT_FOUND", &not_ready(id));
        let nobody = hall.post(&[], &json!({"query": GET, "variables": {"id": id}})).await;
        refused(&nobody, "NOT_FOUND", &not_ready(id));
        let input = json!({"input": {"directUploadId": id, "mediaType": "image"}});
        let answered = hall.run_with(&foreign.key, None, PROCESS, input).await;
        refused(&answered, "NOT_FOUND", &format!("There is no upload `{id}`, or you have no access to it."));
    }
    let theirs = hall.run_with(&foreign.key, None, ANNOUNCE, announcement(&bytes, json!({}))).await;
    let theirs = theirs.data()["mediaDirectUpload"].clone();
    assert_eq!(put(text(&theirs, "uploadUrl"), bytes).await.status(), 200);
    let input = json!({"input": {"directUploadId": theirs["id"], "mediaType": "image"}});
    assert_eq!(
        hall.run_with(&foreign.key, None, PROCESS, input).await.data()["mediaAnalyzeAttachment"],
        true
    );
    let send = "mutation($id: ID!, $file: ID!) {
      sendMessage(input: {message: \"Look\", experienceId: $id, attachments: [{directUploadId: $file}]}) }";
    for id in [text(&theirs, "id"), text(&waiting, "id"), "file_none"] {
        let variables = json!({"id": hall.world.chat_experience.as_str(), "file": id});
        refused(&hall.run(Some(&hall.world.customer), send, variables).await, "NOT_FOUND", &not_ready(id));
    }
}
