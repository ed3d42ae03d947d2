//! Listening, and ending in good order.

use crate::app::{Chat, router};
use crate::args::Arguments;
use crate::processes::{Link, Processes};
use crate::rooms::Rooms;
use crate::tls::{self, TlsListener};
use axum::Router;
use axum::serve::{Listener, ListenerExt};
use bareframe_axum::Shutdown;
use std::fmt::Debug;
use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long what is no member may take to end: a page that is being loaded, and Redis.
const PATIENCE: Duration = Duration::from_secs(1);

/// A chat that runs.
pub(crate) struct Server {
    scheme: &'static str,
    address: SocketAddr,
    shutdown: Shutdown,
    rooms: Arc<Rooms>,
    serving: JoinHandle<io::Result<()>>,
    link: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens, and serves from then on.
    pub(crate) async fn start(arguments: &Arguments) -> Result<Server, String> {
        let tls = match &arguments.tls.as_deref() {
            Some([certificates, key]) => Some(tls::from_files(certificates, key)?),
            _ if arguments.self_signed => Some(tls::self_signed()?),
            _ => None,
        };
        let (rooms, link) = match &arguments.redis {
            Some(url) => {
                let (processes, commands) = Processes::new();
                let rooms = Rooms::new(arguments.limits, Some(processes));
                let link = Link::connect(url, &rooms).await.map_err(|error| {
                    format!(
                        "no Redis at the URL of --redis: {error}; start it there, or leave --redis out to have the rooms in this process alone"
                    )
                })?;
                (rooms, Some(tokio::spawn(link.run(commands))))
            }
            None => (Rooms::new(arguments.limits, None), None),
        };
        let listens_not = |error| {
            format!(
                "can't listen at {}: {error}; give another ADDRESS, such as 127.0.0.1:9001",
                arguments.address
            )
        };
        let tcp = TcpListener::bind(&arguments.address).await.map_err(listens_not)?;
        let address = tcp.local_addr().map_err(listens_not)?;
        let shutdown = Shutdown::new();
        let router = router(Chat {
            rooms: Arc::clone(&rooms),
            limits: arguments.limits,
            origins: arguments.origin.clone(),
            shutdown: shutdown.clone(),
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let serving = match tls {
            Some(config) => serve(TlsListener::new(tcp, config), router, &shutdown),
            None => {
                // What is said is short, and is to arrive at once.
                let tcp = tcp.tap_io(|stream| drop(stream.set_nodelay(true)));
                serve(tcp, router, &shutdown)
            }
        };
        Ok(Server {
            scheme,
            address,
            shutdown,
            rooms,
            serving,
            link,
        })
    }

    /// Returns where the page is.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}/", self.scheme, self.address)
    }

    /// Accepts nobody any more, closes all connections with 1001, and waits until they have ended, but no longer than `limit`. Returns how
    /// many are left.
    pub(crate) async fn finish(self, limit: Duration) -> usize {
        let left = self.shutdown.finish(limit).await;
        let _ = timeout(PATIENCE, self.serving).await;
        if let (Some(processes), Some(link)) = (self.rooms.processes(), self.link) {
            // The other processes are told who has left, rather than notice it by and by.
            let _ = timeout(PATIENCE, async {
                processes.finish().await;
                link.await
            })
            .await;
        }
        left
    }
}

fn serve<L: Listener<Addr: Debug>>(
    listener: L,
    router: Router,
    shutdown: &Shutdown,
) -> JoinHandle<io::Result<()>> {
    let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown.begun());
    tokio::spawn(serving.into_future())
}
