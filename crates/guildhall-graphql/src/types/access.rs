//! Access checks.

use super::enums::AccessLevel;
use super::page::{id, optional_id};
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, Object, SimpleObject};
use guildhall_app::access::{self, Thing};
use guildhall_core::access::AccessLevel as Level;

/// The answer to a check.
#[derive(Debug, SimpleObject)]
struct HasAccessResult {
    access_level: AccessLevel,
    has_access: bool,
}

#[derive(Debug, Default)]
pub(crate) struct AccessQueries;

#[Object]
impl AccessQueries {
    async fn has_access_to_access_pass(
        &self,
        context: &Context<'_>,
        access_pass_id: ID,
        user_id: Option<ID>,
    ) -> Result<HasAccessResult> {
        check(context, Thing::AccessPass(id(&access_pass_id)?), user_id).await
    }

    async fn has_access_to_company(
        &self,
        context: &Context<'_>,
        company_id: ID,
        user_id: Option<ID>,
    ) -> Result<HasAccessResult> {
        check(context, Thing::Company(id(&company_id)?), user_id).await
    }

    async fn has_access_to_experience(
        &self,
        context: &Context<'_>,
        experience_id: ID,
        user_id: Option<ID>,
    ) -> Result<HasAccessResult> {
        check(context, Thing::Experience(id(&experience_id)?), user_id).await
    }
}

async fn check(context: &Context<'_>, thing: Thing, user: Option<ID>) -> Result<HasAccessResult> {
    let caller = Caller::of(context);
    let level = access::check(&caller.hall, &caller.principal, thing, optional_id(user.as_ref())?).await?;
    let access_level = shown(level);
    Ok(HasAccessResult { access_level, has_access: access_level != AccessLevel::NoAccess })
}

/// A level as the wire has it.
pub(crate) fn shown(level: Level) -> AccessLevel {
    match level {
        Level::Admin => AccessLevel::Admin,
        Level::Customer => AccessLevel::Customer,
        Level::NoAccess => AccessLevel::NoAccess,
    }
}
