//! `sweep.html`: one file that opens offline, asks nobody for anything, and opens with the verdict.
//!
//! Not here: any number that is not in the model. Without scripts the verdict, what was swept, the best runs, the
//! walk-forward and the stress test still show; the places of the charts say where the same numbers are.
//! Same model, same bytes.
use super::model::SweepModel;
use super::{data, head, studies, table};
use crate::report::html::Document;
use crate::report::html::text::escape;

const STYLE: &str = include_str!("assets/sweep.css");
const SCRIPT: &str = concat!(
    "'use strict';(()=>{\n",
    include_str!("../html/assets/data.js"),
    include_str!("../html/assets/axis.js"),
    include_str!("../html/assets/plot.js"),
    include_str!("../html/assets/shell.js"),
    include_str!("assets/state.js"),
    include_str!("assets/heat.js"),
    include_str!("assets/dots.js"),
    include_str!("assets/bars.js"),
    include_str!("assets/coords.js"),
    include_str!("assets/fan.js"),
    include_str!("assets/table.js"),
    include_str!("assets/page.js"),
    "})();\n"
);

/// The page. Deterministic; needs time linear in the runs shown.
pub fn render(model: &SweepModel) -> String {
    let title = format!("{}, sweep", model.name);
    let data = data::json(model, &head::summary(model));
    Document { title: &title, style: STYLE, script: SCRIPT, body: &body(model), data: &data }.html()
}

fn body(model: &SweepModel) -> String {
    let mut html = String::from("<a class=\"skip\" href=\"#main\">Skip to the verdict</a>\n<div class=\"page sweep\">");
    html.push_str(&head::opening(model));
    html.push_str("<main id=\"main\">\n");
    html.push_str(&head::verdict(model));
    html.push_str(&head::swept(model));
    html.push_str(&studies::stress(model));
    let ranked = model.ranked().count();
    if ranked > 1 {
        if !model.axes.is_empty() {
            html.push_str(&format!("<div class=\"pair wider\">{}{}</div>\n", heat(model), halves(model)));
        }
        html.push_str(&format!("<div class=\"pair\">{}{}</div>\n", spread(), coords()));
    }
    html.push_str(&table::section(model));
    html.push_str(&studies::walk_forward(model));
    if model.fan.is_some() && ranked > 1 {
        html.push_str(&fan());
    }
    html.push_str("</main>\n");
    html.push_str(&format!(
        "<footer><p>{}, seed {}</p><p>every run in results.parquet, the numbers of the verdict in verdict.json</p></footer>\n</div>\n",
        escape(&model.program),
        model.seed
    ));
    html
}

/// A section with a chart; `tools` stand at the right of its head.
fn chart(id: &str, title: &str, tools: &str, without: &str) -> String {
    format!(
        "<section id=\"{id}\"><div class=\"head\"><h2>{title}</h2>{tools}</div><p class=\"readout\" aria-live=\"off\"></p>\
         <div class=\"chart\"><p class=\"png\">The chart needs a script. {without}</p></div>\
         <details class=\"astable\"><summary>Show as table</summary><div></div></details></section>"
    )
}

fn heat(model: &SweepModel) -> String {
    let upright = if model.axes.len() > 1 {
        "<select id=\"heat-y\" aria-label=\"Upright axis\"></select><span>by</span>"
    } else {
        ""
    };
    let tools = format!(
        "<div class=\"tools\"><select id=\"heat-measure\" aria-label=\"Measure\"></select>{upright}<select id=\"heat-x\" aria-label=\"Level axis\"></select>\
         <span id=\"heat-others\"></span></div>"
    );
    chart("heat", "Map", &tools, "The same picture: heatmap.png.")
}

fn halves(model: &SweepModel) -> String {
    let aside = match model.block_dates.as_slice() {
        [first, .., last] => format!("<p class=\"aside\">{} to {}, in two halves</p>", year(first), year(last)),
        _ => String::new(),
    };
    chart("halves", "Does a good past stay good?", &aside, "Each run's halves are rebuilt from the sums in parts/.")
}

fn year(date: &str) -> String {
    escape(date.get(..4).unwrap_or(date)).into_owned()
}

fn spread() -> String {
    let tools = "<div class=\"tools\"><select id=\"spread-measure\" aria-label=\"Measure\"></select></div>";
    chart("spread", "All results", tools, "The same values: results.parquet.")
}

fn coords() -> String {
    let aside = "<p class=\"aside\">drag on an axis to filter; best 5% in blue</p>";
    chart("coords", "Every run", aside, "The same values: results.parquet.")
}

fn fan() -> String {
    let tools = "<div class=\"tools\"><ul class=\"legend\"></ul><div class=\"switch\" role=\"group\" aria-label=\"What\">\
                 <button type=\"button\" data-fan=\"growth\">Equity</button><button type=\"button\" data-fan=\"falls\">Drawdown</button></div></div>";
    let title = "Equity of all runs <small>the best 20 as lines</small>";
    chart("fan", title, tools, "Each run's growth is rebuilt from the sums in parts/.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_and_the_style_cannot_end_their_elements() {
        assert!(!SCRIPT.contains("</script") && !STYLE.contains('<'));
    }
}
