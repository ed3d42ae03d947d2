//! Echoes every message of any number of connections, all in one thread. The system reports which streams are ready.
//!
//! ```text
//! cargo run --release -p bareframe-std --example echo_one_thread
//! cargo run --release -p bareframe-std --example echo_one_thread -- 0.0.0.0:8080
//! ```

#[path = "../compression/mod.rs"]
mod compression;
mod serve;

use bareframe_std::Options;
use clap::Parser;
use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;

/// Echoes every message of any number of connections, all in one thread.
#[derive(Parser)]
#[command(name = "echo_one_thread")]
struct Arguments {
    /// Where to listen: a host and a port; port 0 is any that is free.
    #[arg(default_value = "127.0.0.1:9001")]
    address: String,
}

fn main() -> ExitCode {
    let Arguments { address } = Arguments::parse();
    let served = TcpListener::bind(&address).and_then(|listener| {
        let address = listener.local_addr()?;
        // The echo works even if its address can't be written.
        let _ = writeln!(io::stdout(), "The echo is at ws://{address}/.");
        serve(listener)
    });
    if let Err(error) = served {
        eprintln!(
            "echo_one_thread: can't listen at {address}: {error}; another address may be given, as 127.0.0.1:0"
        );
    }
    ExitCode::FAILURE
}

fn serve(listener: TcpListener) -> io::Result<()> {
    serve::serve(listener, compression::by_message(Options::DEFAULT))
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use bareframe_std::{CloseCode, Connector, connect};
    use clap::Parser;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn help_goes_to_standard_output_with_status_0() {
        let help = Arguments::try_parse_from(["echo_one_thread", "--help"])
            .err()
            .unwrap();
        assert_eq!((help.exit_code(), help.use_stderr()), (0, false));
    }

    #[test]
    fn s5_messages_of_any_length_come_back_on_many_connections_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        thread::spawn(move || super::serve(listener));
        thread::scope(|scope| {
            for client in 0..10_u8 {
                let url = &url;
                scope.spawn(move || {
                    let mut socket = connect(url).unwrap();
                    for len in [0, 1, 125, 126, 65_535, 65_536, 1 << 20] {
                        let payload = vec![client; len];
                        socket.send(&payload[..]).unwrap();
                        assert!(socket.read().unwrap().unwrap().payload() == payload);
                    }
                    socket.close(CloseCode::NORMAL_CLOSURE, "").unwrap();
                });
            }
        });
    }

    #[test]
    fn who_reads_nothing_holds_nobody_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        thread::spawn(move || super::serve(listener));
        let mut deaf = connect(&url).unwrap();
        let timeout = Some(Duration::from_millis(200));
        deaf.stream().set_write_timeout(timeout).unwrap();
        while deaf.send_binary(&[0; 1 << 16]).is_ok() {}
        let mut other = connect(&url).unwrap();
        other.send_text("Hello").unwrap();
        assert_eq!(other.read().unwrap().unwrap().as_str(), Some("Hello"));
    }

    /// The system reports the end once, and perhaps with the bytes before it.
    #[test]
    fn a_client_that_ends_the_stream_with_its_last_message_is_answered_and_let_go() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        thread::spawn(move || super::serve(listener));
        for round in 0..50 {
            let mut client = TcpStream::connect(address).unwrap();
            client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            client.write_all(request.as_bytes()).unwrap();
            if round % 2 == 0 {
                thread::sleep(Duration::from_millis(2));
            }
            client
                .write_all(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")
                .unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).unwrap();
            let echo = b"\r\n\r\n\x81\x05Hello";
            assert!(answer.windows(echo.len()).any(|part| part == echo), "{round}");
        }
    }

    #[test]
    fn a_client_that_is_slow_with_its_handshake_holds_nobody_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || super::serve(listener));
        let mut slow = TcpStream::connect(address).unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap();
        let mut other = connect(&format!("ws://{address}/")).unwrap();
        other.send_text("Hello").unwrap();
        assert_eq!(other.read().unwrap().unwrap().as_str(), Some("Hello"));
        slow.write_all(b"\r\n").unwrap();
        let mut answer = String::new();
        slow.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    }

    /// What the next test runs in a process of its own.
    #[test]
    #[ignore = "a server, which another test starts in a process with few descriptors"]
    fn serve_for_ever() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        println!("\nport {}", listener.local_addr().unwrap().port());
        super::serve(listener).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn without_descriptors_a_client_waits_until_another_is_done_and_no_longer() {
        let limited = r#"ulimit -n 24; exec "$0" tests::serve_for_ever --exact --ignored --nocapture"#;
        struct Killed(Child);
        impl Drop for Killed {
            fn drop(&mut self) {
                self.0.kill().unwrap();
                self.0.wait().unwrap();
            }
        }
        let server = Command::new("sh")
            .args(["-c", limited])
            .arg(std::env::current_exe().unwrap())
            .stdout(Stdio::piped())
            .spawn();
        let mut server = Killed(server.unwrap());
        let lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("port ").map(str::to_owned))
            .unwrap();
        let url = format!("ws://127.0.0.1:{port}/");
        let impatient = Connector::DEFAULT.with_timeout(Duration::from_millis(500));
        let mut served = Vec::new();
        while let Ok(socket) = impatient.connect(&url) {
            served.push(socket);
            assert!(served.len() < 24, "one descriptor each");
        }
        assert!(served.len() > 12, "{} and no more", served.len());
        let waiting = thread::spawn(move || {
            let mut socket = connect(&url).unwrap();
            socket.send_text("Hello").unwrap();
            assert_eq!(socket.read().unwrap().unwrap().as_str(), Some("Hello"));
        });
        thread::sleep(Duration::from_millis(200));
        for mut socket in served.drain(..2) {
            socket.close(None, "").unwrap();
        }
        waiting.join().unwrap();
    }
}
