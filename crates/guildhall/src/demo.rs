//! The demo world: made once, found again, and told about in `demo.env`.

mod story;

use crate::whole_file::{self, Readers};
use guildhall_app::founding::{self, Founder};
use guildhall_app::principal::{self, Credentials};
use guildhall_app::{Guildhall, Result, opaque_token, password, signing_key, user};
use guildhall_core::ids::{AccessPassId, AppId, CompanyId, ExperienceId, Id, PlanId, UserId};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Under which name the store remembers the demo world.
const MEMORY: &str = "demo";
/// Remembered once the world has what later versions added to it.
const SEQUEL: &str = "demo sequel";
/// The name of the file that tells about it.
const FILE: &str = "demo.env";

/// The demo world's ids, and the key of its app once one is known.
#[derive(Debug, Clone)]
pub struct World {
    /// The company.
    pub company: CompanyId,
    /// Its app.
    pub app: AppId,
    /// The app's agent.
    pub agent: UserId,
    /// The company's owner.
    pub owner: UserId,
    /// A moderator on its team.
    pub moderator: UserId,
    /// A customer.
    pub customer: UserId,
    /// A user without any membership.
    pub stranger: UserId,
    /// The free pass, which customers hold.
    pub access_pass: AccessPassId,
    /// The paid pass.
    pub paid_access_pass: AccessPassId,
    /// The paid pass's plan.
    pub plan: PlanId,
    /// The chat.
    pub chat_experience: ExperienceId,
    /// The forum.
    pub forum_experience: ExperienceId,
    /// The app's experience.
    pub app_experience: ExperienceId,
    /// The app's API key; empty until [`prepare`] found or made one.
    pub api_key: String,
    /// What everyone in it signs in with; empty until [`prepare`] found or made it.
    pub password: String,
    /// The file that tells about it; empty until [`prepare`] wrote it.
    pub file: PathBuf,
}

/// What the store remembers.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    company: String,
    app: String,
    agent: String,
    owner: String,
    moderator: String,
    customer: String,
    stranger: String,
    access_pass: String,
    paid_access_pass: String,
    plan: String,
    chat_experience: String,
    forum_experience: String,
    app_experience: String,
}

impl Memory {
    fn of(world: &World) -> Self {
        Self {
            company: world.company.to_string(),
            app: world.app.to_string(),
            agent: world.agent.to_string(),
            owner: world.owner.to_string(),
            moderator: world.moderator.to_string(),
            customer: world.customer.to_string(),
            stranger: world.stranger.to_string(),
            access_pass: world.access_pass.to_string(),
            paid_access_pass: world.paid_access_pass.to_string(),
            plan: world.plan.to_string(),
            chat_experience: world.chat_experience.to_string(),
            forum_experience: world.forum_experience.to_string(),
            app_experience: world.app_experience.to_string(),
        }
    }

    fn into_world(self) -> World {
        World {
            company: Id::from_stored(self.company),
            app: Id::from_stored(self.app),
            agent: Id::from_stored(self.agent),
            owner: Id::from_stored(self.owner),
            moderator: Id::from_stored(self.moderator),
            customer: Id::from_stored(self.customer),
            stranger: Id::from_stored(self.stranger),
            access_pass: Id::from_stored(self.access_pass),
            paid_access_pass: Id::from_stored(self.paid_access_pass),
            plan: Id::from_stored(self.plan),
            chat_experience: Id::from_stored(self.chat_experience),
            forum_experience: Id::from_stored(self.forum_experience),
            app_experience: Id::from_stored(self.app_experience),
            api_key: String::new(),
            password: String::new(),
            file: PathBuf::new(),
        }
    }
}

/// Finds the demo world, or makes it; two servers that start at once make one.
///
/// # Errors
/// One sentence.
pub async fn found(hall: &Guildhall) -> std::result::Result<World, String> {
    let founded = founding::found(hall, |founder| {
        founder.hold("demo")?;
        founder.mark_development()?;
        let world = match founder.recall(MEMORY)? {
            Some(bytes) => {
                let memory: Memory =
                    serde_json::from_slice(&bytes).map_err(guildhall_app::Error::internal)?;
                memory.into_world()
            }
            None => make(founder)?,
        };
        if founder.recall(SEQUEL)?.is_none() {
            story::go_on(founder, &world)?;
            founder.remember(SEQUEL, b"told")?;
        }
        Ok(world)
    });
    founded.await.map_err(|error| format!("the demo world could not be made: {error:?}"))
}

fn make(founder: &mut Founder<'_, '_>) -> Result<World> {
    let world = story::tell(founder)?;
    let memory = serde_json::to_vec(&Memory::of(&world)).map_err(guildhall_app::Error::internal)?;
    founder.remember(MEMORY, &memory)?;
    Ok(world)
}

/// Finds or makes the demo world and writes `demo.env`: with the key that stands there when it still
/// works, else with a new one. The file also names the certificate `authority` that clients must trust, if
/// there is one.
///
/// # Errors
/// One sentence.
pub async fn prepare(
    hall: &Guildhall,
    data_dir: &Path,
    authority: Option<&Path>,
) -> std::result::Result<World, String> {
    let mut world = found(hall).await?;
    let file = data_dir.join(FILE);
    world.password = password(hall, &world, value_in(&file, "DEMO_PASSWORD"))
        .await
        .map_err(|error| format!("the demo's people could not be given a password: {error:?}"))?;
    world.api_key = match value_in(&file, "WHOP_API_KEY") {
        Some(key) if is_live(hall, &key).await => key,
        _ => {
            let app = world.app.clone();
            let made = founding::found(hall, move |founder| founder.api_key(&app).map(|(_, key)| key)).await;
            made.map_err(|error| format!("the demo app could not be given a key: {error:?}"))?
        }
    };
    let file = std::path::absolute(&file).unwrap_or(file);
    let public_key = signing_key::public_key(hall)
        .await
        .map_err(|error| format!("the key of user tokens could not be made: {error:?}"))?;
    let told = environment(&world, hall.origin(), &public_key.to_string(), authority);
    whole_file::write(&file, &told, Readers::Owner)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    world.file = file;
    Ok(world)
}

/// What the `demo.env` of a data directory says under a name.
#[must_use]
pub fn told(data_dir: &Path, name: &str) -> Option<String> {
    value_in(&data_dir.join(FILE), name)
}

/// What the file says of one thing; only of what holds nothing that a shell would read otherwise.
fn value_in(file: &Path, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    Some(line.trim_matches('"').to_owned())
}

/// The password of everyone in the demo world: the one that is told already while it still works, else a new one.
async fn password(hall: &Guildhall, world: &World, told: Option<String>) -> Result<String> {
    if let Some(told) = told
        && password::is_of(hall, &world.owner, &told).await?
    {
        return Ok(told);
    }
    let letters = opaque_token::fresh(hall);
    let fresh: String = letters.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    let hash = password::hash(hall, &fresh).await?;
    let mut people = Vec::new();
    for username in story::usernames() {
        people.push(user::find(hall, username).await?.id);
    }
    let given = founding::found(hall, move |founder| {
        for person in &people {
            founder.account(person, &hash)?;
        }
        Ok(())
    });
    given.await?;
    Ok(fresh)
}

async fn is_live(hall: &Guildhall, key: &str) -> bool {
    let credentials = Credentials { bearer: Some(key.to_owned()), ..Credentials::default() };
    principal::resolve(hall, credentials).await.is_ok()
}

fn environment(world: &World, origin: &str, public_key: &str, authority: Option<&Path>) -> String {
    let jwks_url = format!("{origin}/.well-known/jwks.json");
    let authority = authority.map(|file| file.display().to_string());
    let mut pairs: Vec<(&str, &str)> = vec![
        ("WHOP_API_ORIGIN", origin),
        ("WHOP_WEBSOCKET_ORIGIN", origin),
        ("WHOP_API_KEY", &world.api_key),
        ("WHOP_USER_TOKEN_JWKS_URL", &jwks_url),
        ("NEXT_PUBLIC_WHOP_APP_ID", world.app.as_str()),
        ("NEXT_PUBLIC_WHOP_AGENT_USER_ID", world.agent.as_str()),
        ("NEXT_PUBLIC_WHOP_COMPANY_ID", world.company.as_str()),
        ("DEMO_PASSWORD", &world.password),
        ("DEMO_OWNER_USER_ID", world.owner.as_str()),
        ("DEMO_MODERATOR_USER_ID", world.moderator.as_str()),
        ("DEMO_CUSTOMER_USER_ID", world.customer.as_str()),
        ("DEMO_STRANGER_USER_ID", world.stranger.as_str()),
        ("DEMO_ACCESS_PASS_ID", world.access_pass.as_str()),
        ("DEMO_PAID_ACCESS_PASS_ID", world.paid_access_pass.as_str()),
        ("DEMO_PLAN_ID", world.plan.as_str()),
        ("DEMO_CHAT_EXPERIENCE_ID", world.chat_experience.as_str()),
        ("DEMO_FORUM_EXPERIENCE_ID", world.forum_experience.as_str()),
        ("DEMO_APP_EXPERIENCE_ID", world.app_experience.as_str()),
    ];
    pairs.extend(authority.as_deref().map(|file| ("NODE_EXTRA_CA_CERTS", file)));
    let mut text = String::from("# Guildhall's demo world. In a shell: set -a; . <this file>; set +a\n");
    for (name, value) in pairs {
        text.push_str(&format!("{name}=\"{}\"\n", escaped(value)));
    }
    // JSON holds double quotes and base64, and so never a single one.
    text.push_str(&format!("WHOP_USER_TOKEN_PUBLIC_KEY='{public_key}'\n"));
    text
}

/// A value as it stands between a shell's double quotes.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        if matches!(character, '"' | '\\' | '$' | '`') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// What a newcomer reads after the start: where things are, and a first message to send.
#[must_use]
pub fn welcome(world: &World, origin: &str) -> String {
    let (file, password) = (world.file.display(), &world.password);
    format!(
        r#"
The demo world is in {file}
Explore the API in a browser:  {origin}/public-graphql
Sign in at {origin}/sign-in as hanna (owner), jun (moderator), mira (customer), pia (owner elsewhere) or stranger; password: {password}

Send a first message (in an empty folder, in another terminal):

  npm install @whop/api
  set -a; . "{file}"; set +a
  cat > hello.mjs <<'END'
  import {{ WhopServerSdk }} from "@whop/api";
  const whop = WhopServerSdk({{
    appApiKey: process.env.WHOP_API_KEY,
    appId: process.env.NEXT_PUBLIC_WHOP_APP_ID,
    apiOrigin: process.env.WHOP_API_ORIGIN,
    onBehalfOfUserId: process.env.DEMO_CUSTOMER_USER_ID,
  }});
  const experienceId = process.env.DEMO_CHAT_EXPERIENCE_ID;
  console.log(await whop.messages.sendMessageToChat({{ experienceId, message: "Hello, hall!" }}));
  const chat = await whop.messages.listMessagesFromChat({{ chatExperienceId: experienceId }});
  console.log(chat.posts.slice(0, 3).map((post) => `${{post.user.username}}: ${{post.content}}`));
  END
  node hello.mjs
"#
    )
}
