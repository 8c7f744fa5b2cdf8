//! Webhooks.

use super::enums::{ApiVersion, WebhookEvent, Word};
use super::page::id;
use super::scalars::{Json, Timestamp, UrlString};
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::webhook::{self, Tested, Wanted, Webhook as Found};
use guildhall_core::webhook::{ApiVersion as Version, Event};

/// Where the events of a company, or of those that installed an app, are sent.
#[derive(Debug)]
pub(crate) struct Webhook(pub(crate) Found);

#[Object]
impl Webhook {
    async fn api_version(&self) -> ApiVersion {
        match self.0.api_version {
            Version::V1 => ApiVersion::V1,
            Version::V5 => ApiVersion::V5,
        }
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.created_at)
    }

    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    async fn events(&self) -> Vec<WebhookEvent> {
        self.0.events.iter().filter_map(|event| WebhookEvent::from_word(event.as_str())).collect()
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The company or app whose events are heard.
    async fn resource_id(&self) -> ID {
        self.0.resource().into()
    }

    async fn url(&self) -> &str {
        &self.0.url
    }

    /// What events are signed with, `whsec_` and base64: v5 with this text, v1 as the Standard Webhooks
    /// specification says.
    async fn webhook_secret(&self) -> &str {
        &self.0.secret
    }
}

/// What a receiver said to a sample.
#[derive(Debug, SimpleObject)]
struct WebhookTestResult {
    /// The body as JSON if it is, else as text; without an answer, why there is none.
    body: Json,
    /// 0 when there was no answer.
    status: i32,
    success: bool,
}

impl From<Tested> for WebhookTestResult {
    fn from(tested: Tested) -> Self {
        Self { body: Json(tested.body), status: i32::from(tested.status), success: tested.success }
    }
}

#[derive(Debug, InputObject)]
struct CreateWebhookInput {
    api_version: Option<ApiVersion>,
    client_mutation_id: Option<String>,
    enabled: Option<bool>,
    events: Option<Vec<WebhookEvent>>,
    resource_id: Option<ID>,
    url: UrlString,
}

#[derive(Debug, InputObject)]
struct UpdateWebhookInput {
    api_version: Option<ApiVersion>,
    client_mutation_id: Option<String>,
    enabled: Option<bool>,
    events: Option<Vec<WebhookEvent>>,
    id: ID,
    url: Option<UrlString>,
}

#[derive(Debug, InputObject)]
struct DeleteWebhookInput {
    client_mutation_id: Option<String>,
    id: ID,
}

#[derive(Debug, InputObject)]
struct TestWebhookV2Input {
    client_mutation_id: Option<String>,
    event: WebhookEvent,
    id: ID,
}

fn read(event: WebhookEvent) -> Event {
    Event::from_word(event.as_str()).expect("the wire's words are those of the house; a test says so")
}

fn wanted(
    url: Option<UrlString>,
    api_version: Option<ApiVersion>,
    events: Option<Vec<WebhookEvent>>,
    enabled: Option<bool>,
) -> Wanted {
    Wanted {
        url: url.map(|url| url.0),
        api_version: api_version.map(|version| version.as_str().to_owned()),
        events: events.map(|events| events.into_iter().map(read).collect()),
        enabled,
    }
}

#[derive(Debug, Default)]
pub(crate) struct WebhookMutations;

#[Object]
impl WebhookMutations {
    /// Without `resourceId`: of the company of `x-company-id`, else of the calling app when only `app_` events are
    /// listed, else of the app's own company. Without `events`: all that such a webhook can hear. Without
    /// `apiVersion`: `v5`.
    async fn create_webhook(
        &self,
        context: &Context<'_>,
        input: CreateWebhookInput,
    ) -> Result<Option<Webhook>> {
        let caller = Caller::of(context);
        let wanted = wanted(Some(input.url), input.api_version, input.events, input.enabled);
        let resource = input.resource_id.map(|id| id.to_string());
        let made = webhook::create(&caller.hall, &caller.principal, resource, wanted).await?;
        Ok(Some(Webhook(made)))
    }

    async fn delete_webhook(&self, context: &Context<'_>, input: DeleteWebhookInput) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        webhook::delete(&caller.hall, &caller.principal, id(&input.id)?).await?;
        Ok(Some(true))
    }

    /// Sends a sample of an event now, and tells what came back.
    async fn test_webhook_v2(
        &self,
        context: &Context<'_>,
        input: TestWebhookV2Input,
    ) -> Result<Option<WebhookTestResult>> {
        let caller = Caller::of(context);
        let (webhook, event) = (id(&input.id)?, read(input.event));
        Ok(Some(webhook::test(&caller.hall, &caller.principal, webhook, event).await?.into()))
    }

    async fn update_webhook(
        &self,
        context: &Context<'_>,
        input: UpdateWebhookInput,
    ) -> Result<Option<Webhook>> {
        let caller = Caller::of(context);
        let wanted = wanted(input.url, input.api_version, input.events, input.enabled);
        let changed = webhook::update(&caller.hall, &caller.principal, id(&input.id)?, wanted).await?;
        Ok(Some(Webhook(changed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_wire_are_those_of_the_house() {
        for event in Event::ALL {
            let word = WebhookEvent::from_word(event.as_str()).expect("it is on the wire");
            assert_eq!(read(word), *event);
        }
        assert_eq!(
            <WebhookEvent as async_graphql::resolver_utils::EnumType>::items().len(),
            Event::ALL.len()
        );
    }
}
