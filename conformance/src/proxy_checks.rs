//! What is checked with a proxy between a client and a server.

use crate::exchange::{Said, Talk};
use crate::pair::{Running, Setting, checks, ends, url};
use crate::peers::Peer;
use crate::proxies::{IDLE_TIMEOUT, Proxy, RunningProxy, Servers};
use crate::server::{Report, Server, check_ends};
use crate::table::Row;
use crate::{Failure, PATIENCE, own};
use bareframe_std::{Error, HandshakeError};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Instant;

/// The length of the long headers, in bytes.
const LONG: usize = 6 << 10;

/// A proxy in front of a server on one of our adapters and another one.
struct Deployment<'a> {
    setting: &'a Setting,
    /// The adapter, and what is the client then.
    adapter: &'a Peer,
    client: &'a Peer,
    proxy: RunningProxy,
    own: Server,
    foreign: Running,
}

/// One check, or several that belong together.
struct Check {
    name: &'static str,
    checks: usize,
    run: fn(&Deployment<'_>) -> Result<usize, Failure>,
}

const CHECKS: &[Check] = &[
    Check {
        name: "headers",
        checks: 6,
        run: headers,
    },
    Check {
        name: "idle",
        checks: 2,
        run: idle,
    },
    Check {
        name: "Pings against the idle timeout",
        checks: 1,
        run: pings,
    },
    Check {
        name: "half close",
        checks: 3,
        run: half_close,
    },
    Check {
        name: "Upgrade not passed on",
        checks: 2,
        run: without_upgrade,
    },
    Check {
        name: "server unavailable",
        checks: 1,
        run: unavailable,
    },
];

/// Runs all checks with a proxy, and the exchange with these peers on the other side of it.
///
/// The exchange is run with an adapter at both ends, or bareframe-tokio as the client if it is none, with `foreign` as a server and as a client, and with the browsers
/// as clients.
#[must_use]
pub fn rows(
    setting: &Setting,
    proxy: &Proxy,
    directory: &Path,
    adapter: &Peer,
    foreign: &Peer,
    browsers: &[&Peer],
) -> Vec<Row> {
    let version = proxy.version(setting);
    let row = |role: String| Row::new(proxy.name, &version, format!("{}, {role}", adapter.name));
    let mut whole = row("both sides".to_owned());
    let mut deployment = match Deployment::new(setting, proxy, directory, adapter, foreign) {
        Ok(deployment) => deployment,
        Err(failure) => {
            whole.add(1, "start", Err(failure));
            return vec![whole];
        }
    };
    for (secure, scheme) in [(false, "ws"), (true, "wss")] {
        let client = deployment.client;
        whole.add(
            checks(adapter, client),
            scheme,
            deployment.exchange(client, secure),
        );
    }
    for check in CHECKS {
        deployment.own.forget();
        whole.add(check.checks, check.name, (check.run)(&deployment));
    }
    let mut rows = vec![whole];
    if adapter.client.is_some() {
        let mut server = row(format!("{} as the server", foreign.name));
        server.add(checks(foreign, adapter), "ws", deployment.exchange_with(foreign));
        rows.push(server);
    }
    let mut client = row(format!("{} as the client", foreign.name));
    client.add(
        checks(adapter, foreign),
        "ws",
        deployment.exchange(foreign, false),
    );
    rows.push(client);
    for browser in browsers {
        let (http, more) = if proxy.http2 {
            ("HTTP/2", 3)
        } else {
            ("HTTP/1.1", 0)
        };
        let mut row = row(format!("{}, {http}", browser.name));
        row.add(
            checks(adapter, browser) + more,
            "wss",
            deployment.browse(browser, proxy.http2),
        );
        rows.push(row);
    }
    rows
}

impl Deployment<'_> {
    fn new<'a>(
        setting: &'a Setting,
        proxy: &Proxy,
        directory: &Path,
        adapter: &'a Peer,
        foreign: &Peer,
    ) -> Result<Deployment<'a>, Failure> {
        let own = setting.serve_inside(adapter.kind, false, vec![("Set-Cookie", cookie())])?;
        let foreign = setting.serve(foreign, false)?;
        let servers = Servers {
            own: own.port(),
            foreign: foreign.port(),
        };
        let proxy = proxy.start(setting, directory, servers)?;
        let client = match adapter.client {
            Some(_) => adapter,
            None => Peer::named("bareframe-tokio")?,
        };
        Ok(Deployment {
            setting,
            adapter,
            client,
            proxy,
            own,
            foreign,
        })
    }

    /// Runs the exchange of a client with the adapter.
    fn exchange(&self, client: &Peer, secure: bool) -> Result<usize, Failure> {
        self.own.forget();
        let port = if secure {
            self.proxy.secure
        } else {
            self.proxy.plain
        };
        let passed = self
            .setting
            .drive(client, self.adapter, &url(port, secure), secure, &[])?;
        Ok(passed + self.own.check_ends(&ends(self.adapter, client))?)
    }

    /// Runs the exchange of the adapter with another server.
    fn exchange_with(&mut self, server: &Peer) -> Result<usize, Failure> {
        let url = format!("{}foreign/", url(self.proxy.plain, false));
        let passed = self.setting.drive(self.client, server, &url, false, &[])?;
        Ok(passed + self.foreign.check_ends(&ends(server, self.client))?)
    }

    /// Runs the exchange of a browser with the adapter, from a page that the proxy serves: a browser opens a WebSocket
    /// over HTTP/2 if it already has a connection that allows it.
    fn browse(&self, browser: &Peer, http2: bool) -> Result<usize, Failure> {
        self.own.forget();
        let url = url(self.proxy.secure, true);
        let page = format!("{}page", url.replacen("wss", "https", 1));
        let mut passed = self.setting.drive(browser, self.adapter, &url, true, &[&page])?;
        let (mut closed, wanted) = (Vec::new(), ends(self.adapter, browser));
        while closed.len() < wanted.len() {
            match self.own.report()? {
                Report::Request(headers) if http2 => {
                    expect_header(&headers, "x-http-version", "2.0")?;
                    passed += 1;
                }
                Report::Request(_) => {}
                Report::Closed(end) => closed.push(end),
                Report::Failed(failure) => return Err(failure.into()),
            }
        }
        Ok(passed + check_ends(closed, &wanted)?)
    }

    /// Connects to a path that must be refused, and returns the status.
    fn refused(&self, path: &str) -> Result<u16, Failure> {
        let url = format!("{}{path}", url(self.proxy.plain, false));
        match own::connect(&own::connector(None), &url) {
            Err(Error::Handshake(HandshakeError::Refused(refusal))) => Ok(refusal.status()),
            Err(error) => Err(error.into()),
            Ok(_) => Err("the connection was opened".into()),
        }
    }

    /// Waits until a connection of the server on the adapter has failed, and returns why.
    fn failed(&self) -> Result<String, Failure> {
        loop {
            match self.own.report()? {
                Report::Request(_) => {}
                Report::Failed(failure) => return Ok(failure),
                Report::Closed(end) => return Err(format!("the server received the Close {end:?}").into()),
            }
        }
    }
}

fn cookie() -> String {
    format!("c={}", "v".repeat(LONG))
}

/// `Upgrade` and long headers are passed on in the request, and long headers in the response.
fn headers(deployment: &Deployment<'_>) -> Result<usize, Failure> {
    let cookie = cookie();
    let headers = [("Cookie", &*cookie)];
    let connector = own::connector(None).with_headers(&headers);
    let mut socket = own::connect(&connector, &url(deployment.proxy.plain, false))?;
    let Report::Request(headers) = deployment.own.report()? else {
        return Err("the server reports no request".into());
    };
    expect_header(&headers, "upgrade", "websocket")?;
    expect_header(&headers, "connection", "upgrade")?;
    expect_header(&headers, "host", &format!("127.0.0.1:{}", deployment.proxy.plain))?;
    expect_header(&headers, "cookie", &cookie)?;
    expect_header(&headers, "x-forwarded-for", "127.0.0.1")?;
    let response = socket.response().ok_or("there is no response")?;
    if response
        .header("Set-Cookie")
        .is_none_or(|header| header.value() != cookie.as_bytes())
    {
        return Err("the long header of the response did not arrive".into());
    }
    socket.close(None, "")?;
    deployment.own.closed()?;
    Ok(6)
}

/// A proxy ends a connection that is idle for too long, which both ends notice.
fn idle(deployment: &Deployment<'_>) -> Result<usize, Failure> {
    let mut socket = own::connect(&own::connector(None), &url(deployment.proxy.idle, false))?;
    match socket.read() {
        Err(Error::AbnormalClosure) => {}
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("a message came, or a Close".into()),
    }
    // Some proxies reset the connection.
    let failure = deployment.failed()?;
    if !failure.contains("7.1.5") && !failure.contains("reset") {
        return Err(failure.into());
    }
    Ok(2)
}

/// Pings keep a connection open that is idle otherwise.
fn pings(deployment: &Deployment<'_>) -> Result<usize, Failure> {
    let mut socket = own::connect(&own::connector(None), &url(deployment.proxy.idle, false))?;
    let begin = Instant::now();
    while begin.elapsed() < IDLE_TIMEOUT * 2 {
        thread::sleep(IDLE_TIMEOUT / 8);
        Talk::ping(&mut socket, "")?;
        if socket.hear()? != Said::Pong(Vec::new()) {
            return Err("no Pong came".into());
        }
    }
    socket.close(None, "")?;
    deployment.own.closed()?;
    Ok(1)
}

/// A client ends its side of the stream with its Close. The server receives the Close; its answer may not come back,
/// since proxies end both sides then.
fn half_close(deployment: &Deployment<'_>) -> Result<usize, Failure> {
    let mut stream = TcpStream::connect(("127.0.0.1", deployment.proxy.plain))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Protocol: mirror\r\n\r\n",
    )?;
    let mut received = Vec::new();
    let mut read_until = |end: &[u8]| {
        while !received.ends_with(end) {
            let mut byte = [0];
            (&stream).read_exact(&mut byte)?;
            received.push(byte[0]);
        }
        Ok::<(), Failure>(())
    };
    read_until(b"\r\n\r\n")?;
    // The masking key is 0.
    let text = b"\x81\x84\0\0\0\0half";
    let close = b"\x88\x82\0\0\0\0\x0f\xa0";
    (&stream).write_all(text)?;
    read_until(b"\x81\x04half")?;
    (&stream).write_all(close)?;
    stream.shutdown(Shutdown::Write)?;
    let end = deployment.own.closed()?;
    if !end.starts_with("4000") {
        return Err(format!("the server received the Close {end:?}").into());
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if !b"\x88\x02\x0f\xa0".starts_with(&answer) {
        return Err(format!("the client received {answer:?}").into());
    }
    Ok(3)
}

/// A proxy that is not configured to pass `Upgrade` on: the server refuses the request, and the client gets the status.
fn without_upgrade(deployment: &Deployment<'_>) -> Result<usize, Failure> {
    // A request of HTTP/1.0, which nginx sends by default, is refused for that.
    let status = deployment.refused("without-upgrade/")?;
    if status != 426 && status != 400 {
        return Err(format!("the status is {status}").into());
    }
    let failure = deployment.failed()?;
    if !failure.contains(&status.to_string()) {
        return Err(format!("the status is {status}, and the server's error {failure:?}").into());
    }
    Ok(2)
}

/// A proxy whose server does not listen.
fn unavailable(deployment: &Deployment<'_>) -> Result<usize, Failure> {
    match deployment.refused("unavailable/")? {
        502 | 503 => Ok(1),
        status => Err(format!("the status is {status}").into()),
    }
}

fn expect_header(headers: &[(String, String)], name: &str, wanted: &str) -> Result<(), Failure> {
    let found = headers.iter().find(|(found, _)| found == name);
    match found {
        Some((_, value)) if value.eq_ignore_ascii_case(wanted) => Ok(()),
        found => Err(format!("the server received {found:.200?} and not {name}: {wanted:.200}").into()),
    }
}
