//! One call: what is sent, and how each kind of answer is told apart.

use crate::stub::{Answer, Stub};
use guildhall_client::{
    BodyForm, CreateChatInput, Currencies, CustomFieldInput, CustomFieldTypes, Error,
    FindOrCreateChatVariables, ListMessagesFromChatVariables, ReleaseMethod, UpsellPlanInput,
    WhoCanPostTypes, WhopApi, WhopApiOptions, operations,
};
use serde_json::json;

fn api(origin: &str) -> WhopApi {
    WhopApi::new(WhopApiOptions {
        app_api_key: "key".into(),
        api_origin: origin.into(),
        ..WhopApiOptions::default()
    })
    .unwrap()
}

fn lobby() -> FindOrCreateChatVariables {
    FindOrCreateChatVariables {
        input: CreateChatInput { name: "Lobby".into(), ..CreateChatInput::default() },
    }
}

#[tokio::test]
async fn a_document_is_sent_with_its_variables_and_read_into_its_type() {
    let stub = Stub::start(|_, _| {
        Answer::json(&json!({ "data": { "createChat": { "id": "exp_1", "link": "/lobby" } } }))
    })
    .await;
    let custom_field =
        CustomFieldInput { required: Some(true), ..CustomFieldInput::new(CustomFieldTypes::Text, "Team") };
    let input = CreateChatInput {
        name: "Lobby".into(),
        expires_at: Some(1_716_931_200),
        price: Some(UpsellPlanInput {
            base_currency: Some(Currencies::Usd),
            custom_fields: Some(vec![custom_field]),
            initial_price: Some(10.0),
            release_method: Some(ReleaseMethod::BuyNow),
            ..UpsellPlanInput::default()
        }),
        who_can_post: Some(WhoCanPostTypes::Admins),
        ..CreateChatInput::default()
    };
    let api = api(&stub.origin).with_user("user_1").with_company("biz_1");
    let response = api.find_or_create_chat(FindOrCreateChatVariables { input }).await.unwrap();
    let chat = response.create_chat.unwrap();
    assert_eq!((chat.id.as_str(), chat.link.as_str()), ("exp_1", "/lobby"));

    let asked = &stub.asked()[0];
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/public-graphql/findOrCreateChat"));
    assert_eq!(asked.headers["authorization"], "Bearer key");
    assert_eq!(asked.headers["x-on-behalf-of"], "user_1");
    assert_eq!(asked.headers["x-company-id"], "biz_1");
    assert_eq!(asked.headers["content-type"], "application/json");
    let expected = json!({
        "query": operations::FIND_OR_CREATE_CHAT.document,
        "operationName": "findOrCreateChat",
        "variables": { "input": {
            "name": "Lobby",
            "expiresAt": 1_716_931_200,
            "price": {
                "baseCurrency": "usd",
                "customFields": [{ "fieldType": "text", "name": "Team", "required": true }],
                "initialPrice": 10.0,
                "releaseMethod": "buy_now",
            },
            "whoCanPost": "admins",
        } },
    });
    assert_eq!(asked.json(), expected);
}

#[tokio::test]
async fn a_persisted_id_stands_for_the_document() {
    let stub = Stub::start(|_, _| Answer::json(&json!({ "data": { "createChat": null } }))).await;
    let api = WhopApi::new(WhopApiOptions {
        app_api_key: "key".into(),
        api_origin: format!("{}/", stub.origin),
        body_form: BodyForm::PersistedId,
        ..WhopApiOptions::default()
    })
    .unwrap();
    assert_eq!(api.find_or_create_chat(lobby()).await.unwrap().create_chat, None);

    let asked = &stub.asked()[0];
    let id = operations::FIND_OR_CREATE_CHAT.persisted_id;
    let query = format!("id={}&client=whop-sdk-ts-server&type=mutation", id.replace(':', "%3A"));
    assert_eq!(asked.target, format!("/public-graphql/findOrCreateChat?{query}"));
    assert!(!asked.headers.contains_key("x-on-behalf-of") && !asked.headers.contains_key("x-company-id"));
    let expected = json!({
        "operationId": format!("whop-sdk-ts-server/{id}"),
        "operationType": "mutation",
        "operationName": "findOrCreateChat",
        "variables": { "input": { "name": "Lobby" } },
    });
    assert_eq!(asked.json(), expected);
}

#[tokio::test]
async fn a_copy_acts_for_somebody_else_and_the_first_stays_as_it_was() {
    let stub = Stub::start(|_, _| Answer::json(&json!({ "data": { "createChat": null } }))).await;
    let first = api(&stub.origin).with_user("user_1");
    let second = first.with_user("user_2");
    first.find_or_create_chat(lobby()).await.unwrap();
    second.find_or_create_chat(lobby()).await.unwrap();
    let users: Vec<String> =
        stub.asked().iter().map(|asked| asked.headers["x-on-behalf-of"].clone()).collect();
    assert_eq!(users, ["user_1", "user_2"]);
}

#[tokio::test]
async fn a_status_other_than_2xx_keeps_its_text_and_a_redirect_is_not_followed() {
    let stub = Stub::start(|origin, asked| Answer {
        status: if asked.target.ends_with("findOrCreateChat") { 429 } else { 307 },
        headers: vec![("location", format!("{origin}/elsewhere"))],
        body: "slow down".into(),
    })
    .await;
    let error = api(&stub.origin).find_or_create_chat(lobby()).await.unwrap_err();
    assert!(matches!(&error, Error::Http { status: 429, body } if body == "slow down"), "{error:?}");
    let error = api(&stub.origin).get_current_user().await.unwrap_err();
    assert!(matches!(error, Error::Http { status: 307, .. }), "{error:?}");
    assert_eq!(stub.asked().len(), 2);
    assert_eq!(stub.asked()[1].json()["variables"], json!({}));
}

#[tokio::test]
async fn errors_come_with_code_path_and_partial_data() {
    let stub = Stub::start(|_, _| {
        Answer::json(&json!({
            "data": { "createChat": null },
            "errors": [
                { "message": "no", "path": ["createChat"], "extensions": { "code": "FORBIDDEN" } },
                { "message": "also no", "locations": [{ "line": 1, "column": 1 }] },
            ],
        }))
    })
    .await;
    let error = api(&stub.origin).find_or_create_chat(lobby()).await.unwrap_err();
    assert_eq!(error.to_string(), "no");
    let Error::GraphQl { errors, data } = error else { panic!("{error:?}") };
    assert_eq!(data, Some(json!({ "createChat": null })));
    assert_eq!(errors[0].code.as_deref(), Some("FORBIDDEN"));
    assert_eq!(errors[0].path, [json!("createChat")]);
    assert_eq!((errors[1].message.as_str(), &errors[1].code), ("also no", &None));
}

#[tokio::test]
async fn an_answer_of_another_form_is_a_decode_error() {
    for body in ["<html>", "{}", r#"{"data":{"createChat":{"id":"exp_1"}}}"#, r#"{"data":null,"errors":[]}"#]
    {
        let stub =
            Stub::start(move |_, _| Answer { status: 200, headers: Vec::new(), body: body.into() }).await;
        let error = api(&stub.origin).find_or_create_chat(lobby()).await.unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_network_error() {
    // Port 1 of this machine is reserved, so nothing listens there.
    let error = api("http://127.0.0.1:1").get_current_user().await.unwrap_err();
    assert!(matches!(error, Error::Network(_)), "{error:?}");
}

#[tokio::test]
async fn options_that_cannot_be_sent_are_refused_by_name() {
    let make = |app_api_key: &str, api_origin: &str| {
        let (app_api_key, api_origin) = (app_api_key.into(), api_origin.into());
        WhopApi::new(WhopApiOptions { app_api_key, api_origin, ..WhopApiOptions::default() })
    };
    let refused = |made: Result<WhopApi, Error>| match made {
        Err(Error::Option { option, .. }) => option,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(make("a\nb", "http://127.0.0.1")), "app_api_key");
    assert_eq!(refused(make("key", "guild.example")), "api_origin");
    assert_eq!(refused(make("key", "mailto:guild@example.com")), "api_origin");
    let error = make("key", "http://127.0.0.1:1").unwrap().with_user("a\nb").get_current_user().await;
    assert!(matches!(error, Err(Error::Option { option: "on_behalf_of_user_id", .. })));
}

#[tokio::test]
async fn what_is_printed_for_debugging_holds_no_key() {
    let options = WhopApiOptions { app_api_key: "hush".into(), ..WhopApiOptions::default() };
    assert!(!format!("{options:?}").contains("hush"));
    assert!(!format!("{:?}", WhopApi::new(options).unwrap()).contains("hush"));
}

#[tokio::test]
async fn a_raw_request_answers_the_data_as_it_came() {
    let stub = Stub::start(|_, _| Answer::json(&json!({ "data": { "feedPosts": { "new": 1 } } }))).await;
    let variables = ListMessagesFromChatVariables { chat_experience_id: Some("exp_1".into()) };
    let variables = serde_json::to_value(variables).unwrap();
    let data = api(&stub.origin).request_raw(&operations::LIST_MESSAGES_FROM_CHAT, variables).await.unwrap();
    assert_eq!(data, json!({ "feedPosts": { "new": 1 } }));
    assert_eq!(stub.asked()[0].json()["variables"], json!({ "chatExperienceId": "exp_1" }));
}
