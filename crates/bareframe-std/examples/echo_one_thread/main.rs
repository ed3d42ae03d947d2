//! Echoes every message of any number of connections, all in one thread: the system tells which stream can go on.
//!
//! ```text
//! cargo run --release -p bareframe-std --example echo_one_thread
//! cargo run --release -p bareframe-std --example echo_one_thread -- 0.0.0.0:8080
//! ```

mod serve;

use std::net::TcpListener;
use std::process::ExitCode;

fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9001".to_owned());
    let served = TcpListener::bind(&address).and_then(|listener| {
        println!("The echo is at ws://{}/.", listener.local_addr()?);
        serve::serve(listener)
    });
    if let Err(error) = served {
        eprintln!("echo_one_thread: {address}: {error}");
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use bareframe_std::{CloseCode, connect};
    use std::net::TcpListener;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn s5_messages_of_any_length_come_back_on_many_connections_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        thread::spawn(move || super::serve::serve(listener));
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
        thread::spawn(move || super::serve::serve(listener));
        let mut deaf = connect(&url).unwrap();
        let timeout = Some(Duration::from_millis(200));
        deaf.stream().set_write_timeout(timeout).unwrap();
        while deaf.send_binary(&[0; 1 << 16]).is_ok() {}
        let mut other = connect(&url).unwrap();
        other.send_text("Hello").unwrap();
        assert_eq!(other.read().unwrap().unwrap().as_str(), Some("Hello"));
    }
}
