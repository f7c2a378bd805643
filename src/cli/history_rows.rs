//! Rows of `alphaflow history`: all columns for programs, the columns that fit a terminal for people.
//!
//! Not here: where the rows come from (live::history).
use std::io::{self, Write};

use serde_json::{Value, json};

use super::history::Kind;
use super::history_cents::tied;
use crate::domain::{Money, Price, Quantity, Side, Timestamp};
use crate::live::history::{FillLine, Group, History, OrderLine, Trade};
use crate::live::{EventKind, SessionEvent};
use crate::report::format::{Numbers, Sign, UNDEFINED};
use crate::scenario::exit_reason;

/// Between two columns.
const GAP: &str = "  ";
/// Less is no room for the words of the last column; a terminal that has no more breaks the lines itself.
const LAST_COLUMN_MIN: usize = 12;

/// A list in both forms.
#[derive(Debug)]
pub(super) struct Table {
    /// What it lists: `trades`.
    pub(super) name: &'static str,
    /// Names of all columns.
    pub(super) columns: Vec<&'static str>,
    /// A value a column.
    pub(super) rows: Vec<Vec<Value>>,
    /// All groups together, where there are groups.
    pub(super) all: Option<Vec<Value>>,
    shown: Vec<Column>,
    notes: Vec<String>,
}

/// A column on a terminal.
#[derive(Debug)]
struct Column {
    header: &'static str,
    side: Align,
    cells: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

/// The list of a kind.
pub(super) fn of_kind(kind: Kind, history: &History) -> Table {
    // A burst is no refusal, but a word about many: it is among the events.
    let refused = |event: &&SessionEvent| event.kind == EventKind::Refusal;
    match kind {
        Kind::Trades => trades(&history.trades),
        Kind::Fills => fills(&history.fills),
        Kind::Orders => orders(&history.orders),
        Kind::Refusals => refusals(&history.events.iter().filter(refused).collect::<Vec<_>>()),
        Kind::Events => events(&history.events.iter().collect::<Vec<_>>()),
    }
}

/// Groups of trades; the last row is all of them.
pub(super) fn groups_table(by: &'static str, groups: &[Group], all: &Group) -> Table {
    let row = |group: &Group| {
        vec![
            json!(group.name),
            json!(group.trades),
            json!(group.wins),
            json!(group.losses),
            json!(group.win_rate),
            json!(group.profit_factor),
            json!(group.pnl),
            json!(group.fees),
        ]
    };
    let shown: Vec<&Group> = groups.iter().chain([all]).collect();
    let ratio = |value: Option<f64>, write: fn(f64) -> String| value.map_or(UNDEFINED.to_owned(), write);
    let has_undefined = shown.iter().any(|group| group.profit_factor.is_none());
    Table {
        name: "groups",
        columns: vec![by, "trades", "wins", "losses", "win_rate", "profit_factor", "pnl", "fees"],
        rows: groups.iter().map(row).collect(),
        all: Some(row(all)),
        shown: vec![
            column(by, Align::Left, &shown, |group| clean(&group.name)),
            column("trades", Align::Right, &shown, |group| Numbers::PLAIN.count(group.trades as f64)),
            column("won", Align::Right, &shown, |group| Numbers::PLAIN.count(group.wins as f64)),
            column("win rate", Align::Right, &shown, |group| {
                ratio(group.win_rate, |rate| Numbers::PLAIN.percent(rate, 1, Sign::Negative))
            }),
            column("profit factor", Align::Right, &shown, |group| {
                ratio(group.profit_factor, |factor| Numbers::PLAIN.ratio(factor))
            }),
            under_sum("P&L", profit, groups.iter().map(|group| group.pnl)),
            under_sum("fees", dollars, groups.iter().map(|group| group.fees)),
        ],
        notes: match has_undefined {
            true => vec![format!("{UNDEFINED}: no trade was lost, or none won, so there is no such ratio.")],
            false => Vec::new(),
        },
    }
}

fn trades(trades: &[Trade]) -> Table {
    let reason = |trade: &Trade| trade.exit_reason.map(exit_reason);
    let row = |trade: &Trade| {
        vec![
            json!(trade.symbol),
            json!(if trade.side == Side::Buy { "long" } else { "short" }),
            json!(trade.quantity),
            json!(trade.entry_time),
            json!(trade.entry_price),
            json!(trade.exit_time),
            json!(trade.exit_time.and(trade.exit_price)),
            json!(trade.pnl),
            json!(trade.fees),
            json!(reason(trade)),
            json!(trade.strategy),
            json!(trade.entry_row),
            json!(trade.exit_row),
        ]
    };
    let ended: Vec<&Trade> = trades.iter().filter(|trade| trade.pnl.is_some()).collect();
    let won = ended.iter().filter(|trade| trade.pnl > Some(Money::ZERO)).count();
    let pnl = tied(&ended.iter().filter_map(|trade| trade.pnl).collect::<Vec<_>>());
    let fees = tied(&ended.iter().map(|trade| trade.fees).collect::<Vec<_>>());
    let (mut each_pnl, mut each_fee) = (pnl.iter(), fees.iter());
    let cells = trades.iter().map(|trade| match trade.pnl.and_then(|_| each_pnl.next().zip(each_fee.next())) {
        Some((pnl, fee)) => (profit(*pnl), dollars(*fee)),
        None => (UNDEFINED.to_owned(), dollars(trade.fees)),
    });
    let (pnl_cells, fee_cells) = cells.unzip();
    let open = trades.len() - pnl.len();
    let mut notes = vec![format!(
        "{} ended, {won} won, P&L {}, fees {}.",
        counted(pnl.len(), "trade"),
        profit(pnl.iter().copied().sum()),
        dollars(fees.iter().copied().sum())
    )];
    if open > 0 {
        let whose = if open == 1 { "its" } else { "their" };
        notes.push(format!("{} open; the journal has no price of now for {whose} P&L.", counted(open, "trade")));
    }
    let shown = trades;
    let mut table = Table {
        name: "trades",
        columns: vec![
            "symbol",
            "side",
            "qty",
            "entry_time",
            "entry_price",
            "exit_time",
            "exit_price",
            "pnl",
            "fees",
            "exit_reason",
            "strategy",
            "entry_row",
            "exit_row",
        ],
        rows: trades.iter().map(row).collect(),
        all: None,
        shown: vec![
            column("left (UTC)", Align::Left, shown, |trade| trade.exit_time.map_or("open".to_owned(), minute)),
            column("symbol", Align::Left, shown, |trade| clean(&trade.symbol)),
            column("shares", Align::Right, shown, |trade| {
                shares(if trade.side == Side::Buy { trade.quantity } else { -trade.quantity })
            }),
            column("entry", Align::Right, shown, |trade| price(trade.entry_price)),
            column("exit", Align::Right, shown, |trade| {
                trade.exit_time.and(trade.exit_price).map_or(UNDEFINED.to_owned(), price)
            }),
            Column { header: "P&L", side: Align::Right, cells: pnl_cells },
            Column { header: "fees", side: Align::Right, cells: fee_cells },
            column("why", Align::Left, shown, |trade| reason(trade).unwrap_or("").to_owned()),
        ],
        notes,
    };
    // One scenario needs no column.
    if trades.iter().any(|trade| trade.strategy != trades[0].strategy) {
        table.shown.push(column("strategy", Align::Left, shown, |trade| clean(&trade.strategy)));
    }
    table
}

fn fills(fills: &[FillLine]) -> Table {
    let row = |fill: &FillLine| {
        vec![
            json!(fill.order),
            json!(fill.time),
            json!(fill.symbol),
            json!(fill.side),
            json!(fill.quantity),
            json!(fill.price),
            json!(fill.fee),
            json!(fill.purpose),
            json!(fill.strategy),
            json!(fill.row),
        ]
    };
    let fees: Money = fills.iter().map(|fill| fill.fee).sum();
    Table {
        name: "fills",
        columns: vec!["order", "time", "symbol", "side", "qty", "price", "fee", "purpose", "strategy", "row"],
        rows: fills.iter().map(row).collect(),
        all: None,
        shown: vec![
            column("time (UTC)", Align::Left, fills, |fill| second(fill.time)),
            column("symbol", Align::Left, fills, |fill| clean(&fill.symbol)),
            column("side", Align::Left, fills, |fill| fill.side.name().to_owned()),
            column("shares", Align::Right, fills, |fill| shares(fill.quantity)),
            column("price", Align::Right, fills, |fill| price(fill.price)),
            column("fee", Align::Right, fills, |fill| dollars(fill.fee)),
            column("why", Align::Left, fills, |fill| fill.purpose.name().to_owned()),
            column("order", Align::Right, fills, |fill| fill.order.0.to_string()),
            column("strategy", Align::Left, fills, |fill| clean(&fill.strategy)),
        ],
        notes: vec![format!("{}, fees {}.", counted(fills.len(), "fill"), dollars(fees))],
    }
}

fn orders(orders: &[OrderLine]) -> Table {
    let average = |order: &OrderLine| crate::live::history::average(order.filled_notional, order.filled);
    let row = |order: &OrderLine| {
        vec![
            json!(order.order),
            json!(order.status),
            json!(order.reason),
            json!(order.time),
            json!(order.symbol),
            json!(order.side),
            json!(order.quantity),
            json!(order.kind.name()),
            json!(order.kind.limit()),
            json!(order.kind.stop()),
            json!(order.time_in_force),
            json!(order.purpose),
            json!(order.filled),
            json!(average(order)),
            json!(order.strategy),
            json!(order.row),
        ]
    };
    Table {
        name: "orders",
        columns: vec![
            "id",
            "status",
            "reason",
            "time",
            "symbol",
            "side",
            "qty",
            "type",
            "limit_price",
            "stop_price",
            "time_in_force",
            "purpose",
            "filled_qty",
            "filled_avg_price",
            "strategy",
            "row",
        ],
        rows: orders.iter().map(row).collect(),
        all: None,
        shown: vec![
            column("time (UTC)", Align::Left, orders, |order| second(order.time)),
            column("order", Align::Right, orders, |order| order.order.0.to_string()),
            column("symbol", Align::Left, orders, |order| clean(&order.symbol)),
            column("side", Align::Left, orders, |order| order.side.name().to_owned()),
            column("shares", Align::Right, orders, |order| shares(order.quantity)),
            column("type", Align::Left, orders, |order| order.kind.name().replace('_', " ")),
            column("at", Align::Right, orders, |order| {
                order.kind.limit().or(order.kind.stop()).map_or(String::new(), price)
            }),
            column("status", Align::Left, orders, |order| order.status.replace('_', " ")),
            column("strategy", Align::Left, orders, |order| clean(&order.strategy)),
        ],
        notes: orders
            .iter()
            .filter_map(|order| {
                let reason = order.reason.as_deref()?;
                Some(format!("order {}: {}", order.order.0, clean(reason)))
            })
            .collect(),
    }
}

/// The columns of `refusals.csv`, and what an event has besides. What was written before refusals had them has none of them.
fn refusals(events: &[&SessionEvent]) -> Table {
    let order = |event: &&SessionEvent| event.refused.as_ref().map(|refused| refused.order);
    let row = |event: &&SessionEvent| {
        let refused = event.refused.as_ref();
        vec![
            json!(event.time),
            json!(order(event)),
            json!(refused.map(|refused| &refused.reason)),
            json!(refused.and_then(|refused| refused.need.as_ref())),
            json!(refused.and_then(|refused| refused.have.as_ref())),
            json!(event.symbol),
            json!(event.strategy),
            json!(with_plain_minus(&event.text)),
            json!(event.row),
        ]
    };
    Table {
        name: "refusals",
        columns: vec!["time", "order", "reason", "need", "have", "symbol", "strategy", "text", "row"],
        rows: events.iter().map(row).collect(),
        all: None,
        shown: vec![
            column("time (UTC)", Align::Left, events, |event| second(event.time)),
            column("order", Align::Right, events, |event| {
                order(event).map_or(UNDEFINED.to_owned(), |id| id.0.to_string())
            }),
            column("what", Align::Left, events, |event| told(event)),
        ],
        notes: Vec::new(),
    }
}

/// Whose, and the sentence.
fn told(event: &SessionEvent) -> String {
    match &event.strategy {
        Some(strategy) => format!("{}: {}", clean(strategy), clean(event.sentence())),
        None => clean(event.sentence()),
    }
}

fn events(events: &[&SessionEvent]) -> Table {
    let row = |event: &&SessionEvent| {
        vec![
            json!(event.row),
            json!(event.time),
            json!(event.kind),
            json!(event.severity),
            json!(event.strategy),
            json!(event.symbol),
            json!(with_plain_minus(&event.text)),
        ]
    };
    Table {
        name: "events",
        columns: vec!["row", "time", "kind", "severity", "strategy", "symbol", "text"],
        rows: events.iter().map(row).collect(),
        all: None,
        shown: vec![
            column("time (UTC)", Align::Left, events, |event| second(event.time)),
            column("row", Align::Right, events, |event| event.row.to_string()),
            column("kind", Align::Left, events, |event| {
                json!(event.kind).as_str().unwrap_or_default().replace('_', " ")
            }),
            column("what", Align::Left, events, |event| told(event)),
        ],
        notes: Vec::new(),
    }
}

impl Table {
    /// Columns side by side, as wide as they need; words left, numbers right. On a terminal of fewer `columns` the last one
    /// gets what is left, and goes on below itself.
    pub(super) fn print(&self, columns: Option<usize>, out: &mut impl Write) -> io::Result<()> {
        let widths = self.widths(columns);
        let count = self.shown.first().map_or(0, |column| column.cells.len());
        self.print_row(&widths, |column| column.header, out)?;
        (0..count).try_for_each(|row| self.print_row(&widths, |column| &column.cells[row], out))?;
        if !self.notes.is_empty() {
            writeln!(out)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "{note}"))
    }

    fn widths(&self, columns: Option<usize>) -> Vec<usize> {
        let width = |column: &Column| {
            let cells = column.cells.iter().map(String::as_str).chain([column.header]);
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = self.shown.iter().map(width).collect();
        if let (Some(columns), Some((last, before))) = (columns, widths.split_last_mut()) {
            let taken: usize = before.iter().map(|width| width + GAP.len()).sum();
            *last = (*last).min(columns.saturating_sub(taken).max(LAST_COLUMN_MIN));
        }
        widths
    }

    fn print_row<'a>(
        &'a self,
        widths: &[usize],
        cell: impl Fn(&'a Column) -> &'a str,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let (mut line, mut below) = (String::new(), Vec::new());
        for (at, (column, &width)) in self.shown.iter().zip(widths).enumerate() {
            let text = cell(column);
            let indent = line.chars().count();
            match column.side {
                Align::Right => line.push_str(&format!("{text:>width$}")),
                Align::Left if at + 1 < widths.len() => line.push_str(&format!("{text:<width$}")),
                Align::Left => {
                    let mut parts = broken(text, width).into_iter();
                    line.push_str(&parts.next().unwrap_or_default());
                    below = parts.map(|part| format!("{:indent$}{part}", "")).collect();
                }
            }
            if at + 1 < widths.len() {
                line.push_str(GAP);
            }
        }
        writeln!(out, "{}", line.trim_end())?;
        below.iter().try_for_each(|part| writeln!(out, "{part}"))
    }
}

/// `text` in parts of at most `width` characters, between words where there are any.
pub(super) fn broken(text: &str, width: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    for word in text.split(' ') {
        let mut letters: Vec<char> = word.chars().collect();
        if !part.is_empty() && part.chars().count() + 1 + letters.len() > width {
            parts.push(std::mem::take(&mut part));
        } else if !part.is_empty() {
            part.push(' ');
        }
        while letters.len() > width {
            parts.push(letters.drain(..width).collect());
        }
        part.extend(letters);
    }
    parts.push(part);
    parts
}

fn column<T>(header: &'static str, side: Align, rows: &[T], cell: impl Fn(&T) -> String) -> Column {
    Column { header, side, cells: rows.iter().map(cell).collect() }
}

/// A column of dollars with their sum in the last row.
fn under_sum(header: &'static str, write: fn(Money) -> String, parts: impl Iterator<Item = Money>) -> Column {
    let mut cents = tied(&parts.collect::<Vec<_>>());
    cents.push(cents.iter().copied().sum());
    Column { header, side: Align::Right, cells: cents.into_iter().map(write).collect() }
}

/// Text out of a journal that cannot move a cursor or begin a line.
fn clean(text: &str) -> String {
    with_plain_minus(text).chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

/// Pages have the typographic minus; terminals, CSV and JSON have the one that can be typed and searched for.
fn with_plain_minus(text: &str) -> String {
    text.replace('\u{2212}', "-")
}

fn counted(count: usize, what: &str) -> String {
    let number = Numbers::PLAIN.count(count as f64);
    if count == 1 { format!("{number} {what}") } else { format!("{number} {what}s") }
}

fn profit(money: Money) -> String {
    Numbers::PLAIN.dollars_cents(money.to_f64(), Sign::Always)
}

fn dollars(money: Money) -> String {
    Numbers::PLAIN.dollars_cents(money.to_f64(), Sign::Negative)
}

fn price(price: Price) -> String {
    Numbers::PLAIN.price(price.to_f64())
}

fn shares(quantity: Quantity) -> String {
    Numbers::PLAIN.shares(quantity.to_f64())
}

/// `2026-09-01 14:30`.
fn minute(time: Timestamp) -> String {
    second(time)[..16].to_owned()
}

/// `2026-09-01 14:30:00`.
fn second(time: Timestamp) -> String {
    time.to_string().replace('T', " ").chars().take(19).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let cells = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let shown = vec![
            Column { header: "row", side: Align::Right, cells: cells(&["1", "12"]) },
            Column {
                header: "what",
                side: Align::Left,
                cells: cells(&["Bought 100 AAPL at 487.03.", "mean_reversion_of_msft"]),
            },
        ];
        Table { name: "events", columns: Vec::new(), rows: Vec::new(), all: None, shown, notes: Vec::new() }
    }

    #[test]
    fn the_last_column_goes_on_below_itself_on_a_narrow_terminal() {
        let printed = |columns| {
            let mut out = Vec::new();
            table().print(columns, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(printed(None), "row  what\n  1  Bought 100 AAPL at 487.03.\n 12  mean_reversion_of_msft\n");
        assert_eq!(printed(Some(80)), printed(None));
        let narrow = "row  what\n  1  Bought 100 AAPL\n     at 487.03.\n 12  mean_reversion_\n     of_msft\n";
        assert_eq!(printed(Some(20)), narrow);
        assert!(printed(Some(1)).lines().all(|line| line.chars().count() <= 5 + LAST_COLUMN_MIN));
    }
}
