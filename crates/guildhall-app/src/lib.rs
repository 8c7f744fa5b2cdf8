//! Guildhall's use cases: the only room that touches SQL, files, processors and other servers.
//!
//! One noun a file; each use case is a function over [`Guildhall`] and the calling [`Principal`]. What
//! needs the store alone is a plain synchronous function over a transaction underneath.

pub mod access;
pub mod access_pass;
pub mod account;
pub mod affiliate;
pub mod api_key;
pub mod app;
pub mod app_build;
pub mod app_session;
pub mod app_view;
pub mod attachment;
mod audit;
pub mod authorized_user;
mod billing;
pub mod checkout;
pub mod clock;
pub mod company;
pub mod company_member;
mod crash;
mod credential;
pub mod direct_message;
pub mod dispute;
pub mod entry;
mod error;
pub mod experience;
pub mod feed;
mod files;
pub mod founding;
pub mod install;
pub mod invoice;
pub mod jobs;
pub mod ledger;
pub mod mail;
pub mod membership;
pub mod membership_list;
pub mod moderation;
pub mod money;
pub mod notification;
pub mod oauth;
mod one_time_token;
pub mod opaque_token;
pub mod operator;
pub mod outbound;
pub mod page;
pub mod password;
pub mod password_reset;
pub mod payment;
pub mod payout;
pub mod permission_requirement;
pub mod plan;
pub mod post;
pub mod principal;
pub mod processor;
pub mod promo_code;
pub mod raffle;
pub mod receipt;
pub mod refund;
pub mod session;
pub mod sign_in;
pub mod sign_up;
pub mod signing_key;
mod store;
mod throttle;
pub mod two_step;
pub mod upload;
pub mod user;
pub mod user_token;
pub mod webhook;
pub mod world_time;

pub use error::{Error, Result};
pub use files::Outgoing;
pub use principal::Principal;
pub use store::{Location, OpenError, StoreFigures};

use clock::{Clock, Random};
use credential::Credentials;
use files::{Files, Signer};
use jobs::Activity;
use ledger::KnownAccounts;
use mail::Mailer;
use outbound::Poster;
use password::Hasher;
use processor::stripe;
use signing_key::Keyring;
use std::path::PathBuf;
use store::Store;
use store::api_key::KeyHolder;
use user_token::{FreshTokens, TokenHolder};

/// What a hall is opened with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the data lies.
    pub location: Location,
    /// Where files are kept.
    pub files: PathBuf,
    /// Where clients reach the server, e.g. `http://127.0.0.1:8003`, without a slash at the end.
    pub origin: String,
    /// The largest file that can be uploaded, in bytes.
    pub largest_upload_bytes: i64,
    /// How mail is sent; `None` writes its links to the log.
    pub mail: Option<mail::Settings>,
    /// Fees, and how long sales are held.
    pub money: money::Settings,
    /// How Stripe is asked; `None` where it takes no payments.
    pub stripe: Option<stripe::Settings>,
    /// How webhooks are sent.
    pub webhooks: webhook::Settings,
}

/// What a transaction about money has to know of the house.
#[derive(Debug, Clone)]
pub(crate) struct House {
    pub(crate) money: money::Settings,
    /// Where clients reach the server, for links in letters.
    pub(crate) origin: String,
}

/// An open hall: everything a use case needs.
#[derive(Debug)]
pub struct Guildhall {
    store: Store,
    accounts: KnownAccounts,
    clock: Clock,
    random: Random,
    activity: Activity,
    mailer: Mailer,
    poster: Poster,
    files: Files,
    fresh_tokens: FreshTokens,
    signer: Signer,
    credentials: Credentials<KeyHolder>,
    user_tokens: Credentials<TokenHolder>,
    keyring: Keyring,
    hasher: Hasher,
    settings: Settings,
    stripe: Option<stripe::Client>,
}

/// Why a hall could not be opened; one clear sentence.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The files directory.
    #[error("cannot use the files directory {path}: {cause}")]
    Files {
        /// Its path.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The shared secrets.
    #[error("cannot read the secrets of the database: {0}")]
    Secrets(String),
}

impl Guildhall {
    /// Opens a hall and brings its tables up to date.
    ///
    /// # Errors
    /// When the data cannot be reached, is newer than this binary, or cannot be brought up to date.
    pub async fn open(
        settings: Settings,
        clock: Clock,
        random: Random,
    ) -> std::result::Result<Self, StartError> {
        let files = Files::in_directory(&settings.files)
            .map_err(|cause| StartError::Files { path: settings.files.display().to_string(), cause })?;
        let store = Store::open(&settings.location, clock.clone(), random.clone())?;
        let secret = store
            .write(|tx| store::secret::find_or_make(tx, "addresses"))
            .await
            .map_err(|error| StartError::Secrets(format!("{error:?}")))?;
        let mailer = Mailer::open(settings.mail.as_ref());
        let poster = Poster::new(settings.webhooks.resolver.clone(), settings.webhooks.longest_try);
        let stripe = settings.stripe.clone().map(stripe::Client::new);
        let hall = Self {
            store,
            accounts: KnownAccounts::default(),
            clock,
            random,
            activity: Activity::default(),
            mailer,
            poster,
            files,
            fresh_tokens: FreshTokens::default(),
            signer: Signer::new(secret),
            credentials: Credentials::default(),
            user_tokens: Credentials::default(),
            keyring: Keyring::default(),
            hasher: Hasher::default(),
            settings,
            stripe,
        };
        world_time::look(&hall).await.map_err(|error| StartError::Secrets(format!("{error:?}")))?;
        Ok(hall)
    }

    /// Where clients reach the server.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.settings.origin
    }

    pub(crate) fn house(&self) -> House {
        House { money: self.settings.money, origin: self.settings.origin.clone() }
    }

    /// Milliseconds since 1970, by this hall's clock.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// What the store has done since it was opened.
    #[must_use]
    pub fn store_figures(&self) -> StoreFigures {
        self.store.figures()
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self) -> Result<()> {
        self.store.read(|read| read.query("select name from secrets limit 1", &[]).map(|_| ())).await
    }
}
