//! `report.html`: one file that opens offline, asks nobody for anything, and says the answer first.
//!
//! Not here: any number that is not in the model. The page is whole without scripts but for the
//! charts and the trade table, whose places then name the file that holds the same. Its only script
//! and only style are named by hash in the content security policy; same model, same bytes.
mod data;
mod document;
mod evidence;
mod head;
mod limits;
mod measures;
mod months;
pub(in crate::report) mod pack;
pub(in crate::report) mod prices;
mod results;
pub(in crate::report) mod text;

use std::io::{self, Write};

use super::format::{Numbers, Sign, counted};
use super::model::ReportModel;
use super::notes::{Note, notes};
use super::sentence::{sentence_text, subtitle};
pub(in crate::report) use document::Document;
use text::escape;

const SCRIPT: &str = concat!(
    "'use strict';(()=>{\n",
    include_str!("assets/data.js"),
    include_str!("assets/axis.js"),
    include_str!("assets/plot.js"),
    include_str!("assets/limits.js"),
    include_str!("assets/equity.js"),
    include_str!("assets/price.js"),
    include_str!("assets/trades.js"),
    include_str!("assets/shell.js"),
    include_str!("assets/page.js"),
    "})();\n"
);

/// The report as one HTML document. Deterministic; needs time linear in the steps and bars.
pub fn render(model: &ReportModel) -> String {
    let notes = notes(model, Numbers::TYPOGRAPHIC);
    Document {
        title: &model.name,
        style: "",
        script: SCRIPT,
        body: &body(model, &notes),
        data: &data::json(model, &summary(model)),
    }
    .html()
}

/// Writes the report. Errors: those of `out`.
pub fn write(model: &ReportModel, out: &mut impl Write) -> io::Result<()> {
    out.write_all(render(model).as_bytes())
}

/// Everything the reader sees, top to bottom.
fn body(model: &ReportModel, notes: &[Note]) -> String {
    let mut html = String::from("<a class=\"skip\" href=\"#main\">Skip to the result</a>\n<div class=\"page\">");
    html.push_str(&head::opening(model));
    html.push_str("<main id=\"main\">\n");
    let traded = !model.trades.is_empty();
    if traded {
        html.push_str(&head::figures(model));
    }
    html.push_str(&head::trust(notes));
    if traded {
        html.push_str(&equity(model));
        html.push_str(&months::section(model));
    }
    html.push_str(&price(model));
    if traded {
        html.push_str(&measures::section(model));
        html.push_str(&results::section(model));
        html.push_str(&trades(model));
    }
    html.push_str(&limits::section(model));
    html.push_str(&evidence::sections(model));
    html.push_str("</main>\n");
    html.push_str(&evidence::footer(model));
    html.push_str("</div>\n");
    html
}

/// The place of the equity, drawdown and exposure chart.
fn equity(model: &ReportModel) -> String {
    format!(
        "<section id=\"equity\"><div class=\"head\"><h2>Equity</h2><div class=\"tools\">\
         <div class=\"switch\" role=\"group\" aria-label=\"Scale\"><button type=\"button\" data-scale=\"log\">Log</button>\
         <button type=\"button\" data-scale=\"linear\">Linear</button></div>\
         <div class=\"switch\" role=\"group\" aria-label=\"Range\"><button type=\"button\" data-years=\"1\">1Y</button>\
         <button type=\"button\" data-years=\"3\">3Y</button><button type=\"button\" data-years=\"0\">All</button></div></div></div>\
         <p class=\"readout\" aria-live=\"off\"></p><div class=\"chart\" data-label=\"{}\"><p class=\"png\">The chart needs a script. \
         The same pictures: equity.png, drawdown.png.</p></div><details class=\"astable\"><summary>Show as table</summary><div></div></details></section>\n",
        escape(&sentence_text(model, Numbers::TYPOGRAPHIC))
    )
}

/// The place of the price chart.
fn price(model: &ReportModel) -> String {
    let Some(first) = model.prices.iter().find(|panel| !panel.bars.is_empty()) else { return String::new() };
    let tabs: String = model
        .prices
        .iter()
        .enumerate()
        .map(|(place, panel)| {
            let pressed = if place == 0 { "true" } else { "false" };
            format!(
                "<button type=\"button\" aria-pressed=\"{pressed}\" data-panel=\"{place}\">{}</button>",
                escape(&panel.symbol)
            )
        })
        .collect();
    // Many symbols do not fit a row of buttons.
    let chooser = match model.prices.len() {
        1 => String::new(),
        2..=8 => format!("<div class=\"switch symbols\" role=\"group\" aria-label=\"Symbol\">{tabs}</div>"),
        _ => {
            let options = tabs.replace("<button type=\"button\" aria-pressed=\"true\" data-panel", "<option value");
            let options = options.replace("<button type=\"button\" aria-pressed=\"false\" data-panel", "<option value");
            format!(
                "<select class=\"symbols\" aria-label=\"Symbol\">{}</select>",
                options.replace("</button>", "</option>")
            )
        }
    };
    format!(
        "<section id=\"price\"><div class=\"head\"><h2><span class=\"symbol\">{}</span>{}</h2><div class=\"tools\">\
         <ul class=\"legend\"></ul>{chooser}</div></div><p class=\"readout\" aria-live=\"off\"></p><div class=\"chart\"><p class=\"png\">The chart needs a script. \
         The same picture: price.png.</p></div><details class=\"astable\"><summary>Show as table</summary><div></div></details></section>\n",
        escape(&first.symbol),
        if model.trades.is_empty() { "" } else { " with its trades" }
    )
}

/// The place of the trade table.
fn trades(model: &ReportModel) -> String {
    let closed = model.closed_trades().count();
    let open = model.trades.len() - closed;
    let open = if open > 0 { format!(", {} open", Numbers::TYPOGRAPHIC.count(open as f64)) } else { String::new() };
    format!(
        "<section id=\"trades\"><div class=\"head\"><h2>Trades <small>{} closed{open}</small></h2><div class=\"tools\">\
         <input type=\"search\" id=\"filter\" aria-label=\"Filter trades by words\" placeholder=\"Filter: {} stop {}\" autocomplete=\"off\" spellcheck=\"false\">\
         <div class=\"sort\"><select id=\"sort\" aria-label=\"Sort trades by\"></select><button type=\"button\" id=\"turn\"></button></div>\
         <output id=\"shown\" aria-live=\"polite\"></output></div></div><div class=\"list\"><p class=\"png\">The table needs a script. \
         The same rows: trades.csv.</p></div><p class=\"more print-only\">{} in trades.csv{}</p></section>\n",
        Numbers::TYPOGRAPHIC.count(closed as f64),
        escape(model.trades.first().map_or("", |trade| &trade.symbol)),
        model.steps.last().map_or_else(String::new, |time| time.utc_date().year().to_string()),
        counted(model.trades.len(), "trade", "trades"),
        // On the screen the reason shows on hover.
        if model.trades.iter().any(|trade| trade.r_multiple.is_none()) {
            "; R is n/a where a trade had no stop, so no risk to measure by"
        } else {
            ""
        }
    )
}

/// What "Copy summary" puts on the clipboard: plain text with plain minus signs.
fn summary(model: &ReportModel) -> String {
    let n = Numbers::PLAIN;
    let mut lines = vec![model.name.clone(), subtitle(model), String::new(), sentence_text(model, n), String::new()];
    let figure = |name: &str, text: Option<String>| text.map(|text| format!("{name} {text}"));
    let figures = [
        figure("Sharpe", model.measure("sharpe").map(|v| n.ratio(v))),
        figure("Profit factor", model.measure("profit_factor").map(|v| n.ratio(v))),
        figure("Mean exposure", model.measure("exposure").map(|v| n.percent(v, 0, Sign::Negative))),
        Some(counted(model.closed_trades().count(), "trade", "trades")),
    ];
    lines.push(figures.into_iter().flatten().collect::<Vec<String>>().join(" · "));
    lines.extend(notes(model, n).into_iter().map(|note| format!("! {}", note.text)));
    lines.extend([String::new(), format!("{}, seed {}, fingerprint {}", model.program, model.seed, model.fingerprint)]);
    lines.join("\n")
}
