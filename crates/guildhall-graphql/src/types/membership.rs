//! Memberships, to the company that sold them.

use super::access_pass::AccessPass;
use super::enums::{
    AccessPassTypes, CancelOptions, HubMembershipStatus, MembershipHeaderStatus, MembershipStatus,
    MembershipsSortableColumns, Word,
};
use super::member::Member;
use super::page::{PageInfo, filtered, filtered_ids, from_ms, total, until_ms};
use super::plan::Plan;
use super::promo_code::PromoCode;
use super::scalars::Timestamp;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::membership_list::{BoughtMembership as Found, MembershipFilter};
use guildhall_app::page::Page;
use guildhall_app::{principal, receipt};
use guildhall_core::ids::CompanyId;
use guildhall_core::membership::MembershipStatus as Status;
use guildhall_core::membership_list::MembershipOrder;
use guildhall_core::money::major_from_minor;
use guildhall_core::permission::Permission;

/// A membership that was bought by a plan.
#[derive(Debug)]
pub(crate) struct Membership(pub(crate) Found);

impl Membership {
    /// Insists on a permission where more is selected of a part than these fields, which come with the membership.
    async fn check_selection(
        &self,
        context: &Context<'_>,
        free: &[&str],
        permission: Permission,
    ) -> Result<()> {
        check_selection(context, &self.0.company, free, permission).await
    }
}

/// Insists on a permission in a company where more is selected of a part of its own than these fields.
pub(crate) async fn check_selection(
    context: &Context<'_>,
    company: &CompanyId,
    free: &[&str],
    permission: Permission,
) -> Result<()> {
    let caller = Caller::of(context);
    let is_free = |name: &str| name.starts_with("__") || free.contains(&name);
    if context.field().selection_set().all(|field| is_free(field.name())) {
        return Ok(());
    }
    Ok(principal::check(&caller.hall, &caller.principal, company.clone(), permission).await?)
}

#[Object]
impl Membership {
    /// Its `id` and `title`; the rest of it needs `access_pass:basic:read`.
    async fn access_pass(&self, context: &Context<'_>) -> Result<AccessPass> {
        self.check_selection(context, &["id", "title"], Permission::AccessPassRead).await?;
        AccessPass::of_purchase(context, &self.0.access_pass).await
    }

    /// One of `CancelOptions`, or what whoever canceled wrote.
    async fn cancelation_reason(&self) -> Option<&str> {
        self.0.cancelation_reason.as_deref()
    }

    async fn canceled_at(&self) -> Option<Timestamp> {
        self.0.canceled_at.map(Timestamp::of_ms)
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.created_at)
    }

    /// The end of what was paid for; null without end.
    async fn expires_at(&self) -> Option<Timestamp> {
        self.0.paid_until.map(Timestamp::of_ms)
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Who holds it; null without `member:basic:read`.
    async fn member(&self) -> Option<Member> {
        self.0.holder.clone().map(Member)
    }

    /// Its `id`; the rest of it needs `plan:basic:read`.
    async fn plan(&self, context: &Context<'_>) -> Result<Plan> {
        self.check_selection(context, &["id"], Permission::PlanRead).await?;
        Ok(Plan(self.0.plan.clone()))
    }

    /// Null without `promo_code:basic:read`.
    async fn promo_code(&self, context: &Context<'_>) -> Result<Option<PromoCode>> {
        let (caller, company) = (Caller::of(context), self.0.company.clone());
        let Some(code) = self.0.promo_code.clone() else {
            return Ok(None);
        };
        let found = receipt::promo_code_if_shown(&caller.hall, &caller.principal, company, code).await?;
        Ok(found.map(PromoCode))
    }

    async fn status(&self) -> MembershipStatus {
        MembershipStatus::from_word(self.0.status.as_str()).unwrap_or(MembershipStatus::Unresolved)
    }

    /// What was paid for it less what went back, in major units of its plan's currency.
    async fn total_spend(&self) -> f64 {
        major_from_minor(self.0.spent_minor, self.0.plan.currency)
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct MembershipConnection {
    nodes: Option<Vec<Option<Membership>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl MembershipConnection {
    pub(crate) fn of(page: Page<Found>, order: MembershipOrder) -> Self {
        Self {
            page_info: PageInfo::of(&page, |membership| membership.cursor(order)),
            total_count: total(page.total),
            nodes: Some(page.nodes.into_iter().map(|membership| Some(Membership(membership))).collect()),
        }
    }
}

/// The order of a list of memberships; without one, by when they were made.
pub(crate) fn order(order: Option<MembershipsSortableColumns>) -> MembershipOrder {
    order.and_then(|order| MembershipOrder::from_word(order.as_str())).unwrap_or(MembershipOrder::CreatedAt)
}

/// An empty list wants all. Dates are of when it was made, both ends included.
#[derive(Debug, InputObject)]
pub(crate) struct MembershipsFiltersInput {
    access_pass_ids: Option<Vec<ID>>,
    access_pass_types: Option<Vec<AccessPassTypes>>,
    cancelation_reasons: Option<Vec<CancelOptions>>,
    end_date: Option<Timestamp>,
    has_cancelation_reason: Option<bool>,
    /// `active` counts now; `churned` was begun and counts no more.
    header_filter: Option<MembershipHeaderStatus>,
    /// Whether it counts now.
    membership_status: Option<HubMembershipStatus>,
    plan_ids: Option<Vec<ID>>,
    promo_code_ids: Option<Vec<ID>>,
    start_date: Option<Timestamp>,
    statuses: Option<Vec<MembershipStatus>>,
    /// Nothing is bought by tracking links here, so this finds nothing.
    tracking_link_ids: Option<Vec<ID>>,
}

impl MembershipsFiltersInput {
    /// What the use case asks for.
    pub(crate) fn read(self) -> Result<MembershipFilter> {
        let by_header = self.header_filter.map(|header| header == MembershipHeaderStatus::Active);
        let by_status = self.membership_status.map(|status| status == HubMembershipStatus::Active);
        // What counts and does not is found as little as what came by a tracking link.
        let contradicts = by_header.zip(by_status).is_some_and(|(header, status)| header != status);
        Ok(MembershipFilter {
            access_passes: filtered_ids(self.access_pass_ids, "accessPassIds")?,
            access_pass_kinds: filtered(self.access_pass_types, "accessPassTypes", |kind| {
                Some(kind.as_str().to_owned())
            })?,
            plans: filtered_ids(self.plan_ids, "planIds")?,
            promo_codes: filtered_ids(self.promo_code_ids, "promoCodeIds")?,
            statuses: filtered(self.statuses, "statuses", |status| Status::from_word(status.as_str()))?,
            cancelation_reasons: filtered(self.cancelation_reasons, "cancelationReasons", |reason| {
                Some(reason.as_str().to_owned())
            })?,
            has_cancelation_reason: self.has_cancelation_reason,
            from_ms: from_ms(self.start_date),
            until_ms: until_ms(self.end_date),
            is_valid: by_header.or(by_status),
            is_begun: self.header_filter == Some(MembershipHeaderStatus::Churned),
            is_tracked: contradicts || self.tracking_link_ids.is_some_and(|links| !links.is_empty()),
        })
    }
}
