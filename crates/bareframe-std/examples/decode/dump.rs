//! Dumps: lines of an offset, bytes and perhaps text, as `xxd`, `hexdump`, `od`, tcpdump and Wireshark write them.

/// The longest dump, in bytes: a `*` stands for any number of equal lines.
const MAX: usize = 64 << 20;

/// A line of a dump.
enum Line<'t> {
    /// `*`: the line before is repeated up to the next offset.
    Repeated,
    /// An offset alone: where the dump ends.
    End(&'t str),
    Bytes {
        offset: &'t str,
        bytes: Vec<u8>,
    },
}

/// What the groups of digits in a line are.
#[derive(Clone, Copy)]
enum Groups {
    Bytes,
    /// Words of 16 bits in hexadecimal, the low byte first.
    HexWords,
    /// The same in octal.
    OctalWords,
}

/// Returns the bytes of each dump in the text, or `None` if the text is none. A dump ends where the offsets begin again.
/// Lines that are neither dump nor hexadecimal, such as those that tcpdump writes above each packet, are skipped.
pub(crate) fn parse(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    let mut proven = false;
    for line in text.lines() {
        match parse_line(line) {
            Some((line, has_colon)) => {
                proven |= has_colon;
                lines.push(line);
            }
            None if is_hexadecimal(line) => return None,
            None => {}
        }
    }
    let first = lines.iter().find_map(|line| match line {
        Line::Bytes { offset, .. } => Some(*offset),
        Line::Repeated | Line::End(_) => None,
    })?;
    // Digits that only look like an offset do not fit the line after them.
    let fits = lines
        .iter()
        .filter(|line| !matches!(line, Line::Repeated))
        .count()
        > 1;
    if !proven && !fits && first.bytes().any(|digit| digit != b'0') {
        return None;
    }
    // `od` counts in octal, unless it is told to count otherwise.
    [16, 8, 10]
        .into_iter()
        .find_map(|radix| join(&lines, first, radix))
}

/// Returns the line, and `true` if a colon is after its offset, as in no line of plain hexadecimal.
fn parse_line(line: &str) -> Option<(Line<'_>, bool)> {
    let line = line.trim();
    if line == "*" {
        return Some((Line::Repeated, false));
    }
    let (first, rest) = line.split_at(line.find(char::is_whitespace).unwrap_or(line.len()));
    let (offset, has_colon) = match first.strip_suffix(':') {
        Some(offset) => (offset.strip_prefix("0x").unwrap_or(offset), true),
        None => (first, false),
    };
    let is_wireshark = offset.len() == 4 && rest.starts_with("  ");
    let is_long_enough = has_colon && offset.len() >= 4 || offset.len() >= 6 || is_wireshark;
    if !is_long_enough || !offset.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Some((Line::End(offset), has_colon));
    }
    let text = match has_colon {
        true => rest.find("  "),
        false if is_wireshark => rest.find("   "),
        false => rest.find(['|', '>']),
    };
    let digits = &rest[..text.unwrap_or(rest.len())];
    let bytes = parse_groups(digits, groups(digits, offset, has_colon))?;
    Some((Line::Bytes { offset, bytes }, has_colon))
}

/// Without options `hexdump` and `od` write an offset of seven digits and words.
fn groups(digits: &str, offset: &str, has_colon: bool) -> Groups {
    let are_all = |len| digits.split_whitespace().all(|group| group.len() == len);
    match () {
        () if has_colon || offset.len() != 7 => Groups::Bytes,
        () if are_all(4) => Groups::HexWords,
        () if are_all(6) => Groups::OctalWords,
        () => Groups::Bytes,
    }
}

fn parse_groups(digits: &str, groups: Groups) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for group in digits.split_whitespace() {
        match groups {
            Groups::Bytes => bytes.extend(crate::hex::parse(group).ok()?),
            Groups::HexWords => bytes.extend(u16::from_str_radix(group, 16).ok()?.to_le_bytes()),
            Groups::OctalWords => bytes.extend(u16::from_str_radix(group, 8).ok()?.to_le_bytes()),
        }
    }
    Some(bytes)
}

fn is_hexadecimal(line: &str) -> bool {
    crate::hex::parse(line).is_ok_and(|bytes| !bytes.is_empty())
}

/// Joins the lines, if each offset is the number of bytes before it.
fn join(lines: &[Line<'_>], first: &str, radix: u32) -> Option<Vec<Vec<u8>>> {
    let first = usize::from_str_radix(first, radix).ok()?;
    let mut dumps = Vec::new();
    let mut dump = Vec::new();
    let mut last_line: &[u8] = &[];
    let mut repeated = false;
    for line in lines {
        let (offset, bytes) = match line {
            Line::Repeated => {
                repeated = true;
                continue;
            }
            Line::End(offset) => (offset, None),
            Line::Bytes { offset, bytes } => (offset, Some(bytes)),
        };
        let offset = usize::from_str_radix(offset, radix).ok()?;
        let at = offset.checked_sub(first).filter(|at| *at <= MAX)?;
        if repeated {
            repeat(&mut dump, last_line, at)?;
            repeated = false;
        }
        match bytes {
            // A word has two bytes, though the last of them may be none of the file's.
            None if at + 1 == dump.len() => dump.truncate(at),
            None if at == dump.len() => {}
            None => return None,
            Some(bytes) => {
                if at == 0 && !dump.is_empty() {
                    dumps.push(std::mem::take(&mut dump));
                }
                if at != dump.len() {
                    return None;
                }
                dump.extend(bytes);
                last_line = bytes;
            }
        }
    }
    dumps.push(dump);
    Some(dumps)
}

/// Repeats the last line up to this offset.
fn repeat(dump: &mut Vec<u8>, line: &[u8], at: usize) -> Option<()> {
    let missing = at.checked_sub(dump.len())?;
    dump.extend(line.iter().cycle().take(missing));
    (dump.len() == at).then_some(())
}

#[cfg(test)]
mod tests {
    use super::parse;

    const HELLO: [u8; 7] = *b"\x81\x05Hello";

    #[track_caller]
    fn is(text: &str, bytes: &[u8]) {
        assert_eq!(parse(text), Some(vec![bytes.to_vec()]), "{text}");
    }

    #[test]
    fn xxd() {
        is(
            "00000000: 8105 4865 6c6c 6f                        ..Hello\n",
            &HELLO,
        );
        is(
            "00000000: 81 05 48 65 6c 6c 6f                             ..Hello\n",
            &HELLO,
        );
        is("00000000: 8105 4865  ..He\n00000004: 6c6c 6f    llo\n", &HELLO);
        is(
            "$ xxd -s 16 a\n00000010: 8105 4865 6c6c 6f    ..Hello\n$\n",
            &HELLO,
        );
    }

    #[test]
    fn hexdump_canonical() {
        is(
            "00000000  81 05 48 65 6c 6c 6f      |..Hello|\n00000007\n",
            &HELLO,
        );
        is("00000000  81 05 48 65 6c 6c 6f      |..Hello|\n", &HELLO);
        is(
            "00000000  7c 7c 3e 20  20 20 20 20  |||>     |\n00000008\n",
            b"||>     ",
        );
    }

    #[test]
    fn hexdump_of_words() {
        is("0000000 0581 6548 6c6c 006f\n0000007\n", &HELLO);
    }

    #[test]
    fn od() {
        is("0000000 002601 062510 066154 000157\n0000007\n", &HELLO);
        is("0000000 0581 6548 6c6c 006f\n0000007\n", &HELLO);
        is("0000000 81 05 48 65 6c 6c 6f\n0000007\n", &HELLO);
        is("000000 81 05 48 65 6c 6c 6f\n000007\n", &HELLO);
        is(
            "0000000  81  05  48  65  6c  6c  6f      >..Hello<\n0000007\n",
            &HELLO,
        );
    }

    #[test]
    fn offsets_in_hexadecimal_octal_and_decimal() {
        let line = "81 0e 30 31 32 33 34 35 36 37 38 39 61 62 63 64";
        for second in ["0000010", "0000020", "0000016"] {
            is(
                &format!("0000000 {line}\n{second} 65\n"),
                b"\x81\x0e0123456789abcde",
            );
        }
    }

    #[test]
    fn equal_lines() {
        let dump = "00000000  82 40  |.@|\n00000002  00 00  |..|\n*\n00000042\n";
        let mut bytes = vec![0x82, 0x40];
        bytes.extend([0; 64]);
        is(dump, &bytes);
        assert_eq!(parse("00000000: 8200  ..\n*\nffffffffff: 00  .\n"), None);
    }

    #[test]
    fn tcpdump() {
        let dump = "12:00:00.000000 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [P.], length 7\n\
                    \t0x0000:  8105 4865\n\t0x0004:  6c6c 6f\n\
                    12:00:01.000000 IP 10.0.0.2.80 > 10.0.0.1.5000: Flags [.], length 0\n\
                    \t0x0000:  8100  ..\n";
        assert_eq!(parse(dump), Some(vec![HELLO.to_vec(), vec![0x81, 0]]));
    }

    #[test]
    fn wireshark() {
        is("0000   81 05 48 65   ..He\n0004   6c 6c 6f   llo\n", &HELLO);
    }

    #[test]
    fn hexadecimal_without_offsets_is_no_dump() {
        for text in [
            "81 05 48 65 6c 6c 6f",
            "810548 656c6c6f",
            "81054865 6c6c6f\n89008a00 8100\n",
            "8105\n4865\n6c6c6f",
            "81:05:48:65:6c:6c:6f",
            "00000000: 8105\n8100\n",
            "00000000: 8105\n00000004: 8105\n",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
