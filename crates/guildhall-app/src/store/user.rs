//! Rows of users.

use super::{Read, Row, Tx, params};
use crate::error::Result;
use crate::user::{NewUser, User};
use guildhall_core::ids::UserId;
use guildhall_core::user::username_key;

macro_rules! user_columns {
    () => {
        "u.id, u.username, u.name, u.email, u.bio, u.city, u.country, u.phone_verified, u.date_of_birth,
         u.picture_id, u.banner_id, u.created_at"
    };
}
pub(super) use user_columns;

/// How many columns [`user_columns`] names.
pub(super) const USER_COLUMNS: usize = 12;

/// Reads a user whose columns begin at `from`.
pub(super) fn from_row(row: &mut Row, from: usize) -> Result<User> {
    Ok(User {
        id: row.id(from)?,
        username: row.text(from + 1)?,
        name: row.text_or_null(from + 2)?,
        email: row.text_or_null(from + 3)?,
        bio: row.text_or_null(from + 4)?,
        city: row.text_or_null(from + 5)?,
        country: row.text_or_null(from + 6)?,
        phone_verified: row.flag(from + 7)?,
        date_of_birth: row.text_or_null(from + 8)?,
        picture: row.id_or_null(from + 9)?,
        banner: row.id_or_null(from + 10)?,
        created_at: row.int(from + 11)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &UserId) -> Result<Option<User>> {
    let row =
        read.first(concat!("select ", user_columns!(), " from users u where u.id = $1"), params![id])?;
    row.map(|mut row| from_row(&mut row, 0)).transpose()
}

pub(crate) fn find_by_username(read: &mut Read<'_>, username: &str) -> Result<Option<User>> {
    let key = username_key(username);
    let row = read.first(
        concat!("select ", user_columns!(), " from users u where u.username_key = $1"),
        params![&key],
    )?;
    row.map(|mut row| from_row(&mut row, 0)).transpose()
}

/// The ids of the users with these username keys, in that order, unknown ones left out.
pub(crate) fn ids_of_usernames(read: &mut Read<'_>, keys: &[String]) -> Result<Vec<UserId>> {
    let mut ids = Vec::with_capacity(keys.len());
    for key in keys {
        if let Some(mut row) = read.first("select id from users where username_key = $1", params![key])? {
            ids.push(row.id(0)?);
        }
    }
    Ok(ids)
}

/// The pattern of names that begin with `text`, for `like … escape '!'`.
pub(super) fn like_prefix(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for character in text.trim().to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The pattern of names that hold `text`, for `like … escape '!'`.
pub(super) fn like_within(text: &str) -> String {
    format!("%{}", like_prefix(text))
}

/// Keeps others from taking a username until the transaction ends.
fn lock_username(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    tx.lock(&format!("username {key}"))
}

/// Gives a user another username; `false` when somebody else has it.
pub(crate) fn set_username(tx: &mut Tx<'_>, user: &UserId, username: &str) -> Result<bool> {
    let (key, now) = (username_key(username), tx.now);
    lock_username(tx, &key)?;
    let changed = tx.execute(
        "update users
         set username = $2, username_key = $3, updated_at = $4
         where id = $1
           and not exists (select 1 from users o where o.username_key = $3 and o.id <> $1)",
        params![user, username, &key, now],
    )?;
    Ok(changed == 1)
}

/// Adds a user; `None` when the username is taken.
pub(crate) fn insert(tx: &mut Tx<'_>, user: &NewUser) -> Result<Option<UserId>> {
    let id: UserId = tx.mint();
    let (key, now) = (username_key(&user.username), tx.now);
    lock_username(tx, &key)?;
    let added = tx.execute(
        "insert into users (id, username, username_key, name, email, bio, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)
         on conflict (username_key) do nothing",
        params![
            &id,
            &user.username,
            &key,
            user.name.as_deref(),
            user.email.as_deref(),
            user.bio.as_deref(),
            now
        ],
    )?;
    Ok((added == 1).then_some(id))
}
