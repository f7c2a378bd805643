//! The top of the page: what was run, the answer, seven figures, and what speaks against them.
//!
//! Not here: the charts. All of it stands without scripts.
use super::text::escape;
use crate::report::format::{Numbers, Sign, UNDEFINED, counted};
use crate::report::model::{Measure, Range, ReportModel};
use crate::report::notes::Note;
use crate::report::sentence::{self, Tone};
use crate::report::{account, curve};

const N: Numbers = Numbers::TYPOGRAPHIC;

/// Product, controls, name, what was run, the sentence.
pub(super) fn opening(model: &ReportModel) -> String {
    let mut html = String::from(
        "<header class=\"top\"><p class=\"brand\"><strong>AlphaFlow</strong> Backtest report</p>\
         <div class=\"tools\"><button type=\"button\" id=\"copy\">Copy summary</button>\
         <button type=\"button\" id=\"theme\"><span>Dark</span> <kbd>D</kbd></button>\
         <button type=\"button\" id=\"print\">Print <kbd>P</kbd></button></div></header>\n",
    );
    html.push_str(&format!(
        "<div class=\"lead\"><h1>{}</h1><p class=\"sub\">{}</p><p class=\"sentence\">",
        // A narrow page breaks a long name where its words end.
        escape(&model.name).replace('_', "_<wbr>"),
        escape(&sentence::subtitle(model))
    ));
    for span in sentence::sentence(model, N) {
        let text = escape(&span.text);
        match span.tone {
            Tone::Plain => html.push_str(&text),
            Tone::Strong => html.push_str(&format!("<strong>{text}</strong>")),
            Tone::Gain => html.push_str(&format!("<strong class=\"gain\">{text}</strong>")),
            Tone::Loss => html.push_str(&format!("<strong class=\"loss\">{text}</strong>")),
        }
    }
    html.push_str("</p></div>\n");
    html
}

/// One of the seven figures.
struct Figure {
    name: &'static str,
    value: Result<String, String>,
    tone: &'static str,
    whisker: Option<String>,
    context: String,
}

/// The seven figures with their context.
pub(super) fn figures(model: &ReportModel) -> String {
    let items: Vec<String> = seven(model).into_iter().map(figure_html).collect();
    format!("<section class=\"figures\" aria-label=\"Key figures\"><dl>{}</dl></section>\n", items.join(""))
}

fn figure_html(figure: Figure) -> String {
    let (value, class, context) = match figure.value {
        Ok(value) => (escape(&value).into_owned(), figure.tone, figure.context),
        Err(reason) => (UNDEFINED.to_owned(), "none", reason),
    };
    format!(
        "<div><dt>{}</dt><dd class=\"value {class}\">{value}</dd><dd class=\"context\">{}{}</dd></div>",
        figure.name,
        figure.whisker.unwrap_or_default(),
        escape(&context)
    )
}

fn seven(model: &ReportModel) -> Vec<Figure> {
    let percent = |decimals, sign| move |value: f64| N.percent(value, decimals, sign);
    let plain = |name, value, context| Figure { name, value, tone: "", whisker: None, context };
    let total = find(model, "total_return");
    let reference = curve::total_return(model.initial_equity, &model.reference().values);
    let won = model.measure("win_rate").map(|rate| format!(", {} won", N.percent(rate, 0, Sign::Negative)));
    let turnover = turnover(model);
    vec![
        Figure {
            tone: tone_class(model.measure("total_return").unwrap_or(0.0)),
            ..plain(
                "Total return",
                total.map(percent(1, Sign::Always)),
                reference.map_or_else(String::new, |value| {
                    format!("{} {}", model.reference().name, N.percent(value, 1, Sign::Always))
                }),
            )
        },
        with_interval(model, "cagr", plain("CAGR", find(model, "cagr").map(percent(1, Sign::Always)), String::new())),
        with_interval(model, "sharpe", plain("Sharpe", find(model, "sharpe").map(|v| N.ratio(v)), String::new())),
        with_interval(
            model,
            "max_drawdown",
            Figure {
                tone: tone_class(model.measure("max_drawdown").unwrap_or(0.0)),
                ..plain("Max drawdown", find(model, "max_drawdown").map(percent(1, Sign::Always)), String::new())
            },
        ),
        plain(
            "Profit factor",
            find(model, "profit_factor").map(|v| N.ratio(v)),
            format!("{}{}", counted(model.closed_trades().count(), "trade", "trades"), won.unwrap_or_default()),
        ),
        plain("Mean exposure", find(model, "exposure").map(percent(0, Sign::Negative)), turnover.unwrap_or_default()),
        costs(model),
    ]
}

/// "turnover 5.9× a year"; a record shorter than a year is not stretched to one.
fn turnover(model: &ReportModel) -> Option<String> {
    const SESSIONS_A_YEAR: f64 = 252.0;
    let whole = model.measure("turnover")?;
    let years = model.session_ends.len() as f64 / SESSIONS_A_YEAR;
    Some(match years >= 1.0 {
        true => format!("turnover {} a year", N.times(whole / years)),
        false => format!("turnover {} in all", N.times(whole)),
    })
}

/// Commission, slippage and what nights cost; the first two against what was traded, the regulators' fees by
/// kind where they are charged.
fn costs(model: &ReportModel) -> Figure {
    let sum = find(model, "commission").and_then(|fees| find(model, "slippage").map(|slippage| fees + slippage));
    let nights = account::nights(model);
    let of_what = if nights.is_empty() { "" } else { "fees and slippage " };
    let context = match (&sum, model.traded_value) {
        (Ok(cost), traded) if traded > 0.0 => format!("{of_what}{} of traded value", N.basis_points(cost / traded)),
        _ => "nothing was traded".to_owned(),
    };
    let context = match (model.measure("sec_fee"), model.measure("taf_fee")) {
        (Some(sec), Some(taf)) if sec + taf > 0.0 => format!(
            "{context}; SEC {}, TAF {}",
            N.dollars_cents(sec, Sign::Negative),
            N.dollars_cents(taf, Sign::Negative)
        ),
        _ => context,
    };
    let said = nights.iter().map(|(name, paid)| format!("{name} {}", N.dollars_cents(*paid, Sign::Negative)));
    let said = said.collect::<Vec<_>>().join(", ");
    let context = if said.is_empty() { context } else { format!("{context}; {said}") };
    let sum = sum.map(|cost| cost + nights.iter().map(|(_, paid)| paid).sum::<f64>());
    Figure {
        name: "Costs",
        value: sum.map(|cost| N.dollars_whole(cost, Sign::Negative)),
        tone: "",
        whisker: None,
        context,
    }
}

/// The measure's value, or why there is none.
fn find(model: &ReportModel, key: &str) -> Result<f64, String> {
    match model.measures.iter().find(|(name, _)| *name == key) {
        Some((_, Measure::Value(value))) => Ok(*value),
        Some((_, Measure::Undefined(reason))) => Err(reason.clone()),
        None => Err("not measured".to_owned()),
    }
}

/// The class that colours a result.
pub(super) fn tone_class(fraction: f64) -> &'static str {
    match sentence::tone_of(fraction) {
        Tone::Gain => "gain",
        Tone::Loss => "loss",
        Tone::Plain | Tone::Strong => "",
    }
}

/// The figure with its bootstrap interval as a whisker and in words.
fn with_interval(model: &ReportModel, key: &str, figure: Figure) -> Figure {
    let (Some(range), Some(value)) = (model.interval(key), model.measure(key)) else { return figure };
    let bound = |bound: f64| match key {
        "sharpe" => N.ratio(bound),
        "max_drawdown" => N.percent(bound, 0, Sign::Negative),
        _ => N.percent(bound, 1, Sign::Negative),
    };
    let context = format!("95%: {} to {}", bound(range.low), bound(range.high));
    Figure { whisker: Some(whisker(range, value)), context, ..figure }
}

/// The interval as a bar, the estimate as a dot, zero as a tick where it is inside.
fn whisker(range: Range, value: f64) -> String {
    let (low, high) = (range.low.min(value), range.high.max(value));
    let width = high - low;
    if !width.is_finite() || width <= 0.0 {
        return String::new();
    }
    let place = |at: f64| 7.0 + (at - low) / width * 82.0;
    let (from, to) = (place(range.low), place(range.high));
    let zero = if low < 0.0 && high > 0.0 {
        let at = place(0.0);
        format!("<path class=\"zero\" d=\"M{at:.1} 0V10\"/>")
    } else {
        String::new()
    };
    format!(
        "<svg class=\"whisker\" width=\"96\" height=\"10\" aria-hidden=\"true\">{zero}\
         <rect x=\"{from:.1}\" y=\"3.75\" width=\"{:.1}\" height=\"2.5\" rx=\"1.25\"/><circle cx=\"{:.1}\" cy=\"5\" r=\"3.5\"/></svg>",
        to - from,
        place(value)
    )
}

/// "Before you trust this"; nothing when there is nothing to say.
pub(super) fn trust(notes: &[Note]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let items: Vec<String> = notes
        .iter()
        .map(|note| format!("<li><a href=\"#{}\">{}</a></li>", note.anchor, unbroken(&escape(&note.text))))
        .collect();
    format!(
        "<aside class=\"trust\" role=\"note\" aria-labelledby=\"trust\"><h2 id=\"trust\">Before you trust this</h2><ul>{}</ul></aside>\n",
        items.join("")
    )
}

/// A line does not end between a minus and its dollars: a word joiner holds them together.
fn unbroken(text: &str) -> String {
    text.replace("−$", "−\u{2060}$")
}
