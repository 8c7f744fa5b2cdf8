//! Requests as the published server SDK sends them: an id in the place of a document, formatted once and sent often.

use super::{Fallible, http, workspace_file};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Where a message's running number stands; as wide as the number, so the length never changes.
pub(super) const NUMBER_PLACE: &str = "############";

/// What `operations.json` says of one operation.
#[derive(Debug)]
pub(super) struct Operation {
    name: String,
    kind: String,
    /// `sha256:<hex>`, of the newest server SDK.
    id: String,
}

impl Operation {
    /// Reads an operation from the table the server is built with.
    pub(super) fn named(name: &str) -> Fallible<Self> {
        let path = workspace_file("crates/guildhall-graphql/operations/operations.json");
        let table: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        let entry = &table[name];
        let ids = entry["ids"]["server"].as_object();
        let newest = ids.into_iter().flatten().max_by_key(|(_, range)| newest_version(range));
        match (entry["kind"].as_str(), newest) {
            (Some(kind), Some((id, _))) => {
                Ok(Self { name: name.to_owned(), kind: kind.to_owned(), id: id.clone() })
            }
            _ => Err(format!("operations.json holds no server id of {name}").into()),
        }
    }

    /// A whole HTTP request with these variables; `NUMBER_PLACE` in them is where a number is set for each send.
    pub(super) fn request(&self, server: SocketAddr, api_key: &str, variables: &Value) -> Request {
        let Self { name, kind, id } = self;
        let body = json!({
            "operationId": format!("whop-sdk-ts-server/{id}"),
            "operationType": kind,
            "operationName": name,
            "variables": variables,
        })
        .to_string();
        let text = format!(
            "POST /public-graphql/{name}?id={id}&client=whop-sdk-ts-server&type={kind} HTTP/1.1\r\n\
             host: {server}\r\nauthorization: Bearer {api_key}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let number_at = http::find(text.as_bytes(), NUMBER_PLACE.as_bytes());
        Request { bytes: text.into_bytes(), number_at, number: 0 }
    }
}

/// The upper end of a range such as `0.0.23..0.0.50`, as numbers that compare.
fn newest_version(range: &Value) -> Vec<u32> {
    let range = range.as_str().unwrap_or_default();
    let newest = range.rsplit("..").next().unwrap_or_default();
    newest.split('.').filter_map(|part| part.parse().ok()).collect()
}

/// A formatted request whose number goes up by one each time it is sent.
#[derive(Debug)]
pub(super) struct Request {
    bytes: Vec<u8>,
    number_at: Option<usize>,
    number: u64,
}

impl Request {
    /// The bytes of the next send.
    pub(super) fn next_bytes(&mut self) -> &[u8] {
        if let Some(start) = self.number_at {
            self.number += 1;
            let mut rest = self.number;
            for digit in self.bytes[start..start + NUMBER_PLACE.len()].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_id_is_taken() {
        let versions = [json!("0.0.23..0.0.50"), json!("0.0.51"), json!("0.0.9")];
        assert_eq!(versions.iter().max_by_key(|range| newest_version(range)), Some(&json!("0.0.51")));
        assert!(newest_version(&json!("0.0.9")) < newest_version(&json!("0.0.10")));
    }

    #[test]
    fn every_measured_operation_has_an_id() {
        for (name, kind) in [
            ("sendMessageToChat", "mutation"),
            ("checkIfUserHasAccessToExperience", "query"),
            ("payUser", "mutation"),
        ] {
            let operation = Operation::named(name).expect("in the table");
            assert_eq!(operation.kind, kind);
            assert!(operation.id.starts_with("sha256:"));
        }
        assert!(Operation::named("noSuchOperation").is_err());
    }

    #[test]
    fn only_the_number_changes_between_sends() {
        let operation =
            Operation { name: "send".to_owned(), kind: "mutation".to_owned(), id: "sha256:0".to_owned() };
        let variables = json!({ "message": format!("Message {NUMBER_PLACE}!") });
        let server = SocketAddr::from(([127, 0, 0, 1], 8003));
        let mut request = operation.request(server, "key", &variables);
        let first = String::from_utf8(request.next_bytes().to_vec()).expect("text");
        let second = String::from_utf8(request.next_bytes().to_vec()).expect("text");
        assert!(first.contains("Message 000000000001!"));
        assert_eq!(first.replace("000000000001", "000000000002"), second);
        let (head, body) = first.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("content-length: {}", body.len())));
    }
}
