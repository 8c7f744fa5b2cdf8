//! What sellers make, say of their passes, and take off the shelf.

use super::{AccessPass, AccessPassKind, NewAccessPass, Offer, Visibility, lock, lock_routes};
use crate::Guildhall;
use crate::app::Change;
use crate::attachment;
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::plan::{self, NewPlan};
use crate::principal::{Principal, authorize, is_within_reach};
use crate::processor;
use crate::store::{self, Tx};
use guildhall_core::access_pass as rules;
use guildhall_core::app::check_text;
use guildhall_core::attachment::Media;
use guildhall_core::ids::{AccessPassId, AttachmentId, CompanyId, ExperienceId};
use guildhall_core::license_key;
use guildhall_core::money::basis_points;
use guildhall_core::permission::Permission;
use guildhall_core::plan::PlanRequest;
use guildhall_core::web_address::{is_http, names_user};
use serde_json::json;

/// How many experiences a new pass can open at once.
const MOST_EXPERIENCES: usize = 100;
/// How often a route is made of a title before random letters are added to it.
const MOST_TRIES: usize = 50;
/// The largest metadata, in bytes of JSON.
const LARGEST_METADATA: usize = 8192;
/// The longest address, in bytes.
const LONGEST_ADDRESS: usize = 2000;

/// What is changed of an offer to affiliates.
#[derive(Debug, Clone, Default)]
pub struct OfferUpdate {
    /// Whether it stands.
    pub enabled: Option<bool>,
    /// A percentage.
    pub percentage: Change<f64>,
}

/// What is changed of an access pass; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct AccessPassUpdate {
    /// The name shown.
    pub title: Option<String>,
    /// Its path, unique in the company.
    pub route: Option<String>,
    /// A line under the title.
    pub headline: Change<String>,
    /// A short description.
    pub shortened_description: Change<String>,
    /// All there is to say about it.
    pub description: Change<String>,
    /// The seller's pitch.
    pub creator_pitch: Change<String>,
    /// Who finds it.
    pub visibility: Option<Visibility>,
    /// The logo, a picture of the caller's.
    pub logo: Change<AttachmentId>,
    /// The banner, a picture of the caller's.
    pub banner: Change<AttachmentId>,
    /// Where a buyer goes afterwards.
    pub redirect_purchase_url: Change<String>,
    /// One of the wire's `CustomCtas`.
    pub custom_cta: Option<String>,
    /// Where the button that buys it leads instead.
    pub custom_cta_url: Change<String>,
    /// What license keys of it begin with.
    pub license_key_prefix: Change<String>,
    /// The offer to everyone.
    pub global_affiliate: OfferUpdate,
    /// The offer to members.
    pub member_affiliate: OfferUpdate,
    /// Whether its page says how many members it has.
    pub show_member_count: Option<bool>,
    /// Whether its page shows what is offered beside it.
    pub show_offers: Option<bool>,
    /// The seller's own JSON.
    pub metadata: Option<serde_json::Value>,
}

/// A pass that a seller makes.
#[derive(Debug, Clone)]
pub struct NewPass {
    /// The company that will sell it; without one that of `x-company-id`, else the calling app's own.
    pub company: Option<CompanyId>,
    /// The name shown.
    pub title: String,
    /// What is said of it; its title counts for nothing here.
    pub details: AccessPassUpdate,
    /// What it opens.
    pub experiences: Vec<ExperienceId>,
    /// Its first plan, and who finds that.
    pub plan: Option<(PlanRequest, Visibility)>,
}

/// Makes an access pass with its first plan, open to its experiences.
///
/// # Errors
/// `Invalid` for what no pass or plan may be and a price that no card could be charged, `Conflict` for a route that is
/// taken, `NotFound` for an experience or picture that is none of the caller's business, `Forbidden` without
/// `access_pass:create`, and without `experience:attach` where experiences are named.
pub async fn create_as(hall: &Guildhall, principal: &Principal, new: NewPass) -> Result<AccessPass> {
    if let Some((request, _)) = &new.plan {
        let plan = request.check()?;
        processor::check_prices(hall, plan.terms, plan.currency)?;
    }
    let principal = principal.clone();
    hall.store.write(move |tx| create_in(tx, &principal, &new)).await
}

fn create_in(tx: &mut Tx<'_>, principal: &Principal, new: &NewPass) -> Result<AccessPass> {
    principal.acting_user()?;
    let company = match new.company.clone().or_else(|| principal.company.clone()) {
        Some(company) => company,
        None => principal.calling_app()?.company.clone(),
    };
    authorize(tx, principal, &company, Permission::AccessPassCreate)?;
    let title = rules::check_title(&new.title)?.to_owned();
    let plan = new.plan.as_ref().map(|(request, visibility)| Ok::<_, Error>((request.check()?, *visibility)));
    let plan = plan.transpose()?;
    lock_routes(tx, &company)?;
    let route = match &new.details.route {
        Some(route) => rules::check_route(route)?,
        None => free_route(tx, &company, &title)?,
    };
    let pass = NewAccessPass {
        company: company.clone(),
        kind: AccessPassKind::Regular,
        title: title.clone(),
        route,
        headline: None,
        shortened_description: None,
        visibility: Visibility::Visible,
    };
    let id = super::create(tx, &pass)?;
    let mut made = found(tx, &id)?;
    let details = AccessPassUpdate { title: None, route: None, ..new.details.clone() };
    apply(tx, principal, &mut made, details)?;
    store::access_pass::update(tx, &made)?;
    attach(tx, principal, &company, &id, &new.experiences)?;
    if let Some((sound, visibility)) = plan {
        let plan = NewPlan::of_terms(company.clone(), id.clone(), sound.currency, sound.terms);
        let plan = NewPlan {
            stock: sound.stock,
            release_method: sound.release_method,
            visibility,
            custom_fields: sound.custom_fields,
            ..plan
        };
        plan::create(tx, &plan)?;
    }
    Doer::of(principal).log(tx, &company, "create_access_pass", &id, json!({"title": title}))?;
    found(tx, &id)
}

/// Changes an access pass.
///
/// # Errors
/// As for [`create_as`]; `NotFound` for a pass that is none of the caller's business, `Conflict` for one that stands
/// for an app, `Forbidden` without `access_pass:update`.
pub async fn update(
    hall: &Guildhall,
    principal: &Principal,
    id: AccessPassId,
    update: AccessPassUpdate,
) -> Result<AccessPass> {
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            let company = managed(tx, &principal, &id, Permission::AccessPassUpdate)?.company;
            lock(tx, &id)?;
            lock_routes(tx, &company)?;
            let mut pass = found(tx, &id)?;
            apply(tx, &principal, &mut pass, update.clone())?;
            pass.updated_at = tx.now;
            store::access_pass::update(tx, &pass)?;
            let details = json!({"title": pass.title});
            Doer::of(&principal).log(tx, &company, "update_access_pass", &id, details)?;
            Ok(pass)
        })
        .await
}

/// Takes an access pass away for good: it is found nowhere, its route is free again, and its plans are archived.
///
/// # Errors
/// `Conflict` while valid memberships hang on it or it is raffled off, and for one that stands for an app or an upsell;
/// `NotFound` for one that is none of the caller's business, `Forbidden` without `access_pass:delete`.
pub async fn delete(hall: &Guildhall, principal: &Principal, id: AccessPassId) -> Result<()> {
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            let pass = managed(tx, &principal, &id, Permission::AccessPassDelete)?;
            if pass.kind == AccessPassKind::ExperienceUpsell.as_str() {
                return Err(Error::Conflict(format!(
                    "The access pass `{id}` is the upsell of an experience: it goes with that."
                )));
            }
            lock(tx, &id)?;
            let members = store::membership::count_valid_users(tx, &id)?;
            if members > 0 {
                let people = if members == 1 { "one person holds".into() } else { format!("{members} people hold") };
                return Err(Error::Conflict(format!(
                    "The access pass `{id}` cannot be deleted while {people} a valid membership of it: end those first, or archive it."
                )));
            }
            if store::raffle::is_under_way(tx, &id)? {
                return Err(Error::Conflict(format!(
                    "The access pass `{id}` cannot be deleted while it is raffled off: wait for the draw."
                )));
            }
            if store::invoice::is_due_for_pass(tx, &pass.company, &id)? {
                return Err(Error::Conflict(format!(
                    "The access pass `{id}` cannot be deleted while an invoice for it is to be paid: withdraw that first."
                )));
            }
            store::access_pass::delete(tx, &id)?;
            store::plan::archive_of_pass(tx, &id)?;
            let details = json!({"title": pass.title, "route": pass.route});
            Doer::of(&principal).log(tx, &pass.company, "delete_access_pass", &id, details)
        })
        .await
}

/// The pass, for whoever may do this with it; the others are told that it is not there, or what they lack.
fn managed(
    tx: &mut Tx<'_>,
    principal: &Principal,
    id: &AccessPassId,
    permission: Permission,
) -> Result<AccessPass> {
    principal.acting_user()?;
    let pass = match store::access_pass::find(tx, id)? {
        Some(found) if is_within_reach(tx, principal, &found.company.id)? => found.pass,
        _ => return no_such("access pass", id),
    };
    authorize(tx, principal, &pass.company, permission)?;
    if pass.stands_for_app() {
        return Err(Error::Conflict(format!(
            "The access pass `{id}` stands for an app and goes with that: change the app instead."
        )));
    }
    Ok(pass)
}

fn found(tx: &mut Tx<'_>, id: &AccessPassId) -> Result<AccessPass> {
    match store::access_pass::find(tx, id)? {
        Some(found) => Ok(found.pass),
        None => no_such("access pass", id),
    }
}

/// A route of the title that no other pass of the company has. The routes are locked.
fn free_route(tx: &mut Tx<'_>, company: &CompanyId, title: &str) -> Result<String> {
    for number in 1..=MOST_TRIES {
        let route = rules::route_of(title, number);
        if !store::access_pass::has_route(tx, company, &route)? {
            return Ok(route);
        }
    }
    let own: u32 = u32::from_be_bytes(tx.random_bytes());
    Ok(format!("{}-{own:08x}", rules::route_of(title, 1)))
}

fn attach(
    tx: &mut Tx<'_>,
    principal: &Principal,
    company: &CompanyId,
    pass: &AccessPassId,
    experiences: &[ExperienceId],
) -> Result<()> {
    if experiences.is_empty() {
        return Ok(());
    }
    if experiences.len() > MOST_EXPERIENCES {
        return Err(Error::Invalid(format!("`experienceIds` holds at most {MOST_EXPERIENCES}.")));
    }
    authorize(tx, principal, company, Permission::ExperienceAttach)?;
    for experience in experiences {
        match store::access::company_of_experience(tx, experience)? {
            Some((owner, false)) if owner == *company => {
                store::experience::attach(tx, experience, pass, None)?;
            }
            _ => return no_such("experience", experience),
        }
    }
    Ok(())
}

/// Checks what is changed, and changes it.
fn apply(
    tx: &mut Tx<'_>,
    principal: &Principal,
    pass: &mut AccessPass,
    update: AccessPassUpdate,
) -> Result<()> {
    let text = |field, longest| move |text: String| Ok(check_text(&text, field, longest)?);
    let address = |field| move |text: String| check_address(&text, field);
    if let Some(title) = update.title {
        pass.title = rules::check_title(&title)?.to_owned();
    }
    if let Some(route) = update.route {
        change_route(tx, pass, &route)?;
    }
    for (field, change) in [("logo", &update.logo), ("bannerImage", &update.banner)] {
        if let Change::Set(file) = change {
            check_picture(tx, principal, file, field)?;
        }
    }
    update.logo.apply(&mut pass.logo, Ok)?;
    update.banner.apply(&mut pass.banner, Ok)?;
    update.headline.apply(&mut pass.headline, text("headline", rules::LONGEST_HEADLINE))?;
    update.shortened_description.apply(
        &mut pass.shortened_description,
        text("shortenedDescription", rules::LONGEST_SHORT_DESCRIPTION),
    )?;
    update.description.apply(&mut pass.description, text("description", rules::LONGEST_DESCRIPTION))?;
    update.creator_pitch.apply(&mut pass.creator_pitch, text("creatorPitch", rules::LONGEST_DESCRIPTION))?;
    update.redirect_purchase_url.apply(&mut pass.redirect_purchase_url, address("redirectPurchaseUrl"))?;
    update.custom_cta_url.apply(&mut pass.custom_cta_url, address("customCtaUrl"))?;
    update
        .license_key_prefix
        .apply(&mut pass.license_key_prefix, |prefix| Ok(license_key::check_prefix(&prefix)?))?;
    offer(&mut pass.global_affiliate, &update.global_affiliate, "globalAffiliate")?;
    offer(&mut pass.member_affiliate, &update.member_affiliate, "memberAffiliate")?;
    if let Some(visibility) = update.visibility {
        pass.visibility = visibility.as_str().to_owned();
    }
    pass.custom_cta = update.custom_cta.unwrap_or_else(|| std::mem::take(&mut pass.custom_cta));
    pass.show_member_count = update.show_member_count.unwrap_or(pass.show_member_count);
    pass.show_offers = update.show_offers.unwrap_or(pass.show_offers);
    if let Some(metadata) = update.metadata {
        pass.metadata = check_metadata(&metadata)?;
    }
    Ok(())
}

/// Gives a pass another route. The routes are locked.
fn change_route(tx: &mut Tx<'_>, pass: &mut AccessPass, route: &str) -> Result<()> {
    let route = rules::check_route(route)?;
    if route != pass.route && store::access_pass::has_route(tx, &pass.company, &route)? {
        return Err(super::taken(&route));
    }
    pass.route = route;
    Ok(())
}

fn offer(offer: &mut Offer, update: &OfferUpdate, name: &str) -> Result<()> {
    let field = format!("{name}Percentage");
    match update.percentage {
        Change::Keep => {}
        Change::Clear => offer.basis_points = None,
        Change::Set(percentage) => offer.basis_points = Some(basis_points(percentage, &field)?),
    }
    offer.enabled = update.enabled.unwrap_or(offer.enabled);
    if offer.enabled && offer.basis_points.is_none_or(|points| points == 0) {
        return Err(Error::Invalid(format!(
            "`{name}Status` cannot be `enabled` without `{field}` above zero."
        )));
    }
    Ok(())
}

fn check_picture(tx: &mut Tx<'_>, principal: &Principal, file: &AttachmentId, field: &str) -> Result<()> {
    attachment::check_usable(tx, principal, std::slice::from_ref(file))?;
    let file = store::attachment::find_ready(tx, file)?;
    if !file.is_some_and(|file| file.media == Media::Image) {
        return Err(Error::Invalid(format!("`{field}` must be a picture.")));
    }
    Ok(())
}

fn check_address(text: &str, field: &str) -> Result<String> {
    let text = text.trim();
    let url = url::Url::parse(text).ok().filter(|url| is_http(url) && !names_user(url));
    if text.len() > LONGEST_ADDRESS || url.is_none() {
        return Err(Error::Invalid(format!(
            "`{field}` must be an address that starts with `https://` or `http://`, holds no user name, and is at most {LONGEST_ADDRESS} bytes long."
        )));
    }
    Ok(text.to_owned())
}

fn check_metadata(metadata: &serde_json::Value) -> Result<String> {
    let text = match metadata {
        serde_json::Value::Null => "{}".to_owned(),
        value @ serde_json::Value::Object(_) => value.to_string(),
        _ => return Err(Error::Invalid("`metadata` must be a JSON object.".into())),
    };
    if text.len() > LARGEST_METADATA {
        return Err(Error::Invalid(format!("`metadata` is at most {LARGEST_METADATA} bytes of JSON.")));
    }
    Ok(text)
}
