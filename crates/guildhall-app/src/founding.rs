//! Founding: what an operator, a demo or a test makes before anyone calls, in one transaction.

mod affiliate;
mod earlier;
mod entry;
mod invoice;
mod payout;
mod promo_code;
mod sale;

pub use affiliate::Referral;
pub use earlier::{EarlierMembership, EarlierPayment};
pub use sale::fill_sales;

use crate::access_pass::{self, NewAccessPass};
use crate::account;
use crate::api_key;
use crate::app;
use crate::company::{self, NewCompany};
use crate::error::Result;
use crate::experience::{self, NewExperience};
use crate::ledger;
use crate::mail::{self, Letter};
use crate::membership::{self, NewMembership};
use crate::oauth;
use crate::plan::{self, NewPlan};
use crate::post;
use crate::session::{self, Device};
use crate::store::{self, Tx};
use crate::user::{self, NewUser};
use crate::webhook;
use crate::{Guildhall, House};
use guildhall_core::experience::name_key;
use guildhall_core::ids::{
    AccessPassId, ApiKeyId, AppId, CompanyId, ExperienceId, Id, JobId, MembershipId, PlanId, PostId, UserId,
    WebhookEventId,
};
use guildhall_core::ledger::AccountKind;
use guildhall_core::membership::MembershipStatus;
use guildhall_core::mention;
use guildhall_core::money::Currency;
use guildhall_core::oauth::RedirectUri;
use guildhall_core::permission::{Permission, Role};
use guildhall_core::post::WhoCanPost;
use guildhall_core::webhook::{Event, Subject};

/// A founder's hands: everything it makes stands together or not at all.
pub struct Founder<'a, 'b> {
    tx: &'a mut Tx<'b>,
    house: &'a House,
}

impl std::fmt::Debug for Founder<'_, '_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Founder")
    }
}

/// Founds something in one transaction.
///
/// # Errors
/// What the closure answers, or `Internal`.
pub async fn found<T, F>(hall: &Guildhall, mut closure: F) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut Founder<'_, '_>) -> Result<T> + Send + 'static,
{
    let house = hall.house();
    let founded = hall.store.write(move |tx| closure(&mut Founder { tx, house: &house })).await;
    hall.credentials.forget();
    founded
}

/// A message of an earlier day.
#[derive(Debug, Clone, Default)]
pub struct EarlierPost {
    /// A forum post's title.
    pub title: Option<String>,
    /// Markdown.
    pub content: String,
    /// The post it comments.
    pub parent: Option<PostId>,
    /// Kept at the top.
    pub pinned: bool,
    /// When it was written, in milliseconds.
    pub at: i64,
}

impl Founder<'_, '_> {
    /// The moment of this founding, in milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.tx.now
    }

    /// Queues a letter to an address, sent after the founding.
    ///
    /// # Errors
    /// `Invalid` when the text is not an e-mail address.
    pub fn mail(&mut self, to: &str, letter: Letter) -> Result<JobId> {
        mail::queue(self.tx, to, letter)
    }

    /// Sets the moment of what is founded next, in milliseconds.
    pub fn set_now(&mut self, milliseconds: i64) {
        self.tx.now = milliseconds;
    }

    /// Holds everyone else who founds the same thing until this founding is done.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn hold(&mut self, thing: &str) -> Result<()> {
        self.tx.lock(thing)
    }

    /// Makes this a world for development, whose clock can be moved.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn mark_development(&mut self) -> Result<()> {
        crate::world_time::mark_development(self.tx)
    }

    /// Keeps bytes under a name.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn remember(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        store::secret::set(self.tx, name, bytes)
    }

    /// The bytes kept under a name.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn recall(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        store::secret::find(self.tx, name)
    }

    /// A user, with a ledger account.
    ///
    /// # Errors
    /// `Conflict` when the username is taken.
    pub fn user(&mut self, user: &NewUser) -> Result<UserId> {
        user::create(self.tx, user)
    }

    /// A password for a user, who signs in with it and the e-mail or username from now on; answers whether they can:
    /// not without an e-mail, nor with one that another account has. The hash is one that [`crate::password::hash`]
    /// made.
    ///
    /// # Errors
    /// `NotFound` for an unknown user.
    pub fn account(&mut self, user: &UserId, password_hash: &str) -> Result<bool> {
        account::found(self.tx, user, password_hash)
    }

    /// A signed-in browser of a user; answers what its cookie holds.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn session(&mut self, user: &UserId) -> Result<String> {
        Ok(session::begin(self.tx, user, &Device::default())?.token)
    }

    /// A company, its owner on the team, with a ledger account.
    ///
    /// # Errors
    /// `Conflict` when the route is taken.
    pub fn company(&mut self, company: &NewCompany) -> Result<CompanyId> {
        company::create(self.tx, company)
    }

    /// A team member.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn team_member(&mut self, company: &CompanyId, user: &UserId, role: Role) -> Result<()> {
        store::company::set_team_member(self.tx, company, user, role)
    }

    /// An access pass.
    ///
    /// # Errors
    /// `Conflict` when the route is taken.
    pub fn access_pass(&mut self, pass: &NewAccessPass) -> Result<AccessPassId> {
        access_pass::create(self.tx, pass)
    }

    /// A plan.
    ///
    /// # Errors
    /// `Invalid` for a raffle without an end or places.
    pub fn plan(&mut self, plan: &NewPlan) -> Result<PlanId> {
        plan::create(self.tx, plan)
    }

    /// A membership.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn membership(&mut self, membership: &NewMembership) -> Result<MembershipId> {
        membership::create(self.tx, membership)
    }

    /// Something that happened, for webhooks to hear of after the founding.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn event(&mut self, company: &CompanyId, event: Event, subject: &Subject) -> Result<WebhookEventId> {
        webhook::emit(self.tx, company, event, subject)
    }

    /// An app, installed in its own company.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn app(&mut self, company: &CompanyId, name: &str, base_url: Option<&str>) -> Result<AppId> {
        app::make(self.tx, company, name, base_url)
    }

    /// An app in another company, with these permissions beside those that it was granted before.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn install(&mut self, app: &AppId, company: &CompanyId, granted: &[Permission]) -> Result<()> {
        store::install::insert(self.tx, app, company)?;
        store::install::grant(self.tx, app, company, granted)
    }

    /// An agent user of an app.
    ///
    /// # Errors
    /// `Conflict` when the username is taken.
    pub fn agent(&mut self, app: &AppId, user: &NewUser) -> Result<UserId> {
        app::add_agent(self.tx, app, user, 0)
    }

    /// An API key; this is the only time its text is seen.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn api_key(&mut self, app: &AppId) -> Result<(ApiKeyId, String)> {
        api_key::make(self.tx, app)
    }

    /// What the audit log says was done to a thing, and by whom (`None` for the operator); in no order.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn deeds(&mut self, subject: &str) -> Result<Vec<(String, Option<UserId>)>> {
        store::audit::deeds(self.tx, subject)
    }

    /// Addresses that an app's answers to signing in may go to.
    ///
    /// # Errors
    /// `Invalid` when the app has more than twenty.
    pub fn redirect_uris(&mut self, app: &AppId, uris: &[RedirectUri]) -> Result<()> {
        oauth::trust(self.tx, app, uris)
    }

    /// An experience attached to passes, with its feed when it is a chat or a forum.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn experience(
        &mut self,
        new: &NewExperience,
        passes: &[&AccessPassId],
        who_can_post: Option<WhoCanPost>,
    ) -> Result<ExperienceId> {
        let id = experience::create(self.tx, new, who_can_post)?;
        for pass in passes {
            store::experience::attach(self.tx, &id, pass, None)?;
        }
        let first = passes.first().copied();
        store::experience::set_name(self.tx, &new.company, new.kind, first, &name_key(&new.name), &id)?;
        Ok(id)
    }

    /// Money let in from outside.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn fund(
        &mut self,
        kind: AccountKind,
        owner: &str,
        currency: Currency,
        minor: i64,
        key: &str,
    ) -> Result<()> {
        ledger::fund(self.tx, kind, owner, currency, minor, key)
    }

    /// A post that was written earlier, in a chat or forum.
    ///
    /// # Errors
    /// `NotFound` when the experience has no feed.
    pub fn post(
        &mut self,
        experience: &ExperienceId,
        author: &UserId,
        earlier: &EarlierPost,
    ) -> Result<PostId> {
        let Some(feed) = store::feed::of_experience(self.tx, experience)? else {
            return crate::error::no_such("chat or forum", experience);
        };
        let mentions = mention::read(&earlier.content);
        let post = post::NewPost {
            parent: earlier.parent.clone(),
            title: earlier.title.clone(),
            content: earlier.content.clone(),
            mentioned: store::user::ids_of_usernames(self.tx, &mentions.username_keys)?,
            pinned: earlier.pinned,
            ..post::NewPost::default()
        };
        let now = std::mem::replace(&mut self.tx.now, earlier.at);
        let written = store::post::insert(self.tx, &feed.id, author, &post);
        self.tx.now = now;
        Ok(written?.0)
    }
}

/// How many rows one transaction of a filling adds.
const FILL_STEP: i64 = 10_000;

/// Adds generated messages until a chat holds `goal`; answers how many were added.
///
/// # Errors
/// `NotFound` when the experience has no feed.
pub async fn fill_messages(
    hall: &Guildhall,
    experience: &ExperienceId,
    author: &UserId,
    goal: i64,
) -> Result<i64> {
    let mut added = 0;
    loop {
        let (experience, author) = (experience.clone(), author.clone());
        let step = hall.store.write(move |tx| {
            let Some(feed) = store::feed::of_experience(tx, &experience)? else {
                return crate::error::no_such("chat", &experience);
            };
            let missing = goal - store::feed::last_sequence(tx, &feed.id)?;
            let count = missing.clamp(0, FILL_STEP);
            for number in 0..count {
                let content =
                    format!("Generated message {number}: measure twice, cut once, sweep up afterwards.");
                store::post::insert(
                    tx,
                    &feed.id,
                    &author,
                    &post::NewPost { content, ..post::NewPost::default() },
                )?;
            }
            Ok(count)
        });
        match step.await? {
            0 => return Ok(added),
            count => added += count,
        }
    }
}

/// Adds generated users with memberships until a company has `goal`; answers how many were added.
///
/// # Errors
/// `Internal` only.
pub async fn fill_memberships(
    hall: &Guildhall,
    company: &CompanyId,
    pass: &AccessPassId,
    plan: &PlanId,
    goal: i64,
) -> Result<i64> {
    let mut added = 0;
    loop {
        let new = |user| NewMembership {
            company: company.clone(),
            access_pass: pass.clone(),
            plan: Some(plan.clone()),
            user,
            status: MembershipStatus::Completed,
            paid_until: None,
        };
        let template = new(UserId::from_stored(String::new()));
        let step = hall.store.write(move |tx| {
            let present = store::membership::count_of_company(tx, &template.company)?;
            let count = (goal - present).clamp(0, FILL_STEP);
            for number in 0..count {
                let username = format!("filler-{}", present + number);
                let user = user::create(tx, &NewUser { username, ..NewUser::default() })?;
                // Generated rows are nobody's news: no webhook hears of them.
                membership::create_quietly(tx, &NewMembership { user, ..template.clone() })?;
            }
            Ok(count)
        });
        match step.await? {
            0 => return Ok(added),
            count => added += count,
        }
    }
}
