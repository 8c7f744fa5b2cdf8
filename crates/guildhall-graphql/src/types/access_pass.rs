//! Access passes.

use super::attachment::{AttachmentInterface, shown};
use super::company::PublicCompany;
use super::enums::{
    AccessPassAttachmentCategories, AccessPassOrder, CustomCtas, GlobalAffiliateStatuses,
    MarketplaceStatuses, Visibility, Word,
};
use super::page::{PageInfo, id};
use super::scalars::{BigInt, Timestamp};
use super::user::PublicProfileUser;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, Object, SimpleObject};
use guildhall_app::access_pass::{
    self, AccessPass as Found, AccessPassOrder as Order, Offer, PublicAccessPass as PublicFound,
};
use guildhall_app::page::{Page, Ranked};
use guildhall_core::ids::{AccessPassId, CompanyId};

#[derive(Debug, SimpleObject)]
struct AttachmentInterfaceConnection {
    nodes: Option<Vec<Option<AttachmentInterface>>>,
}

/// A shelf of a marketplace.
#[derive(Debug, SimpleObject)]
struct MarketplaceCategory {
    id: ID,
    name: String,
}

/// An access pass, to its company.
#[derive(Debug)]
pub(crate) struct AccessPass(pub(crate) Found);

impl AccessPass {
    /// The pass as a part of what was bought of it, also when it was deleted.
    pub(crate) async fn of_purchase(context: &Context<'_>, id: &AccessPassId) -> Result<Self> {
        Ok(Self(access_pass::load_ever(&Caller::of(context).hall, id.clone()).await?))
    }

    /// The pass as a part of something else; null without `access_pass:basic:read`, and when it was deleted.
    pub(crate) async fn shown(
        context: &Context<'_>,
        company: &CompanyId,
        id: &AccessPassId,
    ) -> Result<Option<Self>> {
        let caller = Caller::of(context);
        let (company, id) = (company.clone(), id.clone());
        Ok(access_pass::load_if_shown(&caller.hall, &caller.principal, company, id).await?.map(Self))
    }
}

fn offer_status(offer: Offer) -> GlobalAffiliateStatuses {
    if offer.enabled { GlobalAffiliateStatuses::Enabled } else { GlobalAffiliateStatuses::Disabled }
}

/// Percent.
#[expect(clippy::cast_precision_loss, reason = "at most ten thousand")]
fn percentage(offer: Offer) -> Option<f64> {
    offer.basis_points.map(|points| points as f64 / 100.0)
}

#[Object]
impl AccessPass {
    /// How many people hold a valid membership.
    async fn active_memberships_count(&self, context: &Context<'_>) -> Result<i32> {
        active_users(context, &self.0.id).await
    }

    /// The same.
    async fn active_users_count(&self, context: &Context<'_>) -> Result<i32> {
        active_users(context, &self.0.id).await
    }

    async fn banner_image(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.banner.as_ref()).await
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.created_at)
    }

    async fn creator_pitch(&self) -> Option<&str> {
        self.0.creator_pitch.as_deref()
    }

    /// Means nothing here: a hall has no page of a pass whose button it would be.
    async fn custom_cta(&self) -> CustomCtas {
        CustomCtas::from_word(&self.0.custom_cta).unwrap_or(CustomCtas::GetAccess)
    }

    /// Means nothing here: a hall has no page of a pass whose button would lead there.
    async fn custom_cta_url(&self) -> Option<&str> {
        self.0.custom_cta_url.as_deref()
    }

    /// Percent of a payment.
    async fn global_affiliate_percentage(&self) -> Option<f64> {
        percentage(self.0.global_affiliate)
    }

    async fn global_affiliate_status(&self) -> GlobalAffiliateStatuses {
        offer_status(self.0.global_affiliate)
    }

    async fn headline(&self) -> Option<&str> {
        self.0.headline.as_deref()
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn logo(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.logo.as_ref()).await
    }

    /// Null: a hall has no marketplace with shelves to stand on.
    async fn marketplace_category(
        &self,
        #[graphql(name = "level")] _level: Option<i32>,
    ) -> Option<MarketplaceCategory> {
        None
    }

    /// A hall has no marketplace.
    async fn marketplace_status(&self) -> MarketplaceStatuses {
        MarketplaceStatuses::NotAvailable
    }

    /// Percent of a payment.
    async fn member_affiliate_percentage(&self) -> Option<f64> {
        percentage(self.0.member_affiliate)
    }

    async fn member_affiliate_status(&self) -> GlobalAffiliateStatuses {
        offer_status(self.0.member_affiliate)
    }

    /// Where a buyer goes afterwards, unless the plan or the checkout says otherwise.
    async fn redirect_purchase_url(&self) -> Option<&str> {
        self.0.redirect_purchase_url.as_deref()
    }

    /// The average of its reviews; nobody can review yet.
    async fn reviews_average(&self) -> f64 {
        0.0
    }

    async fn route(&self) -> &str {
        &self.0.route
    }

    async fn shortened_description(&self) -> Option<&str> {
        self.0.shortened_description.as_deref()
    }

    /// Whether everyone is told how many members it has, or only who holds `access_pass:basic:read`.
    async fn show_member_count(&self) -> bool {
        self.0.show_member_count
    }

    /// Means nothing here: a hall has no page of a pass that would show them.
    async fn show_offers(&self) -> bool {
        self.0.show_offers
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn updated_at_ms(&self) -> BigInt {
        BigInt(self.0.updated_at)
    }

    async fn verified(&self) -> bool {
        self.0.verified
    }

    async fn visibility(&self) -> Visibility {
        Visibility::from_word(&self.0.visibility).unwrap_or(Visibility::Hidden)
    }
}

async fn active_users(context: &Context<'_>, id: &AccessPassId) -> Result<i32> {
    let count = access_pass::active_users(&Caller::of(context).hall, id.clone()).await?;
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}

#[derive(Debug, SimpleObject)]
pub(crate) struct AccessPassConnection {
    nodes: Option<Vec<Option<AccessPass>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl AccessPassConnection {
    pub(crate) fn of(page: Page<Ranked<Found>>, order: Order) -> Self {
        Self {
            page_info: PageInfo::of(&page, |pass| pass.cursor(order, &pass.row.id)),
            total_count: i32::try_from(page.total).unwrap_or(i32::MAX),
            nodes: Some(page.nodes.into_iter().map(|pass| Some(AccessPass(pass.row))).collect()),
        }
    }
}

/// The order of the wire's word; by when they were made without one.
pub(crate) fn order(asked: Option<AccessPassOrder>) -> Order {
    match asked {
        None | Some(AccessPassOrder::CreatedAt) => Order::CreatedAt,
        Some(AccessPassOrder::ActiveMembershipsCount) => Order::ActiveMembershipsCount,
        Some(AccessPassOrder::UsdGmv) => Order::UsdGmv,
        Some(AccessPassOrder::UsdGmvThirtyDays) => Order::UsdGmvThirtyDays,
    }
}

/// An access pass, to everyone who may see it.
#[derive(Debug)]
pub(crate) struct PublicAccessPass(pub(crate) PublicFound);

#[Object]
impl PublicAccessPass {
    /// How many people hold a valid membership; zero where the seller does not show it, but to those who hold
    /// `access_pass:basic:read`.
    async fn active_users_count(&self, context: &Context<'_>) -> Result<i32> {
        let caller = Caller::of(context);
        let count = access_pass::shown_active_users(&caller.hall, &caller.principal, &self.0.pass).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// The pass's gallery; nothing puts pictures into it yet.
    async fn attachments(
        &self,
        #[graphql(name = "category")] _category: Option<AccessPassAttachmentCategories>,
    ) -> AttachmentInterfaceConnection {
        AttachmentInterfaceConnection { nodes: Some(Vec::new()) }
    }

    async fn banner_image(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.pass.banner.as_ref()).await
    }

    async fn company(&self) -> PublicCompany {
        PublicCompany(self.0.company.clone())
    }

    async fn headline(&self) -> Option<&str> {
        self.0.pass.headline.as_deref()
    }

    async fn id(&self) -> ID {
        self.0.pass.id.to_string().into()
    }

    async fn logo(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.pass.logo.as_ref()).await
    }

    async fn owner_user(&self) -> PublicProfileUser {
        PublicProfileUser(self.0.owner.clone())
    }

    /// The average of its reviews; nobody can review yet.
    async fn reviews_average(&self) -> f64 {
        0.0
    }

    async fn route(&self) -> &str {
        &self.0.pass.route
    }

    async fn shortened_description(&self) -> Option<&str> {
        self.0.pass.shortened_description.as_deref()
    }

    async fn title(&self) -> &str {
        &self.0.pass.title
    }

    async fn verified(&self) -> bool {
        self.0.pass.verified
    }

    async fn visibility(&self) -> Visibility {
        Visibility::from_word(&self.0.pass.visibility).unwrap_or(Visibility::Hidden)
    }
}

#[derive(Debug, Default)]
pub(crate) struct AccessPassQueries;

#[Object]
impl AccessPassQueries {
    async fn public_access_pass(
        &self,
        context: &Context<'_>,
        #[graphql(name = "id")] sought: ID,
    ) -> Result<PublicAccessPass> {
        let caller = Caller::of(context);
        Ok(PublicAccessPass(access_pass::find(&caller.hall, &caller.principal, id(&sought)?).await?))
    }
}
