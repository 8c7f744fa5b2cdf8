//! What an access token opens: the person's own profile, and nothing else.

use super::{Scene, Seen, client};
use crate::harness::{Answered, NOW_MS};
use guildhall_app::password_reset;
use guildhall_core::ids::Id;
use serde_json::json;

impl Scene {
    async fn run(&self, token: &str, query: &str) -> Answered {
        let bearer = format!("Bearer {token}");
        self.hall.post(&[("authorization", &bearer)], &json!({"query": query})).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_profile_is_told_to_an_access_token_alone() {
    let scene = Scene::open().await;
    let tokens = scene.tokens().await;
    let seen = scene.me(&tokens.access).await;
    assert_eq!(seen.headers["cache-control"], "no-store");
    let told = seen.json();
    let month_s = 30 * 24 * 60 * 60;
    let expected = json!({
        "id": scene.hall.world.customer.as_str(), "sub": scene.hall.world.customer.as_str(),
        "username": "mira", "name": "Mira Okafor", "email": "mira@example.com",
        "bio": "Carves spoons, mostly on trains.", "profile_pic_url": null,
        "created_at": NOW_MS / 1000 - month_s,
    });
    assert_eq!(told, expected);
    let how = |seen: &Seen| seen.headers["www-authenticate"].clone();
    let nobody = Seen::of(client().get(format!("{}/api/v5/me", scene.hall.running.origin))).await;
    assert_eq!((nobody.status, how(&nobody).as_str()), (401, "Bearer realm=\"guildhall\""));
    for other in [scene.hall.world.api_key.as_str(), &tokens.refresh, "gho_unknown", "gho_", "x"] {
        let refused = scene.me(other).await;
        assert_eq!(refused.status, 401, "{other}");
        assert_eq!(how(&refused), "Bearer realm=\"guildhall\", error=\"invalid_token\"");
        assert_eq!(refused.refusal().1, "invalid_token");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_api_it_opens_the_viewer_and_nothing_else() {
    let scene = Scene::open().await;
    let token = scene.tokens().await.access;
    let viewer =
        scene.run(&token, "{ viewer { user { id username email profilePicture { __typename } } } }").await;
    assert_eq!(viewer.data()["viewer"]["user"]["email"], "mira@example.com");

    let schema = "{ __schema { types { name fields { name } } } }";
    let schema = scene.run(&token, schema).await;
    let types = schema.data()["__schema"]["types"].as_array().expect("types").clone();
    let fields_of = |name: &str| -> Vec<String> {
        let found = types.iter().find(|kind| kind["name"] == name).expect("the type");
        let fields = found["fields"].as_array().expect("fields").iter();
        fields.map(|field| field["name"].as_str().expect("a name").to_owned()).collect()
    };
    let mut asked = 0;
    for (kind, keyword) in [("PublicQuery", "query"), ("PublicMutation", "mutation")] {
        for field in fields_of(kind).iter().filter(|field| *field != "viewer") {
            for document in [
                format!("{keyword} {{ {field} }}"),
                format!("{keyword} {{ viewer: {field} }}"),
                format!("{keyword} {{ ... on {kind} {{ {field} }} }}"),
                format!(
                    "{keyword} {{ ...A }} fragment A on {kind} {{ ...B }} fragment B on {kind} {{ {field} }}"
                ),
            ] {
                let sentence = format!(
                    "The access token is limited to the scope `read_user`, which does not open `{field}`."
                );
                let refused = scene.run(&token, &document).await;
                assert_eq!(refused.refusal(), ("FORBIDDEN".to_owned(), sentence), "{document}");
            }
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked}");
    // Where a profile leads to money it ends.
    let money = scene.run(&token, "{ viewer { user { ledgerAccount { id } } } }").await;
    let sentence = "The access token is limited to the scope `read_user`, which does not open this.";
    assert_eq!(money.refusal(), ("FORBIDDEN".to_owned(), sentence.to_owned()));
    let endless = scene.run(&token, "{ ...A } fragment A on PublicQuery { ...A }").await;
    assert!(endless.body.get("errors").is_some(), "{}", endless.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_be_named_beside_it() {
    let scene = Scene::open().await;
    let token = scene.tokens().await.access;
    let bearer = format!("Bearer {token}");
    let query = json!({"query": "{ viewer { user { id } } }"});
    let (world, hall) = (&scene.hall.world, &scene.hall);
    let sentence = "An access token says itself who acts: leave out `x-on-behalf-of`, `x-company-id` and `x-whop-user-token`.";
    for header in [
        ("x-on-behalf-of", world.owner.as_str()),
        ("x-on-behalf-of", world.customer.as_str()),
        ("x-company-id", world.company.as_str()),
        ("x-whop-user-token", token.as_str()),
    ] {
        let refused = hall.post(&[("authorization", &bearer), header], &query).await;
        assert_eq!((refused.status, refused.refusal().1.as_str()), (400, sentence), "{header:?}");
    }
    // It is no user token either, in this app or another.
    let refused = hall.post(&[("x-whop-user-token", &token)], &query).await;
    assert_eq!((refused.status, refused.refusal().1.as_str()), (401, "The user token is malformed."));
    let refused = hall.post(&[("authorization", "Bearer gho_unknown")], &query).await;
    let sentence = "The access token is unknown, has expired or was revoked.";
    assert_eq!((refused.status, refused.refusal().1.as_str()), (401, sentence));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_apps_hold() {
    let scene = Scene::open().await;
    let tokens = scene.tokens().await;
    let waiting = scene.code_for(&scene.asked()).await;
    let inside = &scene.hall.running.hall;
    let link = password_reset::link(inside, "mira").await.expect("an account");
    let token = link.rsplit('/').next().expect("a token");
    password_reset::reset(inside, token, "another long password").await.expect("reset");
    assert_eq!(scene.me(&tokens.access).await.status, 401);
    let refused = scene.token(&scene.refresh(&tokens.refresh)).await.refusal();
    assert_eq!(refused.2, "The refresh token was revoked.");
    let refused = scene.token(&scene.exchange(&waiting)).await.refusal();
    assert_eq!(refused.2, "The code was revoked.");
}
