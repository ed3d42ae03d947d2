//! The client on bareframe-tokio that the Autobahn suite tests: it does what `autobahn-client` does.

use bareframe_conformance::Failure;
use bareframe_tokio::deflate::Policy;
use bareframe_tokio::{CloseCode, Config, Connector, Error, Limits, Options, connect};

/// Section 9 sends a message in 65,537 fragments, which is one more than the default allows.
const CONNECTOR: Connector<'static> = Connector::DEFAULT.with_options(
    Options::DEFAULT
        .with_config(Config::DEFAULT.with_limits(Limits::DEFAULT.with_fragments(1 << 20)))
        .with_deflate(
            Policy::DEFAULT
                .with_sending_takeover(true)
                .with_receiving_takeover(true),
        ),
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, agent] = arguments.as_slice() else {
        return Err("autobahn-client-tokio URL AGENT".into());
    };
    let mut socket = connect(&format!("{url}/getCaseCount")).await?;
    let message = socket.read().await?;
    let message = message.ok_or("the suite does not say how many cases it has")?;
    let cases: u32 = message
        .as_str()
        .ok_or("the number of cases is not text")?
        .parse()?;
    socket.close(CloseCode::NORMAL_CLOSURE, "").await?;

    for case in 1..=cases {
        // Most cases end in an error that the suite has provoked; the suite decides what was right.
        if let Err(error) = echo(&format!("{url}/runCase?case={case}&agent={agent}")).await {
            println!("{case}: {error}");
        }
    }

    let mut socket = connect(&format!("{url}/updateReports?agent={agent}")).await?;
    while socket.read().await?.is_some() {}
    socket.close(None, "").await?;
    Ok(())
}

async fn echo(url: &str) -> Result<(), Error> {
    let mut socket = CONNECTOR.connect(url).await?;
    let echoed = loop {
        match socket.read_with_sender().await {
            Ok(Some((message, mut sender))) => {
                if let Err(error) = sender.send(&message).await {
                    break Err(error);
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    echoed.and(socket.close(None, "").await.map(drop))
}
