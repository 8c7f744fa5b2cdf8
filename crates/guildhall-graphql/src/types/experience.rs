//! Experiences, and making chats and forums.

use super::access_pass::PublicAccessPass;
use super::attachment::{AttachmentInterface, shown, shown_url};
use super::company::PublicCompany;
use super::enums::{
    Direction, ExperienceAccessLevels, ExperienceTypes, ForumWhoCanPostTypes, ImageStyles, UpsellTypes,
    WhoCanPostTypes, Word,
};
use super::page::{PageInfo, cursor, id, optional_id, size};
use super::plan::{Plan, PublicPlan, UpsellPlanInput};
use super::scalars::Timestamp;
use super::user::PublicProfileUser;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, InputType, Interface, Object, SimpleObject};
use guildhall_app::app::App;
use guildhall_app::experience::{self, Experience as Found, ExperienceFilter, FindOrCreate, UsersFilter};
use guildhall_app::page::{Page, Part};
use guildhall_core::cursor::check_query;
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::ExperienceId;
use guildhall_core::post::WhoCanPost;

/// An app, to everyone.
#[derive(Debug)]
pub(crate) struct PublicApp(App);

#[Object]
impl PublicApp {
    async fn icon(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.icon.as_ref()).await
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn name(&self) -> &str {
        &self.0.name
    }
}

/// Addresses of a picture in one style.
#[derive(Debug, SimpleObject)]
pub(crate) struct ImgSrcset {
    double: String,
    is_video: bool,
    original: String,
}

impl ImgSrcset {
    /// The same picture in every size.
    pub(crate) fn of(url: String) -> Self {
        Self { double: url.clone(), is_video: false, original: url }
    }
}

/// Where an upsell is offered; here always inside the community.
fn upsell_type(found: &Found) -> Option<UpsellTypes> {
    found.upsell_plan.as_ref().map(|_| UpsellTypes::OnlyInWhop)
}

/// An experience, to those who may see it.
#[derive(Debug)]
struct PublicExperience(Found);

#[Object]
impl PublicExperience {
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn access_passes(&self, context: &Context<'_>) -> Result<Vec<PublicAccessPass>> {
        let caller = Caller::of(context);
        let found = experience::access_passes(&caller.hall, &caller.principal, self.0.id.clone()).await?;
        Ok(found.into_iter().map(PublicAccessPass).collect())
    }

    async fn app(&self) -> PublicApp {
        PublicApp(self.0.app.clone())
    }

    async fn company(&self) -> PublicCompany {
        PublicCompany(self.0.company.clone())
    }

    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn logo(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.logo.as_ref()).await
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What entering costs beyond the pass; null without `plan:basic:read`.
    async fn upsell_plan(&self, context: &Context<'_>) -> Result<Option<PublicPlan>> {
        let caller = Caller::of(context);
        let shown = experience::shows_plan(&caller.hall, &caller.principal, &self.0).await?;
        Ok(self.0.upsell_plan.clone().filter(|_| shown).map(PublicPlan))
    }

    async fn upsell_type(&self) -> Option<UpsellTypes> {
        upsell_type(&self.0)
    }

    /// The users who may enter.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn users(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        direction: Option<Direction>,
        first: Option<i32>,
        query: Option<String>,
    ) -> Result<Option<PublicProfileUserConnection>> {
        let caller = Caller::of(context);
        let filter = UsersFilter {
            query: check_query(&query.unwrap_or_default())?.to_owned(),
            descending: direction == Some(Direction::Desc),
        };
        let (after, before) = (cursor(after.as_deref(), "after")?, cursor(before.as_deref(), "before")?);
        // There is no `last` here, so `before` alone asks for those nearest to it.
        let from_end = before.is_some() && after.is_none();
        let part = Part { after, before, size: size(first, "first")?, from_end };
        let found =
            experience::users(&caller.hall, &caller.principal, self.0.id.clone(), filter, part).await?;
        Ok(Some(PublicProfileUserConnection {
            page_info: PageInfo::of(&found, |user| user.id.to_string()),
            total_count: i32::try_from(found.total).unwrap_or(i32::MAX),
            nodes: Some(found.nodes.into_iter().map(|user| Some(PublicProfileUser(user))).collect()),
        }))
    }
}

#[derive(Debug, SimpleObject)]
struct PublicProfileUserConnection {
    nodes: Option<Vec<Option<PublicProfileUser>>>,
    page_info: PageInfo,
    total_count: i32,
}

#[expect(clippy::duplicated_attributes, reason = "two fields of one type are not one field twice")]
#[derive(Debug, Interface)]
#[graphql(
    field(name = "id", ty = "ID"),
    field(name = "name", ty = "Option<String>"),
    field(name = "description", ty = "Option<String>"),
    field(name = "image_srcset", ty = "Option<ImgSrcset>", arg(name = "style", ty = "Option<ImageStyles>")),
    field(name = "app", ty = "PublicApp"),
    field(name = "upsell_type", ty = "Option<UpsellTypes>"),
    field(name = "upsell_plan", ty = "Option<Plan>")
)]
enum ExperienceInterface {
    CustomPrivate(CustomPrivate),
}

/// An experience in a company's list.
#[derive(Debug)]
struct CustomPrivate(Found);

#[Object]
impl CustomPrivate {
    async fn app(&self) -> PublicApp {
        PublicApp(self.0.app.clone())
    }

    async fn description(&self) -> Option<String> {
        self.0.description.clone()
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn image_srcset(
        &self,
        context: &Context<'_>,
        #[graphql(name = "style")] _style: Option<ImageStyles>,
    ) -> Result<Option<ImgSrcset>> {
        let url = shown_url(context, self.0.logo.as_ref()).await?;
        Ok(url.map(ImgSrcset::of))
    }

    async fn name(&self) -> Option<String> {
        Some(self.0.name.clone())
    }

    async fn upsell_plan(&self, context: &Context<'_>) -> Result<Option<Plan>> {
        let caller = Caller::of(context);
        let shown = experience::shows_plan(&caller.hall, &caller.principal, &self.0).await?;
        Ok(self.0.upsell_plan.clone().filter(|_| shown).map(Plan))
    }

    async fn upsell_type(&self) -> Option<UpsellTypes> {
        upsell_type(&self.0)
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct ExperienceInterfaceConnection {
    nodes: Option<Vec<Option<ExperienceInterface>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl ExperienceInterfaceConnection {
    pub(crate) fn of(page: Page<Found>) -> Self {
        let nodes = |found| Some(ExperienceInterface::CustomPrivate(CustomPrivate(found)));
        Self {
            page_info: PageInfo::of(&page, |experience| experience.id.to_string()),
            total_count: i32::try_from(page.total).unwrap_or(i32::MAX),
            nodes: Some(page.nodes.into_iter().map(nodes).collect()),
        }
    }
}

#[derive(Debug, InputObject)]
pub(crate) struct ExperienceFilters {
    access_level: Option<ExperienceAccessLevels>,
    access_pass_id: Option<ID>,
    app_id: Option<ID>,
    experience_type: Option<ExperienceTypes>,
    on_access_pass: Option<bool>,
    query: Option<String>,
}

impl ExperienceFilters {
    /// What the use case asks for.
    pub(crate) fn read(self) -> Result<ExperienceFilter> {
        Ok(ExperienceFilter {
            app: optional_id(self.app_id.as_ref())?,
            access_pass: optional_id(self.access_pass_id.as_ref())?,
            on_access_pass: self.on_access_pass,
            query: check_query(&self.query.unwrap_or_default())?.to_owned(),
        })
    }
}

/// A chat or forum, as its maker hears of it.
#[derive(Debug, SimpleObject)]
struct Experience {
    id: ID,
    /// Opens it in the hub.
    link: String,
}

/// A chat or forum to find or make; they differ in the words for who may post.
#[derive(Debug, InputObject)]
#[graphql(
    concrete(name = "CreateChatInput", params(WhoCanPostTypes)),
    concrete(name = "CreateForumInput", params(ForumWhoCanPostTypes))
)]
struct CreateFeedInput<W: InputType> {
    access_pass_id: Option<ID>,
    client_mutation_id: Option<String>,
    experience_id: Option<ID>,
    expires_at: Option<Timestamp>,
    name: String,
    price: Option<UpsellPlanInput>,
    who_can_post: Option<W>,
}

#[derive(Debug, Default)]
pub(crate) struct ExperienceQueries;

#[Object]
impl ExperienceQueries {
    async fn public_experience(
        &self,
        context: &Context<'_>,
        #[graphql(name = "id")] sought: ID,
    ) -> Result<PublicExperience> {
        let caller = Caller::of(context);
        Ok(PublicExperience(experience::find(&caller.hall, &caller.principal, id(&sought)?).await?))
    }
}

#[derive(Debug, Default)]
pub(crate) struct ExperienceMutations;

#[Object]
impl ExperienceMutations {
    /// Finds the live chat of a name, or makes it.
    async fn create_chat(
        &self,
        context: &Context<'_>,
        input: CreateFeedInput<WhoCanPostTypes>,
    ) -> Result<Option<Experience>> {
        let who_can_post = input.who_can_post.map(|who| who.as_str());
        find_or_create(context, ExperienceKind::Chat, input, who_can_post).await
    }

    /// Finds the live forum of a name, or makes it.
    async fn create_forum(
        &self,
        context: &Context<'_>,
        input: CreateFeedInput<ForumWhoCanPostTypes>,
    ) -> Result<Option<Experience>> {
        let who_can_post = input.who_can_post.map(|who| who.as_str());
        find_or_create(context, ExperienceKind::Forum, input, who_can_post).await
    }
}

async fn find_or_create<W: InputType>(
    context: &Context<'_>,
    kind: ExperienceKind,
    input: CreateFeedInput<W>,
    who_can_post: Option<&str>,
) -> Result<Option<Experience>> {
    let wanted = FindOrCreate {
        kind,
        name: input.name,
        access_pass: optional_id(input.access_pass_id.as_ref())?,
        experience: optional_id(input.experience_id.as_ref())?,
        expires_at: input.expires_at.map(|at| at.0),
        price: input.price.map(UpsellPlanInput::read),
        who_can_post: who_can_post.and_then(WhoCanPost::from_word),
    };
    let caller = Caller::of(context);
    let id: ExperienceId = experience::find_or_create(&caller.hall, &caller.principal, wanted).await?;
    let link = experience::link(&caller.hall, &id);
    Ok(Some(Experience { id: id.to_string().into(), link }))
}
