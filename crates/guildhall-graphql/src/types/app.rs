//! Apps, to their developers.

use super::access_pass::AccessPass;
use super::attachment::{AttachmentInput, AttachmentInterface, shown};
use super::company::PublicCompany;
use super::enums::{AppStatuses, AppValidScopes, AppViewTypes, Word};
use super::page::{PageInfo, id, optional_id};
use super::scalars::{File, Timestamp, UrlString};
use super::user::UserConnection;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use guildhall_app::access_pass;
use guildhall_app::api_key::{self, FreshKey};
use guildhall_app::app::{self, AppDetails, AppUpdate, Change, Made, NewApp};
use guildhall_app::company;
use guildhall_app::page::Page;
use guildhall_app::permission_requirement::{self, RequestedPermission};
use guildhall_core::app::AppStatus;

/// How many people opened an app.
#[derive(Debug, SimpleObject)]
struct PublicAppStats {
    /// In the last day.
    dau: i32,
    /// In the last thirty days.
    mau: i32,
    #[graphql(name = "timeSpentLast24HoursInSeconds")]
    time_spent_last_day: f64,
    /// In the last seven days.
    wau: i32,
}

/// A live API key.
#[derive(Debug, SimpleObject)]
struct PrivateApiKey {
    created_at: Timestamp,
    id: ID,
    /// The key itself in the answer that made it; after that its last letters, e.g. `gh_…aB3x`.
    token: String,
}

#[derive(Debug, SimpleObject)]
struct PrivateApiKeyConnection {
    nodes: Option<Vec<Option<PrivateApiKey>>>,
}

/// An app.
#[derive(Debug)]
pub(crate) struct App {
    found: AppDetails,
    /// The key that was made with it just now.
    fresh_key: Option<FreshKey>,
}

impl App {
    pub(crate) fn of(found: AppDetails) -> Self {
        Self { found, fresh_key: None }
    }
}

#[Object]
impl App {
    /// The hidden pass that stands for the app.
    async fn access_pass(&self, context: &Context<'_>) -> Result<AccessPass> {
        let id = self.found.access_pass.clone();
        Ok(AccessPass(access_pass::load(&Caller::of(context).hall, id).await?))
    }

    /// The users that the app speaks as; the one that acts when nobody is named first.
    async fn agent_users(&self, context: &Context<'_>) -> Result<UserConnection> {
        let agents = app::agents(&Caller::of(context).hall, self.found.app.id.clone()).await?;
        Ok(UserConnection::of(agents))
    }

    /// The live keys; its nodes are null without `developer:manage_api_key`.
    async fn api_keys(&self, context: &Context<'_>) -> Result<PrivateApiKeyConnection> {
        let caller = Caller::of(context);
        let keys = api_key::list(&caller.hall, &caller.principal, self.found.app.clone()).await?;
        let token = |key: &api_key::ApiKey| match &self.fresh_key {
            Some(fresh) if fresh.id == key.id => fresh.text.clone(),
            _ => key.masked(),
        };
        let node = |key: api_key::ApiKey| {
            Some(PrivateApiKey {
                created_at: Timestamp::of_ms(key.created_at),
                token: token(&key),
                id: key.id.to_string().into(),
            })
        };
        Ok(PrivateApiKeyConnection { nodes: keys.map(|keys| keys.into_iter().map(node).collect()) })
    }

    async fn base_dev_url(&self) -> Option<&str> {
        self.found.base_dev_url.as_deref()
    }

    async fn base_url(&self) -> Option<&str> {
        self.found.base_url.as_deref()
    }

    async fn company(&self, context: &Context<'_>) -> Result<PublicCompany> {
        let company = self.found.app.company.clone();
        Ok(PublicCompany(company::find(&Caller::of(context).hall, company).await?))
    }

    async fn description(&self) -> Option<&str> {
        self.found.description.as_deref()
    }

    async fn experience_path(&self) -> Option<&str> {
        self.found.experience_path.as_deref()
    }

    async fn icon(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.found.app.icon.as_ref()).await
    }

    async fn id(&self) -> ID {
        self.found.app.id.to_string().into()
    }

    async fn name(&self) -> &str {
        &self.found.app.name
    }

    /// Null: nothing counts who opens an app.
    async fn stats(&self) -> Option<PublicAppStats> {
        None
    }

    async fn status(&self) -> AppStatuses {
        match self.found.status {
            AppStatus::Hidden => AppStatuses::Hidden,
            AppStatus::Live => AppStatuses::Live,
            AppStatus::Unlisted => AppStatuses::Unlisted,
        }
    }

    async fn using_default_icon(&self) -> bool {
        self.found.app.icon.is_none()
    }

    /// The path of a view: `hub`, `dashboard` and `discover` have one; null for the others, and while none is set.
    async fn view_path(&self, view_type: AppViewTypes) -> Option<&str> {
        match view_type {
            AppViewTypes::Hub => self.found.experience_path.as_deref(),
            AppViewTypes::Dashboard => self.found.dashboard_path.as_deref(),
            AppViewTypes::Discover => self.found.discover_path.as_deref(),
            AppViewTypes::Analytics
            | AppViewTypes::Checkout
            | AppViewTypes::Dash
            | AppViewTypes::Preview
            | AppViewTypes::Seller
            | AppViewTypes::SeoApi => None,
        }
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct AppConnection {
    nodes: Option<Vec<Option<App>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl AppConnection {
    pub(crate) fn of(page: Page<AppDetails>) -> Self {
        Self {
            page_info: PageInfo::of(&page, |details| details.app.id.to_string()),
            total_count: i32::try_from(page.total).unwrap_or(i32::MAX),
            nodes: Some(page.nodes.into_iter().map(|details| Some(App::of(details))).collect()),
        }
    }
}

#[derive(Debug, InputObject)]
struct CreateAppInput {
    base_url: Option<String>,
    client_mutation_id: Option<String>,
    /// The company that will own it; without one that of `x-company-id`, else the calling app's own.
    company_id: Option<ID>,
    name: String,
}

/// What is left out stays; null takes away what may be absent.
#[derive(Debug, InputObject)]
struct UpdateAppInput {
    app_store_description: MaybeUndefined<String>,
    base_dev_url: MaybeUndefined<UrlString>,
    base_preview_url: MaybeUndefined<UrlString>,
    base_url: MaybeUndefined<UrlString>,
    client_mutation_id: Option<String>,
    dashboard_path: MaybeUndefined<String>,
    default_agent_user_id: Option<ID>,
    description: MaybeUndefined<String>,
    discover_path: MaybeUndefined<String>,
    experience_path: MaybeUndefined<String>,
    force_checkout_iframe: Option<bool>,
    hub_cta: MaybeUndefined<String>,
    icon: MaybeUndefined<AttachmentInput>,
    id: ID,
    #[graphql(deprecation = "Upload the picture and send `icon`.")]
    image: Option<File>,
    name: Option<String>,
    product_page: MaybeUndefined<String>,
    required_scopes: Option<Vec<AppValidScopes>>,
    status: Option<AppStatuses>,
}

impl UpdateAppInput {
    /// What the use case is asked for.
    fn read(self) -> Result<AppUpdate> {
        let icon = match self.icon {
            MaybeUndefined::Undefined => Change::Keep,
            MaybeUndefined::Null => Change::Clear,
            MaybeUndefined::Value(input) => Change::Set(input.id()?),
        };
        let address = |url: MaybeUndefined<UrlString>| change(url.map_value(|url| url.0));
        Ok(AppUpdate {
            name: self.name,
            status: self.status.and_then(|status| AppStatus::from_word(status.as_str())),
            description: change(self.description),
            icon,
            base_url: address(self.base_url),
            base_dev_url: address(self.base_dev_url),
            base_preview_url: address(self.base_preview_url),
            experience_path: change(self.experience_path),
            dashboard_path: change(self.dashboard_path),
            discover_path: change(self.discover_path),
            app_store_description: change(self.app_store_description),
            product_page: change(self.product_page),
            hub_cta: change(self.hub_cta),
            force_checkout_iframe: self.force_checkout_iframe,
            required_scopes: self
                .required_scopes
                .map(|scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect()),
            default_agent: optional_id(self.default_agent_user_id.as_ref())?,
        })
    }
}

pub(super) fn change<T>(given: MaybeUndefined<T>) -> Change<T> {
    match given {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::Clear,
        MaybeUndefined::Value(value) => Change::Set(value),
    }
}

#[derive(Debug, InputObject)]
struct AppRequestedPermissionInput {
    /// The permission's word, e.g. `chat:read`.
    action: String,
    is_required: bool,
    /// 1 to 500 characters, shown to those who install the app.
    justification: String,
}

#[derive(Debug, InputObject)]
struct UpdateAppPermissionRequirementsInput {
    app_id: ID,
    client_mutation_id: Option<String>,
    /// The whole list.
    requested_permissions: Vec<AppRequestedPermissionInput>,
}

#[derive(Debug, Default)]
pub(crate) struct AppMutations;

#[Object]
impl AppMutations {
    /// Makes an app with an agent user and, for callers that hold `developer:manage_api_key`, a key, which is shown
    /// this once.
    async fn create_app(&self, context: &Context<'_>, input: CreateAppInput) -> Result<Option<App>> {
        let caller = Caller::of(context);
        let new = NewApp {
            name: input.name,
            base_url: input.base_url,
            company: optional_id(input.company_id.as_ref())?,
        };
        let Made { details, key } = app::create(&caller.hall, &caller.principal, new).await?;
        Ok(Some(App { found: details, fresh_key: key }))
    }

    /// Changes an app.
    async fn update_app(&self, context: &Context<'_>, input: UpdateAppInput) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        let app = id(&input.id)?;
        app::update(&caller.hall, &caller.principal, app, input.read()?).await?;
        Ok(Some(true))
    }

    /// Replaces what an app asks of those who install it. Who installed it before keeps what it granted, until one of
    /// its deciders approves the new list.
    async fn update_app_permission_requirements(
        &self,
        context: &Context<'_>,
        input: UpdateAppPermissionRequirementsInput,
    ) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        let requested = input.requested_permissions.into_iter().map(|asked| RequestedPermission {
            action: asked.action,
            justification: asked.justification,
            required: asked.is_required,
        });
        let requested = requested.collect();
        let app = id(&input.app_id)?;
        permission_requirement::replace(&caller.hall, &caller.principal, app, requested).await?;
        Ok(Some(true))
    }
}
