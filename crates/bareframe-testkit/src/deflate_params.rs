//! A reader of permessage-deflate's parameters that knows text and nothing else (RFC 7692 section 7.1).

/// The parameters of one element: `Some` if they are valid in an offer.
///
/// Window bits are as they were sent.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct DeflateParams {
    /// `server_no_context_takeover` is present.
    pub server_no_context_takeover: bool,
    /// `client_no_context_takeover` is present.
    pub client_no_context_takeover: bool,
    /// The value of `server_max_window_bits`.
    pub server_max_window_bits: Option<u8>,
    /// The value of `client_max_window_bits`, 0 if it has none.
    pub client_max_window_bits: Option<u8>,
}

/// Reads a well-formed list, and returns what each element of the name permessage-deflate offers, or `None` if that is
/// invalid.
///
/// ```
/// use bareframe_testkit::deflate_params;
/// let read = deflate_params("permessage-deflate; client_max_window_bits, x, permessage-deflate; y");
/// assert_eq!(read.len(), 2);
/// assert_eq!(read[0].as_ref().unwrap().client_max_window_bits, Some(0));
/// assert_eq!(read[1], None);
/// ```
#[must_use]
pub fn deflate_params(list: &str) -> Vec<Option<DeflateParams>> {
    // Values are tokens, so that no comma, semicolon or equals sign is within quotes.
    list.split(',')
        .map(|element| element.split(';').map(|part| part.trim_matches([' ', '\t'])))
        .filter_map(|mut parts| {
            let is_it = parts.next() == Some("permessage-deflate");
            is_it.then(|| element(&parts.collect::<Vec<_>>()))
        })
        .collect()
}

fn element(params: &[&str]) -> Option<DeflateParams> {
    let mut read = DeflateParams::default();
    let mut names = Vec::new();
    for param in params {
        let (name, value) = match param.split_once('=') {
            Some((name, value)) => {
                let value = value.trim_matches([' ', '\t']).replace(['"', '\\'], "");
                (name.trim_end_matches([' ', '\t']), Some(value))
            }
            None => (*param, None),
        };
        if names.contains(&name) {
            return None;
        }
        names.push(name);
        let bits = match &value {
            None => Some(0),
            Some(value) => (8..=15).find(|bits: &u8| bits.to_string() == *value),
        };
        match (name, value) {
            ("server_no_context_takeover", None) => read.server_no_context_takeover = true,
            ("client_no_context_takeover", None) => read.client_no_context_takeover = true,
            ("server_max_window_bits", Some(_)) => read.server_max_window_bits = Some(bits?),
            ("client_max_window_bits", _) => read.client_max_window_bits = Some(bits?),
            _ => return None,
        }
    }
    Some(read)
}
