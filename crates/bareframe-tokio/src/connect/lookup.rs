//! The addresses of a host.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::lookup_host;

type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// What finds the addresses of a name and a port; the system, if the caller has nothing else.
#[derive(Clone)]
pub(crate) struct Resolver(Option<Arc<dyn Fn(String, u16) -> Lookup + Send + Sync>>);

impl Resolver {
    pub(crate) const SYSTEM: Resolver = Resolver(None);

    pub(crate) fn new<F>(resolver: impl Fn(String, u16) -> F + Send + Sync + 'static) -> Resolver
    where
        F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        Resolver(Some(Arc::new(move |host, port| Box::pin(resolver(host, port)))))
    }

    /// Returns at least one address. An address needs no lookup.
    pub(crate) async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let addresses = match &self.0 {
            Some(resolver) => resolver(host.to_owned(), port).await?,
            None => lookup_host((host, port)).await?.collect(),
        };
        if addresses.is_empty() {
            return Err(io::Error::new(ErrorKind::NotFound, "the name has no address"));
        }
        Ok(addresses)
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Resolver(own)"
        } else {
            "Resolver(system)"
        })
    }
}
