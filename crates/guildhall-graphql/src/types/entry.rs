//! Entries: who waits for a company's plans.

use super::access_pass::PublicAccessPass;
use super::enums::{EntryStatus, Word};
use super::member::Member;
use super::page::{PageInfo, ids, part};
use super::plan::Plan;
use super::scalars::{BigInt, Timestamp};
use super::user::PublicProfileUser;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::entry::{self, Entry as Found, EntryFilter};
use guildhall_app::membership_list::Holder;
use guildhall_app::page::Part;
use guildhall_app::{access_pass, company_member, plan};
use guildhall_core::cursor::{check_filter, check_query};
use guildhall_core::ids::{CompanyId, EntryId};
use guildhall_core::waitlist;

/// What a plan asked, as it was then, and what was answered.
#[derive(Debug, SimpleObject)]
struct CustomFieldResponse {
    answer: String,
    id: ID,
    question: String,
}

/// One person's place on a waitlist or in a raffle.
#[derive(Debug)]
struct Entry(Found);

#[Object]
impl Entry {
    /// The pass that is waited for; null when it was deleted.
    async fn access_pass(&self, context: &Context<'_>) -> Result<Option<PublicAccessPass>> {
        let (hall, id) = (&Caller::of(context).hall, self.0.access_pass.clone());
        Ok(access_pass::load_public(hall, id).await?.map(PublicAccessPass))
    }

    async fn created_at(&self) -> Option<Timestamp> {
        Some(Timestamp::of_ms(self.0.created_at))
    }

    async fn custom_field_responses(&self) -> Option<Vec<CustomFieldResponse>> {
        let responses = self.0.answers.iter().map(|answer| CustomFieldResponse {
            answer: answer.answer.clone(),
            id: format!("{}_{}", self.0.id, answer.field).into(),
            question: answer.question.clone(),
        });
        Some(responses.collect())
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Who waits, as the company's member; null for one who is none yet, and without `member:basic:read`.
    async fn member(&self, context: &Context<'_>) -> Result<Option<Member>> {
        let caller = Caller::of(context);
        let (company, user) = (self.0.company.clone(), self.0.user.id.clone());
        let found = company_member::find_if_shown(&caller.hall, &caller.principal, company, user).await?;
        Ok(found.map(|member| Member(Holder { id: member.id, user: member.user })))
    }

    /// The name of who waits.
    async fn name(&self) -> Option<&str> {
        self.0.user.name.as_deref()
    }

    /// What is waited for; null without `plan:basic:read`.
    async fn plan(&self, context: &Context<'_>) -> Result<Option<Plan>> {
        let caller = Caller::of(context);
        let (company, id) = (self.0.company.clone(), self.0.plan.clone());
        Ok(plan::load_if_shown(&caller.hall, &caller.principal, company, id).await?.map(Plan))
    }

    async fn status(&self) -> EntryStatus {
        EntryStatus::from_word(self.0.status.as_str()).unwrap_or(EntryStatus::Pending)
    }

    async fn updated_at_ms(&self) -> BigInt {
        BigInt(self.0.updated_at)
    }

    async fn user(&self) -> PublicProfileUser {
        PublicProfileUser(self.0.user.clone())
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct EntryConnection {
    nodes: Option<Vec<Option<Entry>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl EntryConnection {
    /// A part of a company's entries.
    pub(crate) async fn list(
        context: &Context<'_>,
        company: &CompanyId,
        filter: EntryFilter,
        part: Part<EntryId>,
    ) -> Result<Self> {
        let caller = Caller::of(context);
        let page = entry::list(&caller.hall, &caller.principal, company.clone(), filter, part).await?;
        Ok(Self {
            page_info: PageInfo::of(&page, |entry| entry.id.to_string()),
            total_count: i32::try_from(page.total).unwrap_or(i32::MAX),
            nodes: Some(page.nodes.into_iter().map(|entry| Some(Entry(entry))).collect()),
        })
    }
}

#[derive(Debug, InputObject)]
pub(crate) struct EntriesFiltersInput {
    access_pass_ids: Option<Vec<ID>>,
    /// The last moment of entering.
    end_date: Option<Timestamp>,
    plan_ids: Option<Vec<ID>>,
    /// The first moment of entering.
    start_date: Option<Timestamp>,
    /// Where entries stand; `any` lets all through.
    statuses: Option<Vec<EntryStatus>>,
}

impl EntriesFiltersInput {
    /// What the use case asks for.
    pub(crate) fn read(self) -> Result<EntryFilter> {
        let statuses = check_filter(self.statuses.unwrap_or_default(), "statuses")?;
        let is_any = statuses.contains(&EntryStatus::Any);
        let statuses = statuses.iter().filter(|_| !is_any);
        Ok(EntryFilter {
            access_passes: ids(&self.access_pass_ids.unwrap_or_default())?,
            plans: ids(&self.plan_ids.unwrap_or_default())?,
            statuses: statuses
                .filter_map(|status| waitlist::EntryStatus::from_word(status.as_str()))
                .collect(),
            from: self.start_date.map(|moment| moment.0.saturating_mul(1000)),
            until: self.end_date.map(|moment| moment.0.saturating_mul(1000).saturating_add(999)),
            ..EntryFilter::default()
        })
    }
}

/// What a dashboard shows of a company.
#[derive(Debug)]
pub(crate) struct CreatorDashboardTable {
    company: CompanyId,
    query: String,
}

#[derive(Debug, InputObject)]
pub(crate) struct CreatorDashboardTableFilters {
    /// What the username or name of who waits holds.
    query: Option<String>,
}

impl CreatorDashboardTable {
    pub(crate) fn of(company: &CompanyId, filters: Option<CreatorDashboardTableFilters>) -> Result<Self> {
        let query = filters.and_then(|filters| filters.query).unwrap_or_default();
        Ok(Self { company: company.clone(), query: check_query(&query)?.to_owned() })
    }
}

#[Object]
impl CreatorDashboardTable {
    /// Who waits for the company's plans, oldest entries first.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn entries(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Result<EntryConnection> {
        let filter = EntryFilter { query: self.query.clone(), ..EntryFilter::default() };
        let part = part(after.as_deref(), before.as_deref(), first, last)?;
        EntryConnection::list(context, &self.company, filter, part).await
    }
}
