//! Rows of feeds: their rules, and the sequence that orders their posts.

use super::{Read, Row, Tx, Value, params};
use crate::error::{Error, Result};
use guildhall_core::ids::{CompanyId, ExperienceId, FeedId, FeedKind, UserId};
use guildhall_core::post::{FeedRules, WhoCanPost};

/// A feed as a writer or reader meets it.
#[derive(Debug, Clone)]
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

/// A feed before any moment is applied to it.
#[derive(Debug)]
pub(super) struct FeedRow {
    feed: Feed,
    expires_at: Option<i64>,
    is_deleted: bool,
}

impl FeedRow {
    /// The feed as it stands at a moment.
    fn at(&self, now: i64) -> Feed {
        let mut feed = self.feed.clone();
        if let Some(place) = &mut feed.place {
            place.is_gone = self.is_deleted || self.expires_at.is_some_and(|at| at <= now);
        }
        feed
    }

    fn read(mut row: Row) -> Result<Self> {
        let kind = match row.text(1)?.as_str() {
            "chat" => FeedKind::Chat,
            "forum" => FeedKind::Forum,
            _ => FeedKind::DirectMessage,
        };
        let place = match (row.id_or_null(7)?, row.id_or_null(8)?) {
            (Some(experience), Some(company)) => Some(Place { experience, company, is_gone: false }),
            _ => None,
        };
        let banned_words = row.text(4)?;
        let feed = Feed {
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
        };
        Ok(Self { feed, expires_at: row.int_or_null(9)?, is_deleted: row.int_or_null(10)?.is_some() })
    }
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

/// The statement of [`of_experience`]; every table in it is watched by the memory.
pub(super) const OF_EXPERIENCE: &str = feed_query!("f.experience_id = $1");

/// The feed of a chat or forum.
pub(crate) fn of_experience(read: &mut Read<'_>, experience: &ExperienceId) -> Result<Option<Feed>> {
    let now = read.now;
    let load = |read: &mut Read<'_>| find_row(read, OF_EXPERIENCE, params![experience]);
    let row = read.remembered(|memo| &memo.feeds, experience.clone(), load)?;
    Ok(row.as_ref().as_ref().map(|row| row.at(now)))
}

pub(crate) fn find(read: &mut Read<'_>, id: &FeedId) -> Result<Option<Feed>> {
    let now = read.now;
    Ok(find_row(read, feed_query!("f.id = $1"), params![id])?.map(|row| row.at(now)))
}

fn find_row(read: &mut Read<'_>, sql: &'static str, parameters: &[Value<'_>]) -> Result<Option<FeedRow>> {
    read.first(sql, parameters)?.map(FeedRow::read).transpose()
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
        "insert into feeds (id, kind, experience_id, company_id, who_can_post, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        params![&id, kind.as_str(), experience, company, who_can_post.as_str(), now],
    )?;
    insert_head(tx, &id)?;
    Ok(id)
}

/// Lets a new feed begin with no posts.
pub(super) fn insert_head(tx: &mut Tx<'_>, feed: &FeedId) -> Result<()> {
    tx.execute("insert into feed_heads (feed_id, last_sequence) values ($1, 0)", params![feed])?;
    Ok(())
}

/// Takes the next place in a feed. Held until the transaction ends, so places become visible in order.
pub(crate) fn take_sequence(tx: &mut Tx<'_>, feed: &FeedId) -> Result<i64> {
    let mut row = tx
        .first(
            "update feed_heads
             set last_sequence = last_sequence + 1
             where feed_id = $1
             returning last_sequence",
            params![feed],
        )?
        .ok_or_else(|| Error::internal("a feed that was just read is gone"))?;
    row.int(0)
}

/// How many posts a feed has had.
pub(crate) fn last_sequence(read: &mut Read<'_>, feed: &FeedId) -> Result<i64> {
    let row = read.first("select last_sequence from feed_heads where feed_id = $1", params![feed])?;
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
