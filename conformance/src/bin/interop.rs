//! bareframe-std with other implementations, and with proxies in between. The exchange is described in `exchange.rs`,
//! and the checks of a proxy in `proxy_checks.rs`.

use bareframe_conformance::pair::Setting;
use bareframe_conformance::peers::{PEERS, Peer};
use bareframe_conformance::proxies::PROXIES;
use bareframe_conformance::tls::Tls;
use bareframe_conformance::{Failure, proxy_checks, table};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, names @ ..] = arguments.as_slice() else {
        return Err("usage: interop DIRECTORY NAME...".into());
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
    let mut rows = Vec::new();
    for name in names {
        let begin = Instant::now();
        rows.extend(match PROXIES.iter().find(|proxy| proxy.name == name) {
            Some(proxy) => {
                let directory = directory.join("proxies");
                proxy_checks::rows(&setting, proxy, &directory, Peer::named("ws")?, &browsers)
            }
            None => setting.rows(Peer::named(name)?),
        });
        eprintln!("{name}: {:.1} s", begin.elapsed().as_secs_f64());
    }
    rows.push(setting.unknown_authority());
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
