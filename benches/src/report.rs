//! Tables and JSON.

use crate::measure::{Figure, Measured, Ratio};
use serde_json::{Map, Value, json};

/// Returns the table of one subject: the reported figure, and in brackets the median if it differs.
pub fn table(title: &str, notes: &[&str], cases: &[Measured]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for figure in cases.iter().flat_map(|case| &case.figures) {
        if !names.contains(&figure.name.as_str()) {
            names.push(&figure.name);
        }
    }
    let cells = |first: &str, last: &str| vec![first.to_owned(), last.to_owned()];
    let builds = cases.first().map_or(&[][..], |case| &case.ratios);
    let mut head = cells(
        "case",
        if builds.is_empty() {
            "ratio"
        } else {
            "lowest ratio"
        },
    );
    head.splice(1..1, names.iter().map(|name| name.to_string()));
    head.extend(builds.iter().map(|build| build.name.to_owned()));
    let mut rows = vec![head];
    for case in cases {
        let mut row = cells(&case.name, &ratio(case.ratio()));
        let of = |name| case.figures.iter().find(|figure| figure.name == name);
        row.splice(
            1..1,
            names.iter().map(|name| of(*name).map_or(String::new(), cell)),
        );
        row.extend(case.ratios.iter().map(|build| ratio(build.ratio)));
        rows.push(row);
    }
    let notes: String = notes.iter().map(|note| format!("\n- {note}")).collect();
    format!("## {title}\n\n{}{notes}\n", aligned(&rows))
}

/// Returns a subject's figures as JSON.
pub fn json(subject: &str, cases: &[Measured]) -> Vec<Value> {
    let entry = |case: &Measured| {
        let figure = |peer: &Figure| (peer.name.clone(), json!(peer.counts));
        let peers: Map<String, Value> = case.peers().iter().map(figure).collect();
        let details: Map<String, Value> = case
            .figures
            .iter()
            .filter_map(|figure| Some((figure.name.clone(), json!(figure.detail.as_ref()?))))
            .collect();
        let of_build = |build: &Ratio| {
            let figures = json!({ "ours": build.ours, "ratio": build.ratio });
            (build.name.to_owned(), figures)
        };
        let builds: Map<String, Value> = case.ratios.iter().map(of_build).collect();
        json!({
            "subject": subject,
            "case": case.name,
            "ours": case.ours().counts,
            "peers": peers,
            "unit": case.unit.name(),
            "ratio": case.ratio(),
            "builds": builds,
            "details": details,
        })
    };
    cases.iter().map(entry).collect()
}

fn cell(figure: &Figure) -> String {
    let star = if figure.lesser { "*" } else { "" };
    let detail = figure
        .detail
        .iter()
        .map(|detail| format!(" {detail}"))
        .collect::<String>();
    if figure.counts == figure.median {
        format!("{}{star}{detail}", number(figure.counts))
    } else {
        format!(
            "{} ({}){star}{detail}",
            number(figure.counts),
            number(figure.median)
        )
    }
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"))
}

fn number(figure: f64) -> String {
    let decimals = match figure {
        figure if figure < 10.0 => 2,
        figure if figure < 100.0 => 1,
        _ => 0,
    };
    format!("{figure:.decimals$}")
}

/// Returns a table in Markdown with columns of even width.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!(" {cell:>width$} |"));
        text.push_str(&format!("|{}\n", cells.collect::<String>()));
        if at == 0 {
            let rules = widths
                .iter()
                .map(|width| format!(" {}: |", "-".repeat(width.saturating_sub(1))));
            text.push_str(&format!("|{}\n", rules.collect::<String>()));
        }
    }
    text
}
