//! Affiliates of a company.

use super::enums::{AffiliateTypes, AffiliatesSortableColumns, PayoutTypes, Status, Word};
use super::page::{PageInfo, id, ids, optional_id};
use super::scalars::StringFloat;
use super::user::PublicProfileUser;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::affiliate::{self, Affiliate as Found, AffiliateOrder, AffiliateUpdate, NewAffiliate};
use guildhall_app::page::Page;
use guildhall_core::affiliate::{AffiliateStatus, PayoutType};
use guildhall_core::money::in_digits;

fn count(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Somebody who brings buyers. Money is what was paid in usd, in major units: `12.50`.
#[derive(Debug)]
pub(crate) struct Affiliate(pub(crate) Found);

#[Object]
impl Affiliate {
    /// How many people hold a valid membership that they brought.
    async fn active_members_count(&self) -> i32 {
        count(self.0.figures.active_members)
    }

    async fn affiliate_type(&self) -> Option<AffiliateTypes> {
        AffiliateTypes::from_word(self.0.affiliate_type.as_str())
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn status(&self) -> Option<Status> {
        Status::from_word(self.0.status.as_str())
    }

    /// How many of the company's plans they earn by.
    async fn total_plan_count(&self) -> i32 {
        count(self.0.figures.plans)
    }

    /// What they earned, without what went back.
    async fn total_referral_earnings(&self) -> String {
        in_digits(self.0.figures.earnings_minor, self.0.figures.currency)
    }

    /// How many memberships they brought.
    async fn total_referrals(&self) -> i32 {
        count(self.0.figures.referrals)
    }

    /// What was paid, without what went back.
    async fn total_revenue(&self) -> String {
        in_digits(self.0.figures.revenue_minor, self.0.figures.currency)
    }

    async fn user_account(&self) -> PublicProfileUser {
        PublicProfileUser(self.0.user.clone())
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct AffiliateConnection {
    nodes: Option<Vec<Option<Affiliate>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl AffiliateConnection {
    pub(crate) fn of(found: Page<Found>, order: AffiliateOrder) -> Self {
        Self {
            page_info: PageInfo::of(&found, |affiliate| affiliate.cursor(order)),
            total_count: count(found.total),
            nodes: Some(found.nodes.into_iter().map(|affiliate| Some(Affiliate(affiliate))).collect()),
        }
    }
}

impl AffiliatesSortableColumns {
    pub(crate) fn read(self) -> AffiliateOrder {
        match self {
            Self::CachedTotalReferrals => AffiliateOrder::Referrals,
            Self::CachedTotalRewards => AffiliateOrder::Rewards,
            // Ids sort by time.
            Self::CreatedAt | Self::Id => AffiliateOrder::CreatedAt,
        }
    }
}

fn payout_type(given: PayoutTypes) -> PayoutType {
    match given {
        PayoutTypes::FlatFee => PayoutType::FlatFee,
        PayoutTypes::Percentage => PayoutType::Percentage,
    }
}

/// Without plans, about all of the company's. Without `companyId`: of the company of `x-company-id`, else of the app's
/// own. Without `fee` they earn what passes offer.
#[derive(Debug, InputObject)]
struct CreateAffiliateInput {
    client_mutation_id: Option<String>,
    company_id: Option<ID>,
    /// A percentage, or major units of the plan's currency, or of usd about all plans.
    fee: Option<StringFloat>,
    /// Whether they earn by the first payment of each membership alone.
    only_one_payout: Option<bool>,
    payout_type: PayoutTypes,
    plan_id: Option<ID>,
    plan_ids: Option<Vec<ID>>,
    username: String,
}

impl CreateAffiliateInput {
    fn read(self) -> Result<NewAffiliate> {
        let named: Vec<ID> = self.plan_id.into_iter().chain(self.plan_ids.unwrap_or_default()).collect();
        Ok(NewAffiliate {
            company: optional_id(self.company_id.as_ref())?,
            username: self.username,
            plans: ids(&named)?,
            payout_type: payout_type(self.payout_type),
            fee: self.fee.as_ref().map(StringFloat::number),
            only_first_payment: self.only_one_payout.unwrap_or(false),
        })
    }
}

#[derive(Debug, InputObject)]
struct UpdateAffiliateInput {
    client_mutation_id: Option<String>,
    /// A percentage, or major units of the plan's currency, or of usd about all plans.
    fee: Option<StringFloat>,
    id: ID,
    /// Whether they earn by the first payment of each membership alone.
    only_one_payout: Option<bool>,
    payout_type: Option<PayoutTypes>,
    /// The plan that something is agreed about; empty for all that have no agreement of their own.
    plan_id: String,
    status: Option<Status>,
}

impl UpdateAffiliateInput {
    fn read(self) -> Result<AffiliateUpdate> {
        let plan = Some(self.plan_id.trim()).filter(|plan| !plan.is_empty()).map(ID::from);
        Ok(AffiliateUpdate {
            plan: optional_id(plan.as_ref())?,
            payout_type: self.payout_type.map(payout_type),
            fee: self.fee.as_ref().map(StringFloat::number),
            only_first_payment: self.only_one_payout,
            status: self.status.map(|status| match status {
                Status::Active => AffiliateStatus::Active,
                Status::Archived => AffiliateStatus::Archived,
                Status::Deleted => AffiliateStatus::Deleted,
            }),
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct AffiliateMutations;

#[Object]
impl AffiliateMutations {
    async fn create_affiliate(
        &self,
        context: &Context<'_>,
        input: CreateAffiliateInput,
    ) -> Result<Option<Affiliate>> {
        let caller = Caller::of(context);
        let made = affiliate::create(&caller.hall, &caller.principal, input.read()?).await?;
        Ok(Some(Affiliate(made)))
    }

    async fn update_affiliate(
        &self,
        context: &Context<'_>,
        input: UpdateAffiliateInput,
    ) -> Result<Option<Affiliate>> {
        let caller = Caller::of(context);
        let sought = id(&input.id)?;
        let changed = affiliate::update(&caller.hall, &caller.principal, sought, input.read()?).await?;
        Ok(Some(Affiliate(changed)))
    }
}
