//! Builds of apps, and what is in production.

use crate::harness::{Answered, Hall};
use guildhall_app::app_build;
use guildhall_core::ids::{AppId, Id, UserId};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const CREATE: &str = "mutation($input: CreateAppBuildInput!) { createAppBuild(input: $input) {
  id createdAt fileUrl checksum platform reviewMessage supportedAppViewTypes status
} }";
const PROMOTE: &str = "mutation($input: PromoteAppBuildToProductionInput!) {
  promoteAppBuildToProduction(input: $input)
}";
const UNASSIGN: &str = "mutation($input: UnassignProductionAppBuildInput!) {
  unassignProductionAppBuild(input: $input)
}";
const BUNDLE: &[u8] = b"the bundle";

async fn create(hall: &Hall, changes: Value) -> Answered {
    let file = hall.uploaded(None, "text/plain", BUNDLE).await;
    let mut input =
        json!({"attachment": {"directUploadId": file}, "checksum": "sha256-1", "platform": "ios"});
    for (name, value) in changes.as_object().expect("an object") {
        input[name] = value.clone();
    }
    hall.run(None, CREATE, json!({"input": input})).await
}

async fn build(hall: &Hall, changes: Value) -> Value {
    create(hall, changes).await.data()["createAppBuild"].clone()
}

async fn promote(hall: &Hall, user: Option<&UserId>, id: &Value) -> Answered {
    hall.run(user, PROMOTE, json!({"input": {"appBuildId": id}})).await
}

async fn unassign(hall: &Hall, app: &AppId, platform: &str) -> Answered {
    hall.run(None, UNASSIGN, json!({"input": {"appId": app.as_str(), "platform": platform}})).await
}

/// The build that a platform runs, and its status.
async fn running(hall: &Hall, platform: &str) -> Option<(String, String)> {
    let found = app_build::in_production(&hall.running.hall, hall.world.app.clone(), platform.into()).await;
    found.expect("an answer").map(|build| (build.id.to_string(), build.status))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_a_draft_until_it_is_promoted_and_takes_its_platform_s_place() {
    let hall = Hall::open().await;
    let views = json!({"supportedAppViewTypes": ["hub", "dashboard", "hub"]});
    let first = build(&hall, views).await;
    assert_eq!((&first["status"], &first["platform"]), (&json!("draft"), &json!("ios")));
    assert_eq!(first["supportedAppViewTypes"], json!(["hub", "dashboard"]));
    assert_eq!((&first["checksum"], &first["reviewMessage"]), (&json!("sha256-1"), &Value::Null));
    let file = reqwest::get(first["fileUrl"].as_str().expect("an address")).await.expect("an answer");
    assert_eq!(file.bytes().await.expect("bytes").as_ref(), BUNDLE);
    assert_eq!(running(&hall, "ios").await, None);

    let app = hall.world.app.as_str();
    let second = build(&hall, json!({"appId": app})).await;
    assert_eq!(second["supportedAppViewTypes"], json!(["hub"]));
    let web = build(&hall, json!({"platform": "web"})).await;
    let approved =
        |build: &Value| Some((build["id"].as_str().expect("an id").to_owned(), "approved".to_owned()));
    for build in [&first, &second, &first, &web] {
        assert_eq!(promote(&hall, None, &build["id"]).await.data()["promoteAppBuildToProduction"], true);
        let platform = build["platform"].as_str().expect("a platform");
        assert_eq!(running(&hall, platform).await, approved(build));
    }
    for _ in 0..2 {
        let answered = unassign(&hall, &hall.world.app, "ios").await;
        assert_eq!(answered.data()["unassignProductionAppBuild"], true, "again is no harm");
        assert_eq!(running(&hall, "ios").await, None);
    }
    assert_eq!(running(&hall, "web").await, approved(&web), "another platform's stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn unsound_builds_and_those_of_others_are_refused() {
    let hall = Hall::open().await;
    let stranger = hall.foreign().await;
    for (changes, code, words) in [
        (json!({"checksum": ""}), "INVALID_INPUT", "`checksum` is 1 to 200 letters"),
        (json!({"checksum": "a b"}), "INVALID_INPUT", "`checksum` is 1 to 200 letters"),
        (json!({"attachment": {"id": "file_none"}}), "NOT_FOUND", "There is no attachment `file_none`"),
        (json!({"attachment": {}}), "INVALID_INPUT", "An attachment needs"),
        (json!({"appId": "app_none"}), "NOT_FOUND", "There is no app `app_none`"),
        (json!({"appId": stranger.app.as_str()}), "NOT_FOUND", "There is no app"),
    ] {
        create(&hall, changes).await.is_refused(code, words);
    }
    let made = build(&hall, json!({})).await;
    promote(&hall, None, &json!("apb_none"))
        .await
        .is_refused("NOT_FOUND", "There is no app build `apb_none`");
    let moderator = Some(&hall.world.moderator);
    promote(&hall, moderator, &made["id"])
        .await
        .is_refused("FORBIDDEN", "The permission `developer:manage_builds` is missing");
    let input = json!({"input": {"appBuildId": made["id"]}});
    hall.run_with(&stranger.key, None, PROMOTE, input).await.is_refused("NOT_FOUND", "There is no app build");
    unassign(&hall, &stranger.app, "ios").await.is_refused("NOT_FOUND", "There is no app");
    assert_eq!(running(&hall, "ios").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_promoted_at_once_leave_one_in_production() {
    let hall = Arc::new(Hall::open().await);
    let mut builds = Vec::new();
    for _ in 0..5 {
        builds.push(build(&hall, json!({})).await["id"].clone());
    }
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (hall, id) = (Arc::clone(&hall), builds[number % 5].clone());
        tasks.spawn(
            async move { promote(&hall, None, &id).await.data()["promoteAppBuildToProduction"] == true },
        );
    }
    assert!(tasks.join_all().await.into_iter().all(|promoted| promoted));
    let (running, _) = running(&hall, "ios").await.expect("one is in production");
    assert!(builds.contains(&json!(running)));
}
