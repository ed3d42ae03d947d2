//! Our adapters with each other and with other implementations, and with proxies in between. The exchange is described in `exchange.rs`,
//! and the checks of a proxy in `proxy_checks.rs`.

use bareframe_conformance::pair::{Setting, owns};
use bareframe_conformance::peers::{Kind, PEERS, Peer};
use bareframe_conformance::proxies::PROXIES;
use bareframe_conformance::tls::Tls;
use bareframe_conformance::{Failure, proxy_checks, table};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (directory, is_quick, names) = match arguments.as_slice() {
        [directory, quick, names @ ..] if quick == "--quick" => (directory, true, names),
        [directory, names @ ..] => (directory, false, names),
        [] => return Err("usage: interop DIRECTORY [--quick] NAME...".into()),
    };
    let directory = Path::new(directory);
    let setting = Setting {
        programs: directory.join("peers"),
        tls: Tls::new(&directory.join("tls"))?,
    };
    let begin = Instant::now();
    let browsers = ["chromium", "firefox"].into_iter();
    let browsers: Vec<&Peer> = browsers
        .filter(|browser| names.iter().any(|name| name == browser))
        .map(Peer::named)
        .collect::<Result<_, _>>()?;
    // A quick run has programs talk to the first adapter only.
    let most = if is_quick { 1 } else { usize::MAX };
    let mut rows = Vec::new();
    for name in names {
        let begin = Instant::now();
        match PROXIES.iter().find(|proxy| proxy.name == name) {
            Some(proxy) => {
                let directory = directory.join("proxies");
                let foreign = Peer::named("ws")?;
                for adapter in owns().take(most) {
                    rows.extend(proxy_checks::rows(
                        &setting, proxy, &directory, adapter, foreign, &browsers,
                    ));
                }
            }
            None => {
                let peer = Peer::named(name)?;
                // Ours are tested with each other once.
                let most = match peer.kind {
                    Kind::Program(_) => most,
                    _ => usize::MAX,
                };
                let adapters = owns()
                    .take(most)
                    .take_while(|adapter| !peer.is_own() || adapter.kind != peer.kind);
                let itself = peer.is_own() && peer.client.is_some();
                for adapter in adapters.chain(itself.then_some(peer)) {
                    rows.extend(setting.rows(adapter, peer));
                }
            }
        }
        eprintln!("{name}: {:.1} s", begin.elapsed().as_secs_f64());
    }
    for adapter in owns().filter(|adapter| adapter.client.is_some()) {
        rows.push(setting.unknown_authority(adapter));
    }
    table::print(&rows);
    for peer in PEERS
        .iter()
        .filter(|peer| names.iter().any(|name| name == peer.name))
    {
        if !peer.note.is_empty() {
            println!("Not everything is checked with {}: {}.", peer.name, peer.note);
        }
    }
    println!("in {:.1} s", begin.elapsed().as_secs_f64());
    Ok(if rows.iter().all(table::Row::is_good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
