//! bareframe-std with other implementations and behind proxies. What they say to each other is described in `exchange.rs`.

use bareframe_conformance::pair::Setting;
use bareframe_conformance::peers::Peer;
use bareframe_conformance::tls::Tls;
use bareframe_conformance::{Failure, table};
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
    let mut rows = Vec::new();
    for name in names {
        eprintln!("{name}");
        rows.extend(setting.rows(Peer::named(name)?));
    }
    rows.push(setting.unknown_authority());
    table::print(&rows);
    println!("in {:.1} s", begin.elapsed().as_secs_f64());
    Ok(if rows.iter().all(table::Row::is_good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
