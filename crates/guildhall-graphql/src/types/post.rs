//! Posts: messages, forum posts, and the feeds they stand in.

use super::attachment::{AttachmentInput, AttachmentInterface};
use super::enums::{Currencies, DmsPostTypes, FeedTypes, FileAttachmentTypes, GifProviders, Word};
use super::page::{optional_id, size};
use super::scalars::{BigInt, Json};
use super::user::PublicProfileUser;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};
use guildhall_app::Error;
use guildhall_app::feed::{self, FeedName, PageRequest};
use guildhall_app::post::{self, ForumPostRequest, Post as Found, Target};
use guildhall_core::ids::FeedKind;
use guildhall_core::markdown;
use guildhall_core::poll::PollOption;

/// Declares a kind of post: what both have, and what it has beyond.
macro_rules! post_kind {
    ($name:ident { $($own:tt)* }) => {
        #[derive(Debug)]
        pub(crate) struct $name(Found);

        #[Object]
        impl $name {
            async fn attachments(&self) -> Vec<AttachmentInterface> {
                self.0.attachments.iter().cloned().map(AttachmentInterface::from).collect()
            }

            /// Markdown; empty when deleted, null behind a paywall.
            async fn content(&self) -> Option<&str> {
                self.0.content.as_deref()
            }

            /// Milliseconds since 1970.
            async fn created_at(&self) -> BigInt {
                BigInt(self.0.created_at)
            }

            async fn id(&self) -> ID {
                self.0.id.to_string().into()
            }

            async fn is_deleted(&self) -> bool {
                self.0.is_deleted
            }

            async fn is_edited(&self) -> bool {
                self.0.is_edited
            }

            async fn mentioned_user_ids(&self) -> Vec<ID> {
                self.0.mentioned.iter().map(|id| id.to_string().into()).collect()
            }

            /// The content as the JSON text of a document tree.
            async fn rich_content(&self) -> Option<String> {
                self.0.content.as_deref().map(|content| markdown::document(content).to_string())
            }

            /// Milliseconds since 1970.
            async fn updated_at(&self) -> BigInt {
                BigInt(self.0.updated_at)
            }

            async fn user(&self) -> PublicProfileUser {
                PublicProfileUser(self.0.author.clone())
            }

            async fn view_count(&self) -> Option<i32> {
                i32::try_from(self.0.view_count).ok()
            }

            $($own)*
        }
    };
}

post_kind!(DmsPost {
    async fn is_everyone_mentioned(&self) -> bool {
        self.0.everyone_mentioned
    }

    async fn is_pinned(&self) -> bool {
        self.0.pinned
    }

    async fn message_type(&self) -> DmsPostTypes {
        DmsPostTypes::Regular
    }

    async fn replying_to_post_id(&self) -> Option<ID> {
        self.0.replying_to.as_ref().map(|id| id.to_string().into())
    }
});

post_kind!(ForumPost {
    /// The post it comments.
    async fn parent_id(&self) -> Option<ID> {
        self.0.parent.as_ref().map(|id| id.to_string().into())
    }

    async fn pinned(&self) -> bool {
        self.0.pinned
    }

    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }
});

#[derive(Debug, Union)]
enum FeedEntity {
    DmsPost(DmsPost),
    ForumPost(ForumPost),
}

#[derive(Debug, SimpleObject)]
struct FeedPostsResponse {
    posts: Vec<FeedEntity>,
}

#[derive(Debug, Default)]
pub(crate) struct PostQueries;

#[Object]
impl PostQueries {
    /// A page of a feed, newest first. `before` and `after` are ids of posts; `parentId` asks for the
    /// comments of a forum post instead of the forum's posts.
    #[expect(clippy::too_many_arguments, reason = "these are the field's arguments on the wire")]
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn feed_posts(
        &self,
        context: &Context<'_>,
        feed_type: FeedTypes,
        feed_id: Option<ID>,
        experience_id: Option<ID>,
        limit: Option<i32>,
        before: Option<ID>,
        after: Option<ID>,
        parent_id: Option<ID>,
    ) -> Result<Option<FeedPostsResponse>> {
        let caller = Caller::of(context);
        let kind = match feed_type {
            FeedTypes::ChatFeed => FeedKind::Chat,
            FeedTypes::ForumFeed => FeedKind::Forum,
            FeedTypes::DmsFeed => FeedKind::DirectMessage,
            other => {
                let word = other.as_str();
                return Err(Error::Invalid(format!("There are no feeds of the type `{word}` here.")).into());
            }
        };
        let name = FeedName::parse(
            feed_id.as_ref().map(|id| id.as_str()),
            experience_id.as_ref().map(|id| id.as_str()),
        )?;
        let page = PageRequest {
            parent: optional_id(parent_id.as_ref())?,
            before: optional_id(before.as_ref())?,
            after: optional_id(after.as_ref())?,
            size: size(limit, "limit")?,
        };
        let found = feed::list(&caller.hall, &caller.principal, kind, name, page).await?;
        let entity = |post| match kind {
            FeedKind::Forum => FeedEntity::ForumPost(ForumPost(post)),
            FeedKind::Chat | FeedKind::DirectMessage => FeedEntity::DmsPost(DmsPost(post)),
        };
        Ok(Some(FeedPostsResponse { posts: found.into_iter().map(entity).collect() }))
    }
}

#[derive(Debug, InputObject)]
struct SendMessageInput {
    client_mutation_id: Option<String>,
    experience_id: Option<ID>,
    feed_id: Option<ID>,
    feed_type: Option<FeedTypes>,
    message: String,
    to_user_id: Option<ID>,
    attachments: Option<Vec<AttachmentInput>>,
}

#[derive(Debug, InputObject)]
struct PollOptionInput {
    id: String,
    text: String,
}

#[derive(Debug, InputObject)]
struct PollInput {
    options: Vec<PollOptionInput>,
}

#[derive(Debug, InputObject)]
struct GifInput {
    height: i32,
    original_url: String,
    preview_url: String,
    provider: GifProviders,
    slug: ID,
    title: String,
    url: String,
    width: i32,
}

#[derive(Debug, InputObject)]
struct MuxAssetInput {
    passthrough_id: String,
}

#[derive(Debug, InputObject)]
struct FileAttachmentInput {
    aspect_ratio: Option<f64>,
    attachment_type: FileAttachmentTypes,
    blur_url: Option<String>,
    content_type: Option<String>,
    file_name: Option<String>,
    file_size: Option<i32>,
    file_url: String,
    height: Option<i32>,
    id: Option<ID>,
    thumbnail_url: Option<String>,
    width: Option<i32>,
}

/// The post as SDK 0.0.8 sends it.
#[derive(Debug, InputObject)]
struct ForumPostInput {
    attachments: Option<Vec<AttachmentInput>>,
    bulletin_board_badge: Option<String>,
    content: Option<String>,
    feed_id: Option<ID>,
    feed_type: Option<FeedTypes>,
    #[graphql(deprecation)]
    file_attachments: Option<Vec<FileAttachmentInput>>,
    gifs: Option<Vec<GifInput>>,
    id: ID,
    is_deleted: Option<bool>,
    line_item_id: Option<ID>,
    mentioned_user_ids: Option<Vec<ID>>,
    mux_assets: Option<Vec<MuxAssetInput>>,
    parent_id: Option<ID>,
    pinned: Option<bool>,
    plan_id: Option<ID>,
    poll: Option<PollInput>,
    rich_content: Option<Json>,
    system_message_feed_id: Option<ID>,
    system_message_feed_type: Option<FeedTypes>,
    title: Option<String>,
}

/// A forum post. The published clients send either `forumPost` (the oldest) or `content` and a forum
/// (the others), so no field alone is required; what is missing is said by the answer.
#[derive(Debug, InputObject)]
struct CreateForumPostInput {
    access_pass_id: Option<ID>,
    access_pass_ids: Option<Vec<ID>>,
    client_mutation_id: Option<String>,
    experience_id: Option<ID>,
    forum_post: Option<ForumPostInput>,
    attachments: Option<Vec<AttachmentInput>>,
    content: Option<String>,
    forum_experience_id: Option<String>,
    is_mention: Option<bool>,
    parent_id: Option<ID>,
    paywall_amount: Option<f64>,
    paywall_currency: Option<Currencies>,
    pinned: Option<bool>,
    poll: Option<PollInput>,
    title: Option<String>,
}

impl CreateForumPostInput {
    /// What the use case asks for; where both forms say something, the newer one counts.
    fn read(self) -> Result<ForumPostRequest> {
        let forum = self.forum_experience_id.map(ID::from).or(self.experience_id);
        let (old_content, old_title, old_parent, old_pinned, old_poll, old_files) = match self.forum_post {
            Some(old) => (old.content, old.title, old.parent_id, old.pinned, old.poll, old.attachments),
            None => (None, None, None, None, None, None),
        };
        let content = self.content.or(old_content);
        let options = |poll: PollInput| {
            poll.options.into_iter().map(|option| PollOption { id: option.id, text: option.text }).collect()
        };
        let currency = self.paywall_currency.map_or("usd", |currency| currency.as_str()).to_owned();
        Ok(ForumPostRequest {
            forum: optional_id(forum.as_ref())?,
            parent: optional_id(self.parent_id.or(old_parent).as_ref())?,
            title: self.title.or(old_title),
            content: content.ok_or_else(|| Error::Invalid("A forum post needs `content`.".into()))?,
            attachments: AttachmentInput::ids(self.attachments.or(old_files))?,
            pinned: self.pinned.or(old_pinned).unwrap_or(false),
            poll: self.poll.or(old_poll).map(options),
            paywall: self.paywall_amount.map(|amount| (amount, currency)),
            is_mention: self.is_mention.unwrap_or(false),
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct PostMutations;

#[Object]
impl PostMutations {
    /// Writes a forum post or a comment.
    async fn create_forum_post(
        &self,
        context: &Context<'_>,
        input: CreateForumPostInput,
    ) -> Result<Option<ForumPost>> {
        let caller = Caller::of(context);
        let post = post::create_forum_post(&caller.hall, &caller.principal, input.read()?).await?;
        Ok(Some(ForumPost(post)))
    }

    /// Sends a message; answers its id once it is durable.
    async fn send_message(&self, context: &Context<'_>, input: SendMessageInput) -> Result<Option<String>> {
        let caller = Caller::of(context);
        let target = match (&input.to_user_id, &input.feed_id, &input.experience_id) {
            (Some(user), None, None) => Target::User(user.to_string()),
            (None, feed, experience) => Target::Feed(FeedName::parse(
                feed.as_ref().map(|id| id.as_str()),
                experience.as_ref().map(|id| id.as_str()),
            )?),
            _ => {
                let sentence = "A message goes to one place: give `experienceId`, `feedId` or `toUserId`.";
                return Err(Error::Invalid(sentence.into()).into());
            }
        };
        let attachments = AttachmentInput::ids(input.attachments)?;
        let id = post::send(&caller.hall, &caller.principal, target, input.message, attachments).await?;
        Ok(Some(id.to_string()))
    }
}
