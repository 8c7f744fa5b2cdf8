//! Notifications: in-app rows for the users of an experience or a company's team.

use crate::Guildhall;
use crate::access;
use crate::error::{Error, Result, no_such};
use crate::post::NewPost;
use crate::principal::{CallingApp, Principal};
use crate::store::feed::Place;
use crate::store::notification::NewNotification;
use crate::store::{self, Read, Tx};
use guildhall_core::access::AccessLevel;
use guildhall_core::ids::{CompanyId, ExperienceId, NotificationId, UserId};
use guildhall_core::notification::{self as rules, Audience, Message};

/// The longest excerpt of a post that a mention shows, in characters.
const EXCERPT: usize = 200;

/// What an app wants to send.
#[derive(Debug, Clone)]
pub struct Send {
    /// Everyone with access to this experience, or …
    pub experience: Option<ExperienceId>,
    /// … this company's team.
    pub company_team: Option<CompanyId>,
    /// Narrows the audience to these.
    pub users: Option<Vec<UserId>>,
    /// What it says.
    pub message: Message,
    /// Whom it seems to come from.
    pub sender: Option<UserId>,
    /// It mentions its receivers.
    pub is_mention: bool,
}

/// Sends a notification. A second send of one `externalId` is answered like the first and sends nothing.
///
/// # Errors
/// `Invalid` for an unsound message or audience, `NotFound` for an audience that is none of the app's
/// business, `Forbidden` when the person the app acts for is not on the team.
pub async fn send(hall: &Guildhall, principal: &Principal, send: Send) -> Result<()> {
    send.message.check()?;
    let audience = rules::audience(send.experience.clone(), send.company_team.clone())?;
    if send.users.as_ref().is_some_and(|users| users.len() > rules::MOST_USERS) {
        let most = rules::MOST_USERS;
        return Err(Error::Invalid(format!("`userIds` names at most {most} users.")));
    }
    let principal = principal.clone();
    hall.store.write(move |tx| send_in(tx, &principal, &audience, &send)).await
}

fn send_in(
    tx: &mut Tx<'_>,
    principal: &Principal,
    audience: &Audience<ExperienceId, CompanyId>,
    send: &Send,
) -> Result<()> {
    let app = principal.calling_app()?;
    let company = company_of(tx, principal, audience)?;
    if let Some(sender) = &send.sender
        && !may_be_sender(tx, principal, app, sender)?
    {
        return no_such("sender", sender);
    }
    let notification = NewNotification {
        app: &app.id,
        company: &company,
        experience: send.experience.as_ref(),
        sender: send.sender.as_ref(),
        message: &send.message,
        is_mention: send.is_mention,
    };
    let Some(id) = store::notification::insert(tx, &notification)? else {
        return Ok(());
    };
    match &send.users {
        Some(users) => {
            for user in users {
                deliver_within(tx, &id, &company, audience, user)?;
            }
            Ok(())
        }
        None => deliver_to_all(tx, &id, &company, audience),
    }
}

/// The app sends for whom it may act for; a person inside it sends for nobody else.
fn may_be_sender(
    read: &mut Read<'_>,
    principal: &Principal,
    app: &CallingApp,
    sender: &UserId,
) -> Result<bool> {
    if principal.is_person {
        return Ok(principal.user.as_ref() == Some(sender));
    }
    Ok(store::app::relation(read, &app.id, sender)?.is_some())
}

/// The company of an audience, when the caller may speak to it.
fn company_of(
    read: &mut Read<'_>,
    principal: &Principal,
    audience: &Audience<ExperienceId, CompanyId>,
) -> Result<CompanyId> {
    let app = principal.calling_app()?;
    let user = principal.acting_user()?;
    let (found, noun, id) = match audience {
        Audience::Experience(experience) => {
            let live = store::access::company_of_experience(read, experience)?.filter(|(_, gone)| !gone);
            (live.map(|(company, _)| company), "experience", experience.to_string())
        }
        Audience::CompanyTeam(company) => {
            (store::company::find(read, company)?.map(|company| company.id), "company", company.to_string())
        }
    };
    let company = match found {
        Some(company) if app.company == company || store::app::is_installed(read, &app.id, &company)? => {
            company
        }
        _ => return no_such(noun, &id),
    };
    if access::company_standing(read, &company, user)?.level() != AccessLevel::Admin {
        return Err(Error::Forbidden("Only the app's agent or the team can send notifications.".into()));
    }
    Ok(company)
}

fn deliver_within(
    tx: &mut Tx<'_>,
    id: &NotificationId,
    company: &CompanyId,
    audience: &Audience<ExperienceId, CompanyId>,
    user: &UserId,
) -> Result<()> {
    let record = store::access::record(tx, company, user)?;
    let reached = match audience {
        Audience::Experience(experience) => {
            access::of_experience(tx, &record, experience)?.level() != AccessLevel::NoAccess
        }
        Audience::CompanyTeam(_) => record.role.is_some(),
    };
    if reached { store::notification::deliver(tx, id, user) } else { Ok(()) }
}

fn deliver_to_all(
    tx: &mut Tx<'_>,
    id: &NotificationId,
    company: &CompanyId,
    audience: &Audience<ExperienceId, CompanyId>,
) -> Result<()> {
    match audience {
        Audience::CompanyTeam(_) => {
            for user in store::company::team(tx, company)? {
                store::notification::deliver(tx, id, &user)?;
            }
        }
        Audience::Experience(experience) => {
            store::notification::deliver_to_users_of(tx, id, experience)?;
        }
    }
    Ok(())
}

/// Tells the users a post mentions by name, those who may read it.
pub(crate) fn tell_mentioned(tx: &mut Tx<'_>, place: &Place, author: &UserId, post: &NewPost) -> Result<()> {
    if post.mentioned.is_empty() {
        return Ok(());
    }
    let Some(experience) = store::experience::find(tx, &place.experience)? else {
        return Ok(());
    };
    let name = store::user::find(tx, author)?.map_or_else(String::new, |user| user.username);
    let message = Message {
        title: format!("{name} mentioned you in {}", experience.name),
        content: post.content.chars().take(EXCERPT).collect(),
        ..Message::default()
    };
    let notification = NewNotification {
        app: &experience.app.id,
        company: &place.company,
        experience: Some(&place.experience),
        sender: Some(author),
        message: &message,
        is_mention: true,
    };
    let audience = Audience::Experience(place.experience.clone());
    let receivers: Vec<&UserId> = post.mentioned.iter().filter(|user| *user != author).collect();
    if receivers.is_empty() {
        return Ok(());
    }
    let Some(id) = store::notification::insert(tx, &notification)? else {
        return Ok(());
    };
    for user in receivers {
        deliver_within(tx, &id, &place.company, &audience, user)?;
    }
    Ok(())
}
