//! Builds of apps.

use super::attachment::{AttachmentInput, address};
use super::enums::{AppBuildPlatforms, AppBuildStatuses, AppViewTypes, Word};
use super::page::{id, optional_id};
use super::scalars::Timestamp;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object};
use guildhall_app::app_build::{self, AppBuild as Found, NewAppBuild};

/// A bundle of an app for one platform. A hall has no store that reviews: a build is a draft until it is put into
/// production, which approves it.
#[derive(Debug)]
struct AppBuild(Found);

#[Object]
impl AppBuild {
    async fn checksum(&self) -> &str {
        &self.0.checksum
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.created_at)
    }

    /// Where the bundle can be read, for a day.
    async fn file_url(&self, context: &Context<'_>) -> String {
        address(context, &self.0.file)
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn platform(&self) -> AppBuildPlatforms {
        AppBuildPlatforms::from_word(&self.0.platform).unwrap_or(AppBuildPlatforms::Web)
    }

    async fn review_message(&self) -> Option<&str> {
        self.0.review_message.as_deref()
    }

    async fn status(&self) -> AppBuildStatuses {
        AppBuildStatuses::from_word(&self.0.status).unwrap_or(AppBuildStatuses::Draft)
    }

    async fn supported_app_view_types(&self) -> Vec<AppViewTypes> {
        self.0.supported_view_types.iter().filter_map(|word| AppViewTypes::from_word(word)).collect()
    }
}

#[derive(Debug, InputObject)]
struct CreateAppBuildInput {
    /// The calling app when left out.
    app_id: Option<ID>,
    attachment: AttachmentInput,
    checksum: String,
    client_mutation_id: Option<String>,
    platform: AppBuildPlatforms,
    /// `hub` when left out.
    supported_app_view_types: Option<Vec<AppViewTypes>>,
}

#[derive(Debug, InputObject)]
struct PromoteAppBuildToProductionInput {
    app_build_id: ID,
    client_mutation_id: Option<String>,
}

#[derive(Debug, InputObject)]
struct UnassignProductionAppBuildInput {
    app_id: ID,
    client_mutation_id: Option<String>,
    platform: AppBuildPlatforms,
}

#[derive(Debug, Default)]
pub(crate) struct AppBuildMutations;

#[Object]
impl AppBuildMutations {
    /// Makes a build, a draft, from an uploaded file.
    async fn create_app_build(
        &self,
        context: &Context<'_>,
        input: CreateAppBuildInput,
    ) -> Result<Option<AppBuild>> {
        let caller = Caller::of(context);
        let mut view_types = Vec::new();
        for view in input.supported_app_view_types.unwrap_or_else(|| vec![AppViewTypes::Hub]) {
            let word = view.as_str().to_owned();
            if !view_types.contains(&word) {
                view_types.push(word);
            }
        }
        let new = NewAppBuild {
            app: optional_id(input.app_id.as_ref())?,
            platform: input.platform.as_str().to_owned(),
            attachment: input.attachment.id()?,
            checksum: input.checksum,
            supported_view_types: view_types,
        };
        Ok(Some(AppBuild(app_build::create(&caller.hall, &caller.principal, new).await?)))
    }

    /// Puts a build into production on its platform, in place of the one that is there.
    async fn promote_app_build_to_production(
        &self,
        context: &Context<'_>,
        input: PromoteAppBuildToProductionInput,
    ) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        app_build::promote(&caller.hall, &caller.principal, id(&input.app_build_id)?).await?;
        Ok(Some(true))
    }

    /// Takes the build of a platform out of production; true also where none was.
    async fn unassign_production_app_build(
        &self,
        context: &Context<'_>,
        input: UnassignProductionAppBuildInput,
    ) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        let platform = input.platform.as_str().to_owned();
        app_build::unassign(&caller.hall, &caller.principal, id(&input.app_id)?, platform).await?;
        Ok(Some(true))
    }
}
