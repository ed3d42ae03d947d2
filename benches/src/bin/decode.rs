//! Measures ours and the peers in one case of decoding, in the build that this program is; `compare` runs it.

use bareframe_benches::subjects::DECODINGS;
use clap::Parser;

/// Measures one case of decoding, and prints its figures in JSON.
#[derive(Parser)]
struct Arguments {
    /// The name of the table.
    subject: String,
    /// The name of the case.
    case: String,
    /// How many rounds it has.
    rounds: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let subject = DECODINGS.iter().find(|subject| subject.name == arguments.subject);
    let mut cases = subject.into_iter().flat_map(|subject| (subject.cases)());
    let case = cases
        .find(|case| case.name == arguments.case)
        .ok_or("there is no such case")?;
    println!("{}", serde_json::to_string(&case.measured(arguments.rounds))?);
    Ok(())
}
