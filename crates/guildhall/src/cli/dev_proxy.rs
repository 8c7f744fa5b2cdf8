//! `guildhall dev-proxy`: what a developer runs beside an app, in place of the hosted service's own proxy.

use super::Place;
use crate::{demo, serve, tls};
use clap::Args;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::user_token;
use guildhall_core::ids::{AppId, Id, UserId};
use guildhall_core::trusted_proxy::TrustedProxies;
use guildhall_web::{DevProxy, TokenSource};
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long the app's server may take to end before it is ended.
const LAST_WORK: Duration = Duration::from_secs(5);
/// Where both are when nothing else is said.
const USUAL_PORT: u16 = 3000;

/// Run an app's development server behind a proxy that adds the user token, as `whop-proxy` does, against this server.
///
/// The token is the one in the address (?whop-dev-user-token=…), which is then kept in a cookie, or that of --user.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The port to listen on [default: $PORT, or 3000].
    #[arg(long = "proxyPort", alias = "proxy-port", value_name = "PORT")]
    proxy_port: Option<u16>,
    /// The port of the app's server, which it gets as $PORT [default: a free one; 3000 with --standalone].
    #[arg(long = "upstreamPort", alias = "upstream-port", value_name = "PORT")]
    upstream_port: Option<u16>,
    /// The script of package.json that starts the app's server.
    #[arg(long = "npmCommand", alias = "npm-command", value_name = "SCRIPT", default_value = "dev")]
    npm_command: String,
    /// The command that starts the app's server [default: npm run <npmCommand>].
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
    /// Start no server: the app's runs already, or will, on upstreamPort.
    #[arg(long)]
    standalone: bool,
    /// Where the Guildhall server is.
    #[arg(long, value_name = "ORIGIN", env = "WHOP_API_ORIGIN", default_value = "http://127.0.0.1:8003")]
    server: String,
    /// Whom to trust besides the system's authorities when the server speaks HTTPS, a PEM file [default: the server's own
    /// authority, when the data directory has one].
    #[arg(long, value_name = "FILE", env = "NODE_EXTRA_CA_CERTS")]
    ca: Option<PathBuf>,
    /// Look at the app as this user: user_…, or owner, moderator, customer or stranger of the demo world. Needs the
    /// server's data (--data-dir).
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// The app that --user looks at, app_… [default: the demo world's].
    #[arg(long, value_name = "APP", env = "NEXT_PUBLIC_WHOP_APP_ID")]
    app: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        let told_to_stop = serve::told_to_stop();
        let port = self.proxy_port.or_else(|| std::env::var("PORT").ok()?.parse().ok()).unwrap_or(USUAL_PORT);
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error}"))?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let upstream_port = match (self.upstream_port, self.standalone) {
            (Some(given), _) => given,
            (None, true) => USUAL_PORT,
            (None, false) => free_port().await?,
        };
        if upstream_port == port {
            return Err(format!(
                "the proxy and the app cannot both be on port {port}: choose another --proxyPort"
            ));
        }
        let (tokens, looker) = match &self.user {
            Some(user) => self.tokens_of(user).await.map(|(tokens, looker)| (Some(tokens), Some(looker)))?,
            None => (None, None),
        };
        let server = self.server.trim_end_matches('/').to_owned();
        let authorities = self.authorities()?;
        let router = guildhall_web::dev_proxy(DevProxy { upstream_port, server, authorities, tokens })?;
        self.tell(port, upstream_port, looker.as_deref());
        let mut child = if self.standalone { None } else { Some(self.start(upstream_port)?) };
        let (stop, stopped) = oneshot::channel::<()>();
        let serving =
            tokio::spawn(guildhall_web::serve(listener, router, None, TrustedProxies::default(), async {
                // An error means that nobody is left to say so.
                let _ = stopped.await;
            }));
        let ended = tokio::select! {
            () = told_to_stop => None,
            ended = ended(child.as_mut()) => Some(ended),
        };
        let code = match (ended, child) {
            (Some(status), _) => status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .map_or(ExitCode::FAILURE, ExitCode::from),
            (None, Some(child)) => {
                end(child).await;
                ExitCode::SUCCESS
            }
            (None, None) => ExitCode::SUCCESS,
        };
        // The receiver lives as long as the proxy does.
        let _ = stop.send(());
        // Whoever still asks asks an app that is gone.
        let _ = timeout(LAST_WORK, serving).await;
        Ok(code)
    }

    fn tell(&self, port: u16, upstream_port: u16, looker: Option<&str>) {
        println!(
            "Your app is at http://localhost:{port}, through the proxy; {} is asked for everything under /_whop/.",
            self.server
        );
        match self.standalone {
            true => println!(
                "Start the app's own server on port {upstream_port} in another terminal, if it is not there yet."
            ),
            false => println!("Its own server gets port {upstream_port}; there it sees no user token."),
        }
        match looker {
            Some(looker) => println!("It is seen by {looker}."),
            None => println!(
                "It is seen by nobody: add ?whop-dev-user-token=… (`guildhall token <user> --app <app>` prints one), or pass --user."
            ),
        }
    }

    /// Who may vouch for the server beside the system's authorities, as it stands in a file.
    fn authorities(&self) -> Result<Option<Vec<u8>>, String> {
        if !self.server.starts_with("https://") {
            return Ok(None);
        }
        let file = match &self.ca {
            Some(file) => file.clone(),
            None => {
                let own = tls::trusted_file(&self.place.load(&[])?.data_dir);
                if !own.exists() {
                    return Ok(None);
                }
                own
            }
        };
        let read = std::fs::read(&file);
        read.map(Some).map_err(|error| format!("cannot read the certificates in {}: {error}", file.display()))
    }

    /// Makes tokens of a user; answers also who looks at what.
    async fn tokens_of(&self, user: &str) -> Result<(TokenSource, String), String> {
        let config = self.place.load(&[])?;
        let told = |name: &str| demo::told(&config.data_dir, name);
        let user = match user {
            "owner" | "moderator" | "customer" | "stranger" => {
                let name = format!("DEMO_{}_USER_ID", user.to_uppercase());
                told(&name)
                    .ok_or_else(|| format!("there is no demo world in {}", config.data_dir.display()))?
            }
            id => id.to_owned(),
        };
        let app = self.app.clone().or_else(|| told("NEXT_PUBLIC_WHOP_APP_ID"));
        let app = app.ok_or("--user needs --app: which app is looked at")?;
        let user = UserId::parse(&user).map_err(|error| error.to_string())?;
        let app = AppId::parse(&app).map_err(|error| error.to_string())?;
        let hall = serve::open_hall(&config, &self.server, Clock::system(), Random::System).await?;
        // Says at once what cannot be.
        user_token::current(&hall, &app, &user).await.map_err(|error| error.to_string())?;
        let looker = format!("{user} inside {app}");
        let hall = Arc::new(hall);
        let tokens: TokenSource = Arc::new(move || {
            let (hall, app, user) = (Arc::clone(&hall), app.clone(), user.clone());
            Box::pin(async move {
                user_token::current(&hall, &app, &user).await.map_err(|error| error.to_string())
            })
        });
        Ok((tokens, looker))
    }

    /// Starts the app's server, in a group of its own so that all it starts can be ended.
    fn start(&self, port: u16) -> Result<Child, String> {
        let line = self.command.clone().unwrap_or_else(|| format!("npm run {}", self.npm_command));
        let mut command = shell(&line);
        command.env("PORT", port.to_string()).stdin(Stdio::null()).kill_on_drop(true);
        command.spawn().map_err(|error| format!("cannot start `{line}`: {error}"))
    }
}

async fn free_port() -> Result<u16, String> {
    let failed = |error: std::io::Error| format!("there is no free port: {error}");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
    Ok(listener.local_addr().map_err(failed)?.port())
}

/// Waits for the app's server to end by itself; for ever, when there is none.
async fn ended(child: Option<&mut Child>) -> ExitStatus {
    match child {
        Some(child) => match child.wait().await {
            Ok(status) => status,
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// What runs a line of a shell.
#[cfg(unix)]
fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]).process_group(0);
    command
}

#[cfg(not(unix))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.args(["/C", line]);
    command
}

/// Ends the app's server and all that it started: asks first.
#[cfg(unix)]
async fn end(mut child: Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let Some(group) = group else {
        return;
    };
    // When nobody is left in the group, it has ended.
    let _ = kill_process_group(group, Signal::TERM);
    if timeout(LAST_WORK, child.wait()).await.is_err() {
        let _ = kill_process_group(group, Signal::KILL);
        let _ = child.wait().await;
    }
}

#[cfg(not(unix))]
async fn end(mut child: Child) {
    // It may have ended by itself.
    let _ = child.kill().await;
}
