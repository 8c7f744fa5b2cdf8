//! Notifications.

use super::page::{ids, optional_id};
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object};
use guildhall_app::notification::{self, Send};
use guildhall_core::notification::Message;

#[derive(Debug, InputObject)]
struct SendNotificationInput {
    client_mutation_id: Option<String>,
    company_team_id: Option<ID>,
    content: String,
    experience_id: Option<ID>,
    external_id: Option<String>,
    is_mention: Option<bool>,
    link: Option<String>,
    sender_user_id: Option<ID>,
    subtitle: Option<String>,
    title: String,
    user_ids: Option<Vec<ID>>,
    rest_path: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct NotificationMutations;

#[Object]
impl NotificationMutations {
    /// Notifies the users of an experience or a company's team.
    async fn send_notification(
        &self,
        context: &Context<'_>,
        input: SendNotificationInput,
    ) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        let send = Send {
            experience: optional_id(input.experience_id.as_ref())?,
            company_team: optional_id(input.company_team_id.as_ref())?,
            users: input.user_ids.as_deref().map(ids).transpose()?,
            message: Message {
                title: input.title,
                content: input.content,
                subtitle: input.subtitle,
                link: input.link,
                rest_path: input.rest_path,
                external_id: input.external_id,
            },
            sender: optional_id(input.sender_user_id.as_ref())?,
            is_mention: input.is_mention.unwrap_or(false),
        };
        notification::send(&caller.hall, &caller.principal, send).await?;
        Ok(Some(true))
    }
}
