//! Members of a company, to its team.

use super::access;
use super::attachment::shown_url;
use super::enums::{
    AccessLevel, ImageStyles, MemberMostRecentActions, MemberStatuses, MembersSortableColumns,
    MembershipStatus, Word,
};
use super::experience::ImgSrcset;
use super::page::{PageInfo, filtered, filtered_ids, from_ms, total, until_ms};
use super::scalars::{BigInt, Timestamp};
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::company_member::{self, CompanyMember as Found, MemberFilter, Standing};
use guildhall_app::page::Page;
use guildhall_core::company_member::{MemberOrder, MemberStatus, RecentAction};
use guildhall_core::cursor::check_query;
use guildhall_core::membership::MembershipStatus as Status;
use guildhall_core::money::{Currency, in_digits, major_from_minor};
use tokio::sync::OnceCell;

/// What is shown of who has no picture.
const NO_PICTURE: &str = "/assets/person.svg";

/// Somebody who holds or held something of a company, or began to.
#[derive(Debug)]
pub(crate) struct CompanyMember {
    found: Found,
    standing: OnceCell<Standing>,
}

impl CompanyMember {
    pub(crate) fn of(found: Found) -> Self {
        Self { found, standing: OnceCell::new() }
    }

    /// Read once, by the first field that asks.
    async fn standing(&self, context: &Context<'_>) -> Result<&Standing> {
        let hall = &Caller::of(context).hall;
        Ok(self.standing.get_or_try_init(|| company_member::standing(hall, &self.found)).await?)
    }
}

#[Object]
impl CompanyMember {
    async fn access_level(&self, context: &Context<'_>) -> Result<AccessLevel> {
        Ok(access::shown(self.standing(context).await?.level))
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.found.created_at)
    }

    /// What stands above all that is said of them: their name, or their username without one.
    async fn header(&self) -> &str {
        let user = &self.found.user;
        user.name.as_deref().unwrap_or(&user.username)
    }

    async fn id(&self) -> ID {
        self.found.id.to_string().into()
    }

    /// Their picture, the same in every style; a drawing for those who have none.
    async fn image_srcset(
        &self,
        context: &Context<'_>,
        #[graphql(name = "style")] _style: Option<ImageStyles>,
        #[graphql(name = "allowAnimation")] _allow_animation: Option<bool>,
    ) -> Result<ImgSrcset> {
        let url = shown_url(context, self.found.user.picture.as_ref()).await?;
        let drawing = || format!("{}{NO_PICTURE}", Caller::of(context).hall.origin());
        Ok(ImgSrcset::of(url.unwrap_or_else(drawing)))
    }

    /// When they first held a membership; until then when they came on record.
    async fn joined_at(&self) -> Timestamp {
        Timestamp::of_ms(self.found.joined_at)
    }

    /// What their paid memberships that renew bring in thirty days, in major units of the currency that most of the
    /// company's newest plans ask. Trials and what is canceled bring nothing.
    async fn mrr(&self, context: &Context<'_>) -> Result<String> {
        let standing = self.standing(context).await?;
        Ok(in_digits(standing.monthly_minor, standing.currency))
    }

    /// Null: nobody is asked for a phone number.
    async fn phone(&self) -> Option<String> {
        None
    }

    /// `joined` with a membership that counts, `left` with one that does not, `drafted` with none that was begun.
    async fn status(&self, context: &Context<'_>) -> Result<MemberStatuses> {
        let status = self.standing(context).await?.status;
        Ok(match status {
            MemberStatus::Drafted => MemberStatuses::Drafted,
            MemberStatus::Joined => MemberStatuses::Joined,
            MemberStatus::Left => MemberStatuses::Left,
        })
    }

    /// What they paid less what went back, in major units of the currency that most of the company's newest plans ask.
    async fn total_spent(&self, context: &Context<'_>) -> Result<f64> {
        let standing = self.standing(context).await?;
        Ok(major_from_minor(standing.spent_minor, standing.currency))
    }

    async fn updated_at_ms(&self) -> BigInt {
        BigInt(self.found.updated_at)
    }

    /// What they paid in usd less what went back, in major units.
    async fn usd_total_spent(&self) -> Result<String> {
        Ok(in_digits(self.found.usd_spent_minor, Currency::parse("usd")?))
    }

    async fn user(&self) -> Option<CompanyMemberUser> {
        Some(CompanyMemberUser(self.found.user.clone()))
    }
}

/// Who a member is.
#[derive(Debug)]
struct CompanyMemberUser(guildhall_app::user::User);

#[Object]
impl CompanyMemberUser {
    /// As they wrote it: a name or a code.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// Null where they wrote a code of two letters.
    async fn country_name(&self) -> Option<&str> {
        self.0.country.as_deref().filter(|country| country.chars().count() > 2)
    }

    /// Null without `member:email:read`.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    async fn username(&self) -> &str {
        &self.0.username
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct CompanyMemberConnection {
    nodes: Option<Vec<Option<CompanyMember>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl CompanyMemberConnection {
    pub(crate) fn of(page: Page<Found>, order: MemberOrder) -> Self {
        Self {
            page_info: PageInfo::of(&page, |member| member.cursor(order)),
            total_count: total(page.total),
            nodes: Some(page.nodes.into_iter().map(|member| Some(CompanyMember::of(member))).collect()),
        }
    }
}

/// The order of a list of members; without one, by when they came on record.
pub(crate) fn order(order: Option<MembersSortableColumns>) -> MemberOrder {
    order.and_then(|order| MemberOrder::from_word(order.as_str())).unwrap_or(MemberOrder::CreatedAt)
}

/// An empty list wants all. What is asked of passes, plans, promo codes and `membershipStatus` is asked of one
/// membership; dates are of joining, both ends included.
#[derive(Debug, InputObject)]
pub(crate) struct MembersFiltersInput {
    access_pass_ids: Option<Vec<ID>>,
    end_date: Option<Timestamp>,
    membership_status: Option<MembershipStatus>,
    most_recent_actions: Option<Vec<MemberMostRecentActions>>,
    plan_ids: Option<Vec<ID>>,
    promo_code_ids: Option<Vec<ID>>,
    /// In the username, the name, and with `member:email:read` the e-mail, without regard to case.
    query: Option<String>,
    start_date: Option<Timestamp>,
    statuses: Option<Vec<MemberStatuses>>,
    /// Nobody comes by tracking links here, so this finds nobody.
    tracking_link_ids: Option<Vec<ID>>,
}

impl MembersFiltersInput {
    /// What the use case asks for.
    pub(crate) fn read(self) -> Result<MemberFilter> {
        Ok(MemberFilter {
            access_passes: filtered_ids(self.access_pass_ids, "accessPassIds")?,
            plans: filtered_ids(self.plan_ids, "planIds")?,
            promo_codes: filtered_ids(self.promo_code_ids, "promoCodeIds")?,
            membership_status: self.membership_status.and_then(|status| Status::from_word(status.as_str())),
            from_ms: from_ms(self.start_date),
            until_ms: until_ms(self.end_date),
            statuses: filtered(self.statuses, "statuses", |status| MemberStatus::from_word(status.as_str()))?,
            recent_actions: filtered(self.most_recent_actions, "mostRecentActions", |action| {
                RecentAction::from_word(action.as_str())
            })?,
            is_tracked: self.tracking_link_ids.is_some_and(|links| !links.is_empty()),
            query: check_query(&self.query.unwrap_or_default())?.to_owned(),
        })
    }
}
