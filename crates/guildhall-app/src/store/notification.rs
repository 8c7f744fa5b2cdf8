//! Rows of notifications.

use super::experience::users_condition;
use super::membership::is_valid;
use super::{Tx, params};
use crate::error::Result;
use guildhall_core::ids::{AppId, CompanyId, ExperienceId, NotificationId, UserId};
use guildhall_core::membership::GRACE_MS;
use guildhall_core::notification::Message;

/// A notification about to be stored.
#[derive(Debug)]
pub(crate) struct NewNotification<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) company: &'a CompanyId,
    pub(crate) experience: Option<&'a ExperienceId>,
    pub(crate) sender: Option<&'a UserId>,
    pub(crate) message: &'a Message,
    pub(crate) is_mention: bool,
}

/// Adds a notification; `None` when the app sent one with this external id before.
pub(crate) fn insert(tx: &mut Tx<'_>, notification: &NewNotification<'_>) -> Result<Option<NotificationId>> {
    let (id, now): (NotificationId, i64) = (tx.mint(), tx.now);
    let message = notification.message;
    let added = tx.execute(
        "insert into notifications (id, app_id, company_id, experience_id, external_id, sender_id, title, content,
           subtitle, link, rest_path, is_mention, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (app_id, external_id) do nothing",
        params![
            &id,
            notification.app,
            notification.company,
            notification.experience,
            message.external_id.as_deref(),
            notification.sender,
            &message.title,
            &message.content,
            message.subtitle.as_deref(),
            message.link.as_deref(),
            message.rest_path.as_deref(),
            notification.is_mention,
            now
        ],
    )?;
    Ok((added == 1).then_some(id))
}

pub(crate) fn deliver(tx: &mut Tx<'_>, notification: &NotificationId, user: &UserId) -> Result<()> {
    tx.execute(
        "insert into user_notifications (user_id, notification_id)
         values ($1, $2)
         on conflict (user_id, notification_id) do nothing",
        params![user, notification],
    )?;
    Ok(())
}

/// Delivers to everybody who may enter an experience, who are looked for once.
pub(crate) fn deliver_to_users_of(
    tx: &mut Tx<'_>,
    notification: &NotificationId,
    experience: &ExperienceId,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        concat!(
            "insert into user_notifications (user_id, notification_id)
             select u.id, cast($5 as text)
             from users u
             where ",
            users_condition!(),
            " on conflict (user_id, notification_id) do nothing"
        ),
        params![experience, now, GRACE_MS, "%", notification],
    )?;
    Ok(())
}
