//! Making, changing and deleting access passes.

use super::access_pass::AccessPass;
use super::app::change;
use super::attachment::AttachmentInput;
use super::enums::{
    AccessPassOnboardingVersionTypes, BusinessTypes, CustomCtas, GlobalAffiliateStatuses, IndustryTypes,
    ProductHighlightTypes, SocialLinkWebsites, Visibility, Word,
};
use super::page::{id, ids, optional_id};
use super::plan::CompanyOnboardingPlanOptions;
use super::scalars::{File, Json, UrlString};
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use guildhall_app::Error;
use guildhall_app::access_pass::{self, AccessPassUpdate, NewPass, OfferUpdate};
use guildhall_app::app::Change;
use guildhall_core::ids::AttachmentId;

/// Means nothing here: a hall has no marketplace page to show it on.
#[derive(Debug, InputObject)]
struct AccessPassProductHighlightInput {
    content: String,
    highlight_type: ProductHighlightTypes,
    title: Option<String>,
}

/// Means nothing here: a hall has no marketplace page to show it on.
#[derive(Debug, InputObject)]
struct AccessPassSocialLinkInput {
    url: UrlString,
    website: SocialLinkWebsites,
}

#[derive(Debug, InputObject)]
struct CreateAccessPassInput {
    /// Means nothing here: there is one kind of pass.
    activate_whop_four: Option<bool>,
    /// Refused: `createApp` makes the pass of an app.
    as_app: Option<bool>,
    banner_image: Option<AttachmentInput>,
    /// Means nothing here: a hall has no marketplace.
    business_type: Option<BusinessTypes>,
    client_mutation_id: Option<String>,
    /// The company that will sell it; without one that of `x-company-id`, else the calling app's own.
    company_id: Option<ID>,
    creator_pitch: Option<String>,
    /// Means nothing here: a hall has no page of a pass whose button it would be.
    custom_cta: Option<CustomCtas>,
    /// Means nothing here: a hall has no page of a pass whose button would lead there.
    custom_cta_url: Option<String>,
    /// Refused: what a buyer's statement says is the processor's to decide.
    custom_statement_descriptor: Option<String>,
    description: Option<String>,
    /// What it opens, in their order; needs `experience:attach`.
    experience_ids: Option<Vec<ID>>,
    /// Percent of a payment, with at most two digits behind the point.
    global_affiliate_percentage: Option<f64>,
    /// `enabled` needs the percentage.
    global_affiliate_status: Option<GlobalAffiliateStatuses>,
    headline: Option<String>,
    #[graphql(deprecation = "Upload the picture and send `logo`.")]
    image: Option<File>,
    /// Refused when it names any: nothing is fetched from other servers.
    image_urls: Option<Vec<String>>,
    /// Means nothing here: a hall has no marketplace.
    industry_type: Option<IndustryTypes>,
    /// Letters and digits, kept in capitals.
    license_key_prefix: Option<String>,
    logo: Option<AttachmentInput>,
    /// Means nothing here: a hall has no marketplace.
    marketplace_category_id: Option<ID>,
    /// Percent of a payment, with at most two digits behind the point.
    member_affiliate_percentage: Option<f64>,
    /// `enabled` needs the percentage.
    member_affiliate_status: Option<GlobalAffiliateStatuses>,
    /// A JSON object of the caller's own.
    metadata: Option<Json>,
    #[graphql(deprecation = "Send `title`.")]
    name: Option<String>,
    /// Means nothing here.
    onboarding_version: Option<AccessPassOnboardingVersionTypes>,
    #[graphql(deprecation = "It is not enforced, and refused when true.")]
    one_per_user: Option<bool>,
    /// Refused: there are no pages apart from companies.
    page_id: Option<ID>,
    /// Its first plan; without them it has none.
    plan_options: Option<CompanyOnboardingPlanOptions>,
    /// Means nothing here: a hall has no marketplace page to show it on.
    product_highlights: Option<Vec<AccessPassProductHighlightInput>>,
    /// Refused: tax is set for the whole company.
    product_tax_code_id: Option<ID>,
    /// Where a buyer goes afterwards, unless the plan or the checkout says otherwise.
    redirect_purchase_url: Option<String>,
    /// Without it, it is made of the title.
    route: Option<String>,
    shortened_description: Option<String>,
    /// Whether everyone is told how many members it has, or only who holds `access_pass:basic:read`.
    show_member_count: Option<bool>,
    /// Means nothing here: nobody can review yet.
    show_reviews_dtc: Option<bool>,
    /// Refused when true: members cannot exchange their license keys.
    shuffleable: Option<bool>,
    /// Means nothing here: a hall has no marketplace page to show it on.
    social_links: Option<Vec<AccessPassSocialLinkInput>>,
    title: String,
    /// Refused when true: members cannot hand memberships on.
    transferable: Option<bool>,
    /// Refused when true: members cannot exchange memberships for others.
    upgradeable: Option<bool>,
    /// Refused: checkouts offer nothing beside what is bought.
    upsell_description: Option<String>,
    /// Refused: checkouts offer nothing beside what is bought.
    upsell_media: Option<AttachmentInput>,
    /// Refused: checkouts offer nothing beside what is bought.
    upsell_title: Option<String>,
    /// Without it `visible`.
    visibility: Option<Visibility>,
}

/// What is left out stays; null takes away what may be absent.
#[derive(Debug, InputObject)]
struct UpdateAccessPassInput {
    banner_image: MaybeUndefined<AttachmentInput>,
    /// Means nothing here: a hall has no marketplace.
    business_type: Option<BusinessTypes>,
    client_mutation_id: Option<String>,
    creator_pitch: MaybeUndefined<String>,
    /// Means nothing here: a hall has no page of a pass whose button it would be.
    custom_cta: Option<CustomCtas>,
    /// Means nothing here: a hall has no page of a pass whose button would lead there.
    custom_cta_url: MaybeUndefined<String>,
    /// Refused: what a buyer's statement says is the processor's to decide.
    custom_statement_descriptor: Option<String>,
    description: MaybeUndefined<String>,
    /// Percent of a payment, with at most two digits behind the point.
    global_affiliate_percentage: MaybeUndefined<f64>,
    /// `enabled` needs the percentage.
    global_affiliate_status: Option<GlobalAffiliateStatuses>,
    headline: MaybeUndefined<String>,
    id: ID,
    #[graphql(deprecation = "Upload the picture and send `logo`.")]
    image: Option<File>,
    /// Means nothing here: a hall has no marketplace.
    industry_type: Option<IndustryTypes>,
    /// Means nothing here: a hall has no map.
    latitude: Option<f64>,
    /// Letters and digits, kept in capitals; keys that were given out stay as they are.
    license_key_prefix: MaybeUndefined<String>,
    logo: MaybeUndefined<AttachmentInput>,
    /// Means nothing here: a hall has no map.
    longitude: Option<f64>,
    /// Percent of a payment, with at most two digits behind the point.
    member_affiliate_percentage: MaybeUndefined<f64>,
    /// `enabled` needs the percentage.
    member_affiliate_status: Option<GlobalAffiliateStatuses>,
    /// The title, unless that is given.
    name: Option<String>,
    #[graphql(deprecation = "It is not enforced, and refused when true.")]
    one_per_user: Option<bool>,
    #[graphql(deprecation = "There are no pages apart from companies; it is refused.")]
    page_id: Option<ID>,
    /// Refused: experiences are shown in the order in which they were attached.
    pinned_experience_id: Option<ID>,
    /// Refused: tax is set for the whole company.
    product_tax_code_id: Option<ID>,
    /// Where a buyer goes afterwards, unless the plan or the checkout says otherwise.
    redirect_purchase_url: MaybeUndefined<String>,
    route: Option<String>,
    shortened_description: MaybeUndefined<String>,
    /// Whether everyone is told how many members it has, or only who holds `access_pass:basic:read`.
    show_member_count: Option<bool>,
    /// Means nothing here: a hall has no page of a pass that would show them.
    show_offers: Option<bool>,
    /// Means nothing here: nobody can review yet.
    show_reviews_dtc: Option<bool>,
    /// Refused when true: members cannot exchange their license keys.
    shuffleable: Option<bool>,
    title: Option<String>,
    /// Refused when true: members cannot hand memberships on.
    transferable: Option<bool>,
    /// Refused: checkouts offer nothing beside what is bought.
    upsell_description: Option<String>,
    /// Refused: checkouts offer nothing beside what is bought.
    upsell_media: Option<AttachmentInput>,
    /// Refused: checkouts offer nothing beside what is bought.
    upsell_title: Option<String>,
    visibility: Option<Visibility>,
}

const NO_UPSELLS: &str = "has no place here: checkouts offer nothing beside what is bought.";
const NO_STATEMENT: &str =
    "cannot be chosen here: what a buyer's statement says is the processor's to decide.";
const NO_TAX_CODES: &str = "names nothing here: tax is set for the whole company.";
const NO_PAGES: &str = "names nothing here: there are no pages apart from companies.";
const NOT_ONE: &str = "is not enforced here: leave it out.";
const NO_SHUFFLE: &str = "is not built: members cannot exchange their license keys.";
const NO_TRANSFER: &str = "is not built: members cannot hand memberships on.";

/// Refuses the first field that is given and does nothing here, with what there is to say about it.
fn refuse(fields: &[(&str, bool, &str)]) -> Result<()> {
    match fields.iter().find(|(_, is_given, _)| *is_given) {
        Some((field, _, why)) => Err(Error::Invalid(format!("`{field}` {why}")).into()),
        None => Ok(()),
    }
}

fn set<T>(given: Option<T>) -> Change<T> {
    given.map_or(Change::Keep, Change::Set)
}

fn picture(given: MaybeUndefined<AttachmentInput>) -> Result<Change<AttachmentId>> {
    Ok(match given {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::Clear,
        MaybeUndefined::Value(input) => Change::Set(input.id()?),
    })
}

fn visibility(given: Option<Visibility>) -> Option<access_pass::Visibility> {
    given.and_then(|word| access_pass::Visibility::from_word(word.as_str()))
}

fn offer(status: Option<GlobalAffiliateStatuses>, percentage: Change<f64>) -> OfferUpdate {
    let enabled = status.map(|status| status == GlobalAffiliateStatuses::Enabled);
    OfferUpdate { enabled, percentage }
}

impl CreateAccessPassInput {
    fn refuse_what_is_not_built(&self) -> Result<()> {
        let is_true = |given: Option<bool>| given == Some(true);
        let has_urls = self.image_urls.as_ref().is_some_and(|urls| !urls.is_empty());
        let is_other_name = self.name.as_ref().is_some_and(|name| *name != self.title);
        refuse(&[
            ("asApp", is_true(self.as_app), "is not done here: `createApp` makes the pass of an app."),
            ("customStatementDescriptor", self.custom_statement_descriptor.is_some(), NO_STATEMENT),
            ("imageUrls", has_urls, "are not fetched: upload the picture and send `logo`."),
            ("name", is_other_name, "is an older word for `title`: leave it out."),
            ("onePerUser", is_true(self.one_per_user), NOT_ONE),
            ("pageId", self.page_id.is_some(), NO_PAGES),
            ("productTaxCodeId", self.product_tax_code_id.is_some(), NO_TAX_CODES),
            ("shuffleable", is_true(self.shuffleable), NO_SHUFFLE),
            ("transferable", is_true(self.transferable), NO_TRANSFER),
            ("upgradeable", is_true(self.upgradeable), "is not built: members cannot exchange memberships."),
            ("upsellDescription", self.upsell_description.is_some(), NO_UPSELLS),
            ("upsellMedia", self.upsell_media.is_some(), NO_UPSELLS),
            ("upsellTitle", self.upsell_title.is_some(), NO_UPSELLS),
        ])
    }

    /// What the use case is asked for.
    fn read(self) -> Result<NewPass> {
        self.refuse_what_is_not_built()?;
        let details = AccessPassUpdate {
            title: None,
            route: self.route,
            headline: set(self.headline),
            shortened_description: set(self.shortened_description),
            description: set(self.description),
            creator_pitch: set(self.creator_pitch),
            visibility: visibility(self.visibility),
            logo: set(self.logo.map(AttachmentInput::id).transpose()?),
            banner: set(self.banner_image.map(AttachmentInput::id).transpose()?),
            redirect_purchase_url: set(self.redirect_purchase_url),
            custom_cta: self.custom_cta.map(|word| word.as_str().to_owned()),
            custom_cta_url: set(self.custom_cta_url),
            license_key_prefix: set(self.license_key_prefix),
            global_affiliate: offer(self.global_affiliate_status, set(self.global_affiliate_percentage)),
            member_affiliate: offer(self.member_affiliate_status, set(self.member_affiliate_percentage)),
            show_member_count: self.show_member_count,
            show_offers: None,
            metadata: self.metadata.map(|json| json.0),
        };
        Ok(NewPass {
            company: optional_id(self.company_id.as_ref())?,
            title: self.title,
            details,
            experiences: ids(&self.experience_ids.unwrap_or_default())?,
            plan: self.plan_options.map(CompanyOnboardingPlanOptions::read).transpose()?,
        })
    }
}

impl UpdateAccessPassInput {
    fn refuse_what_is_not_built(&self) -> Result<()> {
        let is_true = |given: Option<bool>| given == Some(true);
        let names_differ = self.name.is_some() && self.title.is_some() && self.name != self.title;
        refuse(&[
            ("customStatementDescriptor", self.custom_statement_descriptor.is_some(), NO_STATEMENT),
            ("name", names_differ, "is another word for `title`: send one of them."),
            ("onePerUser", is_true(self.one_per_user), NOT_ONE),
            ("pageId", self.page_id.is_some(), NO_PAGES),
            (
                "pinnedExperienceId",
                self.pinned_experience_id.is_some(),
                "is not built: experiences are shown in the order in which they were attached.",
            ),
            ("productTaxCodeId", self.product_tax_code_id.is_some(), NO_TAX_CODES),
            ("shuffleable", is_true(self.shuffleable), NO_SHUFFLE),
            ("transferable", is_true(self.transferable), NO_TRANSFER),
            ("upsellDescription", self.upsell_description.is_some(), NO_UPSELLS),
            ("upsellMedia", self.upsell_media.is_some(), NO_UPSELLS),
            ("upsellTitle", self.upsell_title.is_some(), NO_UPSELLS),
        ])
    }

    /// What the use case is asked for.
    fn read(self) -> Result<AccessPassUpdate> {
        self.refuse_what_is_not_built()?;
        let global = change(self.global_affiliate_percentage);
        let member = change(self.member_affiliate_percentage);
        Ok(AccessPassUpdate {
            title: self.title.or(self.name),
            route: self.route,
            headline: change(self.headline),
            shortened_description: change(self.shortened_description),
            description: change(self.description),
            creator_pitch: change(self.creator_pitch),
            visibility: visibility(self.visibility),
            logo: picture(self.logo)?,
            banner: picture(self.banner_image)?,
            redirect_purchase_url: change(self.redirect_purchase_url),
            custom_cta: self.custom_cta.map(|word| word.as_str().to_owned()),
            custom_cta_url: change(self.custom_cta_url),
            license_key_prefix: change(self.license_key_prefix),
            global_affiliate: offer(self.global_affiliate_status, global),
            member_affiliate: offer(self.member_affiliate_status, member),
            show_member_count: self.show_member_count,
            show_offers: self.show_offers,
            metadata: None,
        })
    }
}

#[derive(Debug, InputObject)]
struct DeleteAccessPassInput {
    client_mutation_id: Option<String>,
    id: ID,
}

#[derive(Debug, Default)]
pub(crate) struct AccessPassMutations;

#[Object]
impl AccessPassMutations {
    /// Makes an access pass with its first plan, and opens experiences to its holders.
    async fn create_access_pass(
        &self,
        context: &Context<'_>,
        input: CreateAccessPassInput,
    ) -> Result<Option<AccessPass>> {
        let caller = Caller::of(context);
        let made = access_pass::create_as(&caller.hall, &caller.principal, input.read()?).await?;
        Ok(Some(AccessPass(made)))
    }

    /// Deletes an access pass that nobody holds a valid membership of: its plans are sold no more, and its route is
    /// free again.
    async fn delete_access_pass(
        &self,
        context: &Context<'_>,
        input: DeleteAccessPassInput,
    ) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        access_pass::delete(&caller.hall, &caller.principal, id(&input.id)?).await?;
        Ok(Some(true))
    }

    /// Changes an access pass.
    async fn update_access_pass(
        &self,
        context: &Context<'_>,
        input: UpdateAccessPassInput,
    ) -> Result<Option<AccessPass>> {
        let caller = Caller::of(context);
        let pass = id(&input.id)?;
        let changed = access_pass::update(&caller.hall, &caller.principal, pass, input.read()?).await?;
        Ok(Some(AccessPass(changed)))
    }
}
