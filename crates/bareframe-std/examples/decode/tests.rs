//! Frames, right and wrong, and their descriptions.

use crate::stream::decode;
use crate::*;
use std::io::Read;

/// Returns one byte at a time.
struct Slowly<'o>(&'o [u8]);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(&mut buffer[..1])
    }
}

/// Returns what is printed for these bytes, however they arrive, and whether they are right.
fn decoded(rules: Rules, hex: &str) -> (String, bool) {
    let bytes = hex::parse(hex).unwrap();
    let mut out = Vec::new();
    let right = decode(rules, None, &bytes[..], &mut out).unwrap();
    let mut slowly = Vec::new();
    assert_eq!(decode(rules, None, Slowly(&bytes), &mut slowly).unwrap(), right);
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
        "Frame 1, from byte 0: FIN, text, masked 6c 93 c7 e4, 1 ",
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
    right("81 05 48 65 6c 6c 6f", &["FIN, text, 5 ", "`Hello`"]);
}

#[test]
fn s5_7_single_frame_masked_text() {
    right(
        "81 85 37 fa 21 3d 7f 9f 4d 51 58",
        &["masked 37 fa 21 3d, 5 ", "`Hello`"],
    );
}

#[test]
fn s5_7_fragmented_unmasked_text() {
    let says = [
        "Frame 1, from byte 0: text, 3 ",
        "Frame 2, from byte 5: FIN, continuation, 2 ",
        "  message   text, 2 frames, 5 bytes: `Hello`\n",
    ];
    right("01 03 48 65 6c 80 02 6c 6f", &says);
}

#[test]
fn s5_7_ping_and_masked_pong() {
    let says = ["FIN, ping, 5 ", "FIN, pong, masked 37 fa 21 3d, 5 "];
    right("89 05 48 65 6c 6c 6f 8a 85 37 fa 21 3d 7f 9f 4d 51 58", &says);
}

#[test]
fn s5_7_256_bytes_of_binary() {
    let hex = format!("82 7E 01 00 {}", "fe".repeat(256));
    right(&hex, &["FIN, binary, 256 ", "256 bytes, in 16 bits after 126"]);
}

#[test]
fn s5_7_64_kib_of_binary() {
    let hex = format!("82 7F 00 00 00 00 00 01 00 00 {}", "fe".repeat(65_536));
    right(&hex, &["65536 bytes, in 64 bits after 127", "and 65280 more"]);
}

#[test]
fn s5_4_three_fragments() {
    let says = ["3 frames, 19 bytes: `and ahappy newyear!`"];
    right(
        "01 05 616e642061 00 09 6861707079206e6577 80 05 7965617221",
        &says,
    );
}

#[test]
fn s5_4_a_ping_between_fragments_does_not_count() {
    right("01 01 61 89 00 80 01 62", &["2 frames, 2 bytes: `ab`"]);
}

#[test]
fn s5_5_1_close_with_code_and_reason() {
    right("88 05 03 e8 62 79 65", &["close     1000 Normal Closure: bye"]);
    right("88 00", &["close     no code"]);
}

#[test]
fn s8_1_a_character_may_span_fragments() {
    right("01 01 c3 80 01 a9", &["2 bytes: `é`"]);
}

#[test]
fn s5_1_roles_are_held_to_masking() {
    wrong(
        Rules::FROM_CLIENT,
        "81 00",
        &["Byte 1 (0x00) is wrong", "5.1", "1002"],
    );
    wrong(
        Rules::FROM_SERVER,
        "81 80",
        &["Byte 1 (0x80) is wrong", "5.1", "1002"],
    );
}

#[test]
fn s5_2_wrong_headers_are_wrong_where_they_show_it() {
    wrong(
        Rules::ANY,
        "a1",
        &["Byte 0 (0xa1) is wrong", "reserved bit", "5.2"],
    );
    wrong(Rules::ANY, "83", &["Byte 0 (0x83) is wrong", "reserved opcode"]);
    wrong(
        Rules::ANY,
        "82 7e 00 7d",
        &["Byte 3 (0x7d) is wrong", "than it needs"],
    );
    wrong(Rules::ANY, "82 7f 80", &["Byte 2 (0x80) is wrong", "2^63"]);
    wrong(
        Rules::ANY,
        "81 00 83",
        &["Frame 2, from byte 2", "Byte 2 (0x83) is wrong"],
    );
}

#[test]
fn s5_5_control_frames() {
    wrong(
        Rules::ANY,
        "09",
        &["Byte 0 (0x09) is wrong", "fragmented a control frame", "5.5"],
    );
    wrong(
        Rules::ANY,
        "89 7e",
        &["Byte 1 (0x7e) is wrong", "longer than 125", "5.5"],
    );
}

#[test]
fn s5_4_order_of_fragments() {
    wrong(
        Rules::ANY,
        "80 00",
        &["Byte 0 (0x80) is wrong", "not open", "5.4"],
    );
    wrong(
        Rules::ANY,
        "01 00 81 00",
        &["Byte 2 (0x81) is wrong", "inside another", "5.4"],
    );
}

#[test]
fn s5_5_1_close_payloads() {
    wrong(
        Rules::ANY,
        "88 01 03",
        &["Byte 2 (0x03) is wrong", "1 byte of payload"],
    );
    wrong(
        Rules::ANY,
        "88 02 03 ed",
        &["Byte 3 (0xed) is wrong", "must not be sent", "7.4"],
    );
    wrong(Rules::ANY, "88 03 03 e8 ff", &["Byte 4 (0xff) is wrong", "1007"]);
}

#[test]
fn s8_1_text_is_utf8() {
    wrong(
        Rules::ANY,
        "81 03 61 ff 62",
        &["Byte 3 (0xff) is wrong", "8.1", "1007"],
    );
    wrong(
        Rules::ANY,
        "81 82 01 02 03 04 60 fd",
        &["Byte 7 (0xfd, unmasked 0xff) is wrong", "8.1"],
    );
    wrong(Rules::ANY, "81 01 c3", &["Byte 2 (0xc3) is wrong", "8.1"]);
    wrong(
        Rules::ANY,
        "01 01 c3 80 01 28",
        &["Byte 5 (0x28) is wrong", "8.1"],
    );
}

#[test]
fn truncated_input_is_said() {
    wrong(Rules::ANY, "", &["There are no bytes."]);
    wrong(Rules::ANY, "81", &["The bytes end inside the header of frame 1"]);
    wrong(
        Rules::ANY,
        "81 85 37 fa 21",
        &["The bytes end inside the header of frame 1"],
    );
    wrong(Rules::ANY, "81 05 48 65", &["after 2 of 5 bytes of payload"]);
}

#[test]
fn help_goes_to_standard_output_with_status_0() {
    let help = Arguments::try_parse_from(["decode", "--help"]).err().unwrap();
    assert_eq!((help.exit_code(), help.use_stderr()), (0, false));
}

#[test]
fn arguments() {
    let parse = |line: &str| Arguments::try_parse_from(format!("decode {line}").split_whitespace());
    assert!(matches!(
        parse("--from client 81 00").unwrap().from,
        Some(End::Client)
    ));
    assert_eq!(
        parse("--raw file --from server").unwrap().raw.as_deref(),
        Some("file")
    );
    assert_eq!(parse("-").unwrap().bytes, ["-"]);
    assert_eq!(parse("-- 81 00").unwrap().bytes, ["81", "00"]);
    for line in ["--from", "--from nobody", "--raw file 81", "--bytes"] {
        let error = parse(line).err().unwrap();
        assert_eq!((error.exit_code(), error.use_stderr()), (2, true), "{line}");
    }
}

#[test]
fn when_nobody_reads_the_output_nothing_is_said() {
    let (reader, mut pipe) = io::pipe().unwrap();
    drop(reader);
    let arguments = Arguments::parse_from(["decode", "81", "00"]);
    let error = run(&arguments, &mut pipe).unwrap_err();
    assert!(is_broken_pipe(&*error), "{error}");
    assert!(!is_broken_pipe(&*Box::<dyn Error>::from("another")));
}

#[test]
fn what_a_peer_said_is_escaped() {
    right(
        "88 0a 03 e8 1b 5b 33 31 6d 62 79 65",
        &["1000 Normal Closure: \\u{1b}[31mbye\n"],
    );
    right("81 05 1b 5b 33 31 6d", &["text      `\\u{1b}[31m`\n"]);
    right("81 05 e2 80 ae 61 62", &["text      `\\u{202e}ab`\n"]);
    right("01 01 1b 80 01 07", &["2 bytes: `\\u{1b}\\u{7}`\n"]);
}

#[test]
fn standard_input_that_is_no_text_is_said() {
    let arguments = Arguments::parse_from(["decode", "-"]);
    let error = decode_standard_input(&arguments, &b"\x81\x00"[..], &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("`--raw -`"), "{error}");
}

#[test]
fn dumps_are_taken_where_hexadecimal_is() {
    let arguments = Arguments::parse_from(["decode"]);
    let mut out = Vec::new();
    let dump = b"00000000: 8105 4865 6c6c 6f                        ..Hello\n";
    assert!(decode_standard_input(&arguments, &dump[..], &mut out).unwrap());
    assert!(String::from_utf8(out).unwrap().contains("`Hello`"));
}

fn hex_of(text: &str) -> String {
    hex::show(text.as_bytes())
}

#[test]
fn rfc7692_s6_a_compressed_message_is_said_and_the_next_frame_shown() {
    let says = [
        "RSV1-3    100, compressed (RSV1)",
        "payload   f2 48 cd c9 c9 07 00\n",
        "Frame 2, from byte 9",
        "text      `Hello`\n",
    ];
    right("c1 07 f2 48 cd c9 c9 07 00 81 05 48 65 6c 6c 6f", &says);
    let (out, _) = decoded(Rules::ANY, "c1 07 f2 48 cd c9 c9 07 00");
    assert!(!out.contains("text      "), "{out}");
}

#[test]
fn rfc7692_s6_fragments_of_a_compressed_message_are_no_text() {
    let says = [
        "text, compressed (RSV1), 2 frames, 7 bytes: f2 48 cd c9 c9 07 00\n",
        "`Hello`",
    ];
    right("41 03 f2 48 cd 80 04 c9 c9 07 00 81 05 48 65 6c 6c 6f", &says);
}

#[test]
fn rfc7692_s6_rsv1_is_wrong_on_continuations_and_control_frames() {
    for hex in ["c9 00", "c8 00", "41 00 c0 00"] {
        wrong(Rules::ANY, hex, &["reserved bit", "5.2"]);
    }
}

#[test]
fn http_is_said_and_the_frames_after_it_are_shown() {
    let request = hex_of("GET /chat HTTP/1.1\r\nHost: a\r\nX: \u{1b}[31m\u{202e}\r\n\r\n");
    let says = [
        "This is HTTP, from byte 0:\n  GET /chat HTTP/1.1\n  Host: a\n  X: \\u{1b}[31m\\u{202e}\n",
        "Frame 1, from byte 44",
        "`Hello`",
    ];
    right(&format!("{request} 81 05 48 65 6c 6c 6f"), &says);
    let response = hex_of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    right(
        &format!("{response} 89 00"),
        &["  HTTP/1.1 101 ", "Frame 1, from byte 56"],
    );
    right(
        &format!("{request} {response} 89 00"),
        &["This is HTTP, from byte 44"],
    );
    right(&format!("89 00 {response}"), &["This is HTTP, from byte 2"]);
}

#[test]
fn rfc9112_s6_3_content_is_skipped() {
    let refusal = hex_of("HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno!");
    right(
        &format!("{refusal} 89 00"),
        &["content   3 bytes", "Frame 1, from byte 50"],
    );
    let refusal = hex_of("HTTP/1.0 400 Bad Request\r\n\r\nno!");
    right(&refusal, &["content   up to the end"]);
    let refusal = hex_of("HTTP/1.0 400 Bad Request\r\nContent-Length: 4\r\n\r\nno!");
    wrong(Rules::ANY, &refusal, &["inside the content: 1 are missing"]);
}

#[test]
fn a_head_that_is_not_whole_is_said() {
    wrong(
        Rules::ANY,
        &hex_of("GET / HTTP/1.1\r\nHos"),
        &["  Hos\n", "inside the head"],
    );
    wrong(Rules::ANY, &hex_of("GE"), &["Byte 0 (0x47) is wrong"]);
    let long = format!("GET /{}", "a".repeat(65_536));
    wrong(Rules::ANY, &hex_of(&long), &["longer than 65536 bytes"]);
}

#[test]
fn http_2_is_said() {
    let preface = hex_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    right(
        &format!("{preface} 00 00 00 04 00"),
        &["This is HTTP/2, from byte 0"],
    );
}

#[test]
fn tls_is_said_and_what_is_after_it_is_shown() {
    let says = [
        "This is TLS, from byte 0",
        "  handshake, 2 bytes\n",
        "  change of cipher, 1 byte\n",
        "  application data, 3 bytes\n",
        "  alert, 0 bytes\n",
        "Frame 1, from byte 26",
    ];
    right(
        "16 03 01 00 02 01 02 14 03 03 00 01 01 17 03 03 00 03 81 05 48 15 03 03 00 00 89 00",
        &says,
    );
    wrong(Rules::ANY, "16 03 01 00 02 01", &["inside a record of TLS"]);
    wrong(Rules::ANY, "16 03 01 00", &["inside a record of TLS"]);
    wrong(Rules::ANY, "16 03", &["Byte 0 (0x16) is wrong"]);
}

/// What is printed for these bytes with `--deflate` and these parameters.
fn inflated(deflate: &str, hex: &str) -> (String, bool) {
    let bytes = hex::parse(hex).unwrap();
    let [mut out, mut slowly] = [const { Vec::new() }; 2];
    let deflate = Some(parameters(deflate).unwrap());
    let right = decode(Rules::ANY, deflate, &bytes[..], &mut out).unwrap();
    assert_eq!(
        decode(Rules::ANY, deflate, Slowly(&bytes), &mut slowly).unwrap(),
        right
    );
    assert_eq!(out, slowly);
    (String::from_utf8(out).unwrap(), right)
}

/// The examples of RFC 7692 section 7.2.3: "Hello" by itself, and with what was sent before it.
const COMPRESSED_HELLO: &str = "c1 07 f2 48 cd c9 c9 07 00";
const HELLO_AGAIN: &str = "c1 05 f2 00 11 00 00";

#[test]
fn rfc7692_s7_2_3_compressed_messages_are_inflated_with_what_was_before_them() {
    let (out, right) = inflated("", &format!("{COMPRESSED_HELLO} {HELLO_AGAIN} 8105 48656c6c6f"));
    assert!(right, "{out}");
    for says in [
        "RSV1-3    100, compressed (RSV1), by permessage-deflate (RFC 7692)\n",
        "payload   f2 48 cd c9 c9 07 00\n",
        "inflated  text, 5 bytes: `Hello`\n  saved     nothing: 7 bytes for 5 bytes\n",
        "inflated  text, 5 bytes: `Hello`\n  saved     nothing: 5 bytes for 5 bytes\n",
        "text      `Hello`\n",
    ] {
        assert!(out.contains(says), "no {says:?} in\n{out}");
    }
    // A message in fragments, with a Ping between, and masked.
    let (out, right) = inflated("", "41 03 f2 48 cd 89 00 80 04 c9 c9 07 00");
    assert!(
        right && out.contains("inflated  text, 2 frames, 5 bytes: `Hello`"),
        "{out}"
    );
    assert!(out.contains("a compressed message continues"), "{out}");
    let (out, _) = inflated("", "c1 87 00 00 00 00 f2 48 cd c9 c9 07 00");
    assert!(out.contains("inflated  text, 5 bytes: `Hello`"), "{out}");
    let (out, _) = inflated("", "c2 06 62 18 d9 00 00 00");
    assert!(out.contains("inflated  binary, "), "{out}");
}

#[test]
fn rfc7692_s7_1_parameters_say_which_window_and_history_there_is() {
    let twice = format!("{COMPRESSED_HELLO} {HELLO_AGAIN}");
    let (out, right) = inflated("server_no_context_takeover", &twice);
    assert!(
        !right && out.contains("a distance goes back beyond the window or the first message"),
        "{out}"
    );
    // The other direction has a history.
    assert!(inflated("client_no_context_takeover", &twice).1);
    for wrong in [
        "server_max_window_bits=16",
        "x",
        "server_max_window_bits",
        "=",
        "client_max_window_bits",
    ] {
        assert!(parameters(wrong).is_err(), "{wrong}");
    }
    let arguments = Arguments::try_parse_from(["decode", "--deflate", "C107"]).unwrap();
    assert!(arguments.deflate.is_some() && arguments.bytes == ["C107"]);
    let arguments =
        Arguments::try_parse_from(["decode", "--deflate=client_max_window_bits=9", "C107"]).unwrap();
    assert_eq!(arguments.deflate.unwrap().client().window_bits().bits(), 9);
}

#[test]
fn what_can_not_be_inflated_is_wrong_at_its_byte() {
    let (out, right) = inflated("", "c1 01 07");
    assert!(!right && out.contains("Byte 2 (0x07) is wrong"), "{out}");
    assert!(out.contains("a compressed block has a reserved type"), "{out}");
    // Inflated text must be UTF-8: a stored block with 0xFF.
    let (out, right) = inflated("", "c1 07 00 01 00 fe ff ff 00");
    assert!(!right && out.contains("not UTF-8"), "{out}");
    assert!(inflated("", "c2 07 00 01 00 fe ff ff 00").1);
}

#[test]
fn rfc7692_s5_1_a_response_says_whether_messages_are_compressed() {
    let head = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Extensions: permessage-deflate; \
                server_max_window_bits=9\r\n\r\n";
    let mut bytes = head.as_bytes().to_vec();
    bytes.extend(hex::parse(COMPRESSED_HELLO).unwrap());
    let mut out = Vec::new();
    assert!(decode(Rules::ANY, None, &bytes[..], &mut out).unwrap());
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("inflated  text, 5 bytes: `Hello`"), "{out}");
    // Without it nobody knows.
    right(
        COMPRESSED_HELLO,
        &["compressed (RSV1), if permessage-deflate was agreed on"],
    );
}
