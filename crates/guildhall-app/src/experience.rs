//! Experiences: finding them, listing them, and making chats and forums.

use crate::Guildhall;
use crate::access;
use crate::access_pass::{self, AccessPassKind, NewAccessPass, PublicAccessPass, Visibility};
use crate::app::App;
use crate::company::Company;
use crate::error::{Error, Result, no_such};
use crate::page::{Page, Part};
use crate::plan::{self, NewPlan, Plan};
use crate::principal::{Principal, authorize};
use crate::processor;
use crate::store::{self, Read, Tx};
use crate::user::User;
use guildhall_core::access::AccessLevel;
use guildhall_core::experience::{self as rules, ExperienceKind};
use guildhall_core::ids::{
    AccessPassId, AppId, AttachmentId, CompanyId, ExperienceId, FeedKind, PlanId, UserId,
};
use guildhall_core::permission::Permission;
use guildhall_core::plan::{Upsell, UpsellRequest};
use guildhall_core::post::WhoCanPost;

/// A chat, a forum or an app inside a community.
#[derive(Debug, Clone)]
pub struct Experience {
    /// The id.
    pub id: ExperienceId,
    /// What it is.
    pub kind: ExperienceKind,
    /// The name shown.
    pub name: String,
    /// A few words.
    pub description: Option<String>,
    /// The logo.
    pub logo: Option<AttachmentId>,
    /// Deleted, or its time is over.
    pub is_gone: bool,
    /// The app it runs.
    pub app: App,
    /// The company it belongs to.
    pub company: Company,
    /// What it costs beyond the pass, if anything.
    pub upsell_plan: Option<Plan>,
}

/// What a new experience is made of.
#[derive(Debug, Clone)]
pub struct NewExperience {
    /// The company it belongs to.
    pub company: CompanyId,
    /// The app it runs.
    pub app: AppId,
    /// What it is.
    pub kind: ExperienceKind,
    /// The name shown.
    pub name: String,
    /// A few words.
    pub description: Option<String>,
    /// When its time is over, in milliseconds.
    pub expires_at: Option<i64>,
}

/// Which experiences a list holds.
#[derive(Debug, Clone, Default)]
pub struct ExperienceFilter {
    /// Those that run this app.
    pub app: Option<AppId>,
    /// Those attached to this pass.
    pub access_pass: Option<AccessPassId>,
    /// Those attached to some pass, or to none.
    pub on_access_pass: Option<bool>,
    /// Those whose name holds this, without regard to case.
    pub query: String,
}

/// What find-or-create is asked for.
#[derive(Debug, Clone)]
pub struct FindOrCreate {
    /// Chat or forum.
    pub kind: ExperienceKind,
    /// Trimmed and without case, names are one.
    pub name: String,
    /// The pass to attach it to.
    pub access_pass: Option<AccessPassId>,
    /// Or an experience whose first pass to attach it to.
    pub experience: Option<ExperienceId>,
    /// Seconds since 1970.
    pub expires_at: Option<i64>,
    /// Makes an upsell of it.
    pub price: Option<UpsellRequest>,
    /// Defaults to everyone in a chat, to the team in a forum.
    pub who_can_post: Option<WhoCanPost>,
}

/// An experience, to those who may see it: its team, its pass's holders (with or without the upsell),
/// and the apps installed in its company.
///
/// # Errors
/// `NotFound`, the same for what is not there and what is not shown.
pub async fn find(hall: &Guildhall, principal: &Principal, id: ExperienceId) -> Result<Experience> {
    let principal = principal.clone();
    hall.store.read(move |read| visible(read, &principal, &id)).await
}

fn visible(read: &mut Read<'_>, principal: &Principal, id: &ExperienceId) -> Result<Experience> {
    match store::experience::find(read, id)? {
        Some(found) if !found.is_gone && is_visible(read, principal, &found)? => Ok(found),
        _ => no_such("experience", id),
    }
}

fn is_visible(read: &mut Read<'_>, principal: &Principal, experience: &Experience) -> Result<bool> {
    let company = &experience.company.id;
    if principal.is_agent
        && let Some(app) = &principal.app
    {
        return Ok(app.company == *company || store::app::is_installed(read, &app.id, company)?);
    }
    let Some(user) = &principal.user else {
        return Ok(false);
    };
    let record = store::access::record(read, company, user)?;
    let standing = access::of_experience(read, &record, &experience.id)?;
    if standing.level() != AccessLevel::NoAccess {
        return Ok(true);
    }
    if standing.banned {
        return Ok(false);
    }
    let without_upsell: Vec<_> = store::access::doors(read, &experience.id)?
        .iter()
        .map(|door| store::access::DoorRow { access_pass: door.access_pass.clone(), upsell_pass: None })
        .collect();
    Ok(record.opens(&without_upsell))
}

/// A company's live experiences that the caller may see, oldest first. The total reads every one of the company; for a
/// member each is looked at.
///
/// # Errors
/// `NotFound` for an unknown company, `Invalid` for an unreadable cursor.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: ExperienceFilter,
    after: Option<ExperienceId>,
    size: usize,
) -> Result<Page<Experience>> {
    let principal = principal.clone();
    hall.store
        .scan(move |read| {
            use guildhall_core::ids::Id;
            let limit = i64::try_from(size).unwrap_or(i64::MAX - 1);
            let has_previous = after.is_some();
            let mut after = after.as_ref().map(|id| id.as_str().to_owned());
            if sees_everything(read, &principal, &company)? {
                let mut nodes =
                    store::experience::list(read, &company, &filter, after.as_deref(), limit + 1)?;
                let has_next = nodes.len() > size;
                nodes.truncate(size);
                let total = store::experience::count(read, &company, &filter)?;
                return Ok(Page { nodes, total, has_next, has_previous });
            }
            // Who sees only some is a member: their list is what their passes open, read in bounded steps.
            let (mut nodes, mut total) = (Vec::new(), 0);
            let beyond = after.take();
            let mut from: Option<String> = None;
            loop {
                let step = store::experience::list(read, &company, &filter, from.as_deref(), STEP)?;
                let Some(last) = step.last() else { break };
                from = Some(last.id.as_str().to_owned());
                for experience in step {
                    if is_visible(read, &principal, &experience)? {
                        total += 1;
                        let later = beyond.as_deref().is_none_or(|after| experience.id.as_str() > after);
                        if later && nodes.len() <= size {
                            nodes.push(experience);
                        }
                    }
                }
            }
            let has_next = nodes.len() > size;
            nodes.truncate(size);
            Ok(Page { nodes, total, has_next, has_previous })
        })
        .await
}

/// How many experiences one step of a member's list reads.
const STEP: i64 = 200;

/// Whether the caller may see what an experience costs. Buyers to be are shown the price of the
/// upsell in front of them; an app needs `plan:basic:read`.
///
/// # Errors
/// `Internal` only.
pub async fn shows_plan(hall: &Guildhall, principal: &Principal, experience: &Experience) -> Result<bool> {
    let Some(app) = principal.app.clone().filter(|_| experience.upsell_plan.is_some()) else {
        return Ok(true);
    };
    let company = experience.company.id.clone();
    if app.company == company {
        return Ok(true);
    }
    hall.store.read(move |read| store::app::is_granted(read, &app.id, &company, Permission::PlanRead)).await
}

/// The address that opens an experience in the hub.
#[must_use]
pub fn link(hall: &Guildhall, id: &ExperienceId) -> String {
    format!("{}/experiences/{id}", hall.settings.origin)
}

fn sees_everything(read: &mut Read<'_>, principal: &Principal, company: &CompanyId) -> Result<bool> {
    if let Some(app) = &principal.app
        && principal.is_agent
    {
        return Ok(app.company == *company || store::app::is_installed(read, &app.id, company)?);
    }
    match &principal.user {
        Some(user) => Ok(access::company_standing(read, company, user)?.level() == AccessLevel::Admin),
        None => Ok(false),
    }
}

/// Which users of an experience a list holds.
#[derive(Debug, Clone, Default)]
pub struct UsersFilter {
    /// Username or name begins so.
    pub query: String,
    /// Newest accounts first.
    pub descending: bool,
}

/// The users who may enter an experience, by id, for those who may enter it themselves. Each page reads all of them,
/// since the total counts them.
///
/// # Errors
/// `NotFound`.
pub async fn users(
    hall: &Guildhall,
    principal: &Principal,
    id: ExperienceId,
    filter: UsersFilter,
    part: Part<UserId>,
) -> Result<Page<User>> {
    let principal = principal.clone();
    hall.store
        .scan(move |read| {
            visible(read, &principal, &id)?;
            let nodes = store::experience::users(read, &id, &filter, &part)?;
            let total = store::experience::count_users(read, &id, &filter.query)?;
            Ok(part.page(nodes, total))
        })
        .await
}

/// The passes an experience is attached to.
///
/// # Errors
/// `NotFound` when the experience is not shown to the caller.
pub async fn access_passes(
    hall: &Guildhall,
    principal: &Principal,
    id: ExperienceId,
) -> Result<Vec<PublicAccessPass>> {
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            visible(read, &principal, &id)?;
            store::access_pass::of_experience(read, &id)
        })
        .await
}

/// Finds the live chat or forum of a name, or makes it. Whoever calls, and however many at once, gets
/// one and the same; a found one is returned unchanged.
///
/// # Errors
/// `Invalid` for unsound input, `NotFound` for a pass or experience that is not the caller's business,
/// `Forbidden` naming the missing permission.
pub async fn find_or_create(
    hall: &Guildhall,
    principal: &Principal,
    wanted: FindOrCreate,
) -> Result<ExperienceId> {
    if let Some(price) = &wanted.price {
        let upsell = price.check()?;
        processor::check_prices(hall, upsell.terms(), upsell.currency)?;
    }
    let principal = principal.clone();
    hall.store.write(move |tx| find_or_create_in(tx, &principal, &wanted)).await
}

fn find_or_create_in(tx: &mut Tx<'_>, principal: &Principal, wanted: &FindOrCreate) -> Result<ExperienceId> {
    let app = principal.calling_app()?.clone();
    let name = rules::check_name(&wanted.name)?.to_owned();
    let expires_at = wanted.expires_at.map(|seconds| rules::check_expiry(seconds, tx.now)).transpose()?;
    let upsell = wanted.price.as_ref().map(UpsellRequest::check).transpose()?;
    let (company, pass) = place(tx, principal, wanted)?;
    authorize(tx, principal, &company, Permission::ExperienceCreate)?;
    authorize(tx, principal, &company, Permission::ExperienceAttach)?;
    let key = rules::name_key(&name);
    tx.lock(&format!("experience {company} {} {key}", wanted.kind.as_str()))?;
    if let Some(found) = store::experience::find_by_name(tx, &company, wanted.kind, pass.as_ref(), &key)? {
        return Ok(found);
    }
    if upsell.is_some() && pass.is_none() {
        return Err(Error::Invalid(
            "`price` needs a pass to stand on: give `accessPassId`, or `experienceId` of an attached experience.".into(),
        ));
    }
    let new = NewExperience {
        company: company.clone(),
        app: app.id,
        kind: wanted.kind,
        name: name.clone(),
        description: None,
        expires_at,
    };
    let id = create(tx, &new, wanted.who_can_post)?;
    if let Some(pass) = &pass {
        let upsell =
            upsell.as_ref().map(|upsell| create_upsell(tx, &company, &id, &name, upsell)).transpose()?;
        store::experience::attach(tx, &id, pass, upsell.as_ref())?;
    }
    store::experience::set_name(tx, &company, wanted.kind, pass.as_ref(), &key, &id)?;
    Ok(id)
}

/// The company and pass that find-or-create stands on.
fn place(
    read: &mut Read<'_>,
    principal: &Principal,
    wanted: &FindOrCreate,
) -> Result<(CompanyId, Option<AccessPassId>)> {
    let app = principal.calling_app()?;
    let within_reach = |read: &mut Read<'_>, company: &CompanyId| -> Result<bool> {
        Ok(app.company == *company || store::app::is_installed(read, &app.id, company)?)
    };
    if let Some(pass) = &wanted.access_pass {
        return match store::access::company_of_pass(read, pass)? {
            Some(company) if within_reach(read, &company)? => Ok((company, Some(pass.clone()))),
            _ => no_such("access pass", pass),
        };
    }
    if let Some(experience) = &wanted.experience {
        return match store::access::company_of_experience(read, experience)? {
            Some((company, false)) if within_reach(read, &company)? => {
                use guildhall_core::ids::Id;
                let doors = store::access::doors(read, experience)?;
                Ok((company, doors.first().map(|door| AccessPassId::from_stored(door.access_pass.clone()))))
            }
            _ => no_such("experience", experience),
        };
    }
    Ok((principal.company.clone().unwrap_or_else(|| app.company.clone()), None))
}

/// Makes an experience, with its feed when it is a chat or a forum.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    experience: &NewExperience,
    who_can_post: Option<WhoCanPost>,
) -> Result<ExperienceId> {
    let id = store::experience::insert(tx, experience)?;
    let feed = match experience.kind {
        ExperienceKind::Chat => Some((FeedKind::Chat, WhoCanPost::Everyone)),
        ExperienceKind::Forum => Some((FeedKind::Forum, WhoCanPost::Admins)),
        ExperienceKind::App => None,
    };
    if let Some((kind, default)) = feed {
        store::feed::insert(tx, kind, &id, &experience.company, who_can_post.unwrap_or(default))?;
    }
    Ok(id)
}

/// A hidden pass and its one-time plan.
fn create_upsell(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    experience: &ExperienceId,
    name: &str,
    upsell: &Upsell,
) -> Result<(AccessPassId, PlanId)> {
    use guildhall_core::ids::Id;
    let pass = access_pass::create(
        tx,
        &NewAccessPass {
            company: company.clone(),
            kind: AccessPassKind::ExperienceUpsell,
            title: name.to_owned(),
            route: format!("upsell-{}", experience.as_str()),
            headline: None,
            shortened_description: None,
            visibility: Visibility::Hidden,
        },
    )?;
    let plan = plan::create(
        tx,
        &NewPlan {
            release_method: upsell.release_method,
            visibility: Visibility::Hidden,
            custom_fields: upsell.custom_fields.clone(),
            ..NewPlan::of_terms(company.clone(), pass.clone(), upsell.currency, upsell.terms())
        },
    )?;
    Ok((pass, plan))
}
