//! Posts: sending messages and writing in forums. Reading is `feed`'s.

use crate::Guildhall;
use crate::access;
use crate::attachment::{self, Attachment};
use crate::direct_message;
use crate::error::{Error, Result, no_such};
use crate::feed::{self, FeedName};
use crate::notification;
use crate::principal::{self, Principal};
use crate::store::feed::{Feed, Place};
use crate::store::{self, Read, Tx};
use crate::user::User;
use guildhall_core::access::{AccessLevel, Standing};
use guildhall_core::ids::{AttachmentId, ExperienceId, FeedId, FeedKind, PostId, UserId};
use guildhall_core::mention;
use guildhall_core::money::Currency;
use guildhall_core::permission::Permission;
use guildhall_core::poll::{self, PollOption};
use guildhall_core::post::{self as rules, Refusal, Writer};

/// A chat message, direct message or forum post. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Post {
    /// The id.
    pub id: PostId,
    /// The feed it stands in.
    pub feed: FeedId,
    /// Its place there, from 1, without gaps.
    pub sequence: i64,
    /// The post it comments.
    pub parent: Option<PostId>,
    /// The message it answers.
    pub replying_to: Option<PostId>,
    /// A forum post's title.
    pub title: Option<String>,
    /// Markdown; empty when deleted, `None` when withheld behind a paywall.
    pub content: Option<String>,
    /// Who is mentioned.
    pub mentioned: Vec<UserId>,
    /// Everyone is mentioned.
    pub everyone_mentioned: bool,
    /// Kept at the top.
    pub pinned: bool,
    /// How often it was seen.
    pub view_count: i64,
    /// What reading it costs, in minor units.
    pub paywall: Option<(i64, Currency)>,
    /// When it was written.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// Its text was changed.
    pub is_edited: bool,
    /// It was deleted; it keeps its place.
    pub is_deleted: bool,
    /// Who wrote it.
    pub author: User,
    /// Its files.
    pub attachments: Vec<Attachment>,
}

/// A post about to be written, its text checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewPost {
    pub(crate) parent: Option<PostId>,
    pub(crate) title: Option<String>,
    pub(crate) content: String,
    pub(crate) mentioned: Vec<UserId>,
    pub(crate) everyone_mentioned: bool,
    pub(crate) pinned: bool,
    pub(crate) paywall: Option<(i64, Currency)>,
    pub(crate) attachments: Vec<AttachmentId>,
    pub(crate) poll: Vec<PollOption>,
}

/// Where a message goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// A chat, or a conversation one is in.
    Feed(FeedName),
    /// A user, by id or username.
    User(String),
}

/// Sends a message; answers its id once it is durable.
///
/// # Errors
/// The first of: no access, ban, mute, who-can-post, cooldown, banned words, links, files, length;
/// each with its own sentence.
pub async fn send(
    hall: &Guildhall,
    principal: &Principal,
    target: Target,
    content: String,
    attachments: Vec<AttachmentId>,
) -> Result<PostId> {
    let principal = principal.clone();
    hall.store
        .write(move |tx| match &target {
            Target::User(name) => direct_message::send(tx, &principal, name, &content, &attachments),
            Target::Feed(name) => send_to_feed(tx, &principal, name, &content, &attachments),
        })
        .await
}

fn send_to_feed(
    tx: &mut Tx<'_>,
    principal: &Principal,
    name: &FeedName,
    content: &str,
    attachments: &[AttachmentId],
) -> Result<PostId> {
    let user = principal.acting_user()?;
    let Some(feed) = feed::locate(tx, name)? else {
        return no_such("feed", name);
    };
    let place = match (feed.kind, &feed.place) {
        (FeedKind::DirectMessage, _) => {
            return direct_message::send_to_feed(tx, principal, &feed.id, content, attachments);
        }
        (_, Some(place)) => place,
        (_, None) => return Err(Error::internal("a chat or forum without an experience")),
    };
    let writer = admit(tx, principal, user, &feed, place, Permission::ChatMessageCreate)?;
    if feed.kind == FeedKind::Forum {
        return Err(Error::Invalid(format!("`{name}` is a forum: write there with `createForumPost`.")));
    }
    let content = rules::may_stand(content, attachments.len(), &writer, &feed.rules).map_err(refused)?;
    let post = compose(tx, principal, &writer, content, attachments)?;
    let (id, _) = store::post::insert(tx, &feed.id, user, &post)?;
    notification::tell_mentioned(tx, place, user, &post)?;
    Ok(id)
}

/// What the caller wants to write in a forum.
#[derive(Debug, Clone, Default)]
pub struct ForumPostRequest {
    /// The forum.
    pub forum: Option<ExperienceId>,
    /// The post it comments.
    pub parent: Option<PostId>,
    /// A title; not for comments.
    pub title: Option<String>,
    /// Markdown.
    pub content: String,
    /// Files.
    pub attachments: Vec<AttachmentId>,
    /// Keep it at the top; for the team.
    pub pinned: bool,
    /// A poll.
    pub poll: Option<Vec<PollOption>>,
    /// What reading it costs, in major units; for the team.
    pub paywall: Option<(f64, String)>,
    /// Tell everyone who may read it.
    pub is_mention: bool,
}

/// Writes a forum post or a comment.
///
/// # Errors
/// As for messages; `Invalid` for an unsound title, poll or price; `NotFound` for a parent elsewhere.
pub async fn create_forum_post(
    hall: &Guildhall,
    principal: &Principal,
    request: ForumPostRequest,
) -> Result<Post> {
    let principal = principal.clone();
    hall.store.write(move |tx| create_forum_post_in(tx, &principal, &request)).await
}

fn create_forum_post_in(tx: &mut Tx<'_>, principal: &Principal, request: &ForumPostRequest) -> Result<Post> {
    let user = principal.acting_user()?;
    let forum = request.forum.as_ref().ok_or_else(|| {
        Error::Invalid("Name the forum: give `forumExperienceId` or `experienceId`.".into())
    })?;
    let found = store::feed::of_experience(tx, forum)?.filter(|feed| feed.kind == FeedKind::Forum);
    let Some((mut feed, place)) = found.and_then(|feed| feed.place.clone().map(|place| (feed, place))) else {
        return no_such("feed", forum);
    };
    if request.parent.is_some() {
        // Who-can-post is about posts; commenting is for everyone with access.
        feed.rules.who_can_post = rules::WhoCanPost::Everyone;
    }
    let writer = admit(tx, principal, user, &feed, &place, Permission::ForumPostCreate)?;
    if let Some(parent) = &request.parent {
        check_parent(tx, parent, &feed.id, user, &writer)?;
    }
    let content = rules::may_stand(&request.content, request.attachments.len(), &writer, &feed.rules)
        .map_err(refused)?;
    let mut post = compose(tx, principal, &writer, content, &request.attachments)?;
    post.parent = request.parent.clone();
    post.title = check_extras(request, &writer)?;
    post.pinned = request.pinned;
    post.poll = request.poll.clone().unwrap_or_default();
    post.everyone_mentioned |= request.is_mention && writer.is_admin;
    if let Some((amount, code)) = &request.paywall {
        let currency = Currency::parse(code)?;
        post.paywall = Some((rules::check_paywall(*amount, currency)?, currency));
    }
    let (_, sequence) = store::post::insert(tx, &feed.id, user, &post)?;
    notification::tell_mentioned(tx, &place, user, &post)?;
    store::post_query::find_own(tx, &feed.id, user, sequence)?
        .ok_or_else(|| Error::internal("a post that was just written is missing"))
}

/// Checks title, poll, pin and paywall; answers the title.
fn check_extras(request: &ForumPostRequest, writer: &Writer) -> Result<Option<String>> {
    let title = rules::check_title(request.title.as_deref())?;
    if request.parent.is_some()
        && (title.is_some() || request.pinned || request.poll.is_some() || request.paywall.is_some())
    {
        return Err(Error::Invalid("A comment has no title, pin, poll or paywall.".into()));
    }
    if !writer.is_admin && (request.pinned || request.paywall.is_some()) {
        return Err(Error::Forbidden("Only the team can pin posts or put a price on them.".into()));
    }
    if let Some(options) = &request.poll {
        poll::check(options)?;
    }
    Ok(title.map(str::to_owned))
}

fn check_parent(
    read: &mut Read<'_>,
    parent: &PostId,
    feed: &FeedId,
    user: &UserId,
    writer: &Writer,
) -> Result<()> {
    let found =
        store::post::anchor(read, parent)?.filter(|anchor| anchor.feed == *feed && !anchor.is_deleted);
    let Some(anchor) = found else {
        return no_such("post", parent);
    };
    if anchor.is_comment {
        return Err(Error::Invalid("Comments stand under posts, not under comments.".into()));
    }
    let may_read = !anchor.is_paywalled
        || writer.is_admin
        || anchor.author == *user
        || store::post::has_bought(read, parent, user)?;
    if may_read { Ok(()) } else { Err(Error::Forbidden("Buy the post to comment it.".into())) }
}

/// Lets a writer into a feed, or says why not.
fn admit(
    read: &mut Read<'_>,
    principal: &Principal,
    user: &UserId,
    feed: &Feed,
    place: &Place,
    permission: Permission,
) -> Result<Writer> {
    let record = store::access::record(read, &place.company, user)?;
    let standing = access::of_experience(read, &record, &place.experience)?;
    let standing = Standing { gone: place.is_gone, ..standing };
    let level = standing.level();
    let has_access = level != AccessLevel::NoAccess;
    let mut writer = Writer {
        has_access,
        is_admin: level == AccessLevel::Admin,
        is_banned: !has_access && !place.is_gone && access::is_barred(read, &record, &place.experience)?,
        mute: record.mute,
        last_posted_at: None,
    };
    if !writer.has_access && !writer.is_banned {
        return no_such("feed", &place.experience);
    }
    if writer.has_access {
        principal::authorize_with(read, principal, &place.company, permission, &standing)?;
    }
    if feed.rules.cooldown_ms > 0 && !writer.is_admin {
        writer.last_posted_at = store::feed::last_posted_at(read, &feed.id, user)?;
    }
    rules::may_write(&writer, &feed.rules, read.now).map_err(refused)?;
    Ok(writer)
}

/// Reads mentions and checks the files of a text that may stand.
fn compose(
    read: &mut Read<'_>,
    principal: &Principal,
    writer: &Writer,
    content: &str,
    attachments: &[AttachmentId],
) -> Result<NewPost> {
    attachment::check_usable(read, principal, attachments)?;
    let mut post =
        NewPost { content: content.to_owned(), attachments: attachments.to_vec(), ..NewPost::default() };
    if content.contains('@') {
        let mentions = mention::read(content);
        post.mentioned = store::user::ids_of_usernames(read, &mentions.username_keys)?;
        post.everyone_mentioned = mentions.everyone && writer.is_admin;
    }
    Ok(post)
}

/// A refusal as an error of its kind.
#[expect(clippy::needless_pass_by_value, reason = "so that `map_err` takes it as it stands")]
pub(crate) fn refused(refusal: Refusal) -> Error {
    let sentence = refusal.to_string();
    match refusal {
        Refusal::NoAccess => Error::NotFound(sentence),
        Refusal::Banned | Refusal::Muted(_) | Refusal::AdminsOnly | Refusal::Cooldown(_) => {
            Error::Forbidden(sentence)
        }
        Refusal::BannedWord(_)
        | Refusal::Url
        | Refusal::Media
        | Refusal::Empty
        | Refusal::TooLong(_)
        | Refusal::TooManyAttachments => Error::Invalid(sentence),
    }
}
