//! Prints the messages of a server line by line, and connects anew for as long as it takes whenever the connection is lost.
//!
//! ```text
//! cargo run --release -p bareframe-tokio --features platform-verifier --example gateway -- wss://example.com/events
//! ```

use bareframe_tokio::{Connector, Error, Options};
use clap::Parser;
use std::io::{self, Write};
use std::time::Duration;

/// A server that sends nothing for this long is sent a Ping, and is gone if nothing comes for as long again.
const SILENCE: Duration = Duration::from_secs(30);

/// The longest pause before the first attempt to connect anew, and before any attempt, in milliseconds.
const PAUSE: u64 = 500;
const LONGEST_PAUSE: u64 = 60_000;

/// Prints the messages of a server, and connects anew when the connection is lost.
#[derive(Parser)]
struct Arguments {
    /// The server: ws://HOST[:PORT]/[PATH], with the feature platform-verifier also wss://
    url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(&Arguments::parse().url, &mut io::stdout()).await
}

/// Continues until the output can't be written, or the URL is wrong.
async fn run(url: &str, out: &mut impl Write) -> Result<(), Error> {
    let connector = Connector::DEFAULT.with_options(Options::DEFAULT.with_keepalive(SILENCE, SILENCE));
    let mut failures = 0;
    loop {
        let mut connected = connector.connect(url).await;
        while let Ok(socket) = &mut connected {
            match socket.read().await {
                Ok(Some(message)) => {
                    failures = 0;
                    writeln!(out, "{}", message.payload().escape_ascii())?;
                }
                Ok(None) => break,
                Err(error) => connected = Err(error),
            }
        }
        match connected {
            Ok(_) => eprintln!("gateway: the server closed"),
            Err(error @ (Error::Url(_) | Error::NoTls)) => return Err(error),
            Err(error) => eprintln!("gateway: {error}"),
        }
        // Any time up to a limit that doubles, so that the clients of a server that was restarted do not come back all at once.
        let longest = (PAUSE << failures.min(20)).min(LONGEST_PAUSE);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=longest))).await;
        failures += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bareframe_tokio::handshake::{Accept, Key};
    use bareframe_tokio::{CloseCode, ServerSocket, WebSocket};
    use clap::error::ErrorKind;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    #[test]
    fn it_has_at_most_forty_lines_of_code() {
        let code = include_str!("gateway.rs").split("#[cfg(test)]").next().unwrap();
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        let lines = code.lines().filter(is_code).count();
        assert!(lines <= 40, "{lines}");
    }

    #[test]
    fn the_arguments_are_explained() {
        let help = Arguments::try_parse_from(["gateway", "--help"]).err().unwrap();
        assert_eq!(help.kind(), ErrorKind::DisplayHelp);
        assert!(help.to_string().contains("<URL>"), "{help}");
        assert!(Arguments::try_parse_from(["gateway"]).is_err());
    }

    #[tokio::test]
    async fn a_url_that_is_wrong_is_not_tried_again() {
        assert!(matches!(
            run("http://127.0.0.1/", &mut Vec::new()).await,
            Err(Error::Url(_))
        ));
    }

    /// Output that nobody reads once a line says "end".
    struct Output(Vec<u8>);

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.starts_with(b"end") {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Write::write(&mut self.0, bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Reads a request, and returns the stream and the value of `Sec-WebSocket-Accept`.
    async fn requested(listener: &TcpListener) -> (TcpStream, Accept) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let key = Key::parse(key.unwrap().as_bytes()).unwrap();
        (stream, Accept::from_key(&key))
    }

    /// Opens a WebSocket, and sends a message.
    async fn say(listener: &TcpListener, message: &str) -> ServerSocket<TcpStream> {
        let (mut stream, accept) = requested(listener).await;
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            accept.as_str()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        let mut socket = WebSocket::server(stream, &Options::DEFAULT);
        socket.send(message).await.unwrap();
        socket
    }

    #[tokio::test]
    async fn it_connects_anew_after_a_refusal_a_lost_connection_and_a_close() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = requested(&listener).await;
            let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(busy.as_bytes()).await.unwrap();
            drop(say(&listener, "first").await);
            let mut socket = say(&listener, "second\n").await;
            socket.close(CloseCode::SERVICE_RESTART, "").await.unwrap();
            say(&listener, "end").await
        });
        let mut output = Output(Vec::new());
        let ended = run(&url, &mut output).await;
        assert!(matches!(ended, Err(Error::Io(_))), "{ended:?}");
        assert_eq!(output.0.escape_ascii().to_string(), r"first\nsecond\\n\n");
        server.await.unwrap();
    }
}
