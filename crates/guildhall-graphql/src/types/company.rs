//! Companies.

use super::access_pass::AccessPassConnection;
use super::affiliate::{Affiliate, AffiliateConnection};
use super::app::{App, AppConnection};
use super::attachment::{AttachmentInterface, shown};
use super::authorized_user::AuthorizedUser;
use super::company_member::{CompanyMember, CompanyMemberConnection, MembersFiltersInput};
use super::entry::{
    CreatorDashboardTable, CreatorDashboardTableFilters, EntriesFiltersInput, EntryConnection,
};
use super::enums::{
    AccessPassConditions, AccessPassOrder, AccessPassTypes, AffiliatesSortableColumns, BusinessTypes,
    Direction, EntriesSortableColumns, IndustryTypes, MembersSortableColumns, MembershipsSortableColumns,
    VisibilityFilter, Word,
};
use super::experience::{ExperienceFilters, ExperienceInterfaceConnection};
use super::invoice::{Invoice, InvoiceConnection};
use super::ledger::LedgerAccount;
use super::membership::{MembershipConnection, MembershipsFiltersInput};
use super::page::{cursor, filtered, id, part, size, window};
use super::plan::{PlanConnection, PlanFilters, visibility_filter};
use super::promo_code::{PromoCodeConnection, PromoCodeFilters};
use super::receipt::{ReceiptConnection, ReceiptV2Filters};
use super::webhook::Webhook;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, Object};
use guildhall_app::access_pass::{self, AccessPassFilter, AccessPassKind};
use guildhall_app::company::{self, Company as Found};
use guildhall_app::entry::EntryFilter;
use guildhall_app::{
    affiliate, app, authorized_user, company_member, experience, invoice, ledger, membership_list, plan,
    promo_code, receipt, webhook,
};
use guildhall_core::cursor::Asked;
use guildhall_core::ids::{
    AccessPassId, AffiliateId, CompanyMemberId, MembershipId, PaymentId, PlanId, PromoCodeId,
};

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
    /// The company's access passes, without `accessPassTypes` those that are sold on their own. `usd_gmv` is what was
    /// paid in US dollars; other currencies are not counted.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the wire's")]
    async fn access_passes_v2(
        &self,
        context: &Context<'_>,
        access_pass_types: Option<Vec<AccessPassTypes>>,
        after: Option<String>,
        before: Option<String>,
        conditions: Option<Vec<AccessPassConditions>>,
        direction: Option<Direction>,
        first: Option<i32>,
        last: Option<i32>,
        order: Option<AccessPassOrder>,
        visibility: Option<VisibilityFilter>,
    ) -> Result<AccessPassConnection> {
        let filter = AccessPassFilter {
            kinds: filtered(access_pass_types, "accessPassTypes", |kind| {
                AccessPassKind::from_word(kind.as_str())
            })?,
            visibility: visibility.map(visibility_filter).unwrap_or_default(),
            has_plans: conditions.is_some_and(|asked| asked.contains(&AccessPassConditions::HasPlans)),
        };
        let (order, direction) = (super::access_pass::order(order), direction.unwrap_or(Direction::Asc));
        let asked = Asked { after, before, first: first.map(i64::from), last: last.map(i64::from) };
        let window = window::<AccessPassId, _>(order, Some(direction), &asked)?;
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        let found = access_pass::list(&caller.hall, &caller.principal, company, filter, window).await?;
        Ok(AccessPassConnection::of(found, order))
    }

    /// One of the company's affiliates.
    async fn affiliate(
        &self,
        context: &Context<'_>,
        #[graphql(name = "id")] sought: ID,
    ) -> Result<Affiliate> {
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        Ok(Affiliate(affiliate::find(&caller.hall, &caller.principal, company, id(&sought)?).await?))
    }

    /// The company's affiliates; without `direction` the newest, or the one with the most, comes first.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the wire's arguments")]
    async fn affiliates(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        direction: Option<Direction>,
        first: Option<i32>,
        last: Option<i32>,
        order: Option<AffiliatesSortableColumns>,
    ) -> Result<AffiliateConnection> {
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        let order = order.map(AffiliatesSortableColumns::read).unwrap_or_default();
        let asked = Asked { after, before, first: first.map(i64::from), last: last.map(i64::from) };
        let window = window::<AffiliateId, _>(order, direction, &asked)?;
        let found = affiliate::list(&caller.hall, &caller.principal, company, window).await?;
        Ok(AffiliateConnection::of(found, order))
    }

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
        let part = part(after.as_deref(), before.as_deref(), first, last)?;
        let found = app::list(&caller.hall, &caller.principal, self.0.id.clone(), part).await?;
        Ok(AppConnection::of(found))
    }

    /// The team, the longest on it first.
    async fn authorized_users(&self, context: &Context<'_>) -> Result<Vec<AuthorizedUser>> {
        let caller = Caller::of(context);
        let found = authorized_user::list(&caller.hall, &caller.principal, self.0.id.clone()).await?;
        Ok(found.into_iter().map(AuthorizedUser).collect())
    }

    /// One of the company's members.
    async fn company_member(
        &self,
        context: &Context<'_>,
        #[graphql(name = "id")] sought: ID,
    ) -> Result<CompanyMember> {
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        let found = company_member::find(&caller.hall, &caller.principal, company, id(&sought)?).await?;
        Ok(CompanyMember::of(found))
    }

    /// What a dashboard shows of the company.
    async fn creator_dashboard_table(
        &self,
        table_filters: Option<CreatorDashboardTableFilters>,
    ) -> Result<CreatorDashboardTable> {
        CreatorDashboardTable::of(&self.0.id, table_filters)
    }

    /// Who waits for the company's plans, oldest entries first unless `direction` is `desc`.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the wire's")]
    async fn entries(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        direction: Option<Direction>,
        filters: Option<EntriesFiltersInput>,
        first: Option<i32>,
        last: Option<i32>,
        // Ids sort by when they were made, so both orders are one.
        #[graphql(name = "order")] _order: Option<EntriesSortableColumns>,
    ) -> Result<EntryConnection> {
        let filter = filters.map(EntriesFiltersInput::read).transpose()?.unwrap_or_default();
        let filter = EntryFilter { descending: direction == Some(Direction::Desc), ..filter };
        let part = part(after.as_deref(), before.as_deref(), first, last)?;
        EntryConnection::list(context, &self.0.id, filter, part).await
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
        let part = part(after.as_deref(), before.as_deref(), first, last)?;
        let found = invoice::list(&caller.hall, &caller.principal, self.0.id.clone(), part).await?;
        Ok(InvoiceConnection::of(found))
    }

    async fn ledger_account(&self, context: &Context<'_>) -> Result<LedgerAccount> {
        let caller = Caller::of(context);
        let statement = ledger::of_company(&caller.hall, &caller.principal, self.0.id.clone()).await?;
        Ok(LedgerAccount(statement))
    }

    /// Everybody who ever began a membership or a payment, once; the newest first without an order.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the wire's")]
    async fn members(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        direction: Option<Direction>,
        first: Option<i32>,
        last: Option<i32>,
        order: Option<MembersSortableColumns>,
        filters: Option<MembersFiltersInput>,
    ) -> Result<CompanyMemberConnection> {
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        let order = super::company_member::order(order);
        let asked = Asked { after, before, first: first.map(i64::from), last: last.map(i64::from) };
        let window = window::<CompanyMemberId, _>(order, direction, &asked)?;
        let filter = filters.map(MembersFiltersInput::read).transpose()?.unwrap_or_default();
        let found = company_member::list(&caller.hall, &caller.principal, company, filter, window).await?;
        Ok(CompanyMemberConnection::of(found, order))
    }

    /// What was bought by a plan; the newest first without an order. Memberships without a plan, which nobody bought,
    /// are not in it.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the wire's")]
    async fn memberships(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        direction: Option<Direction>,
        first: Option<i32>,
        last: Option<i32>,
        order: Option<MembershipsSortableColumns>,
        filters: Option<MembershipsFiltersInput>,
    ) -> Result<MembershipConnection> {
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        let order = super::membership::order(order);
        let asked = Asked { after, before, first: first.map(i64::from), last: last.map(i64::from) };
        let window = window::<MembershipId, _>(order, direction, &asked)?;
        let filter = filters.map(MembershipsFiltersInput::read).transpose()?.unwrap_or_default();
        let found = membership_list::list(&caller.hall, &caller.principal, company, filter, window).await?;
        Ok(MembershipConnection::of(found, order))
    }

    /// The payments to the company; the newest first without an order.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn receipts_v2(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<ReceiptV2Filters>,
    ) -> Result<Option<ReceiptConnection>> {
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        let filter = filter.unwrap_or_default();
        let (order, direction) = (filter.order(), filter.direction);
        let asked = Asked { after, first: first.map(i64::from), ..Asked::default() };
        let window = window::<PaymentId, _>(order, direction, &asked)?;
        let found = receipt::list(&caller.hall, &caller.principal, company, filter.read()?, window).await?;
        Ok(Some(ReceiptConnection::of(found, order)))
    }

    /// The company's plans, oldest first unless the filter says another order.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn plans(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        filter: Option<PlanFilters>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Result<PlanConnection> {
        let filter = filter.unwrap_or_default();
        let (order, direction) = (filter.order()?, filter.direction.unwrap_or(Direction::Asc));
        let asked = Asked { after, before, first: first.map(i64::from), last: last.map(i64::from) };
        let window = window::<PlanId, _>(order, Some(direction), &asked)?;
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        let found = plan::list(&caller.hall, &caller.principal, company, filter.read()?, window).await?;
        Ok(PlanConnection::of(found, order))
    }

    /// The company's promo codes.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn promo_codes(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
        filter: Option<PromoCodeFilters>,
    ) -> Result<PromoCodeConnection> {
        let (caller, company) = (Caller::of(context), self.0.id.clone());
        let filter = filter.unwrap_or_default();
        let (order, direction) = (filter.order(), filter.direction);
        let asked = Asked { after, before, first: first.map(i64::from), last: last.map(i64::from) };
        let window = window::<PromoCodeId, _>(order, direction, &asked)?;
        let found = promo_code::list(&caller.hall, &caller.principal, company, filter.read(), window).await?;
        Ok(PromoCodeConnection::of(found, order))
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
