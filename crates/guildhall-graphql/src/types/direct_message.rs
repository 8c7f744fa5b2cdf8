//! Direct conversations.

use super::enums::{DmsFeedMemberStatuses, Word};
use super::page::size;
use super::scalars::{BigInt, Timestamp};
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, Object, SimpleObject};
use guildhall_app::direct_message::{self, Conversation, ConversationFilter};
use guildhall_core::cursor::check_query;

#[derive(Debug, SimpleObject)]
struct FeedMember {
    id: ID,
    username: String,
}

/// The newest post of a conversation.
#[derive(Debug, SimpleObject)]
struct Post {
    content: Option<String>,
    user_id: ID,
}

/// A conversation as the acting user lists it.
#[derive(Debug, SimpleObject)]
struct DmsChannel {
    created_at: Timestamp,
    custom_name: Option<String>,
    feed_members: Vec<FeedMember>,
    id: ID,
    is_group_chat: bool,
    is_pinned: bool,
    is_unread: bool,
    last_post: Option<Post>,
}

impl From<Conversation> for DmsChannel {
    fn from(found: Conversation) -> Self {
        let members = found.members.into_iter();
        Self {
            created_at: Timestamp::of_ms(found.created_at),
            custom_name: found.custom_name,
            feed_members: members
                .map(|member| FeedMember { id: member.id.to_string().into(), username: member.username })
                .collect(),
            id: found.id.to_string().into(),
            is_group_chat: found.is_group,
            is_pinned: found.is_pinned,
            is_unread: found.is_unread,
            last_post: found
                .last_post
                .map(|post| Post { content: Some(post.content), user_id: post.author.to_string().into() }),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct DirectMessageQueries;

#[Object]
impl DirectMessageQueries {
    /// The acting user's conversations, newest activity first; `before` in milliseconds.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn my_dms_channels_v2(
        &self,
        context: &Context<'_>,
        before: Option<BigInt>,
        limit: Option<i32>,
        query: Option<String>,
        status: Option<DmsFeedMemberStatuses>,
        unread: Option<bool>,
    ) -> Result<Vec<DmsChannel>> {
        let caller = Caller::of(context);
        let filter = ConversationFilter {
            status: status.map(|status| status.as_str().to_owned()),
            unread,
            query: query.as_deref().map(check_query).transpose()?.map(str::to_owned),
            before: before.map(|before| before.0),
            size: size(limit, "limit")?,
        };
        let found = direct_message::list(&caller.hall, &caller.principal, filter).await?;
        Ok(found.into_iter().map(DmsChannel::from).collect())
    }
}
