//! Which headers pass, and what is added to them.

use bareframe_tokio::{ServerResponse, UpgradeRequest};
use hyper::header::{
    AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_EXTENSIONS, USER_AGENT, VIA,
};
use std::net::SocketAddr;

/// What a request passes on to the server, beside what the opening handshake has.
pub(crate) const PASSED: [HeaderName; 4] = [AUTHORIZATION, COOKIE, USER_AGENT, X_FORWARDED_PROTO];

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What a response does not pass on to the client, since it is about the connection to the server (RFC 9110 section 7.6.1), or is
/// written anew.
const NOT_PASSED: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Returns the headers of a request that go to the server.
pub(crate) fn of_request(
    request: &UpgradeRequest,
    peer: SocketAddr,
    passed: &[HeaderName],
) -> Vec<(String, String)> {
    let headers = request.headers();
    let mut sent: Vec<(String, String)> = passed
        .iter()
        .filter_map(|name| Some((name.to_string(), joined(headers, name)?)))
        .collect();
    let mut add = |name: HeaderName, value: String| {
        let before = joined(headers, &name).map(|before| before + ", ");
        sent.push((name.to_string(), before.unwrap_or_default() + &value));
    };
    add(X_FORWARDED_FOR, peer.ip().to_string());
    add(
        VIA,
        format!("{:?} bareframe", request.version()).replace("HTTP/", ""),
    );
    if let Some(host) = request.host() {
        sent.push((X_FORWARDED_HOST.to_string(), host.to_owned()));
    }
    sent
}

/// Returns the extensions that a client offers, without those that can't pass.
pub(crate) fn extensions(request: &UpgradeRequest) -> String {
    let offered = joined(request.headers(), &SEC_WEBSOCKET_EXTENSIONS).unwrap_or_default();
    let name = |offer: &str| offer.split(';').next().unwrap_or_default().trim().to_owned();
    let offers = offered.split(',').map(str::trim);
    let known: Vec<&str> = offers
        .filter(|offer| name(offer) == "permessage-deflate")
        .collect();
    known.join(", ")
}

/// Adds the headers of the server's response that go to the client.
pub(crate) fn add_from_response(response: &ServerResponse, headers: &mut HeaderMap) {
    // Names that `Connection` lists are about the connection to the server too.
    let listed = response
        .header("Connection")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_listed = |name: &HeaderName| listed.split(',').any(|listed| listed.trim() == name.as_str());
    for (name, value) in response.headers() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value))
            && !NOT_PASSED.contains(&name.as_str())
            && !is_listed(&name)
        {
            headers.append(name, value);
        }
    }
}

/// Returns the values of all headers of this name in one line; those that are not UTF-8 can't be passed on.
pub(crate) fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    // HTTP/2 may have cut the cookies into several headers (RFC 9113 section 8.2.3).
    let separator = if name == COOKIE { "; " } else { ", " };
    let values = headers.get_all(name).iter();
    let values: Vec<&str> = values
        .filter_map(|value| str::from_utf8(value.as_bytes()).ok())
        .collect();
    (!values.is_empty()).then(|| values.join(separator))
}
