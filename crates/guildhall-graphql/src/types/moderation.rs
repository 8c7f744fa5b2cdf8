//! Bans and mutes.

use super::enums::{BanReasons, Word};
use super::page::{id, optional_id};
use super::scalars::Timestamp;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object};
use guildhall_app::feed::FeedName;
use guildhall_app::moderation::{self, Ban};

#[derive(Debug, InputObject)]
struct BanUserInput {
    access_pass_id: Option<ID>,
    client_mutation_id: Option<String>,
    custom_reason: Option<String>,
    delete_messages_in_feed_id: Option<ID>,
    reason: Option<BanReasons>,
    user_id: ID,
}

#[derive(Debug, InputObject)]
struct UnbanUserInput {
    client_mutation_id: Option<String>,
    user_id: ID,
}

#[derive(Debug, InputObject)]
struct CreateCompanyMutedUserInput {
    client_mutation_id: Option<String>,
    muted_until: Option<Timestamp>,
    user_id: ID,
}

#[derive(Debug, InputObject)]
struct DeleteCompanyMutedUserInput {
    client_mutation_id: Option<String>,
    user_id: ID,
}

#[derive(Debug, Default)]
pub(crate) struct ModerationMutations;

#[Object]
impl ModerationMutations {
    async fn ban_user(&self, context: &Context<'_>, input: BanUserInput) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        let feed = input.delete_messages_in_feed_id;
        let ban = Ban {
            user: id(&input.user_id)?,
            access_pass: optional_id(input.access_pass_id.as_ref())?,
            reason: input.reason.map(|reason| reason.as_str().to_owned()),
            custom_reason: input.custom_reason,
            delete_messages_in: feed.map(|id| FeedName::parse(Some(id.as_str()), None)).transpose()?,
        };
        moderation::ban(&caller.hall, &caller.principal, ban).await?;
        Ok(Some(true))
    }

    async fn unban_user(&self, context: &Context<'_>, input: UnbanUserInput) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        moderation::unban(&caller.hall, &caller.principal, id(&input.user_id)?).await?;
        Ok(Some(true))
    }

    async fn create_company_muted_user(
        &self,
        context: &Context<'_>,
        input: CreateCompanyMutedUserInput,
    ) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        let until = input.muted_until.map(|until| until.0);
        moderation::mute(&caller.hall, &caller.principal, id(&input.user_id)?, until).await?;
        Ok(Some(true))
    }

    async fn delete_company_muted_user(
        &self,
        context: &Context<'_>,
        input: DeleteCompanyMutedUserInput,
    ) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        moderation::unmute(&caller.hall, &caller.principal, id(&input.user_id)?).await?;
        Ok(Some(true))
    }
}
