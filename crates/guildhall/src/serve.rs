//! Serving: opening the hall, listening, and stopping without losing anything.

use crate::config::Config;
use crate::data_dir;
use crate::demo::{self, World};
use crate::log;
use crate::tls::{self, Tls};
use guildhall_app::clock::{Clock, Random};
use guildhall_app::{Guildhall, Location, Settings, jobs, mail, world_time};
use guildhall_core::app_host::AppHosts;
use guildhall_graphql::Service;
use guildhall_web::{AppOptions, GraphqlHandler, Options};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long open connections may take to finish when the server stops.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// A server that answers.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where clients reach it.
    pub origin: String,
    /// The hall it serves.
    pub hall: Arc<Guildhall>,
    /// The demo world, when it was asked for.
    pub demo: Option<World>,
    /// The authority that clients must trust, when the server is its own.
    pub authority: Option<tls::LocalAuthority>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    working: JoinHandle<()>,
    _held: data_dir::Held,
}

impl Running {
    /// Answers what is being asked, then stops. Waits at most ten seconds for slow callers.
    ///
    /// # Errors
    /// One sentence when the listener itself broke.
    pub async fn stop(self) -> Result<(), String> {
        // The receiver lives as long as the server does; without one there is nothing to stop.
        let _ = self.stop.send(true);
        // The runner bounds its own end.
        let ended = tokio::join!(tokio::time::timeout(LAST_REQUESTS, self.serving), self.working);
        match ended {
            (Ok(Err(error)), _) => Err(format!("the server broke: {error}")),
            (_, Err(error)) => Err(format!("the runner of jobs broke: {error}")),
            (Ok(Ok(())), Ok(())) => Ok(()),
            (Err(_), Ok(())) => {
                tracing::warn!("some callers took too long and were cut off");
                Ok(())
            }
        }
    }

    /// Waits until the server ends by itself, which only a broken listener or runner makes it do.
    async fn wait(&mut self) -> String {
        tokio::select! {
            served = &mut self.serving => match served {
                Ok(()) => "the listener ended".into(),
                Err(error) => format!("the server broke: {error}"),
            },
            worked = &mut self.working => match worked {
                Ok(()) => "the runner of jobs ended".into(),
                Err(error) => format!("the runner of jobs broke: {error}"),
            },
        }
    }
}

/// Opens the hall and starts to answer.
///
/// # Errors
/// One sentence: a busy port, an unusable directory, a certificate that cannot be used, a database
/// that cannot be reached or is newer.
pub async fn start(
    config: &Config,
    clock: Clock,
    random: Random,
    with_demo: bool,
) -> Result<Running, String> {
    let certificate = tls::files(config)?;
    let held = data_dir::hold(&config.data_dir)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let address =
        listener.local_addr().map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let tls = match certificate {
        Some(files) => Some(Tls::with_files(files, clock.clone())?),
        None if config.tls => Some(Tls::with_own_authority(config, clock.clone(), &random)?),
        None => None,
    };
    let (tls, authority) = tls.map_or((None, None), |tls| (Some(tls.server), tls.authority));
    let origin = config.public_origin.clone().unwrap_or_else(|| local_origin(address, tls.is_some()));
    let config = &with_usual_reach(config, with_demo);
    let hall = Arc::new(open_hall(config, &origin, clock, random).await?);
    let demo = match with_demo {
        true => {
            let trusted = authority.as_ref().map(|authority| authority.file.as_path());
            Some(demo::prepare(&hall, &config.data_dir, trusted).await?)
        }
        false => None,
    };
    let service = Arc::new(Service::new(Arc::clone(&hall)));
    let graphql: GraphqlHandler = Arc::new(move |method, headers, parameters, body| {
        let service = Arc::clone(&service);
        Box::pin(async move { service.answer(&method, &headers, &parameters, &body).await })
    });
    let requests_per_minute = config.requests_per_minute.filter(|_| !with_demo);
    let apps = AppOptions {
        hosts: AppHosts::of(&origin, config.apps_domain.as_deref()),
        may_be_private: config.allow_private_apps.unwrap_or(with_demo || address.ip().is_loopback()),
    };
    let options = Options { apps, requests_per_minute };
    let router = guildhall_web::router(Arc::clone(&hall), graphql, &options);
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(guildhall_web::serve(
        listener,
        router,
        tls,
        config.trusted_proxies.clone(),
        told(stopped.clone()),
    ));
    let at_work = Arc::clone(&hall);
    let working = tokio::spawn(async move {
        tokio::select! {
            () = jobs::run(&at_work, told(stopped)) => {}
            // Only a demo world's clock is moved.
            () = world_time::follow(&at_work), if with_demo => {}
        }
    });
    Ok(Running { address, origin, hall, demo, authority, stop, serving, working, _held: held })
}

/// Waits until it is told to stop.
async fn told(mut stopped: watch::Receiver<bool>) {
    // An error means that the server was dropped, which stops it as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Opens the hall of a configuration without serving it, e.g. for an audit beside a running server.
///
/// # Errors
/// One sentence.
pub async fn open_hall(
    config: &Config,
    origin: &str,
    clock: Clock,
    random: Random,
) -> Result<Guildhall, String> {
    let location = match &config.database_url {
        Some(url) => Location::Postgres { url: url.clone(), schema: config.database_schema.clone() },
        None => Location::Sqlite(config.data_dir.join("guildhall.sqlite3")),
    };
    let settings = Settings {
        location,
        files: config.data_dir.join("files"),
        origin: origin.to_owned(),
        largest_upload_bytes: i64::from(config.largest_upload_mib) * 1024 * 1024,
        mail: config.mail(),
        money: config.money(),
        stripe: config.stripe(),
        webhooks: config.webhooks(),
    };
    Guildhall::open(settings, clock, random).await.map_err(|error| error.to_string())
}

/// Where a server of this configuration is reached.
#[must_use]
pub fn expected_origin(config: &Config) -> String {
    let with_tls = config.tls || config.tls_certificate.is_some();
    config.public_origin.clone().unwrap_or_else(|| local_origin(config.listen, with_tls))
}

/// A demo world is for trying things out, with receivers on the same machine and money that is not real.
fn with_usual_reach(config: &Config, with_demo: bool) -> Config {
    let mut config = config.clone();
    config.allow_private_webhooks.get_or_insert(with_demo);
    // Test cards stand beside real ones only where somebody says so.
    config.sandbox.get_or_insert(with_demo && config.stripe_secret_key.is_none());
    config
}

fn local_origin(address: SocketAddr, with_tls: bool) -> String {
    let scheme = if with_tls { "https" } else { "http" };
    if address.ip().is_unspecified() {
        return format!("{scheme}://localhost:{}", address.port());
    }
    format!("{scheme}://{address}")
}

/// Serves until the process is told to stop.
///
/// # Errors
/// One sentence.
pub async fn run(config: &Config, with_demo: bool) -> Result<(), String> {
    log::start(config);
    let mut running = start(config, Clock::system(), Random::System, with_demo).await?;
    // Heard before anyone can know that the server runs, and so before anyone stops it.
    let told_to_stop = told_to_stop();
    println!("Guildhall is open at {}", running.origin);
    if let Some(authority) = &running.authority {
        println!("{}", authority.how_to_trust(&running.origin));
    }
    if let Some(world) = &running.demo {
        println!("{}", demo::welcome(world, &running.origin));
    }
    tracing::info!(address = %running.address, "listening");
    if !mail::is_configured(&running.hall) {
        tracing::info!("mail is not configured: the links of mails are written to this log (set smtp_url)");
    }
    tokio::select! {
        () = told_to_stop => {}
        broken = running.wait() => return Err(broken),
    }
    tracing::info!("stopping");
    running.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Hears, from this call on, the signals that stop the server; ends with the first of them.
#[cfg(unix)]
pub(crate) fn told_to_stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        match signals {
            (Ok(mut interrupted), Ok(mut terminated)) => {
                tokio::select! {
                    _ = interrupted.recv() => {}
                    _ = terminated.recv() => {}
                }
            }
            // Without handlers the process ends by the signals themselves.
            _ => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
pub(crate) async fn told_to_stop() {
    // Without a handler the process ends by the signal itself.
    let _ = tokio::signal::ctrl_c().await;
}
