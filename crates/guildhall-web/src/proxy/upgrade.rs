//! WebSockets through a proxy: two connections joined, byte by byte, until one of them or the server ends.

use crate::server::Stopping;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

/// Joins two connections once both have been handed over. Whoever holds `stopping` is waited for by the listener.
pub(super) fn join(browser: OnUpgrade, upstream: OnUpgrade, stopping: Option<Stopping>) {
    tokio::spawn(async move {
        let join = async {
            let (browser, upstream) = tokio::try_join!(browser, upstream)?;
            let (mut browser, mut upstream) = (TokioIo::new(browser), TokioIo::new(upstream));
            // An end without a goodbye is one as well.
            let _ = copy_bidirectional(&mut browser, &mut upstream).await;
            Ok::<_, hyper::Error>(())
        };
        let Some(mut stopping) = stopping else {
            let _ = join.await;
            return;
        };
        tokio::select! {
            joined = join => {
                if let Err(error) = joined {
                    tracing::debug!(error = %error, "a connection was not handed over");
                }
            }
            () = stopping.told() => {}
        }
    });
}
