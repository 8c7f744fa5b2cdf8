//! Reading posts, a page at a time, newest first.

use super::user::{USER_COLUMNS, user_columns};
use super::{Read, Row, attachment, params, user};
use crate::error::{Error, Result};
use crate::post::Post;
use guildhall_core::ids::{FeedId, Id, PostId, UserId};
use guildhall_core::money::Currency;

/// Which posts of a feed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level<'a> {
    /// All of them: chats and conversations have one level.
    All,
    /// A forum's posts that are pinned.
    Pinned,
    /// A forum's other posts.
    Unpinned,
    /// The comments of one post.
    CommentsOf(&'a PostId),
}

/// The span of places a page lies in, both ends left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) above: i64,
    pub(crate) below: i64,
    /// The oldest of the span instead of the newest; still answered newest first.
    pub(crate) from_the_old_end: bool,
}

macro_rules! page_query {
    ($condition:literal, $order:literal) => {
        concat!(
            "select o.id, o.feed_id, o.sequence, o.parent_id, o.replying_to_id, o.title, o.content,
               o.mentioned_user_ids, o.everyone_mentioned, o.pinned, o.view_count, o.paywall_minor,
               o.paywall_currency, o.created_at, o.updated_at, o.edited_at, o.deleted_at,
               (select count(*) from post_attachments t where t.post_id = o.id),
               (select count(*) from post_purchases b where b.post_id = o.id and b.user_id = $5), ",
            user_columns!(),
            " from posts o
              join users u on u.id = o.author_id
              where o.feed_id = $1
                and o.sequence > $2
                and o.sequence < $3 ",
            $condition,
            " order by o.sequence ",
            $order,
            " limit $4"
        )
    };
}

const OWN_COLUMNS: usize = 19;
const _: () = assert!(OWN_COLUMNS + USER_COLUMNS == 31);

/// Who reads, and whether nothing is withheld from them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) sees_everything: bool,
}

/// At most `limit` posts of a span, newest first.
pub(crate) fn page(
    read: &mut Read<'_>,
    feed: &FeedId,
    level: Level<'_>,
    span: Span,
    limit: i64,
    reader: Reader<'_>,
) -> Result<Vec<Post>> {
    let user = reader.user.as_str();
    let common = params![feed, span.above, span.below, limit, user];
    let oldest = span.from_the_old_end;
    let rows = match (level, oldest) {
        (Level::All, false) => read.query(page_query!("", "desc"), common),
        (Level::All, true) => read.query(page_query!("", "asc"), common),
        (Level::Pinned, _) => read.query(
            page_query!("and o.pinned = 1 and o.parent_id is null and o.deleted_at is null", "desc"),
            common,
        ),
        (Level::Unpinned, false) => {
            read.query(page_query!("and o.pinned = 0 and o.parent_id is null", "desc"), common)
        }
        (Level::Unpinned, true) => {
            read.query(page_query!("and o.pinned = 0 and o.parent_id is null", "asc"), common)
        }
        (Level::CommentsOf(parent), false) => read.query(
            page_query!("and o.parent_id = $6", "desc"),
            params![feed, span.above, span.below, limit, user, parent],
        ),
        (Level::CommentsOf(parent), true) => read.query(
            page_query!("and o.parent_id = $6", "asc"),
            params![feed, span.above, span.below, limit, user, parent],
        ),
    }?;
    let mut posts = rows.into_iter().map(|row| from_row(read, row, reader)).collect::<Result<Vec<Post>>>()?;
    if oldest {
        posts.reverse();
    }
    Ok(posts)
}

fn from_row(read: &mut Read<'_>, mut row: Row, reader: Reader<'_>) -> Result<Post> {
    let author = user::from_row(&mut row, OWN_COLUMNS)?;
    let paywall = match (row.int_or_null(11)?, row.text_or_null(12)?) {
        (Some(minor), Some(code)) => {
            Some((minor, Currency::parse(&code).map_err(|error| Error::internal(error.0))?))
        }
        _ => None,
    };
    let is_deleted = row.int_or_null(16)?.is_some();
    let bought = row.flag(18)?;
    let is_withheld = paywall.is_some() && !reader.sees_everything && !bought && author.id != *reader.user;
    let id: PostId = row.id(0)?;
    let attachments = match row.int(17)? {
        0 => Vec::new(),
        _ if is_withheld || is_deleted => Vec::new(),
        _ => attachment::of_post(read, &id)?,
    };
    let mentioned = row.text(7)?;
    let content = row.text(6)?;
    Ok(Post {
        id,
        feed: row.id(1)?,
        sequence: row.int(2)?,
        parent: row.id_or_null(3)?,
        replying_to: row.id_or_null(4)?,
        title: row.text_or_null(5)?,
        content: if is_withheld { None } else { Some(content) },
        mentioned: if is_withheld { Vec::new() } else { ids_of(&mentioned)? },
        everyone_mentioned: row.flag(8)?,
        pinned: row.flag(9)?,
        view_count: row.int(10)?,
        paywall,
        created_at: row.int(13)?,
        updated_at: row.int(14)?,
        is_edited: row.int_or_null(15)?.is_some(),
        is_deleted,
        author,
        attachments,
    })
}

fn ids_of(list: &str) -> Result<Vec<UserId>> {
    if list == "[]" {
        return Ok(Vec::new());
    }
    let texts: Vec<String> = serde_json::from_str(list).map_err(Error::internal)?;
    Ok(texts.into_iter().map(UserId::from_stored).collect())
}

/// One post as its author sees it.
pub(crate) fn find_own(
    read: &mut Read<'_>,
    feed: &FeedId,
    author: &UserId,
    sequence: i64,
) -> Result<Option<Post>> {
    let span = Span { above: sequence - 1, below: sequence + 1, from_the_old_end: false };
    let reader = Reader { user: author, sees_everything: true };
    Ok(page(read, feed, Level::All, span, 1, reader)?.into_iter().next())
}
