//! Users: to themselves, and to everyone.

use super::attachment::{AttachmentInterface, shown, shown_url};
use super::ledger::LedgerAccount;
use super::scalars::Timestamp;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, Object, SimpleObject};
use guildhall_app::ledger;
use guildhall_app::user::{self, User as Found};
use guildhall_core::money::{Currency, major_from_minor};

/// The acting user, to itself; or an agent, to the developers of its app, who see of it what everyone sees.
#[derive(Debug)]
pub(crate) struct User(pub(crate) Found);

#[Object]
impl User {
    async fn banner_image(&self, context: &Context<'_>) -> Result<Option<String>> {
        shown_url(context, self.0.banner.as_ref()).await
    }

    async fn bio(&self) -> Option<&str> {
        self.0.bio.as_deref()
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.created_at)
    }

    async fn date_of_birth_day(&self, context: &Context<'_>) -> Option<i32> {
        self.date_part(context, 2)
    }

    async fn date_of_birth_month(&self, context: &Context<'_>) -> Option<i32> {
        self.date_part(context, 1)
    }

    async fn date_of_birth_year(&self, context: &Context<'_>) -> Option<i32> {
        self.date_part(context, 0)
    }

    /// Null to anyone but the user.
    async fn email(&self, context: &Context<'_>) -> Option<&str> {
        self.0.email.as_deref().filter(|_| self.acts(context))
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn ledger_account(&self, context: &Context<'_>) -> Result<LedgerAccount> {
        let caller = Caller::of(context);
        if !self.acts(context) {
            let sentence = "A user's ledger account is shown to that user alone.";
            return Err(guildhall_app::Error::Forbidden(sentence.into()).into());
        }
        Ok(LedgerAccount(ledger::of_current_user(&caller.hall, &caller.principal).await?))
    }

    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    async fn phone_verified(&self) -> bool {
        self.0.phone_verified
    }

    async fn profile_picture(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.picture.as_ref()).await
    }

    async fn username(&self) -> &str {
        &self.0.username
    }
}

impl User {
    /// Whether it is the acting user.
    fn acts(&self, context: &Context<'_>) -> bool {
        Caller::of(context).principal.user.as_ref() == Some(&self.0.id)
    }

    /// A part of `YYYY-MM-DD`; nothing to anyone but the user.
    fn date_part(&self, context: &Context<'_>, index: usize) -> Option<i32> {
        let date = self.0.date_of_birth.as_deref().filter(|_| self.acts(context))?;
        date.split('-').nth(index)?.parse().ok()
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct UserConnection {
    nodes: Option<Vec<Option<User>>>,
}

impl UserConnection {
    pub(crate) fn of(found: Vec<Found>) -> Self {
        Self { nodes: Some(found.into_iter().map(|user| Some(User(user))).collect()) }
    }
}

/// Who is calling.
#[derive(Debug, SimpleObject)]
struct Viewer {
    user: User,
}

/// What a user earned; shown to that user alone.
#[derive(Debug, SimpleObject)]
struct UserStat {
    #[graphql(name = "moneyEarned24Hours")]
    day: Option<f64>,
    #[graphql(name = "moneyEarned30Days")]
    month: Option<f64>,
    #[graphql(name = "moneyEarned7Days")]
    week: Option<f64>,
    #[graphql(name = "moneyEarnedLifetime")]
    lifetime: Option<f64>,
}

/// A user, to everyone.
#[derive(Debug)]
pub(crate) struct PublicProfileUser(pub(crate) Found);

#[Object]
impl PublicProfileUser {
    async fn banner(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.banner.as_ref()).await
    }

    async fn bio(&self) -> Option<&str> {
        self.0.bio.as_deref()
    }

    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }

    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.created_at)
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    async fn phone_verified(&self) -> bool {
        self.0.phone_verified
    }

    async fn profile_picture(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.picture.as_ref()).await
    }

    async fn user_stat(&self, context: &Context<'_>) -> Result<Option<UserStat>> {
        let caller = Caller::of(context);
        let Some(earned) = ledger::earnings(&caller.hall, &caller.principal, &self.0.id).await? else {
            return Ok(None);
        };
        let usd = Currency::parse("usd")?;
        let major = |minor| Some(major_from_minor(minor, usd));
        Ok(Some(UserStat {
            day: major(earned.day_minor),
            week: major(earned.week_minor),
            month: major(earned.month_minor),
            lifetime: major(earned.lifetime_minor),
        }))
    }

    async fn username(&self) -> &str {
        &self.0.username
    }
}

#[derive(Debug, Default)]
pub(crate) struct UserQueries;

#[Object]
impl UserQueries {
    /// Anyone's profile, by id or username.
    async fn public_user(&self, context: &Context<'_>, id: ID) -> Result<PublicProfileUser> {
        Ok(PublicProfileUser(user::find(&Caller::of(context).hall, id.as_str()).await?))
    }

    /// The acting user.
    async fn viewer(&self, context: &Context<'_>) -> Result<Viewer> {
        let caller = Caller::of(context);
        Ok(Viewer { user: User(user::current(&caller.hall, &caller.principal).await?) })
    }
}
