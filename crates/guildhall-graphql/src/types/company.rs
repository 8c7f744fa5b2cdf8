//! Companies.

use super::app::{App, AppConnection};
use super::attachment::{AttachmentInterface, shown};
use super::enums::{BusinessTypes, IndustryTypes, Word};
use super::experience::{ExperienceFilters, ExperienceInterfaceConnection};
use super::invoice::{Invoice, InvoiceConnection};
use super::ledger::LedgerAccount;
use super::page::{cursor, id, size};
use super::webhook::Webhook;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, Object};
use guildhall_app::app::{self, AppsPage};
use guildhall_app::company::{self, Company as Found};
use guildhall_app::invoice::{self, InvoicesPage};
use guildhall_app::{experience, ledger, webhook};

/// A company, to everyone.
#[derive(Debug)]
pub(crate) struct PublicCompany(pub(crate) Found);

#[Object]
impl PublicCompany {
    async fn banner_image(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.banner.as_ref()).await
    }

    async fn business_type(&self) -> Option<BusinessTypes> {
        self.0.business_type.as_deref().and_then(BusinessTypes::from_word)
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn industry_type(&self) -> Option<IndustryTypes> {
        self.0.industry_type.as_deref().and_then(IndustryTypes::from_word)
    }

    async fn logo(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.logo.as_ref()).await
    }

    async fn route(&self) -> &str {
        &self.0.route
    }

    async fn title(&self) -> &str {
        &self.0.title
    }
}

/// A company, to its team and apps; each field asks for its own permission.
#[derive(Debug)]
struct Company(Found);

#[Object]
impl Company {
    /// One of the company's own apps.
    async fn app(&self, context: &Context<'_>, #[graphql(name = "id")] sought: ID) -> Result<App> {
        let caller = Caller::of(context);
        let company = self.0.id.clone();
        Ok(App::of(app::find(&caller.hall, &caller.principal, company, id(&sought)?).await?))
    }

    /// The company's own apps, oldest first.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn apps(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Result<AppConnection> {
        let caller = Caller::of(context);
        let page = AppsPage {
            after: cursor(after.as_deref(), "after")?,
            before: cursor(before.as_deref(), "before")?,
            size: if first.is_some() { size(first, "first")? } else { size(last, "last")? },
            from_end: first.is_none() && (last.is_some() || (before.is_some() && after.is_none())),
        };
        let found = app::list(&caller.hall, &caller.principal, self.0.id.clone(), page).await?;
        Ok(AppConnection::of(found))
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The live experiences that the caller may see.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn experiences_v2(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        first: Option<i32>,
        filter: Option<ExperienceFilters>,
    ) -> Result<ExperienceInterfaceConnection> {
        let caller = Caller::of(context);
        let filter = filter.map(ExperienceFilters::read).transpose()?.unwrap_or_default();
        let after = cursor(after.as_deref(), "after")?;
        let size = size(first, "first")?;
        let page =
            experience::list(&caller.hall, &caller.principal, self.0.id.clone(), filter, after, size).await?;
        Ok(ExperienceInterfaceConnection::of(page))
    }

    /// One of the company's invoices.
    async fn invoice(&self, context: &Context<'_>, #[graphql(name = "id")] sought: ID) -> Result<Invoice> {
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        Ok(Invoice(invoice::find(&caller.hall, &caller.principal, company, id(&sought)?).await?))
    }

    /// The company's invoices, newest first.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn invoices(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Result<InvoiceConnection> {
        let caller = Caller::of(context);
        let page = InvoicesPage {
            after: cursor(after.as_deref(), "after")?,
            before: cursor(before.as_deref(), "before")?,
            size: if first.is_some() { size(first, "first")? } else { size(last, "last")? },
            from_end: first.is_none() && (last.is_some() || (before.is_some() && after.is_none())),
        };
        let found = invoice::list(&caller.hall, &caller.principal, self.0.id.clone(), page).await?;
        Ok(InvoiceConnection::of(found))
    }

    async fn ledger_account(&self, context: &Context<'_>) -> Result<LedgerAccount> {
        let caller = Caller::of(context);
        let statement = ledger::of_company(&caller.hall, &caller.principal, self.0.id.clone()).await?;
        Ok(LedgerAccount(statement))
    }

    /// A webhook of the company or of one of its apps.
    async fn webhook(&self, context: &Context<'_>, #[graphql(name = "id")] sought: ID) -> Result<Webhook> {
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        Ok(Webhook(webhook::find(&caller.hall, &caller.principal, company, id(&sought)?).await?))
    }

    /// The webhooks of the company and of its apps, oldest first.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn webhooks(&self, context: &Context<'_>) -> Result<Vec<Webhook>> {
        let caller = Caller::of(context);
        let found = webhook::list(&caller.hall, &caller.principal, self.0.id.clone()).await?;
        Ok(found.into_iter().map(Webhook).collect())
    }
}

#[derive(Debug, Default)]
pub(crate) struct CompanyQueries;

#[Object]
impl CompanyQueries {
    async fn company(&self, context: &Context<'_>, id: ID) -> Result<Option<Company>> {
        let caller = Caller::of(context);
        caller.principal.acting_user()?;
        Ok(Some(Company(company::find(&caller.hall, super::page::id(&id)?).await?)))
    }

    async fn public_company(
        &self,
        context: &Context<'_>,
        #[graphql(name = "id")] sought: ID,
    ) -> Result<PublicCompany> {
        Ok(PublicCompany(company::find(&Caller::of(context).hall, id(&sought)?).await?))
    }
}
