//! A handful of bars, the levels of their orders and the fills, as a small SVG picture.
//!
//! Not here: what fills (the engine says so), words (cases).

/// A level of an order, from the bar it was sent on.
pub struct Level {
    pub name: &'static str,
    pub price: f64,
    pub from: usize,
    pub until: usize,
    /// Another level takes its place behind bar `until`.
    pub moves: bool,
}

/// A fill on a bar.
pub struct Mark {
    pub at: usize,
    pub buys: bool,
    pub price: f64,
    pub text: String,
}

/// From bar to bar, at least; a long label takes more.
const STEP: f64 = 116.0;
/// Width of a letter of a label, on the large side.
const LETTER: f64 = 6.6;
const LEFT: f64 = 40.0;
const TOP: f64 = 16.0;
const TALL: f64 = 168.0;
const LABELS: f64 = 92.0;

/// Draws `bars` (open, high, low, close, volume).
pub fn picture(title: &str, bars: &[[f64; 5]], levels: &[Level], marks: &[Mark]) -> String {
    let prices = || bars.iter().flat_map(|bar| [bar[1], bar[2]]);
    let all = prices().chain(levels.iter().map(|level| level.price)).chain(marks.iter().map(|mark| mark.price));
    let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), price| (low.min(price), high.max(price)));
    let span = (high - low).max(0.01);
    let y = |price: f64| TOP + 8.0 + (high - price) / span * (TALL - 16.0);
    let longest = marks.iter().map(|mark| mark.text.chars().count()).max().unwrap_or(0);
    let step = STEP.max(40.0 + LETTER * longest as f64);
    let x = |at: usize| LEFT + step * at as f64;
    let plot = x(bars.len() - 1) + step;
    let (width, height) = (plot + LABELS, TOP + TALL + 26.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         role=\"img\" font-family=\"ui-sans-serif, system-ui, Segoe UI, Roboto, Arial, sans-serif\" font-size=\"12\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"3\" fill=\"#FFFFFF\" stroke=\"#DFE4EA\"/>\n"
    );
    let mut taken: Vec<f64> = Vec::new();
    for level in levels {
        let color = if level.name.contains("stop") { "#B2450A" } else { "#0A5FB4" };
        let (at, from, until) =
            (y(level.price), x(level.from) + 14.0, x(level.until) + if level.moves { 12.0 } else { step * 0.9 });
        out += &format!(
            "<path d=\"M{from:.1} {at:.1}H{until:.1}\" stroke=\"{color}\" stroke-width=\"1.25\" stroke-dasharray=\"4 3\"/>\n"
        );
        let label = free(&mut taken, at);
        out += &format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{color}\">{} {}</text>\n",
            plot + 6.0,
            label + 4.0,
            level.name,
            level.price
        );
    }
    for (at, [open, top, bottom, close, volume]) in bars.iter().enumerate() {
        let color = if *volume == 0.0 { "#B9C2CC" } else { "#45505C" };
        let mid = x(at);
        out += &format!(
            "<path d=\"M{mid:.1} {:.1}V{:.1}M{:.1} {:.1}H{mid:.1}M{mid:.1} {:.1}H{:.1}\" stroke=\"{color}\" stroke-width=\"2\" fill=\"none\"/>\n",
            y(*top) - 1.0,
            y(*bottom) + 1.0,
            mid - 9.0,
            y(*open),
            y(*close),
            mid + 9.0
        );
        let foot = TOP + TALL + 16.0;
        let name = if *volume == 0.0 { format!("{}: no volume", at + 1) } else { format!("bar {}", at + 1) };
        out += &format!("<text x=\"{mid:.1}\" y=\"{foot:.1}\" fill=\"#626D79\" text-anchor=\"middle\">{name}</text>\n");
    }
    let mut said: Vec<Vec<f64>> = vec![Vec::new(); bars.len()];
    for mark in marks {
        let [open, _, _, close, _] = bars[mark.at];
        // At its open or close where it filled there, else on the bar.
        let shift = if mark.price == open {
            -9.0
        } else if mark.price == close {
            9.0
        } else {
            0.0
        };
        let (mid, at) = (x(mark.at) + shift, y(mark.price));
        // Over a dashed line, not through it.
        let above = if levels.iter().any(|level| (y(level.price) - at).abs() < 7.0) { 8.0 } else { 0.0 };
        let (color, tip) = if mark.buys { ("#0A5FB4", 5.5) } else { ("#B2450A", -5.5) };
        out += &format!(
            "<path d=\"M{mid:.1} {:.1}l5.5 {:.1}h-11z\" fill=\"{color}\" stroke=\"#FFFFFF\"/>\n",
            at - tip,
            tip * 2.0
        );
        out += &format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#0F161D\" stroke=\"#FFFFFF\" stroke-width=\"4\" paint-order=\"stroke\">{}</text>\n",
            x(mark.at) + 20.0,
            free(&mut said[mark.at], at - above) + 4.0,
            mark.text
        );
    }
    out + "</svg>\n"
}

/// The nearest free place for a label at `at`: labels stand 14 apart.
fn free(taken: &mut Vec<f64>, at: f64) -> f64 {
    let mut place = at;
    while taken.iter().any(|other| (other - place).abs() < 14.0) {
        place += 14.0;
    }
    taken.push(place);
    place
}
