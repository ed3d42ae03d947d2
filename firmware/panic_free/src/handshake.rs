//! The opening handshake, both roles.

use crate::{bytes, note};
use bareframe::handshake::{
    Accept, Answer, Choice, Extensions, HeadEnd, Headers, Key, Offer, Request, RequestHead, Response,
    ResponseHead, Status, Subprotocols, Url, Version,
};
use board::{opaque, read, write};

fn text(buffer: &mut [u8]) -> &str {
    core::str::from_utf8(bytes(buffer)).unwrap_or("")
}

fn accept(key: &Key) -> Accept {
    #[cfg(feature = "sha1")]
    if opaque(false) {
        return Accept::from_key(key);
    }
    write(&key.digest_input());
    let mut digest = [0; 20];
    read(&mut digest);
    Accept::from_digest(digest)
}

fn subprotocols(list: Subprotocols<'_>) {
    for subprotocol in list {
        write(subprotocol.as_bytes());
    }
}

fn extensions(list: Extensions<'_>) {
    for extension in list {
        write(extension.name().as_bytes());
        for param in extension.params() {
            write(param.name().as_bytes());
            if let Some(value) = param.value() {
                for byte in value.bytes() {
                    write(&[byte]);
                }
            }
        }
    }
}

fn headers(headers: Headers<'_>) {
    for header in headers {
        write(header.name().as_bytes());
        write(header.value());
        write(header.value_str().unwrap_or("").as_bytes());
        note(header.is("Cookie"));
    }
}

fn server(buffer: &mut [u8], out: &mut [u8]) {
    let mut more = [0; 40];
    let more = [("X", text(&mut more))];
    let mut chosen = [0; 40];
    let chosen = text(&mut chosen);
    let head = bytes(buffer);
    note(HeadEnd::new(opaque(0)).arrived(head));
    match Request::parse(head) {
        Ok((request, len)) => {
            note((len, request.version().minor()));
            write(request.method().as_bytes());
            write(request.target().as_bytes());
            write(request.path().as_bytes());
            write(request.query().unwrap_or("").as_bytes());
            write(request.host().unwrap_or("").as_bytes());
            headers(request.headers());
            note(request.header("Cookie").is_some());
            match request.upgrade() {
                Ok(Some(upgrade)) => {
                    subprotocols(upgrade.subprotocols());
                    extensions(upgrade.extensions());
                    let choice = Choice::DEFAULT
                        .with_subprotocol(opaque(true).then_some(chosen))
                        .with_extensions(chosen)
                        .with_headers(&more);
                    note(choice.response_len());
                    note(upgrade.encode(&accept(upgrade.key()), &choice, out));
                }
                Ok(None) => {}
                Err(error) => {
                    write(error.section().as_bytes());
                    note((error.status().number(), error.answer().encode(out)));
                }
            }
        }
        Err(error) => {
            write(error.section().as_bytes());
            note(error.status());
        }
    }
    if let Ok(found) = RequestHead::parse(head) {
        // With other bytes the result has no meaning, but nothing panics.
        let request = found.request(if opaque(true) { head } else { out });
        write(request.path().as_bytes());
        note((found.head_len(), request.upgrade().is_ok()));
    }
    parts(text(buffer), &more, out);
    if let Some(status) = Status::new(opaque(0)) {
        write(status.reason().as_bytes());
        let answer = Answer::new(status)
            .with_content_length(opaque(None))
            .with_headers(&more);
        note(answer.encode(out));
    }
}

/// An HTTP library's request.
fn parts(target: &str, headers: &[(&str, &str)], out: &mut [u8]) {
    let version = if opaque(true) {
        Version::HTTP_2
    } else {
        Version::HTTP_11
    };
    let headers = headers.iter().copied();
    let request = Request::from_parts(text(out), version, target, headers)
        .with_authority(target)
        .with_protocol(target);
    write(request.host().unwrap_or("").as_bytes());
    if let Ok(Some(upgrade)) = request.upgrade() {
        for subprotocol in upgrade.subprotocols() {
            write(subprotocol.as_bytes());
        }
        #[cfg(feature = "sha1")]
        if let Ok(acceptance) = upgrade.accept(&Choice::DEFAULT.with_subprotocol(Some(target))) {
            note(acceptance.status());
            for (name, value) in acceptance.headers() {
                write(name.as_bytes());
                write(value.as_bytes());
            }
        }
    }
}

fn client(buffer: &mut [u8], out: &mut [u8]) {
    let key = Key::from_random(opaque([0; 16]));
    write(key.as_bytes());
    write(key.as_str().as_bytes());
    let (mut host, mut target) = ([0; 40], [0; 40]);
    let (host, target) = (text(&mut host), text(&mut target));
    let more = [(host, target)];
    let offered = [host, target];
    let offer = Offer::new(host, target)
        .with_origin(opaque(true).then_some(host))
        .with_subprotocols(&offered)
        .with_extensions(target)
        .with_headers(&more);
    note(offer.encode(&key, out));
    let accept = accept(&key);
    write(accept.as_bytes());
    write(accept.as_str().as_bytes());
    match Response::parse(bytes(buffer)) {
        Ok((response, len)) => {
            note((len, response.version().minor(), response.status()));
            write(response.reason());
            headers(response.headers());
            note(response.header("Location").is_some());
            match response.upgrade(&offer, &accept) {
                Ok(Some(established)) => {
                    write(established.subprotocol().unwrap_or("").as_bytes());
                    extensions(established.extensions());
                }
                Ok(None) => {}
                Err(error) => write(error.section().as_bytes()),
            }
        }
        Err(error) => write(error.section().as_bytes()),
    }
    if let Ok(found) = ResponseHead::parse(buffer) {
        let response = found.response(buffer);
        write(response.reason());
        note((found.head_len(), response.upgrade(&offer, &accept).is_ok()));
    }
    if let Ok(url) = Url::parse(text(buffer)) {
        write(url.host().as_bytes());
        write(url.authority().as_bytes());
        note((url.port(), url.offer().encode(&key, out)));
    }
    if let Some(parsed) = Extensions::parse(text(buffer)) {
        extensions(parsed);
    }
    note(Key::parse(bytes(buffer)) == Some(key));
}

pub(crate) fn all(buffer: &mut [u8], out: &mut [u8]) {
    server(buffer, out);
    client(buffer, out);
}
