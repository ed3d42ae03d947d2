//! Decodes frames and says in words what is in them, and where and why they are wrong.
//!
//! ```text
//! cargo run -p bareframe-std --example decode -- 81 81 6C 93 C7 E4 0D
//! echo 8900 | cargo run -p bareframe-std --example decode -- --from server
//! cargo run -p bareframe-std --example decode -- --raw capture.bin
//! ```

#[path = "../frames/mod.rs"]
mod frames;
#[path = "../hex/mod.rs"]
mod hex;
mod words;

use bareframe::Rules;
use frames::Frames;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

const USAGE: &str = "\
usage: decode [--from client|server] [HEX…]
       decode [--from client|server] --raw FILE

Octets come in hexadecimal as arguments or, without any, from standard input; or as they are from FILE.
--from refuses frames that are not masked as this end must mask them; else both forms are taken.";

struct Arguments {
    rules: Rules,
    raw: Option<String>,
    hex: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = match parse_arguments(std::env::args().skip(1)) {
        Some(arguments) => arguments,
        None => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(arguments, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("decode: {error}");
            ExitCode::from(2)
        }
    }
}

fn parse_arguments(mut arguments: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut parsed = Arguments {
        rules: Rules::ANY,
        raw: None,
        hex: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--from" => {
                parsed.rules = match arguments.next()?.as_str() {
                    "client" => Rules::FROM_CLIENT,
                    "server" => Rules::FROM_SERVER,
                    _ => return None,
                }
            }
            "--raw" => parsed.raw = Some(arguments.next()?),
            option if option.starts_with('-') => return None,
            _ => parsed.hex.push(argument),
        }
    }
    (parsed.raw.is_none() || parsed.hex.is_empty()).then_some(parsed)
}

/// Decodes the input, and tells whether all of it was right.
fn run(arguments: Arguments, out: &mut dyn Write) -> Result<bool, Box<dyn Error>> {
    if let Some(path) = arguments.raw {
        let file = File::open(&path).map_err(|error| format!("{path}: {error}"))?;
        return Ok(decode(arguments.rules, file, out)?);
    }
    let hex = match arguments.hex.is_empty() {
        true => io::read_to_string(io::stdin())?,
        false => arguments.hex.join(" "),
    };
    Ok(decode(arguments.rules, &hex::parse(&hex)?[..], out)?)
}

fn decode(rules: Rules, mut input: impl Read, out: &mut dyn Write) -> io::Result<bool> {
    let mut frames = Frames::new(rules);
    let mut buffer = [0; 16 * 1024];
    let mut count = 0_u64;
    loop {
        let len = input.read(&mut buffer)?;
        if len == 0 {
            break;
        }
        let mut octets = &buffer[..len];
        while let Some(frame) = frames.next(&mut octets) {
            count += 1;
            words::write_frame(out, count, &frame)?;
            if frame.fault.is_some() {
                return Ok(false);
            }
        }
    }
    match frames.unfinished() {
        None if count == 0 => writeln!(out, "There are no octets.")?,
        None => return Ok(true),
        Some(frame) => words::write_unfinished(out, count + 1, &frame)?,
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one octet at a time.
    struct Slowly<'o>(&'o [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    /// What is printed for these octets, however they arrive, and whether they are right.
    fn decoded(rules: Rules, hex: &str) -> (String, bool) {
        let octets = hex::parse(hex).unwrap();
        let mut out = Vec::new();
        let right = decode(rules, &octets[..], &mut out).unwrap();
        let mut slowly = Vec::new();
        assert_eq!(decode(rules, Slowly(&octets), &mut slowly).unwrap(), right);
        let (out, slowly) = (
            String::from_utf8(out).unwrap(),
            String::from_utf8(slowly).unwrap(),
        );
        assert_eq!(out, slowly);
        (out, right)
    }

    #[track_caller]
    fn right(hex: &str, says: &[&str]) {
        let (out, right) = decoded(Rules::ANY, hex);
        assert!(right, "{out}");
        says.iter()
            .for_each(|line| assert!(out.contains(line), "no {line:?} in\n{out}"));
    }

    #[track_caller]
    fn wrong(rules: Rules, hex: &str, says: &[&str]) {
        let (out, right) = decoded(rules, hex);
        assert!(!right, "{out}");
        says.iter()
            .for_each(|line| assert!(out.contains(line), "no {line:?} in\n{out}"));
    }

    #[test]
    fn a_masked_letter() {
        let says = [
            "Frame 1, from octet 0: FIN, text, masked 6c 93 c7 e4, 1 octet\n",
            "  unmasked  61\n",
            "  text      `a`\n",
        ];
        right("81 81 6C 93 C7 E4 0D", &says);
    }

    #[test]
    fn s5_3_masking() {
        right("81 85 01 02 03 04 69 67 6F 68 6E", &["text      `hello`"]);
    }

    #[test]
    fn s5_7_single_frame_unmasked_text() {
        right("81 05 48 65 6c 6c 6f", &["FIN, text, 5 octets\n", "`Hello`"]);
    }

    #[test]
    fn s5_7_single_frame_masked_text() {
        right(
            "81 85 37 fa 21 3d 7f 9f 4d 51 58",
            &["masked 37 fa 21 3d, 5 octets\n", "`Hello`"],
        );
    }

    #[test]
    fn s5_7_fragmented_unmasked_text() {
        let says = [
            "Frame 1, from octet 0: text, 3 octets\n",
            "Frame 2, from octet 5: FIN, continuation, 2 octets\n",
            "  message   text, 2 frames, 5 octets: `Hello`\n",
        ];
        right("01 03 48 65 6c 80 02 6c 6f", &says);
    }

    #[test]
    fn s5_7_ping_and_masked_pong() {
        let says = [
            "FIN, ping, 5 octets\n",
            "FIN, pong, masked 37 fa 21 3d, 5 octets\n",
        ];
        right("89 05 48 65 6c 6c 6f 8a 85 37 fa 21 3d 7f 9f 4d 51 58", &says);
    }

    #[test]
    fn s5_7_256_octets_of_binary() {
        let hex = format!("82 7E 01 00 {}", "fe".repeat(256));
        right(
            &hex,
            &["FIN, binary, 256 octets\n", "256 octets, in 16 bits behind 126"],
        );
    }

    #[test]
    fn s5_7_64_kib_of_binary() {
        let hex = format!("82 7F 00 00 00 00 00 01 00 00 {}", "fe".repeat(65_536));
        right(&hex, &["65536 octets, in 64 bits behind 127", "and 65280 more"]);
    }

    #[test]
    fn s5_4_three_fragments() {
        let says = ["3 frames, 19 octets: `and ahappy newyear!`"];
        right(
            "01 05 616e642061 00 09 6861707079206e6577 80 05 7965617221",
            &says,
        );
    }

    #[test]
    fn s5_4_a_ping_between_fragments_does_not_count() {
        right("01 01 61 89 00 80 01 62", &["2 frames, 2 octets: `ab`"]);
    }

    #[test]
    fn s5_5_1_close_with_code_and_reason() {
        right("88 05 03 e8 62 79 65", &["close     1000 Normal Closure: bye"]);
        right("88 00", &["close     no code"]);
    }

    #[test]
    fn s8_1_a_character_may_span_fragments() {
        right("01 01 c3 80 01 a9", &["2 octets: `é`"]);
    }

    #[test]
    fn s5_1_roles_are_held_to_masking() {
        wrong(
            Rules::FROM_CLIENT,
            "81 00",
            &["Octet 1 (0x00) is wrong", "5.1", "1002"],
        );
        wrong(
            Rules::FROM_SERVER,
            "81 80",
            &["Octet 1 (0x80) is wrong", "5.1", "1002"],
        );
    }

    #[test]
    fn s5_2_wrong_headers_are_wrong_where_they_show_it() {
        wrong(
            Rules::ANY,
            "c1",
            &["Octet 0 (0xc1) is wrong", "reserved bit", "5.2"],
        );
        wrong(Rules::ANY, "83", &["Octet 0 (0x83) is wrong", "reserved opcode"]);
        wrong(
            Rules::ANY,
            "82 7e 00 7d",
            &["Octet 3 (0x7d) is wrong", "more octets than it needs"],
        );
        wrong(Rules::ANY, "82 7f 80", &["Octet 2 (0x80) is wrong", "2^63"]);
        wrong(
            Rules::ANY,
            "81 00 83",
            &["Frame 2, from octet 2", "Octet 2 (0x83) is wrong"],
        );
    }

    #[test]
    fn s5_5_control_frames() {
        wrong(
            Rules::ANY,
            "09",
            &["Octet 0 (0x09) is wrong", "fragmented a control frame", "5.5"],
        );
        wrong(
            Rules::ANY,
            "89 7e",
            &["Octet 1 (0x7e) is wrong", "longer than 125", "5.5"],
        );
    }

    #[test]
    fn s5_4_order_of_fragments() {
        wrong(
            Rules::ANY,
            "80 00",
            &["Octet 0 (0x80) is wrong", "not open", "5.4"],
        );
        wrong(
            Rules::ANY,
            "01 00 81 00",
            &["Octet 2 (0x81) is wrong", "inside another", "5.4"],
        );
    }

    #[test]
    fn s5_5_1_close_payloads() {
        wrong(
            Rules::ANY,
            "88 01 03",
            &["Octet 2 (0x03) is wrong", "half a close code"],
        );
        wrong(
            Rules::ANY,
            "88 02 03 ed",
            &["Octet 3 (0xed) is wrong", "must not be sent", "7.4"],
        );
        wrong(Rules::ANY, "88 03 03 e8 ff", &["Octet 4 (0xff) is wrong", "1007"]);
    }

    #[test]
    fn s8_1_text_is_utf8() {
        wrong(
            Rules::ANY,
            "81 03 61 ff 62",
            &["Octet 3 (0xff) is wrong", "8.1", "1007"],
        );
        wrong(
            Rules::ANY,
            "81 82 01 02 03 04 60 fd",
            &["Octet 7 (0xfd, unmasked 0xff) is wrong", "8.1"],
        );
        wrong(Rules::ANY, "81 01 c3", &["Octet 2 (0xc3) is wrong", "8.1"]);
        wrong(
            Rules::ANY,
            "01 01 c3 80 01 28",
            &["Octet 5 (0x28) is wrong", "8.1"],
        );
    }

    #[test]
    fn truncated_input_is_said() {
        wrong(Rules::ANY, "", &["There are no octets."]);
        wrong(Rules::ANY, "81", &["The octets end inside the header of frame 1"]);
        wrong(
            Rules::ANY,
            "81 85 37 fa 21",
            &["The octets end inside the header of frame 1"],
        );
        wrong(Rules::ANY, "81 05 48 65", &["after 2 of 5 octets of payload"]);
    }

    #[test]
    fn hex_in_all_its_forms() {
        for form in ["8105", "81 05", "0x81,0x05", "0x81, 0x05\n", "81:05"] {
            assert_eq!(hex::parse(form).as_deref(), Ok(&[0x81, 0x05][..]));
        }
        for form in ["8", "8g", "81 5", "+1", "é"] {
            assert!(hex::parse(form).is_err(), "{form}");
        }
    }

    #[test]
    fn arguments() {
        let parse = |line: &str| parse_arguments(line.split_whitespace().map(String::from));
        assert_eq!(parse("--from client 81 00").unwrap().rules, Rules::FROM_CLIENT);
        assert_eq!(
            parse("--raw file --from server").unwrap().raw.as_deref(),
            Some("file")
        );
        assert!(parse("--from").is_none());
        assert!(parse("--from nobody").is_none());
        assert!(parse("--raw file 81").is_none());
        assert!(parse("--help").is_none());
    }
}
