//! Feeds: finding the one a caller names, reading it a page at a time, and the rules that hold in it.

use crate::Guildhall;
use crate::access;
use crate::direct_message;
use crate::error::{Error, Result, no_such};
use crate::post::Post;
use crate::principal::{self, Principal};
use crate::store::feed::{Feed, Place};
use crate::store::post_query::{self, Level, Reader, Span};
use crate::store::{self, Read};
use guildhall_core::access::{AccessLevel, Standing};
use guildhall_core::ids::{ExperienceId, FeedId, FeedKind, Id, PostId, UserId};
use guildhall_core::permission::Permission;
use guildhall_core::post::FeedRules;

/// Which feed a caller names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedName {
    /// A chat's or forum's, by its experience.
    Experience(ExperienceId),
    /// By its own id.
    Feed(FeedId),
}

impl FeedName {
    /// Reads a name from the wire's pair of optional ids. A feed id may also be an experience's, as
    /// early clients send it.
    ///
    /// # Errors
    /// `Invalid` when neither is given, or one is no such id.
    pub fn parse(feed: Option<&str>, experience: Option<&str>) -> Result<Self> {
        match (feed, experience) {
            (Some(id), _) if id.starts_with(ExperienceId::PREFIX) => {
                Ok(Self::Experience(ExperienceId::parse(id)?))
            }
            (Some(id), _) => Ok(Self::Feed(FeedId::parse(id)?)),
            (None, Some(id)) => Ok(Self::Experience(ExperienceId::parse(id)?)),
            (None, None) => Err(Error::Invalid("Name a feed: give `feedId` or `experienceId`.".into())),
        }
    }
}

impl std::fmt::Display for FeedName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Experience(id) => id.fmt(formatter),
            Self::Feed(id) => id.fmt(formatter),
        }
    }
}

/// Finds a feed by its name, whoever asks.
pub(crate) fn locate(read: &mut Read<'_>, name: &FeedName) -> Result<Option<Feed>> {
    match name {
        FeedName::Experience(id) => store::feed::of_experience(read, id),
        FeedName::Feed(id) => store::feed::find(read, id),
    }
}

/// Which page of a feed.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// The comments of this post instead of the feed's posts.
    pub parent: Option<PostId>,
    /// Older than this post.
    pub before: Option<PostId>,
    /// Newer than this post.
    pub after: Option<PostId>,
    /// How many.
    pub size: usize,
}

/// A page of a feed, newest first; a forum's first page begins with what is pinned.
///
/// # Errors
/// `NotFound`, the same for a feed that is not there and one the caller may not read.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    kind: FeedKind,
    name: FeedName,
    page: PageRequest,
) -> Result<Vec<Post>> {
    let principal = principal.clone();
    hall.store.read(move |read| list_in(read, &principal, kind, &name, &page)).await
}

fn list_in(
    read: &mut Read<'_>,
    principal: &Principal,
    kind: FeedKind,
    name: &FeedName,
    page: &PageRequest,
) -> Result<Vec<Post>> {
    let user = principal.acting_user()?;
    let noun = match kind {
        FeedKind::Chat => "chat",
        FeedKind::Forum => "forum",
        FeedKind::DirectMessage => "conversation",
    };
    let found = locate(read, name)?.filter(|feed| feed.kind == kind);
    let Some(feed) = found else { return no_such(noun, name) };
    let sees_everything = match &feed.place {
        Some(place) => match reading_level(read, principal, user, place, kind)? {
            AccessLevel::NoAccess => return no_such(noun, name),
            level => level == AccessLevel::Admin,
        },
        None if store::direct_message::is_member(read, &feed.id, user)? => {
            direct_message::authorize(read, principal, user, Permission::ChatRead)?;
            true
        }
        None => return no_such(noun, name),
    };
    let span = span(read, &feed.id, page)?;
    let reader = Reader { user, sees_everything };
    match (&page.parent, kind) {
        (Some(parent), _) => comments(read, &feed.id, parent, span, page, reader),
        (None, FeedKind::Forum) => forum_page(read, &feed.id, span, page, reader),
        (None, _) => post_query::page(read, &feed.id, Level::All, span, limit(page), reader),
    }
}

fn limit(page: &PageRequest) -> i64 {
    i64::try_from(page.size).unwrap_or(i64::MAX)
}

/// The comments of a post, unless the post is withheld.
fn comments(
    read: &mut Read<'_>,
    feed: &FeedId,
    parent: &PostId,
    span: Span,
    page: &PageRequest,
    reader: Reader<'_>,
) -> Result<Vec<Post>> {
    let found = store::post::anchor(read, parent)?.filter(|anchor| anchor.feed == *feed);
    let Some(anchor) = found else { return no_such("post", parent) };
    let withheld = anchor.is_paywalled
        && !reader.sees_everything
        && anchor.author != *reader.user
        && !store::post::has_bought(read, parent, reader.user)?;
    if withheld {
        return Ok(Vec::new());
    }
    post_query::page(read, feed, Level::CommentsOf(parent), span, limit(page), reader)
}

/// Posts of a forum: the pinned ones first, then the others.
fn forum_page(
    read: &mut Read<'_>,
    feed: &FeedId,
    span: Span,
    page: &PageRequest,
    reader: Reader<'_>,
) -> Result<Vec<Post>> {
    let (with_pins, rest_span) = match &page.before {
        // The page before this one ended among the pins: first the other pins, then all the rest.
        Some(before) if is_pin(read, before)? => (true, Span { below: i64::MAX, ..span }),
        Some(_) => (false, span),
        None => (page.after.is_none(), span),
    };
    let mut posts = match with_pins {
        true => post_query::page(read, feed, Level::Pinned, span, limit(page), reader)?,
        false => Vec::new(),
    };
    let rest = limit(page) - i64::try_from(posts.len()).unwrap_or(i64::MAX);
    posts.extend(post_query::page(read, feed, Level::Unpinned, rest_span, rest, reader)?);
    Ok(posts)
}

fn is_pin(read: &mut Read<'_>, post: &PostId) -> Result<bool> {
    Ok(store::post::anchor(read, post)?.is_some_and(|anchor| anchor.is_pinned))
}

fn reading_level(
    read: &mut Read<'_>,
    principal: &Principal,
    user: &UserId,
    place: &Place,
    kind: FeedKind,
) -> Result<AccessLevel> {
    let record = store::access::record(read, &place.company, user)?;
    let standing = access::of_experience(read, &record, &place.experience)?;
    let standing = Standing { gone: place.is_gone, ..standing };
    let level = standing.level();
    if level != AccessLevel::NoAccess {
        let permission = if kind == FeedKind::Forum { Permission::ForumRead } else { Permission::ChatRead };
        principal::authorize_with(read, principal, &place.company, permission, &standing)?;
    }
    Ok(level)
}

fn span(read: &mut Read<'_>, feed: &FeedId, page: &PageRequest) -> Result<Span> {
    let mut place_of = |post: &PostId| -> Result<i64> {
        match store::post::anchor(read, post)?.filter(|anchor| anchor.feed == *feed) {
            Some(anchor) => Ok(anchor.sequence),
            None => no_such("post", post),
        }
    };
    Ok(Span {
        above: page.after.as_ref().map_or(Ok(0), &mut place_of)?,
        below: page.before.as_ref().map_or(Ok(i64::MAX), &mut place_of)?,
        from_the_old_end: page.after.is_some(),
    })
}

/// The rules of a chat or forum, for its operator.
///
/// # Errors
/// `NotFound` when the experience has no feed.
pub async fn rules(hall: &Guildhall, experience: ExperienceId) -> Result<FeedRules> {
    hall.store
        .read(move |read| match store::feed::of_experience(read, &experience)? {
            Some(feed) => Ok(feed.rules),
            None => no_such("chat or forum", &experience),
        })
        .await
}

/// Changes the rules of a chat or forum, for its operator.
///
/// # Errors
/// `NotFound` when the experience has no feed, `Invalid` for a negative cooldown.
pub async fn set_rules(hall: &Guildhall, experience: ExperienceId, rules: FeedRules) -> Result<()> {
    if rules.cooldown_ms < 0 {
        return Err(Error::Invalid("The cooldown must not be negative.".into()));
    }
    hall.store
        .write(move |tx| match store::feed::of_experience(tx, &experience)? {
            Some(feed) => store::feed::set_rules(tx, &feed.id, &rules),
            None => no_such("chat or forum", &experience),
        })
        .await
}
