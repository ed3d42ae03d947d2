//! Targets, hosts and URLs of any kind, against the grammar of the testkit and the crates `http` and `url`.
#![cfg(feature = "handshake")]

mod differences;

use proptest::prelude::*;

/// Pieces that targets, hosts and URLs are made of, and such that break them.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            "/", "?", "#", "@", ":", "%", "%41", "%4", "%zz", "a", "b.c", "http", "https", "://", "//", "[", "]", "::", "1", "1:", "0",
            "80", "65535", "65536", "443", "127.0.0.1", "1.2.3.256", "ffff", "v1.", "::1", "ws", "wss", "ftp", "[::1]", "\"", "<", ">", "{",
            "}", "|", "\\", "^", "`", "~", "!$&'()*+,;=", "-", "_", ".", "xn--", "*",
        ]).prop_map(str::to_owned),
        1 => "[ -~]",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

fn begun(beginnings: Vec<&'static str>) -> impl Strategy<Value = String> {
    (prop::sample::select(beginnings), pieces()).prop_map(|(begin, rest)| format!("{begin}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rfc9112_s3_2_targets_are_those_of_the_grammar(target in begun(vec!["/", "/", "", "http://", "https://a", "HTTP://"])) {
        differences::target(target.as_bytes());
    }

    #[test]
    fn rfc9112_s3_2_hosts_are_those_of_the_grammar(host in begun(vec!["", "a:", "[", "[::1]", "[1:"])) {
        differences::host(host.as_bytes());
    }

    #[test]
    fn s3_urls_are_those_of_the_grammar(url in begun(vec!["ws://", "wss://a", "ws://a/", "WS://a?", "ws://[", "", "ws:"])) {
        differences::url(&url);
    }

    #[test]
    fn rfc3986_s3_2_2_addresses_are_those_of_the_grammar(groups in "[0-9a-f:.]{0,12}", end in "(:[0-9a-f]{1,4}){0,8}(::)?") {
        differences::host(format!("[{groups}{end}]").as_bytes());
        differences::url(&format!("ws://[{groups}{end}]/"));
    }
}
