//! Trades by the risk they took, and the deepest falls of equity.
//!
//! Not here: counting (histogram, curve) and the trade table, which the script draws.
use crate::report::curve::{self, Fall};
use crate::report::format::{Numbers, Sign, counted, date_in_table};
use crate::report::histogram::{self, BIN_WIDTH, Histogram};
use crate::report::model::ReportModel;

const N: Numbers = Numbers::TYPOGRAPHIC;
/// Deepest falls shown.
const FALLS_SHOWN: usize = 6;

/// Histogram and falls, side by side.
pub(super) fn section(model: &ReportModel) -> String {
    format!("<div class=\"pair\">{}{}</div>\n", results(model), falls(model))
}

fn results(model: &ReportModel) -> String {
    let Some(histogram) = histogram::by_result(model.closed_trades()) else {
        let why = match model.closed_trades().next() {
            Some(_) => "No closed trade had a stop, so none has a result in multiples of the risk taken.",
            None => "No trade has been closed yet.",
        };
        return format!(
            "<section id=\"results\"><div class=\"head\"><h2>Trades by result</h2></div><p class=\"empty\">{why}</p></section>"
        );
    };
    let open = model.trades.len() - model.closed_trades().count();
    let mut left_out = Vec::new();
    if histogram.without_stop > 0 {
        left_out.push(format!("{} without a stop", N.count(histogram.without_stop as f64)));
    }
    if open > 0 {
        left_out.push(format!("{} still open", N.count(open as f64)));
    }
    let left_out = if left_out.is_empty() { String::new() } else { format!("; left out: {}", left_out.join(", ")) };
    format!(
        "<section id=\"results\"><div class=\"head\"><h2>Trades by result</h2><p class=\"aside\">in multiples of the risk taken (R){left_out}</p></div>{}</section>",
        bars(&histogram)
    )
}

/// The histogram, in percent of its width so that it fits any page.
fn bars(histogram: &Histogram) -> String {
    const HEIGHT: f64 = 150.0;
    const TOP: f64 = 34.0;
    let width = 100.0 / histogram.counts.len() as f64;
    let most = histogram.counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let left = |r: f64| (r - histogram.low) / BIN_WIDTH * width;
    let last = histogram.counts.len() - 1;
    // Counts go on top, so that the mean's line does not cross them out.
    let (mut svg, mut numbers) = (String::new(), String::new());
    for (bin, count) in histogram.counts.iter().enumerate() {
        let low = histogram.low + bin as f64 * BIN_WIDTH;
        let height = (*count as f64 / most * (HEIGHT - TOP)).max(if *count > 0 { 1.5 } else { 0.0 });
        let class = if low < -1e-9 { "loss" } else { "gain" };
        if *count > 0 {
            let (x, y) = (bin as f64 * width, HEIGHT - height);
            svg.push_str(&format!(
                "<rect class=\"{class}\" x=\"{:.2}%\" y=\"{y:.1}\" width=\"{:.2}%\" height=\"{height:.1}\"/>",
                x + 0.15,
                width - 0.3
            ));
            numbers.push_str(&format!(
                "<text x=\"{:.2}%\" y=\"{:.1}\" class=\"count\">{}</text>",
                x + width / 2.0,
                y - 5.0,
                short_count(*count)
            ));
        }
    }
    // Whole R, thinned until labels have room.
    let every = (histogram.counts.len() as f64 * BIN_WIDTH / 9.0).ceil().max(1.0) as usize;
    for (place, bin) in (0..=last + 1).step_by(2 * every).enumerate() {
        let r = histogram.low + bin as f64 * BIN_WIDTH;
        let label = match r {
            _ if bin == 0 && histogram.open_below => format!("≤ {} R", edge(r + BIN_WIDTH)),
            _ if r.abs() < 1e-9 => "0".to_owned(),
            _ => format!("{} R", edge(r)),
        };
        let anchor = if bin == 0 {
            "start"
        } else if bin == last + 1 {
            "end"
        } else {
            "middle"
        };
        svg.push_str(&format!(
            "<text{} x=\"{:.2}%\" y=\"{}\" text-anchor=\"{anchor}\">{label}</text>",
            // Left out where the picture is narrow.
            if place % 2 == 1 { " class=\"odd\"" } else { "" },
            left(r),
            HEIGHT + 19.0
        ));
    }
    let mean = left(histogram.mean).clamp(0.0, 100.0);
    let (anchor, shift) = if mean > 60.0 { ("end", -6) } else { ("start", 6) };
    let above = if histogram.open_above {
        format!("; the last bar holds all above {} R", edge(histogram.low + last as f64 * BIN_WIDTH))
    } else {
        String::new()
    };
    format!(
        "<svg class=\"histogram\" width=\"100%\" height=\"{}\" role=\"img\" aria-label=\"{} by result: mean {} R{above}.\">{svg}\
         <path d=\"M0 {HEIGHT}H4000\" class=\"base\"/><svg x=\"{mean:.2}%\" width=\"1\" height=\"{HEIGHT}\" overflow=\"visible\">\
         <path class=\"mean\" d=\"M0 8V{HEIGHT}\"/><text class=\"meanlabel\" x=\"{shift}\" y=\"16\" text-anchor=\"{anchor}\">mean {} R</text></svg>{numbers}</svg>",
        HEIGHT + 26.0,
        counted(histogram.counted, "trade", "trades"),
        N.multiple(histogram.mean),
        N.multiple(histogram.mean)
    )
}

/// A count that fits over a bar: `999`, `4.6k`, `12k`.
fn short_count(count: usize) -> String {
    match count {
        0..=999 => N.count(count as f64),
        1_000..=9_949 => format!("{:.1}k", count as f64 / 1e3),
        _ => format!("{}k", N.count(count as f64 / 1e3)),
    }
}

/// An edge of a bar: `+1`, `−0.5`.
fn edge(r: f64) -> String {
    let text = N.multiple(r);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn falls(model: &ReportModel) -> String {
    let mut falls = curve::falls(model.initial_equity, &model.equity);
    let count = falls.len();
    falls.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    let deepest = falls.first().map_or(0.0, |fall| fall.depth);
    let rows: String = falls.iter().take(FALLS_SHOWN).map(|fall| fall_row(model, fall, deepest)).collect();
    let table = if rows.is_empty() {
        "<p class=\"empty\">Equity never fell below a peak.</p>".to_owned()
    } else {
        format!(
            "<table><caption class=\"hidden\">Deepest falls from a peak</caption><thead><tr><th scope=\"col\" class=\"word\">Fell from</th>\
             <th scope=\"col\" class=\"word\">Bottom</th><th scope=\"col\" class=\"word\">Recovered</th><th scope=\"col\">Sessions</th>\
             <th scope=\"col\">Depth</th><th class=\"rail\"></th></tr></thead><tbody>{rows}</tbody></table>"
        )
    };
    // The measure goes by session closes; say why it may differ.
    let inside = if model.timeframe.is_daily() { "" } else { "; lows inside sessions count" };
    format!(
        "<section id=\"falls\"><div class=\"head\"><h2>Deepest falls</h2><p class=\"aside\">of {}{inside}</p></div>{table}</section>",
        N.count(count as f64)
    )
}

fn fall_row(model: &ReportModel, fall: &Fall, deepest: f64) -> String {
    let date = |step: usize| model.steps.get(step).map_or_else(String::new, |time| date_in_table(*time));
    let session = |step: usize| model.session_ends.partition_point(|end| *end < step);
    let until = fall.recovered.unwrap_or(model.steps.len().saturating_sub(1));
    let recovered = fall.recovered.map_or_else(|| "<span class=\"warn\">not yet</span>".to_owned(), date);
    format!(
        "<tr><td class=\"word\">{}</td><td class=\"word\">{}</td><td class=\"word\">{recovered}</td><td>{}</td><td class=\"loss\">{}</td>\
         <td class=\"rail\"><svg width=\"100%\" height=\"8\" aria-hidden=\"true\"><rect class=\"loss\" width=\"{:.1}%\" height=\"8\"/></svg></td></tr>",
        date(fall.from),
        date(fall.bottom),
        N.count((session(until) - session(fall.from)) as f64),
        N.percent(fall.depth, 1, Sign::Always),
        if deepest < 0.0 { fall.depth / deepest * 100.0 } else { 0.0 }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_over_bars_stay_short() {
        let texts = [0, 999, 1_000, 4_550, 9_949, 9_950, 123_456].map(short_count);
        assert_eq!(texts, ["0", "999", "1.0k", "4.5k", "9.9k", "10k", "123k"]);
    }
}
