//! Writing posts.

use super::{Read, Tx, params};
use crate::error::Result;
use crate::post::NewPost;
use guildhall_core::ids::{AttachmentId, FeedId, PostId, UserId};
use guildhall_core::poll::PollOption;

/// Adds a post at the next place of its feed; answers its id and place.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    feed: &FeedId,
    author: &UserId,
    post: &NewPost,
) -> Result<(PostId, i64)> {
    let sequence = super::feed::take_sequence(tx, feed)?;
    let (id, now): (PostId, i64) = (tx.mint(), tx.now);
    let mentioned = id_list(&post.mentioned);
    let paywall = post.paywall.map(|(minor, currency)| (minor, currency.code()));
    tx.execute(
        "insert into posts (id, feed_id, sequence, author_id, parent_id, title, content, mentioned_user_ids,
           everyone_mentioned, pinned, paywall_minor, paywall_currency, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
        params![
            &id,
            feed,
            sequence,
            author,
            post.parent.as_ref(),
            post.title.as_deref(),
            &post.content,
            &mentioned,
            post.everyone_mentioned,
            post.pinned,
            paywall.map(|(minor, _)| minor),
            paywall.map(|(_, code)| code),
            now
        ],
    )?;
    for (position, attachment) in (0_i64..).zip(&post.attachments) {
        insert_attachment(tx, &id, position, attachment)?;
    }
    for (position, option) in (0_i64..).zip(&post.poll) {
        insert_poll_option(tx, &id, position, option)?;
    }
    Ok((id, sequence))
}

/// A JSON list of ids, which hold nothing that needs escaping.
fn id_list(ids: &[UserId]) -> String {
    if ids.is_empty() {
        return "[]".to_owned();
    }
    let quoted: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!("[{}]", quoted.join(","))
}

fn insert_attachment(tx: &mut Tx<'_>, post: &PostId, position: i64, attachment: &AttachmentId) -> Result<()> {
    tx.execute(
        "insert into post_attachments (post_id, position, attachment_id)
         values ($1, $2, $3)",
        params![post, position, attachment],
    )?;
    Ok(())
}

fn insert_poll_option(tx: &mut Tx<'_>, post: &PostId, position: i64, option: &PollOption) -> Result<()> {
    tx.execute(
        "insert into poll_options (post_id, position, option_id, text)
         values ($1, $2, $3, $4)",
        params![post, position, &option.id, option.text.trim()],
    )?;
    Ok(())
}

/// What a comment or a page has to know of a post.
#[derive(Debug)]
pub(crate) struct Anchor {
    pub(crate) feed: FeedId,
    pub(crate) sequence: i64,
    pub(crate) author: UserId,
    pub(crate) is_comment: bool,
    pub(crate) is_pinned: bool,
    pub(crate) is_deleted: bool,
    pub(crate) is_paywalled: bool,
}

pub(crate) fn anchor(read: &mut Read<'_>, id: &PostId) -> Result<Option<Anchor>> {
    let row = read.first(
        "select feed_id, sequence, author_id, parent_id, deleted_at, paywall_minor, pinned
         from posts
         where id = $1",
        params![id],
    )?;
    row.map(|mut row| {
        Ok(Anchor {
            feed: row.id(0)?,
            sequence: row.int(1)?,
            author: row.id(2)?,
            is_comment: row.text_or_null(3)?.is_some(),
            is_deleted: row.int_or_null(4)?.is_some(),
            is_paywalled: row.int_or_null(5)?.is_some(),
            is_pinned: row.flag(6)?,
        })
    })
    .transpose()
}

pub(crate) fn has_bought(read: &mut Read<'_>, post: &PostId, user: &UserId) -> Result<bool> {
    let row = read.first(
        "select user_id from post_purchases where post_id = $1 and user_id = $2",
        params![post, user],
    )?;
    Ok(row.is_some())
}

/// Empties every post of one author in a feed, keeping their places; what was pinned is so no longer.
pub(crate) fn delete_by_author(tx: &mut Tx<'_>, feed: &FeedId, author: &UserId) -> Result<u64> {
    let now = tx.now;
    tx.execute(
        "update posts
         set content = '',
             title = null,
             mentioned_user_ids = '[]',
             everyone_mentioned = 0,
             pinned = 0,
             deleted_at = $3,
             updated_at = $3
         where feed_id = $1
           and author_id = $2
           and deleted_at is null",
        params![feed, author, now],
    )
}
