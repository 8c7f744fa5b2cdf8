//! The limit the server is held against: an axum route that reads the same body and sends it back, nothing more.

use super::{Fallible, http};
use crate::process::{Process, free_address};
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use axum::serve::ListenerExt;
use std::net::SocketAddr;
use std::path::Path;
use tokio::process::Command;

/// Serves the route until the process is ended; runs as a process of its own.
pub(super) fn serve(listen: SocketAddr) -> crate::Outcome {
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await?.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                eprintln!("the bare route cannot set TCP_NODELAY: {error}");
            }
        });
        let router = Router::new()
            .route("/public-graphql/{operation}", post(echo))
            .route("/readyz", axum::routing::get(async || "ready"));
        axum::serve(listener, router).await?;
        Ok(())
    })
}

async fn echo(body: Bytes) -> impl axum::response::IntoResponse {
    ([(CONTENT_TYPE, "application/json")], body)
}

/// The bare route's process, seen from the benchmark.
#[derive(Debug)]
pub(super) struct BareRoute {
    pub(super) address: SocketAddr,
    process: Process,
}

impl BareRoute {
    /// Starts this same executable again as the bare route and waits until it answers.
    pub(super) async fn start(directory: &Path) -> Fallible<Self> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "bare-route", "--listen", &address.to_string()]);
        let mut process = Process::start("the bare route", &mut command, directory.join("bare-route.log"))?;
        process.until_ready(async || http::get(address, "/readyz").await.is_ok()).await?;
        Ok(Self { address, process })
    }

    pub(super) async fn stop(self) -> Fallible<()> {
        self.process.stop().await
    }
}
