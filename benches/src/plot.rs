//! Pictures: one for each subject and unit, with logarithmic axes.

use crate::measure::{Measured, Point};
use plotters::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

const SIZE: (u32, u32) = (960, 540);
/// The colours of the lines, ours first.
const COLOURS: [RGBColor; 10] = [
    RGBColor(200, 30, 30),
    RGBColor(30, 90, 180),
    RGBColor(40, 140, 60),
    RGBColor(150, 90, 190),
    RGBColor(230, 140, 20),
    RGBColor(20, 160, 170),
    RGBColor(120, 120, 120),
    RGBColor(180, 120, 90),
    RGBColor(220, 100, 170),
    RGBColor(130, 150, 40),
];

/// The points of each contender, in the order of the table.
type Lines<'m> = Vec<(&'m str, Vec<(f64, f64)>)>;

/// Draws the pictures of a subject's cases into a directory.
///
/// # Errors
///
/// If a file can't be written.
pub fn draw(directory: &Path, cases: &[Measured]) -> Result<(), Box<dyn std::error::Error>> {
    let mut pictures: BTreeMap<(&str, &str), Vec<&Measured>> = BTreeMap::new();
    for case in cases {
        let Point { picture, line, .. } = case.point;
        pictures.entry((picture, line)).or_default().push(case);
    }
    for ((picture, line), cases) in pictures {
        // A single point needs no picture.
        if cases.len() > 1 {
            let name = format!("{picture} {line}")
                .replace([' ', ','], "-")
                .replace("--", "-");
            picture_of(
                &directory.join(name.to_lowercase() + ".svg"),
                &format!("{picture}: {line}"),
                &cases,
            )?;
        }
    }
    Ok(())
}

fn picture_of(path: &Path, title: &str, cases: &[&Measured]) -> Result<(), Box<dyn std::error::Error>> {
    let lines = lines(cases);
    let points = || lines.iter().flat_map(|(_, points)| points);
    let range = |value: fn(&(f64, f64)) -> f64| {
        let least = points().map(value).fold(f64::MAX, f64::min);
        let most = points().map(value).fold(f64::MIN, f64::max);
        (least * 0.8..most * 1.25).log_scale()
    };
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(range(|point| point.0), range(|point| point.1))?;
    let unit = cases.first().map_or("", |case| case.unit.name());
    chart
        .configure_mesh()
        .x_desc("bytes of payload")
        .y_desc(unit)
        .light_line_style(WHITE)
        .draw()?;
    for (at, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let style = colour.stroke_width(if at == 0 { 3 } else { 1 });
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style).point_size(2))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(area.present()?)
}

fn lines<'m>(cases: &[&'m Measured]) -> Lines<'m> {
    let mut lines: Lines<'m> = Vec::new();
    for case in cases {
        for figure in &case.figures {
            let point = (case.point.bytes.max(1) as f64, figure.counts);
            match lines.iter_mut().find(|(name, _)| *name == figure.name) {
                Some((_, points)) => points.push(point),
                None => lines.push((&figure.name, vec![point])),
            }
        }
    }
    for (_, points) in &mut lines {
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
    }
    lines
}
