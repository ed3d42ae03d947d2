//! The grammar of RFC 3986, as far as RFC 9110 and RFC 9112 use it, rule by rule as it is written there. It is slow: a
//! rule returns every position at which a match may end.

use std::collections::BTreeSet;

/// A rule of a grammar.
#[derive(Clone)]
enum Rule {
    /// A byte.
    Byte(fn(u8) -> bool),
    /// A text, in any case (RFC 5234 section 2.3).
    Text(&'static str),
    All(Vec<Rule>),
    Any(Vec<Rule>),
    /// A repetition, with the fewest and the most times.
    Times(usize, usize, Box<Rule>),
}

const MANY: usize = usize::MAX;

/// Returns `true` if bytes are `origin-form` (RFC 9112 section 3.2.1), with what browsers do not percent-encode.
#[must_use]
pub fn is_origin_form(bytes: &[u8]) -> bool {
    let absolute_path = times(1, MANY, all([text("/"), times(0, MANY, received_pchar())]));
    matches(
        &all([absolute_path, optional(all([text("?"), received_query()]))]),
        bytes,
    )
}

/// Returns `true` if bytes are `absolute-form` with an http or https URI (RFC 9112 section 3.2.2, RFC 9110 section 4.2),
/// whose host is not empty (section 4.2.1) and which has no user (section 4.2.4), with what browsers do not percent-encode.
#[must_use]
pub fn is_absolute_form(bytes: &[u8]) -> bool {
    let rule = all([
        any([text("http"), text("https")]),
        text("://"),
        authority(),
        times(0, MANY, all([text("/"), times(0, MANY, received_pchar())])),
        optional(all([text("?"), received_query()])),
    ]);
    matches(&rule, bytes)
}

/// Returns `true` if bytes are `uri-host [ ":" port ]` (RFC 9110 section 7.2) with a host that is not empty and a port that
/// is not above 65,535.
#[must_use]
pub fn is_host(bytes: &[u8]) -> bool {
    matches(&authority(), bytes)
}

/// Returns `true` if a text is `ws-URI` or `wss-URI` (RFC 6455 section 3) with a host that can be looked up: an address,
/// or a name of letters, digits, `-`, `.` and `_`; and with a port that can be connected to.
#[must_use]
pub fn is_websocket_url(url: &str) -> bool {
    let name = times(
        1,
        MANY,
        Rule::Byte(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')),
    );
    let address = all([text("["), ipv6_address(), text("]")]);
    let rule = all([
        any([text("ws"), text("wss")]),
        text("://"),
        any([name, address]),
        optional(all([text(":"), port(false)])),
        path_abempty(),
        optional(all([text("?"), query()])),
    ]);
    matches(&rule, url.as_bytes())
}

fn authority() -> Rule {
    // No IPv4address: each is a reg-name too.
    let ip_literal = all([text("["), any([ipv6_address(), ip_v_future()]), text("]")]);
    let reg_name = times(1, MANY, any([unreserved(), pct_encoded(), sub_delims()]));
    all([
        any([ip_literal, reg_name]),
        optional(all([text(":"), port(true)])),
    ])
}

fn port(or_zero: bool) -> Rule {
    let digit = || Rule::Byte(|byte| byte.is_ascii_digit());
    let at_most = |digits: &str| {
        let digits = digits.as_bytes();
        match digits {
            b"6553" => Rule::Byte(|byte| (b'0'..=b'5').contains(&byte)),
            b"655" => Rule::Byte(|byte| (b'0'..=b'2').contains(&byte)),
            b"65" => Rule::Byte(|byte| (b'0'..=b'4').contains(&byte)),
            b"6" => Rule::Byte(|byte| (b'0'..=b'4').contains(&byte)),
            _ => Rule::Byte(|byte| (b'1'..=b'5').contains(&byte)),
        }
    };
    let number = any([
        all([
            Rule::Byte(|byte| (b'1'..=b'9').contains(&byte)),
            times(0, 3, digit()),
        ]),
        all([at_most(""), times(4, 4, digit())]),
        all([text("6"), at_most("6"), times(3, 3, digit())]),
        all([text("65"), at_most("65"), times(2, 2, digit())]),
        all([text("655"), at_most("655"), digit()]),
        all([text("6553"), at_most("6553")]),
    ]);
    let zeros = |least| times(least, MANY, text("0"));
    let no_digits = all([]);
    if or_zero {
        any([all([zeros(0), number]), zeros(0)])
    } else {
        any([all([zeros(0), number]), no_digits])
    }
}

fn path_abempty() -> Rule {
    times(0, MANY, all([text("/"), times(0, MANY, pchar())]))
}

fn query() -> Rule {
    times(0, MANY, any([pchar(), text("/"), text("?")]))
}

/// A byte of a path as a URL parser leaves it: all that the URL Standard's path percent-encode set (section 1.3) lacks, and a `^`,
/// which was added to that set late.
fn received_pchar() -> Rule {
    any([pchar(), Rule::Byte(|byte| b"[]^|".contains(&byte))])
}

/// A query as a URL parser leaves it: of what is visible all that the URL Standard's query percent-encode set lacks.
fn received_query() -> Rule {
    times(
        0,
        MANY,
        Rule::Byte(|byte| byte.is_ascii_graphic() && !b"\"#<>".contains(&byte)),
    )
}

fn pchar() -> Rule {
    any([unreserved(), pct_encoded(), sub_delims(), text(":"), text("@")])
}

fn pct_encoded() -> Rule {
    all([text("%"), hexdig(), hexdig()])
}

fn unreserved() -> Rule {
    Rule::Byte(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn sub_delims() -> Rule {
    Rule::Byte(|byte| b"!$&'()*+,;=".contains(&byte))
}

fn hexdig() -> Rule {
    Rule::Byte(|byte| byte.is_ascii_hexdigit())
}

fn ip_v_future() -> Rule {
    all([
        text("v"),
        times(1, MANY, hexdig()),
        text("."),
        times(1, MANY, any([unreserved(), sub_delims(), text(":")])),
    ])
}

fn h16() -> Rule {
    times(1, 4, hexdig())
}

fn ls32() -> Rule {
    any([all([h16(), text(":"), h16()]), ipv4_address()])
}

fn ipv6_address() -> Rule {
    let group = || all([h16(), text(":")]);
    let before = |most: usize| optional(all([times(0, most, group()), h16()]));
    let mut forms = vec![
        all([times(6, 6, group()), ls32()]),
        all([text("::"), times(5, 5, group()), ls32()]),
    ];
    // [ *n( h16 ":" ) h16 ] "::" (4 - n)( h16 ":" ) ls32
    for most in 0..5 {
        forms.push(all([
            before(most),
            text("::"),
            times(4 - most, 4 - most, group()),
            ls32(),
        ]));
    }
    forms.push(all([before(5), text("::"), h16()]));
    forms.push(all([before(6), text("::")]));
    Rule::Any(forms)
}

fn ipv4_address() -> Rule {
    let dot = || text(".");
    all([
        dec_octet(),
        dot(),
        dec_octet(),
        dot(),
        dec_octet(),
        dot(),
        dec_octet(),
    ])
}

fn dec_octet() -> Rule {
    let digit = || Rule::Byte(|byte| byte.is_ascii_digit());
    any([
        digit(),
        all([Rule::Byte(|byte| (b'1'..=b'9').contains(&byte)), digit()]),
        all([text("1"), digit(), digit()]),
        all([
            text("2"),
            Rule::Byte(|byte| (b'0'..=b'4').contains(&byte)),
            digit(),
        ]),
        all([text("25"), Rule::Byte(|byte| (b'0'..=b'5').contains(&byte))]),
    ])
}

fn text(text: &'static str) -> Rule {
    Rule::Text(text)
}

fn all<const N: usize>(rules: [Rule; N]) -> Rule {
    Rule::All(rules.into())
}

fn any<const N: usize>(rules: [Rule; N]) -> Rule {
    Rule::Any(rules.into())
}

fn optional(rule: Rule) -> Rule {
    times(0, 1, rule)
}

fn times(least: usize, most: usize, rule: Rule) -> Rule {
    Rule::Times(least, most, Box::new(rule))
}

fn matches(rule: &Rule, bytes: &[u8]) -> bool {
    rule.ends(bytes, 0).contains(&bytes.len())
}

impl Rule {
    /// Returns where what the rule matches from here may end.
    fn ends(&self, bytes: &[u8], at: usize) -> BTreeSet<usize> {
        match self {
            Rule::Byte(belongs) => bytes
                .get(at)
                .filter(|&&byte| belongs(byte))
                .map(|_| at + 1)
                .into_iter()
                .collect(),
            Rule::Text(text) => {
                let found = bytes.get(at..at + text.len());
                let is_it = found.is_some_and(|found| found.eq_ignore_ascii_case(text.as_bytes()));
                is_it.then_some(at + text.len()).into_iter().collect()
            }
            Rule::All(rules) => rules.iter().fold(BTreeSet::from([at]), |begins, rule| {
                begins
                    .into_iter()
                    .flat_map(|begin| rule.ends(bytes, begin))
                    .collect()
            }),
            Rule::Any(rules) => rules.iter().flat_map(|rule| rule.ends(bytes, at)).collect(),
            Rule::Times(least, most, rule) => {
                let mut begins = BTreeSet::from([at]);
                let mut ends = BTreeSet::new();
                for times in 0.. {
                    if times >= *least {
                        ends.extend(&begins);
                    }
                    if times == *most || begins.is_empty() {
                        break;
                    }
                    begins = begins
                        .into_iter()
                        .flat_map(|begin| rule.ends(bytes, begin))
                        .collect();
                }
                ends
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3986_s1_1_2_examples() {
        for address in [
            "2001:db8::7",
            "::",
            "1:2:3:4:5:6:7:8",
            "1::8",
            "::192.0.2.16",
            "1:2:3:4:5:6:7::",
        ] {
            assert!(is_host(format!("[{address}]:80").as_bytes()), "{address}");
        }
        for address in [
            "1:2:3:4:5:6:7:8:9",
            "1::2::3",
            ":::",
            "12345::",
            "::256.0.2.16",
            "1:2:3:4:5:6:7::8:9",
        ] {
            assert!(!is_host(format!("[{address}]").as_bytes()), "{address}");
        }
        let bounds = [
            9, 99, 999, 5_999, 6_499, 9_999, 59_999, 64_999, 65_499, 65_529, 65_535, 69_999,
        ];
        for port in bounds.iter().flat_map(|bound| bound - 9..bound + 3) {
            assert_eq!(is_host(format!("a:{port}").as_bytes()), port < 65_536, "{port}");
            let url = format!("ws://a:0{port}/");
            assert_eq!(is_websocket_url(&url), (1..65_536).contains(&port), "{port}");
        }
    }
}
