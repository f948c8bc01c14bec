//! Rates against the size of the archive, as an SVG in `docs/`.

use std::fmt::Write as _;
use std::path::Path;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 320.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
/// Colours that the colour-blind can tell apart, by Okabe and Ito.
const COLOURS: [&str; 7] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000",
];

/// Draws each line's rates, of those at the first size, over the sizes.
pub fn draw(sizes: &[usize], lines: &[(&str, Vec<f64>)]) {
    let highest = lines
        .iter()
        .flat_map(|(_, rates)| rates)
        .fold(1.2_f64, |highest, rate| highest.max(*rate));
    let (first, last) = (log(sizes[0]), log(sizes[sizes.len() - 1]));
    let x = |size: usize| {
        LEFT + (log(size) - first) / (last - first).max(f64::EPSILON) * (WIDTH - LEFT - RIGHT)
    };
    let y = |rate: f64| HEIGHT - BOTTOM - rate / highest * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\" aria-label=\"Rate against the size of the archive\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">Answers per second with nothing kept, of those at {} articles</text>\n",
        grouped(sizes[0])
    );
    for step in 0..=(highest / 0.25) as usize {
        let rate = step as f64 * 0.25;
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{rate:.2}</text>",
            WIDTH - RIGHT,
            y(rate),
            y(rate),
            LEFT - 8.0,
            y(rate) + 4.0
        );
    }
    for size in sizes {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x(*size),
            HEIGHT - BOTTOM + 20.0,
            grouped(*size)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">articles in the archive</text>",
        LEFT + (WIDTH - LEFT - RIGHT) / 2.0,
        HEIGHT - 10.0
    );
    for (index, (name, rates)) in lines.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let dashes = if index < COLOURS.len() {
            ""
        } else {
            " stroke-dasharray=\"5 3\""
        };
        let points: Vec<String> = sizes
            .iter()
            .zip(rates)
            .map(|(size, rate)| format!("{:.1},{:.1}", x(*size), y(*rate)))
            .collect();
        let line = TOP + 10.0 + index as f64 * 20.0;
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>\n\
             <line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>\
             <text x=\"{:.1}\" y=\"{line}\">{name}</text>",
            points.join(" "),
            WIDTH - RIGHT + 20.0,
            WIDTH - RIGHT + 44.0,
            line - 4.0,
            line - 4.0,
            WIDTH - RIGHT + 52.0
        );
    }
    svg.push_str("</svg>\n");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/archive-size.svg");
    match std::fs::write(&file, svg) {
        Ok(()) => eprintln!("drawn: docs/archive-size.svg"),
        Err(error) => eprintln!("{}: {error}", file.display()),
    }
}

fn log(size: usize) -> f64 {
    (size as f64).log10()
}

/// 1000000 as 1,000,000.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
