//! Rows of direct conversations.

use super::{Read, Tx, params};
use crate::direct_message::{Conversation, ConversationMember, LastPost};
use crate::error::{Error, Result};
use guildhall_core::ids::{FeedId, FeedKind, Id, UserId};

/// The most members a conversation has.
pub(crate) const MOST_MEMBERS: i64 = 50;

/// The conversation of two users, made when there is none yet; and whether it was made now.
pub(crate) fn find_or_insert_pair(tx: &mut Tx<'_>, one: &UserId, other: &UserId) -> Result<(FeedId, bool)> {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    let pair_key = format!("{low} {high}");
    if let Some(id) = find_pair(tx, &pair_key)? {
        return Ok((id, false));
    }
    let (id, now) = (tx.mint_feed(FeedKind::DirectMessage), tx.now);
    let added = tx.execute(
        "insert into feeds (id, kind, who_can_post, pair_key, created_at)
         values ($1, 'direct_message', 'everyone', $2, $3)
         on conflict (pair_key) do nothing",
        params![&id, &pair_key, now],
    )?;
    if added == 1 {
        super::feed::insert_head(tx, &id)?;
        return Ok((id, true));
    }
    let found = find_pair(tx, &pair_key)?;
    Ok((found.ok_or_else(|| Error::internal("a conversation that stood in the way is missing"))?, false))
}

fn find_pair(read: &mut Read<'_>, pair_key: &str) -> Result<Option<FeedId>> {
    let row = read.first("select id from feeds where pair_key = $1", params![pair_key])?;
    row.map(|mut row| row.id(0)).transpose()
}

pub(crate) fn insert_member(tx: &mut Tx<'_>, feed: &FeedId, user: &UserId, status: &str) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into feed_members (feed_id, user_id, status, last_posted_at)
         values ($1, $2, $3, $4)
         on conflict (feed_id, user_id) do nothing",
        params![feed, user, status, now],
    )?;
    Ok(())
}

/// Notes a new post for every member: their lists order by it, and its author has read it and, by
/// answering, accepted the conversation.
pub(crate) fn note_post(tx: &mut Tx<'_>, feed: &FeedId, author: &UserId, sequence: i64) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update feed_members
         set last_posted_at = $2,
             read_sequence = case when user_id = $3 then $4 else read_sequence end,
             status = case when user_id = $3 then 'accepted' else status end
         where feed_id = $1",
        params![feed, now, author, sequence],
    )?;
    Ok(())
}

pub(crate) fn is_member(read: &mut Read<'_>, feed: &FeedId, user: &UserId) -> Result<bool> {
    let row = read
        .first("select user_id from feed_members where feed_id = $1 and user_id = $2", params![feed, user])?;
    Ok(row.is_some())
}

/// Whether two users belong to a common company.
pub(crate) fn share_a_company(read: &mut Read<'_>, one: &UserId, other: &UserId) -> Result<bool> {
    macro_rules! companies_of {
        ($user:literal) => {
            concat!(
                "select company_id from memberships where user_id = ",
                $user,
                " and status <> 'drafted' union select company_id from team_members where user_id = ",
                $user,
                " union select i.company_id from app_agents g join app_installs i on i.app_id = g.app_id where g.user_id = ",
                $user
            )
        };
    }
    let row = read.first(
        concat!(
            "select a.company_id from (",
            companies_of!("$1"),
            ") a where a.company_id in (",
            companies_of!("$2"),
            ") limit 1"
        ),
        params![one, other],
    )?;
    Ok(row.is_some())
}

/// Which conversations a list holds.
#[derive(Debug, Clone)]
pub(crate) struct Filter<'a> {
    pub(crate) status: &'a str,
    /// Only those with or without unread posts.
    pub(crate) unread: Option<bool>,
    /// Another member's username or the conversation's name holds this.
    pub(crate) query: &'a str,
    /// Older than this, in milliseconds.
    pub(crate) before: i64,
}

pub(crate) fn list(
    read: &mut Read<'_>,
    user: &UserId,
    filter: &Filter<'_>,
    limit: i64,
) -> Result<Vec<Conversation>> {
    let pattern = super::user::like_within(filter.query);
    let rows = read.query(
        "select f.id, f.created_at, f.custom_name, f.pair_key, m.pinned,
           cast(case when h.last_sequence > m.read_sequence then 1 else 0 end as bigint),
           p.content, p.author_id
         from feed_members m
         join feeds f on f.id = m.feed_id
         join feed_heads h on h.feed_id = m.feed_id
         left join posts p on p.feed_id = f.id and p.sequence = h.last_sequence
         where m.user_id = $1
           and m.status = $2
           and m.last_posted_at < $3
           and (cast($4 as bigint) is null
             or $4 = case when h.last_sequence > m.read_sequence then 1 else 0 end)
           and ($5 = '%%' or lower(coalesce(f.custom_name, '')) like $5 escape '!' or exists (
             select 1
             from feed_members o
             join users u on u.id = o.user_id
             where o.feed_id = f.id
               and o.user_id <> $1
               and (u.username_key like $5 escape '!' or lower(coalesce(u.name, '')) like $5 escape '!')))
         order by m.last_posted_at desc, m.feed_id desc
         limit $6",
        params![user, filter.status, filter.before, filter.unread.map(i64::from), &pattern, limit],
    )?;
    let mut conversations = Vec::with_capacity(rows.len());
    for mut row in rows {
        let id: FeedId = row.id(0)?;
        let last_post = match (row.text_or_null(6)?, row.id_or_null(7)?) {
            (Some(content), Some(author)) => Some(LastPost { content, author }),
            _ => None,
        };
        conversations.push(Conversation {
            created_at: row.int(1)?,
            custom_name: row.text_or_null(2)?,
            is_group: row.text_or_null(3)?.is_none(),
            is_pinned: row.flag(4)?,
            is_unread: row.flag(5)?,
            last_post,
            members: members(read, &id)?,
            id,
        });
    }
    Ok(conversations)
}

fn members(read: &mut Read<'_>, feed: &FeedId) -> Result<Vec<ConversationMember>> {
    let rows = read.query(
        "select u.id, u.username
         from feed_members m
         join users u on u.id = m.user_id
         where m.feed_id = $1
         order by u.id
         limit $2",
        params![feed, MOST_MEMBERS],
    )?;
    rows.into_iter()
        .map(|mut row| {
            Ok(ConversationMember { id: UserId::from_stored(row.text(0)?), username: row.text(1)? })
        })
        .collect()
}
