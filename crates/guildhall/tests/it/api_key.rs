//! API keys: made, rotated, revoked, and the moment from which that counts.

use crate::harness::Hall;
use crate::scene::DAY_MS;
use guildhall_app::Error;
use guildhall_app::api_key::{self, Ending};
use guildhall_core::ids::{ApiKeyId, AppId, Id};
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;

const VIEWER: &str = "{ viewer { user { id } } }";

impl Hall {
    async fn key_works(&self, key: &str) -> bool {
        self.run_with(key, None, VIEWER, json!({})).await.status == 200
    }

    /// The first key of an app that was just made.
    async fn keyed_app(&self) -> (AppId, ApiKeyId, String) {
        let made = crate::app::make(self, json!({"name": "Keyed"})).await;
        let text =
            |place: &str| made.pointer(place).and_then(|value| value.as_str()).expect("text").to_owned();
        let app = AppId::parse(&text("/id")).expect("an app");
        let id = ApiKeyId::parse(&text("/apiKeys/nodes/0/id")).expect("a key");
        (app, id, text("/apiKeys/nodes/0/token"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_works_for_a_day_beside_its_successor() {
    let hall = Hall::open().await;
    let (_, old, old_text) = hall.keyed_app().await;
    let owner = hall.in_person(&hall.world.owner);
    assert!(hall.key_works(&old_text).await);
    let fresh =
        api_key::rotate(&hall.running.hall, &owner, old.clone(), Ending::Later).await.expect("rotated");
    assert!(hall.key_works(&old_text).await && hall.key_works(&fresh.text).await);
    hall.has_logged("rotate_api_key", old.as_str(), Some(&hall.world.owner)).await;
    hall.at(DAY_MS - 1);
    assert!(hall.key_works(&old_text).await, "to the last moment");
    // What was asked a moment ago is remembered for a second at most.
    hall.at(DAY_MS + 1000);
    assert!(!hall.key_works(&old_text).await && hall.key_works(&fresh.text).await);
    for (key, words) in
        [(old, "has been rotated already"), (ApiKeyId::from_stored("key_none".into()), "There is no API key")]
    {
        let refused = api_key::rotate(&hall.running.hall, &owner, key, Ending::AtOnce).await;
        assert!(refused.expect_err("refused").to_string().contains(words));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_key_ends_at_once_and_a_revoked_one_too() {
    let hall = Hall::open().await;
    let (app, old, old_text) = hall.keyed_app().await;
    let owner = hall.in_person(&hall.world.owner);
    assert!(hall.key_works(&old_text).await);
    let fresh =
        api_key::rotate(&hall.running.hall, &owner, old.clone(), Ending::AtOnce).await.expect("rotated");
    assert!(!hall.key_works(&old_text).await && hall.key_works(&fresh.text).await);
    let another = api_key::create(&hall.running.hall, &owner, app).await.expect("made");
    assert!(hall.key_works(&another.text).await);
    api_key::revoke(&hall.running.hall, &owner, fresh.id.clone()).await.expect("revoked");
    assert!(!hall.key_works(&fresh.text).await && hall.key_works(&another.text).await);
    for key in [old, fresh.id] {
        let again = api_key::revoke(&hall.running.hall, &owner, key).await.expect_err("it is over");
        assert!(again.to_string().contains("There is no live API key"), "{again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lacks_the_permission_does_nothing_to_keys() {
    let hall = Hall::open().await;
    let (app, key, text) = hall.keyed_app().await;
    let moderator = hall.in_person(&hall.world.moderator);
    let stranger = hall.in_person(&hall.world.stranger);
    let store = &hall.running.hall;
    for (principal, words) in
        [(&moderator, "`developer:manage_api_key` is missing"), (&stranger, "There is no")]
    {
        let tried: [Error; 3] = [
            api_key::create(store, principal, app.clone()).await.expect_err("refused"),
            api_key::rotate(store, principal, key.clone(), Ending::AtOnce).await.expect_err("refused"),
            api_key::revoke(store, principal, key.clone()).await.expect_err("refused"),
        ];
        for refused in tried {
            assert!(refused.to_string().contains(words), "{refused}");
        }
    }
    assert!(hall.key_works(&text).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_rotations_at_once_one_makes_the_successor() {
    let hall = Arc::new(Hall::open().await);
    let (_, key, _) = hall.keyed_app().await;
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (hall, key) = (Arc::clone(&hall), key.clone());
        tasks.spawn(async move {
            let owner = hall.in_person(&hall.world.owner);
            api_key::rotate(&hall.running.hall, &owner, key, Ending::Later).await
        });
    }
    let (made, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for refused in refused {
        let refused = refused.expect_err("refused");
        assert!(
            matches!(&refused, Error::Conflict(sentence) if sentence.contains("rotated already")),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_app_has_twenty_live_keys_at_most() {
    let hall = Arc::new(Hall::open().await);
    let (app, key, _) = hall.keyed_app().await;
    let mut tasks = JoinSet::new();
    for _ in 0..25 {
        let (hall, app) = (Arc::clone(&hall), app.clone());
        tasks.spawn(async move {
            let owner = hall.in_person(&hall.world.owner);
            api_key::create(&hall.running.hall, &owner, app).await
        });
    }
    let (made, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 19, "beside the first");
    for refused in refused {
        let sentence = refused.expect_err("refused").to_string();
        assert!(sentence.contains("20 live API keys, which is the most"), "{sentence}");
    }
    let owner = hall.in_person(&hall.world.owner);
    api_key::revoke(&hall.running.hall, &owner, key).await.expect("revoked");
    api_key::create(&hall.running.hall, &owner, app).await.expect("there is a place again");
}
