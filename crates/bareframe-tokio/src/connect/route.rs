//! The way to a server, step by step, each with its limit of time.

use crate::connect::addresses::{Tried, alternate, first_of};
use crate::connect::client_stream::{ClientStream, Transport};
use crate::connect::connect_error::{ConnectError, ConnectErrorKind, ConnectStep};
use crate::connect::connector::Connector;
use crate::connect::http1::{self, Agreed};
#[cfg(feature = "http2")]
use crate::connect::http2;
use crate::connect::one_handshake::{Remote, Turn};
#[cfg(feature = "proxy")]
use crate::connect::proxy;
#[cfg(feature = "rustls")]
use crate::connect::tls;
use crate::error::Error;
use crate::handshake_error::HandshakeError;
use bareframe::handshake::{HeadBuffer, Offer, Url};
#[cfg(feature = "proxy")]
use hyper_util::client::proxy::matcher::Intercept;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// The way to a server, and how far it was gone, which an error names.
pub(crate) struct Route<'r> {
    connector: &'r Connector<'r>,
    url: &'r Url<'r>,
    limits: Limits,
    step: ConnectStep,
    tried: Tried,
    #[cfg(feature = "proxy")]
    proxy: Option<Intercept>,
}

/// A stream that leads to the server, though nothing may have been said to it yet.
struct Reached {
    transport: Transport,
    peer: SocketAddr,
    local: SocketAddr,
    /// The right to shake hands with the server.
    turn: Option<Turn>,
}

impl<'r> Route<'r> {
    pub(crate) fn new(
        connector: &'r Connector<'r>,
        url: &'r Url<'r>,
        limits: Limits,
    ) -> Result<Route<'r>, Error> {
        if url.is_secure() && !connector.has_tls() {
            return Err(Error::NoTls);
        }
        #[cfg_attr(not(feature = "proxy"), expect(unused_mut, reason = "as with a proxy"))]
        let mut route = Route {
            connector,
            url,
            limits,
            step: ConnectStep::Lookup,
            tried: Tried::default(),
            #[cfg(feature = "proxy")]
            proxy: None,
        };
        #[cfg(feature = "proxy")]
        if let Some(proxy) = &connector.proxy {
            route.step = ConnectStep::Proxy;
            route.proxy = proxy.intercept(url).map_err(|error| route.error(error.into()))?;
        }
        Ok(route)
    }

    /// Returns an error that says where it happened.
    pub(crate) fn error(&mut self, kind: ConnectErrorKind) -> Error {
        #[cfg(feature = "proxy")]
        let proxy = self.proxy.as_ref().map(proxy::host_and_port);
        #[cfg(not(feature = "proxy"))]
        let proxy = None;
        let proxy = proxy.map(|(host, port): (&str, u16)| {
            let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
            format!("{open}{host}{close}:{port}").into()
        });
        let tried = mem::take(&mut self.tried);
        let error = ConnectError::new(self.url.host(), proxy, tried, self.step, kind);
        Error::Connect(Box::new(error))
    }

    /// Goes all the way, and asks for a WebSocket there.
    pub(crate) async fn connect(
        &mut self,
        offer: &Offer<'_>,
    ) -> Result<(ClientStream, Agreed, HeadBuffer), ConnectErrorKind> {
        let is_http2 = self.asks_for_http2();
        match self.connect_by(offer, is_http2).await {
            // It has chosen HTTP/2, and may have WebSockets by HTTP/1.1.
            Err(ConnectErrorKind::Handshake(HandshakeError::NoExtendedConnect)) if self.url.is_secure() => {
                self.connect_by(offer, false).await
            }
            connected => connected,
        }
    }

    /// Goes all the way with HTTP/2 or without.
    async fn connect_by(
        &mut self,
        offer: &Offer<'_>,
        mut is_http2: bool,
    ) -> Result<(ClientStream, Agreed, HeadBuffer), ConnectErrorKind> {
        let Reached {
            mut transport,
            peer,
            local,
            turn,
        } = self.reach().await?;
        if self.url.is_secure() {
            (transport, is_http2) = self.secure(self.url.host(), transport, is_http2).await?;
        }
        self.step = ConnectStep::Handshake;
        let limit = self.connector.handshake_timeout;
        #[cfg(feature = "http2")]
        if is_http2 {
            let upgraded = http2::upgrade(transport, self.url.is_secure(), offer, self.connector);
            let (stream, agreed) = self.limits.within(limit, upgraded).await?;
            drop(turn);
            let stream = ClientStream::new(Transport::other(stream), peer, local).over_http2();
            return Ok((stream, agreed, HeadBuffer::default()));
        }
        #[cfg(not(feature = "http2"))]
        debug_assert!(!is_http2);
        let upgraded = http1::upgrade(&mut transport, offer, self.connector);
        let (agreed, received) = self.limits.within(limit, upgraded).await?;
        drop(turn);
        Ok((ClientStream::new(transport, peer, local), agreed, received))
    }

    /// Connects to the server, or to a proxy that connects to it.
    async fn reach(&mut self) -> Result<Reached, ConnectErrorKind> {
        #[cfg(feature = "proxy")]
        if let Some(proxy) = self.proxy.clone() {
            return self.reach_by(&proxy).await;
        }
        let has_turn = !self.connector.concurrent_handshakes;
        self.connect_tcp(self.url.host(), self.url.port(), has_turn).await
    }

    /// Connects to a host, which is the server if this is to have the right to shake hands with it.
    async fn connect_tcp(
        &mut self,
        host: &str,
        port: u16,
        has_turn: bool,
    ) -> Result<Reached, ConnectErrorKind> {
        let addresses = self.look_up(host, port).await?;
        self.step = ConnectStep::Tcp;
        let limit = self.connector.tcp_timeout;
        self.tried = Tried::default();
        let first = first_of(&addresses, &mut self.tried, |address| async move {
            let turn = if has_turn {
                Some(Turn::begin(Remote::Address(address)).await)
            } else {
                None
            };
            Ok((TcpStream::connect(address).await?, turn))
        });
        let (tcp, turn) = self.limits.within(limit, first).await?;
        // A stream that has ended may refuse, which the first write returns.
        let _ = tcp.set_nodelay(true);
        Ok(Reached {
            peer: tcp.peer_addr()?,
            local: tcp.local_addr()?,
            transport: Transport::Tcp(tcp),
            turn,
        })
    }

    async fn look_up(&mut self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectErrorKind> {
        self.step = ConnectStep::Lookup;
        let lookup = self.connector.resolver.look_up(host, port);
        let addresses = self.limits.within(self.connector.lookup_timeout, lookup).await?;
        Ok(alternate(&addresses))
    }

    /// Connects to a proxy, and has it connect to the server.
    #[cfg(feature = "proxy")]
    async fn reach_by(&mut self, proxy: &Intercept) -> Result<Reached, ConnectErrorKind> {
        let (host, port) = (self.url.host(), self.url.port());
        let (proxy_host, proxy_port) = proxy::host_and_port(proxy);
        let mut turn = None;
        if !self.connector.concurrent_handshakes {
            self.step = ConnectStep::Proxy;
            let begun = async { Ok::<_, io::Error>(Turn::begin(Remote::Name(host.into(), port)).await) };
            turn = Some(self.limits.within(None, begun).await?);
        }
        let mut targets = vec![host.to_owned()];
        if proxy::wants_address(proxy) {
            let addresses = self.look_up(host, port).await?;
            targets = addresses.iter().map(|address| address.ip().to_string()).collect();
        }
        let mut failed = ConnectErrorKind::Io(io::ErrorKind::AddrNotAvailable.into());
        for target in targets {
            let Reached {
                mut transport,
                peer,
                local,
                ..
            } = self.connect_tcp(proxy_host, proxy_port, false).await?;
            if proxy::is_secure(proxy) {
                (transport, _) = self.secure(proxy_host, transport, false).await?;
            }
            self.step = ConnectStep::Proxy;
            let tunnel = proxy::tunnel(proxy, transport, &target, port);
            match self.limits.within(self.connector.tcp_timeout, tunnel).await {
                Ok(transport) => {
                    return Ok(Reached {
                        transport,
                        peer,
                        local,
                        turn,
                    });
                }
                Err(error @ ConnectErrorKind::Timeout(_)) => return Err(error),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Does TLS over a stream. Returns `true` if the server chose HTTP/2.
    #[cfg(feature = "rustls")]
    async fn secure(
        &mut self,
        host: &str,
        transport: Transport,
        http2: bool,
    ) -> Result<(Transport, bool), ConnectErrorKind> {
        self.step = ConnectStep::Tls;
        let config = match &self.connector.tls {
            Some(config) => std::sync::Arc::clone(config),
            None => tls::platform()?,
        };
        let secured = async {
            Ok::<_, io::Error>(if let Transport::Tcp(tcp) = transport {
                let stream = tls::connect(config, host, tcp, http2).await?;
                let is_http2 = tls::is_http2(&stream);
                (Transport::Tls(Box::new(stream)), is_http2)
            } else {
                let stream = tls::connect(config, host, transport, http2).await?;
                let is_http2 = tls::is_http2(&stream);
                (Transport::other(stream), is_http2)
            })
        };
        self.limits.within(self.connector.tls_timeout, secured).await
    }

    #[cfg(not(feature = "rustls"))]
    #[expect(clippy::unused_async, reason = "as with TLS")]
    async fn secure(
        &mut self,
        _: &str,
        _: Transport,
        _: bool,
    ) -> Result<(Transport, bool), ConnectErrorKind> {
        self.step = ConnectStep::Tls;
        let error = io::Error::new(io::ErrorKind::Unsupported, Error::NoTls);
        Err(ConnectErrorKind::Io(error))
    }

    const fn asks_for_http2(&self) -> bool {
        #[cfg(feature = "http2")]
        return self.connector.http2;
        #[cfg(not(feature = "http2"))]
        false
    }
}

/// The limits of all steps.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// When all steps must be done; `None` is never.
    deadline: Option<Instant>,
    timeout: Duration,
}

impl Limits {
    /// All steps must be done after this time.
    pub(crate) fn new(timeout: Duration) -> Limits {
        Limits {
            deadline: Instant::now().checked_add(timeout),
            timeout,
        }
    }

    /// Waits for a step, at most for its limit and for what is left of the limit of all steps.
    async fn within<T, E>(
        self,
        limit: Option<Duration>,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, ConnectErrorKind>
    where
        ConnectErrorKind: From<E>,
    {
        let of_step = limit.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit)));
        let of_all = self.deadline.map(|deadline| (deadline, self.timeout));
        let Some((end, limit)) = of_step.into_iter().chain(of_all).min() else {
            return Ok(step.await?);
        };
        match timeout_at(end, step).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(ConnectErrorKind::Timeout(limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::sleep;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    async fn slow(duration: Duration) -> io::Result<()> {
        sleep(duration).await;
        Ok(())
    }

    /// The limit that has passed for a step that never ends, and how long it was waited for, in seconds.
    async fn passed(limits: Limits, limit: Option<Duration>) -> (Option<Duration>, u64) {
        let begun = Instant::now();
        let done = limits.within(limit, pending::<io::Result<()>>()).await;
        let limit = match done {
            Err(ConnectErrorKind::Timeout(limit)) => Some(limit),
            _ => None,
        };
        (limit, begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_lasts_as_long_as_its_limit_and_what_is_left_of_that_of_all_steps() {
        let limits = Limits::new(seconds(5));
        assert_eq!(passed(limits, Some(seconds(2))).await, (Some(seconds(2)), 2));
        assert!(limits.within(Some(seconds(2)), slow(seconds(1))).await.is_ok());
        // Two seconds of five are left.
        assert_eq!(passed(limits, Some(seconds(3))).await, (Some(seconds(5)), 2));
        assert_eq!(passed(limits, None).await, (Some(seconds(5)), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_no_clock_reaches_is_none() {
        let limits = Limits::new(Duration::MAX);
        assert_eq!(passed(limits, Some(seconds(2))).await, (Some(seconds(2)), 2));
        assert!(
            limits
                .within(Some(Duration::MAX), slow(seconds(1000)))
                .await
                .is_ok()
        );
    }
}
