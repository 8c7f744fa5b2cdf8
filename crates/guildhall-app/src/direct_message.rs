//! Direct messages: conversations between people, one per pair.

use crate::attachment;
use crate::error::{Error, Result, no_such};
use crate::post::{NewPost, refused};
use crate::principal::{self, Principal};
use crate::store::direct_message::Filter;
use crate::store::{self, Read, Tx};
use crate::{Guildhall, user};
use guildhall_core::ids::{AttachmentId, FeedId, PostId, UserId};
use guildhall_core::mention;
use guildhall_core::permission::Permission;
use guildhall_core::post as rules;

/// A conversation as one of its members lists it. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The feed's id.
    pub id: FeedId,
    /// When it began.
    pub created_at: i64,
    /// A group's name.
    pub custom_name: Option<String>,
    /// More than a pair.
    pub is_group: bool,
    /// Kept at the top by this member.
    pub is_pinned: bool,
    /// Holds posts this member has not read.
    pub is_unread: bool,
    /// The newest post.
    pub last_post: Option<LastPost>,
    /// Who is in it, this member included.
    pub members: Vec<ConversationMember>,
}

/// One member of a conversation.
#[derive(Debug, Clone)]
pub struct ConversationMember {
    /// The user's id.
    pub id: UserId,
    /// The username.
    pub username: String,
}

/// The newest post of a conversation.
#[derive(Debug, Clone)]
pub struct LastPost {
    /// Markdown.
    pub content: String,
    /// Who wrote it.
    pub author: UserId,
}

/// Which conversations a list holds.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    /// One of the wire's `DmsFeedMemberStatuses`; accepted by default.
    pub status: Option<String>,
    /// Only those with, or only those without, unread posts.
    pub unread: Option<bool>,
    /// A name holds this.
    pub query: Option<String>,
    /// Last written in before this moment, in milliseconds.
    pub before: Option<i64>,
    /// How many.
    pub size: usize,
}

/// The acting user's conversations, newest activity first. A page is read from an index; a query, and whether there are
/// unread posts, passes what it leaves out on the way, which for an app's agent may be very many.
///
/// # Errors
/// `Unauthenticated` when nobody acts.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    filter: ConversationFilter,
) -> Result<Vec<Conversation>> {
    let user = principal.acting_user()?.clone();
    let passes_many = filter.unread.is_some() || filter.query.is_some();
    let look = move |read: &mut Read<'_>| {
        let limit = i64::try_from(filter.size).unwrap_or(i64::MAX);
        let filter = Filter {
            status: filter.status.as_deref().unwrap_or("accepted"),
            unread: filter.unread,
            query: filter.query.as_deref().unwrap_or_default(),
            before: filter.before.unwrap_or(i64::MAX),
        };
        store::direct_message::list(read, &user, &filter, limit)
    };
    if passes_many { hall.store.scan(look).await } else { hall.store.read(look).await }
}

/// Sends to a user by id or username; the first contact from someone who shares no company lands among
/// the receiver's requests.
pub(crate) fn send(
    tx: &mut Tx<'_>,
    principal: &Principal,
    to: &str,
    content: &str,
    attachments: &[AttachmentId],
) -> Result<PostId> {
    let from = principal.acting_user()?;
    authorize(tx, principal, from, Permission::ChatMessageCreate)?;
    let to = to.trim().trim_start_matches('@');
    let Some(receiver) = user::resolve(tx, to)? else {
        return no_such("user", &to);
    };
    if receiver.id == *from {
        return Err(Error::Invalid("You cannot message yourself.".into()));
    }
    let post = compose(tx, principal, content, attachments)?;
    let (feed, is_new) = store::direct_message::find_or_insert_pair(tx, from, &receiver.id)?;
    if is_new {
        let known = store::direct_message::share_a_company(tx, from, &receiver.id)?;
        store::direct_message::insert_member(tx, &feed, from, "accepted")?;
        let status = if known { "accepted" } else { "requested" };
        store::direct_message::insert_member(tx, &feed, &receiver.id, status)?;
    }
    write(tx, &feed, from, &post)
}

/// Sends into a conversation one is in.
pub(crate) fn send_to_feed(
    tx: &mut Tx<'_>,
    principal: &Principal,
    feed: &FeedId,
    content: &str,
    attachments: &[AttachmentId],
) -> Result<PostId> {
    let from = principal.acting_user()?;
    if !store::direct_message::is_member(tx, feed, from)? {
        return no_such("feed", feed);
    }
    authorize(tx, principal, from, Permission::ChatMessageCreate)?;
    let post = compose(tx, principal, content, attachments)?;
    write(tx, feed, from, &post)
}

/// An app that speaks or reads for a person needs a company of that person's to have let it.
pub(crate) fn authorize(
    read: &mut Read<'_>,
    principal: &Principal,
    person: &UserId,
    permission: Permission,
) -> Result<()> {
    match &principal.app {
        Some(app)
            if !principal.is_agent
                && !store::app::is_granted_for_user(read, &app.id, person, permission)? =>
        {
            Err(principal::missing(permission, "in every company of the person that the app acts for"))
        }
        _ => Ok(()),
    }
}

fn compose(
    tx: &mut Tx<'_>,
    principal: &Principal,
    content: &str,
    attachments: &[AttachmentId],
) -> Result<NewPost> {
    let content = content.trim();
    rules::check_length(content).map_err(refused)?;
    if attachments.len() > rules::MOST_ATTACHMENTS {
        return Err(refused(rules::Refusal::TooManyAttachments));
    }
    attachment::check_usable(tx, principal, attachments)?;
    let mentions = mention::read(content);
    Ok(NewPost {
        content: content.to_owned(),
        mentioned: store::user::ids_of_usernames(tx, &mentions.username_keys)?,
        attachments: attachments.to_vec(),
        ..NewPost::default()
    })
}

fn write(tx: &mut Tx<'_>, feed: &FeedId, from: &UserId, post: &NewPost) -> Result<PostId> {
    let (id, sequence) = store::post::insert(tx, feed, from, post)?;
    store::direct_message::note_post(tx, feed, from, sequence)?;
    Ok(id)
}
