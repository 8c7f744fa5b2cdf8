//! Access passes.

use super::attachment::{AttachmentInterface, shown};
use super::company::PublicCompany;
use super::enums::{AccessPassAttachmentCategories, MarketplaceStatuses, Visibility, Word};
use super::page::id;
use super::user::PublicProfileUser;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, Object, SimpleObject};
use guildhall_app::access_pass::{self, PublicAccessPass as Found};
use guildhall_core::ids::AccessPassId;

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
pub(crate) struct AccessPass(pub(crate) AccessPassId);

#[Object]
impl AccessPass {
    /// How many people hold a valid membership.
    async fn active_memberships_count(&self, context: &Context<'_>) -> Result<i32> {
        let count = access_pass::active_users(&Caller::of(context).hall, self.0.clone()).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    async fn id(&self) -> ID {
        self.0.to_string().into()
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

    async fn title(&self, context: &Context<'_>) -> Result<String> {
        Ok(access_pass::title(&Caller::of(context).hall, self.0.clone()).await?)
    }
}

/// An access pass, to everyone who may see it.
#[derive(Debug)]
pub(crate) struct PublicAccessPass(pub(crate) Found);

#[Object]
impl PublicAccessPass {
    /// How many people hold a valid membership.
    async fn active_users_count(&self, context: &Context<'_>) -> Result<i32> {
        let count = access_pass::active_users(&Caller::of(context).hall, self.0.pass.id.clone()).await?;
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
