//! Rows of feeds: their rules, and the sequence that orders their posts.

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use guildhall_core::ids::{CompanyId, ExperienceId, FeedId, FeedKind, UserId};
use guildhall_core::post::{FeedRules, WhoCanPost};

/// A feed as a writer or reader meets it.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) id: FeedId,
    pub(crate) kind: FeedKind,
    /// Of chats and forums; `None` for direct conversations.
    pub(crate) place: Option<Place>,
    pub(crate) rules: FeedRules,
}

/// Where a chat or forum stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) experience: ExperienceId,
    pub(crate) company: CompanyId,
    /// Deleted, or its time is over.
    pub(crate) is_gone: bool,
}

macro_rules! feed_query {
    ($condition:literal) => {
        concat!(
            "select f.id, f.kind, f.who_can_post, f.cooldown_ms, f.banned_words, f.ban_urls, f.ban_media,
               e.id, e.company_id, e.expires_at, e.deleted_at
             from feeds f
             left join experiences e on e.id = f.experience_id
             where ",
            $condition
        )
    };
}

fn from_row(mut row: Row, now: i64) -> Result<Feed> {
    let kind = match row.text(1)?.as_str() {
        "chat" => FeedKind::Chat,
        "forum" => FeedKind::Forum,
        _ => FeedKind::DirectMessage,
    };
    let place = match (row.id_or_null(7)?, row.id_or_null(8)?) {
        (Some(experience), Some(company)) => {
            let over = row.int_or_null(9)?.is_some_and(|at| at <= now);
            Some(Place { experience, company, is_gone: over || row.int_or_null(10)?.is_some() })
        }
        _ => None,
    };
    let banned_words = row.text(4)?;
    Ok(Feed {
        id: row.id(0)?,
        kind,
        place,
        rules: FeedRules {
            who_can_post: WhoCanPost::from_word(&row.text(2)?).unwrap_or(WhoCanPost::Admins),
            cooldown_ms: row.int(3)?,
            banned_words: match banned_words.as_str() {
                "[]" => Vec::new(),
                words => serde_json::from_str(words).map_err(Error::internal)?,
            },
            ban_urls: row.flag(5)?,
            ban_media: row.flag(6)?,
        },
    })
}

pub(crate) fn of_experience(read: &mut Read<'_>, experience: &ExperienceId) -> Result<Option<Feed>> {
    let now = read.now;
    let row = read.first(feed_query!("f.experience_id = $1"), params![experience])?;
    row.map(|row| from_row(row, now)).transpose()
}

pub(crate) fn find(read: &mut Read<'_>, id: &FeedId) -> Result<Option<Feed>> {
    let now = read.now;
    let row = read.first(feed_query!("f.id = $1"), params![id])?;
    row.map(|row| from_row(row, now)).transpose()
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    kind: FeedKind,
    experience: &ExperienceId,
    company: &CompanyId,
    who_can_post: WhoCanPost,
) -> Result<FeedId> {
    let (id, now) = (tx.mint_feed(kind), tx.now);
    tx.execute(
        "insert into feeds (id, kind, experience_id, company_id, who_can_post, last_posted_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
        params![&id, kind.as_str(), experience, company, who_can_post.as_str(), now],
    )?;
    Ok(id)
}

/// Takes the next place in a feed. Held until the transaction ends, so places become visible in order.
pub(crate) fn take_sequence(tx: &mut Tx<'_>, feed: &FeedId) -> Result<i64> {
    let now = tx.now;
    let mut row = tx
        .first(
            "update feeds
             set last_sequence = last_sequence + 1,
                 last_posted_at = $2
             where id = $1
             returning last_sequence",
            params![feed, now],
        )?
        .ok_or_else(|| Error::internal("a feed that was just read is gone"))?;
    row.int(0)
}

/// How many posts a feed has had.
pub(crate) fn last_sequence(read: &mut Read<'_>, feed: &FeedId) -> Result<i64> {
    let row = read.first("select last_sequence from feeds where id = $1", params![feed])?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// When a user last wrote in a feed.
pub(crate) fn last_posted_at(read: &mut Read<'_>, feed: &FeedId, author: &UserId) -> Result<Option<i64>> {
    let row = read.first(
        "select created_at
         from posts
         where feed_id = $1
           and author_id = $2
         order by sequence desc
         limit 1",
        params![feed, author],
    )?;
    row.map(|mut row| row.int(0)).transpose()
}

/// Changes a feed's rules.
pub(crate) fn set_rules(tx: &mut Tx<'_>, feed: &FeedId, rules: &FeedRules) -> Result<()> {
    let banned_words = serde_json::to_string(&rules.banned_words).map_err(Error::internal)?;
    tx.execute(
        "update feeds
         set who_can_post = $2,
             cooldown_ms = $3,
             banned_words = $4,
             ban_urls = $5,
             ban_media = $6
         where id = $1",
        params![
            feed,
            rules.who_can_post.as_str(),
            rules.cooldown_ms,
            &banned_words,
            rules.ban_urls,
            rules.ban_media
        ],
    )?;
    Ok(())
}
