//! The table of runs: its place, and the best runs as they stand without a script.
//!
//! Not here: sorting and filtering (`assets/table.js`).
use super::measure::{Form, Shown, find};
use super::model::SweepModel;
use crate::report::format::{Numbers, counted};
use crate::report::html::text::escape;

const N: Numbers = Numbers::TYPOGRAPHIC;
/// Runs that show without a script.
const PLAIN_ROWS: usize = 50;
/// The measures over the columns, after the objective and its halves.
const COLUMNS: [&str; 6] = ["cagr", "max_drawdown", "profit_factor", "win_rate", "trades", "refusals"];

/// The whole section.
pub(super) fn section(model: &SweepModel) -> String {
    let all = &model.all;
    let aside = match all.runs > model.runs.len() {
        true => format!("the best {} of {}", N.count(model.runs.len() as f64), counted(all.runs, "run", "runs")),
        false => "click a row for its values and the command that repeats it".to_owned(),
    };
    format!(
        "<section id=\"runs\"><div class=\"head\"><h2>Runs <small>{aside}</small></h2><div class=\"tools\">\
         <input type=\"search\" id=\"filter\" aria-label=\"Filter runs, such as {0}&lt;15 dd&lt;20%\" placeholder=\"Filter: {0}&lt;15 dd&lt;20%\" autocomplete=\"off\" spellcheck=\"false\">\
         <div class=\"sort\"><select id=\"sort\" aria-label=\"Sort runs by\"></select><button type=\"button\" id=\"turn\"></button></div>\
         <button type=\"button\" id=\"clear\" hidden>Clear filters</button><output id=\"shown\" aria-live=\"polite\"></output></div></div>\
         <p class=\"said\" id=\"said\" aria-live=\"polite\"></p><div class=\"rows\">{1}</div><div id=\"detail\" aria-live=\"polite\"></div>\
         <p class=\"more print-only\">{2} in results.parquet</p></section>\n",
        escape(model.axes.iter().find(|axis| axis.is_numeric()).map_or("trades", |axis| axis.short())),
        plain(model),
        counted(all.runs, "run", "runs")
    )
}

/// The best runs as a plain table; the script puts its own in its place.
fn plain(model: &SweepModel) -> String {
    let objective = find(&model.objective);
    let columns: Vec<&Shown> = objective
        .into_iter()
        .chain(COLUMNS.iter().filter(|key| **key != model.objective).filter_map(|key| find(key)))
        .collect();
    let heads: String = model
        .axes
        .iter()
        .map(|axis| format!("<th scope=\"col\">{}</th>", escape(axis.short())))
        .chain(columns.iter().map(|shown| format!("<th scope=\"col\">{}</th>", shown.name)))
        .collect();
    let rows: String = model
        .ranked()
        .take(PLAIN_ROWS)
        .enumerate()
        .map(|(rank, run)| {
            let values: String =
                (0..model.axes.len()).map(|axis| format!("<td>{}</td>", escape(model.value(run, axis)))).collect();
            let measures: String = columns
                .iter()
                .map(|shown| format!("<td>{}</td>", shown.form.write(model.measure(run, shown.key), N)))
                .collect();
            let deflated = Form::Share.write(run.deflated_sharpe, N);
            format!("<tr><td>{}</td>{values}{measures}<td>{deflated}</td></tr>", rank + 1)
        })
        .collect();
    if rows.is_empty() {
        return format!("<p class=\"empty\">No run has a {}.</p>", escape(&model.objective_words));
    }
    format!(
        "<div class=\"view\" tabindex=\"0\" role=\"region\" aria-label=\"Best runs\"><table><caption class=\"hidden\">Best runs</caption><thead><tr>\
         <th scope=\"col\">#</th>{heads}<th scope=\"col\">Deflated</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
}
