//! The value of the header `Date` (RFC 9110 section 5.6.7).

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns a time as `Sun, 06 Nov 1994 08:49:37 GMT`, or `None` if the clock is set before 1970 or to a year of five digits.
pub(crate) fn http_date(time: SystemTime) -> Option<String> {
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    // For any other time the crate panics.
    (seconds < YEAR_10000).then(|| httpdate::fmt_http_date(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn s5_6_7_dates() {
        for (seconds, date) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(http_date(time).as_deref(), Some(date));
        }
        assert_eq!(http_date(UNIX_EPOCH - Duration::from_secs(1)), None);
        assert_eq!(http_date(UNIX_EPOCH + Duration::from_secs(253_402_300_800)), None);
    }
}
