//! The rows of both sides beside each other, one table a subject: first what differs, then what is the same.
//!
//! Not here: why they differ (head). A cell that differs is bold and its row says so; nothing hangs on colour.
use super::Side;
use super::align::Pair;
use super::model::{ParityReport, Subject};
use super::words::{change, wish};
use crate::domain::{Money, Timestamp};
use crate::report::format::{Numbers, Sign, capitalized, code_in_words};
use crate::report::html::text::{escape, typographic};

const N: Numbers = Numbers::TYPOGRAPHIC;
/// Rows of one table that differ; the rest is in the files.
const DIFFERING_MAX: usize = 300;
/// Rows of one table that are the same.
const SAME_MAX: usize = 100;
/// Rows of the account that are the same, evenly spread: they are many, and the chart shows them.
const STEPS_MAX: usize = 20;
/// Rows of the account that differ: it stays different once it is.
const STEPS_DIFFERING_MAX: usize = 60;

/// A table of one subject.
struct Grid {
    id: &'static str,
    title: &'static str,
    file: &'static str,
    /// Heads of what names a row.
    keys: &'static [&'static str],
    /// Heads of each side, and whether the column holds words.
    columns: &'static [(&'static str, bool)],
}

/// One row of a table.
struct Line {
    keys: Vec<String>,
    replay: Option<Vec<String>>,
    other: Option<Vec<String>>,
    /// What differs, in a word or a number.
    note: String,
}

const ORDERS: Grid = Grid {
    id: "orders",
    title: "Orders",
    file: "orders.csv",
    keys: &["Order", "Decided"],
    columns: &[("Wanted", true), ("Became", true), ("Filled", false)],
};
const FILLS: Grid = Grid {
    id: "fills",
    title: "Fills",
    file: "fills.csv",
    keys: &["Order", "Share"],
    columns: &[("Bar", true), ("Shares", false), ("Price", false), ("Fee", false)],
};
const REFUSALS: Grid = Grid {
    id: "refusals",
    title: "Refusals",
    file: "refusals.csv",
    keys: &["Order"],
    columns: &[("Bar", true), ("Reason", true), ("Need", false), ("Have", false)],
};
const HALTS: Grid = Grid {
    id: "halts",
    title: "Halts",
    file: "limits.json",
    keys: &["Halt"],
    columns: &[("Cause", true), ("From", true), ("Until", true)],
};
const EQUITY: Grid = Grid {
    id: "account",
    title: "Account, row by row",
    file: "equity.csv",
    keys: &["Bar"],
    columns: &[("Equity", false), ("Cash", false), ("Heat", false)],
};

/// The section of one subject; nothing where neither side has a row.
pub(super) fn section(report: &ParityReport<'_>, subject: Subject) -> String {
    let (grid, pairs) = match subject {
        Subject::Signals | Subject::Orders => (ORDERS, &report.pairs.orders),
        Subject::Fills => (FILLS, &report.pairs.fills),
        Subject::Refusals => (REFUSALS, &report.pairs.refusals),
        Subject::Equity => (EQUITY, &report.pairs.equity),
        Subject::Halts => match &report.pairs.halts {
            Some(halts) => (HALTS, halts),
            None => return String::new(),
        },
    };
    if pairs.is_empty() {
        return String::new();
    }
    let (same, unlike): (Vec<&Pair>, Vec<&Pair>) = pairs.iter().partition(|pair| pair.is_same());
    let (most, most_unlike) = match subject {
        Subject::Equity => (STEPS_MAX, STEPS_DIFFERING_MAX),
        _ => (SAME_MAX, DIFFERING_MAX),
    };
    let mut rows = String::new();
    let mut part = |name: &str, all: usize, shown: &[&Pair]| {
        if all > 0 {
            rows.push_str(&part_row(&grid, &format!("{name} {}", N.count(all as f64))));
            shown.iter().for_each(|pair| rows.push_str(&row(report, &grid, &line(report, subject, pair))));
        }
    };
    part("Different:", unlike.len(), &unlike[..unlike.len().min(most_unlike)]);
    let (spread, few) = (subject == Subject::Equity, same.len().min(most));
    let chosen: Vec<&Pair> = (0..few).map(|at| same[if spread { at * same.len() / few } else { at }]).collect();
    part("The same:", same.len(), &chosen);
    let left_out = unlike.len().saturating_sub(most_unlike) + same.len() - few;
    format!(
        "<section id=\"{0}\" class=\"sides{5}\"><div class=\"head\"><h2>{1}</h2><p class=\"aside\">replay at the left, {2} at the right</p></div>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{1} of both sides\"><table><caption class=\"hidden\">{1} of both sides, what differs first</caption>\
         {3}<tbody>{rows}</tbody></table></div>{4}</section>\n",
        grid.id,
        grid.title,
        escape(&report.context.other),
        heads(report, &grid),
        renumbered(report, subject) + &more(left_out, &format!("in {}", grid.file)),
        if unlike.is_empty() { " agree" } else { "" }
    )
}

/// Whose numbers the tables use, where the sides have their own.
fn renumbered(report: &ParityReport<'_>, subject: Subject) -> String {
    match report.renumbered_from.as_ref().filter(|_| subject == Subject::Orders) {
        Some(order) => format!(
            "<p class=\"told\">From order {} on the {} has other numbers for the same orders. Those of the replay stand here.</p>",
            escape(order),
            escape(&report.context.other)
        ),
        None => String::new(),
    }
}

fn heads(report: &ParityReport<'_>, grid: &Grid) -> String {
    let count = grid.columns.len();
    let class = |is_word: bool, edge: bool| match (is_word, edge) {
        (true, true) => " class=\"word edge\"",
        (true, false) => " class=\"word\"",
        (false, true) => " class=\"edge\"",
        (false, false) => "",
    };
    let keys: String =
        grid.keys.iter().map(|name| format!("<th scope=\"col\" class=\"word\" rowspan=\"2\">{name}</th>")).collect();
    let side: String = grid
        .columns
        .iter()
        .enumerate()
        .map(|(at, (name, is_word))| format!("<th scope=\"col\"{}>{name}</th>", class(*is_word, at == 0)))
        .collect();
    format!(
        "<thead><tr>{keys}<th scope=\"colgroup\" colspan=\"{count}\" class=\"word edge\">Replay</th>\
         <th scope=\"colgroup\" colspan=\"{count}\" class=\"word edge\">{}</th><th scope=\"col\" rowspan=\"2\" class=\"edge\">Difference</th></tr>\
         <tr>{side}{side}</tr></thead>",
        escape(&capitalized(&report.context.other))
    )
}

fn part_row(grid: &Grid, text: &str) -> String {
    let all = grid.keys.len() + 2 * grid.columns.len() + 1;
    format!(
        "<tr class=\"part\"><th scope=\"rowgroup\" colspan=\"{all}\" class=\"word\">{text}<span class=\"print-only\">, all in {}</span></th></tr>",
        grid.file
    )
}

fn row(report: &ParityReport<'_>, grid: &Grid, line: &Line) -> String {
    let keys: String = line.keys.iter().map(|key| format!("<td class=\"word\">{}</td>", escape(key))).collect();
    let both = line.replay.as_ref().zip(line.other.as_ref());
    let side = |values: &Option<Vec<String>>| {
        let cell = |(at, (_, is_word)): (usize, &(&str, bool))| {
            let mut class = String::from(if *is_word { "word wrap" } else { "" });
            class.push_str(if at == 0 { " edge" } else { "" });
            let Some(values) = values else {
                return format!("<td class=\"{} none\">{}</td>", class.trim(), if at == 0 { "none" } else { "" });
            };
            let text = escape(&values[at]).into_owned();
            let is_unlike = both.is_some_and(|(replay, other)| replay[at] != other[at]);
            format!("<td class=\"{}\">{}</td>", class.trim(), if is_unlike { format!("<b>{text}</b>") } else { text })
        };
        grid.columns.iter().enumerate().map(cell).collect::<String>()
    };
    let note = match line.note.is_empty() {
        true => "<td class=\"edge same\"><span aria-label=\"same\">=</span></td>".to_owned(),
        false => format!("<td class=\"edge\"><span class=\"warn\">▲ {}</span></td>", escape(&typographic(&line.note))),
    };
    // On paper the rows that are the same are left out: their number stands above them.
    let class = if line.note.is_empty() { " class=\"eq\"" } else { "" };
    format!("<tr{class}>{keys}{}{}{note}{}</tr>", side(&line.replay), side(&line.other), say(report, grid, line))
}

/// The row for a narrow page.
fn say(report: &ParityReport<'_>, grid: &Grid, line: &Line) -> String {
    let values = |values: &Option<Vec<String>>| match values {
        Some(values) => {
            let named = grid.columns.iter().zip(values).filter(|(_, value)| !value.is_empty());
            let part = |((name, is_word), value): (&(&str, bool), &String)| match is_word {
                true => value.clone(),
                false => format!("{} {value}", name.to_lowercase()),
            };
            named.map(part).collect::<Vec<_>>().join(", ")
        }
        None => "none".to_owned(),
    };
    let key = line.keys.join(" · ");
    let text = match line.note.is_empty() {
        true => format!("<i>both</i> {}", escape(&values(&line.replay))),
        false => format!(
            "<i>replay</i> {}<br><i>{}</i> {}<br><span class=\"warn\">▲ {}</span>",
            escape(&values(&line.replay)),
            escape(&report.context.other),
            escape(&values(&line.other)),
            escape(&typographic(&line.note))
        ),
    };
    format!("<td class=\"say\"><b>{}</b><br>{text}</td>", escape(&key))
}

fn line(report: &ParityReport<'_>, subject: Subject, pair: &Pair) -> Line {
    let either = |cell: &dyn Fn(&Side, usize) -> String| match (pair.replay, pair.other) {
        (Some(row), _) => cell(report.replay, row),
        (None, Some(row)) => cell(&report.other, row),
        (None, None) => String::new(),
    };
    let cells = |cell: &dyn Fn(&Side, usize) -> Vec<String>| {
        (pair.replay.map(|row| cell(report.replay, row)), pair.other.map(|row| cell(&report.other, row)))
    };
    let (keys, (replay, other)) = match subject {
        Subject::Signals | Subject::Orders => (
            vec![
                either(&|side, row| side.orders.get(row, "id").to_owned()),
                either(&|side, row| stamp(report, side.orders.time(row, "time"))),
            ],
            cells(&order_cells),
        ),
        Subject::Fills => (
            vec![
                either(&|side, row| side.fills.get(row, "order").to_owned()),
                either(&|side, row| format!("{} {}", side.fills.get(row, "symbol"), side.fills.get(row, "side"))),
            ],
            cells(&|side, row| fill_cells(report, side, row, pair)),
        ),
        Subject::Refusals => (
            vec![either(&|side, row| side.refusals.get(row, "order").to_owned())],
            cells(&|side, row| {
                let text = |column: &str| side.refusals.get(row, column);
                let amount = |at: usize, column: &str| {
                    if pair.differs(at) { text(column).to_owned() } else { short(text(column)) }
                };
                let time = stamp(report, side.refusals.time(row, "time"));
                vec![time, code_in_words(text("reason")), amount(3, "need"), amount(4, "have")]
            }),
        ),
        Subject::Equity => (
            vec![either(&|side, row| stamp(report, side.equity.time(row, "timestamp")))],
            cells(&|side, row| account_cells(side, row, pair)),
        ),
        Subject::Halts => (vec![(pair.replay.or(pair.other).unwrap_or_default() + 1).to_string()], cells(&halt_cells)),
    };
    Line { keys, replay, other, note: note(report, subject, pair) }
}

fn order_cells(side: &Side, row: usize) -> Vec<String> {
    let text = |column: &str| side.orders.get(row, column);
    let reason = if text("reason").is_empty() { String::new() } else { format!(": {}", text("reason")) };
    let parent = if text("parent").is_empty() { String::new() } else { format!(", of order {}", text("parent")) };
    vec![
        format!("{}, {}{parent}", wish(side, row), code_in_words(text("purpose"))),
        format!("{}{reason}", code_in_words(text("status"))),
        text("filled_qty").to_owned(),
    ]
}

/// Prices to four decimals, fees to the cent; as in the file where they differ.
fn fill_cells(report: &ParityReport<'_>, side: &Side, row: usize, pair: &Pair) -> Vec<String> {
    let text = |column: &str| side.fills.get(row, column).to_owned();
    let price = match pair.differs(5) {
        true => text("price"),
        false => format!("{:.4}", side.fills.price(row, "price").to_f64()),
    };
    let fee = match pair.differs(6) {
        true => text("fee"),
        false => N.dollars_cents(side.fills.dollars(row, "fee").to_f64(), Sign::Negative),
    };
    let shares = if pair.differs(4) { text("qty") } else { N.shares(side.fills.shares(row, "qty").to_f64()) };
    vec![stamp(report, side.fills.time(row, "time")), shares, price, fee]
}

/// A number that the files do not give a unit: whole, or to two decimals.
fn short(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 => N.count(number),
        Ok(number) => N.ratio(number),
        Err(_) => text.to_owned(),
    }
}

/// Dollars to the cent; as in the file where they differ.
fn account_cells(side: &Side, row: usize, pair: &Pair) -> Vec<String> {
    let dollars = |column: usize, name: &str| match pair.differs(column) {
        true => side.equity.get(row, name).to_owned(),
        false => N.dollars_cents(side.equity.dollars(row, name).to_f64(), Sign::Negative),
    };
    let heat = side.equity.get(row, "heat");
    let percent = |heat: f64| N.percent(heat, 2, Sign::Negative);
    let heat = match pair.differs(4) {
        true => heat.to_owned(),
        false => heat.parse().map_or_else(|_| "n/a".to_owned(), percent),
    };
    vec![dollars(1, "equity"), dollars(2, "cash"), heat]
}

fn halt_cells(side: &Side, row: usize) -> Vec<String> {
    let Some(halt) = side.halts.as_ref().and_then(|halts| halts.get(row)) else { return vec![String::new(); 3] };
    let until = halt.until.clone().unwrap_or_else(|| "the end".to_owned());
    vec![code_in_words(&halt.cause), halt.from.clone(), until]
}

/// What differs; empty where nothing does.
fn note(report: &ParityReport<'_>, subject: Subject, pair: &Pair) -> String {
    let (Some(replay), Some(other)) = (pair.replay, pair.other) else {
        let name = if pair.replay.is_some() { "replay" } else { &report.context.other };
        return format!("only {name}");
    };
    if pair.is_same() {
        return String::new();
    }
    if subject == Subject::Equity && pair.differs(1) {
        let dollars = |side: &Side, row: usize| -> Money { side.equity.dollars(row, "equity") };
        return change(dollars(&report.other, other) - dollars(report.replay, replay));
    }
    if subject == Subject::Fills && pair.differs(5) && report.replay.fills.price(replay, "price").units() > 0 {
        let price = |side: &Side, row: usize| side.fills.price(row, "price").to_f64();
        let (mine, theirs) = (price(report.replay, replay), price(&report.other, other));
        let moved = Numbers::PLAIN.basis_points((theirs - mine) / mine);
        return if theirs > mine { format!("+{}", moved.trim_start_matches('+')) } else { moved };
    }
    let columns: &[&str] = match subject {
        Subject::Fills => report.replay.fills.columns(),
        Subject::Refusals => report.replay.refusals.columns(),
        Subject::Equity => report.replay.equity.columns(),
        Subject::Halts => &["cause", "from", "until"],
        Subject::Signals | Subject::Orders => report.replay.orders.columns(),
    };
    let unlike = columns.iter().enumerate().filter(|(column, _)| pair.differs(*column));
    unlike.map(|(_, name)| code_in_words(name)).collect::<Vec<_>>().join(", ")
}

/// A moment as the tables write it.
pub(super) fn stamp(report: &ParityReport<'_>, time: Timestamp) -> String {
    time.text(report.context.timeframe).replace('T', " ").trim_end_matches(":00Z").trim_end_matches('Z').to_owned()
}

/// The head of a column of moments.
pub(super) fn time_head(report: &ParityReport<'_>) -> &'static str {
    if report.context.timeframe.is_daily() { "Session" } else { "Bar, UTC" }
}

/// "and 1,200 more in fills.csv"
pub(super) fn more(rest: usize, place: &str) -> String {
    if rest == 0 { String::new() } else { format!("<p class=\"more\">and {} more {place}</p>", N.count(rest as f64)) }
}
