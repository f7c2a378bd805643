//! From the text of a script file to a [`Script`]: lines, columns, times, and which id is which order.
//!
//! Not here: the values of one row (`order_script_row`), opening the file (scenario).
use std::collections::BTreeMap;

use super::order_script::Script;
use super::order_script_row::{Action, Column, Fields};
use super::{Intent, ScriptOrder, ScriptPart, ScriptTarget};
use crate::domain::{Bar, OrderClass, Symbol, SymbolIndex, Timeframe, Timestamp};

/// Rows of a script: an order a minute for ten years of sessions.
pub const SCRIPT_ROWS_MAX: usize = 1_000_000;

/// What a script is checked against.
#[derive(Clone, Copy, Debug)]
pub struct ScriptContext<'a> {
    /// The scenario's symbols.
    pub symbols: &'a [Symbol],
    /// Their bars, in the same order.
    pub bars: &'a [Vec<Bar>],
    /// Span of a bar.
    pub timeframe: Timeframe,
    /// May an order be for a part of a share?
    pub fractional: bool,
}

/// What is wrong with a script, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}; {remedy}")]
pub struct ScriptError {
    /// Line in the file, from 1.
    pub line: usize,
    /// Bytes of the line that are wrong: start and length; `None` is the line as a whole.
    pub span: Option<(usize, usize)>,
    /// What is wrong, with the value.
    pub what: String,
    /// The nearest valid thing.
    pub nearest: Option<String>,
    /// The rule or the remedy.
    pub remedy: String,
}

/// Reads a script.
///
/// Errors: the first one in the order in which rows run: a header or a row that cannot be read, a time that
/// is no bar, an unknown symbol or id, an order that contradicts itself.
pub fn read_script(text: &str, context: &ScriptContext<'_>) -> Result<Script, ScriptError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let (header_line, header) =
        lines.by_ref().find(|(_, line)| !line.trim().is_empty()).ok_or_else(|| ScriptError {
            line: 1,
            span: None,
            what: "the file is empty".to_owned(),
            nearest: None,
            remedy: format!("the first line names the columns: {}", Column::list()),
        })?;
    let columns = Fields::columns(header_line, header)?;
    let mut rows = Vec::new();
    for (line, text) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let fields = Fields::split(line, text, &columns)?;
        if rows.len() == SCRIPT_ROWS_MAX {
            return Err(fields.error(None, format!("more than {SCRIPT_ROWS_MAX} rows"), "split the run"));
        }
        rows.push((time(&fields, context)?, fields));
    }
    // Stable: rows of one time keep the order of the file.
    rows.sort_by_key(|(time, _)| *time);
    let mut reader = Reader { context, known: BTreeMap::new(), script: Script { rows: Vec::new(), ids: Vec::new() } };
    for (time, fields) in &rows {
        let intent = reader.intent(fields)?;
        reader.script.rows.push((*time, intent));
    }
    Ok(reader.script)
}

/// The time of a row, which must be that of a bar.
fn time(fields: &Fields<'_>, context: &ScriptContext<'_>) -> Result<Timestamp, ScriptError> {
    let text = fields.required(Column::Time, "name the bar at whose close the row runs, by its stamp")?;
    let time: Timestamp = text.parse().map_err(|error: crate::domain::ParseTimeError| {
        fields.error(Some(Column::Time), error.to_string(), "use the stamp of a bar, as in the data file")
    })?;
    let found = |bars: &Vec<Bar>| bars.binary_search_by_key(&time, |bar| bar.time);
    if context.bars.iter().any(|bars| found(bars).is_ok()) {
        return Ok(time);
    }
    let before = context.bars.iter().filter_map(|bars| bars.get(found(bars).unwrap_or_else(|at| at).checked_sub(1)?));
    let after = context.bars.iter().filter_map(|bars| bars.get(found(bars).unwrap_or_else(|at| at)));
    let (before, after) = (before.map(|bar| bar.time).max(), after.map(|bar| bar.time).min());
    let name = |time: Timestamp| time.text(context.timeframe);
    let remedy = match (before, after) {
        (Some(before), Some(after)) => format!("the bars around it are {} and {}", name(before), name(after)),
        (Some(last), None) => format!("the last bar of the run is {}", name(last)),
        (None, Some(first)) => format!("the first bar of the run is {}", name(first)),
        (None, None) => "the run has no bars".to_owned(),
    };
    Err(fields.error(Some(Column::Time), format!("{text} is no bar of any symbol"), &remedy))
}

/// An order the script has submitted.
struct Known {
    label: u32,
    line: usize,
    order: ScriptOrder,
}

struct Reader<'a> {
    context: &'a ScriptContext<'a>,
    known: BTreeMap<String, Known>,
    script: Script,
}

impl Reader<'_> {
    fn intent(&mut self, fields: &Fields<'_>) -> Result<Intent, ScriptError> {
        let action = fields.action()?;
        fields.only(action)?;
        Ok(match action {
            Action::Submit => Intent::Submit(self.submit(fields)?),
            Action::Cancel => Intent::Cancel { target: self.target(fields)?.0 },
            Action::Replace => self.replace(fields)?,
            Action::Halt => Intent::Halt,
            Action::Resume => Intent::Resume,
            Action::Flatten => {
                let symbol = match fields.get(Column::Symbol) {
                    "" => None,
                    _ => Some(self.symbol(fields)?),
                };
                let label = match fields.get(Column::Id) {
                    "" => None,
                    _ => Some(self.label(fields)?),
                };
                Intent::Flatten { symbol, label }
            }
        })
    }

    fn symbol(&self, fields: &Fields<'_>) -> Result<SymbolIndex, ScriptError> {
        let text = fields.required(Column::Symbol, "name one of the scenario's symbols")?;
        let symbols = self.context.symbols;
        let at = symbols.iter().position(|symbol| symbol.as_str() == text);
        let at = at.and_then(|at| u16::try_from(at).ok()).map(SymbolIndex);
        at.ok_or_else(|| {
            let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
            let remedy = format!("symbols of the scenario: {}", names.join(" "));
            fields.unknown(Column::Symbol, &format!("{text} is no symbol of the scenario"), &names, &remedy)
        })
    }

    /// A new number for the row's id.
    fn label(&mut self, fields: &Fields<'_>) -> Result<u32, ScriptError> {
        let id = fields.required(Column::Id, "give every order an id of its own")?;
        let taken = self.known.get(id).map(|known| known.line);
        if let Some(line) = taken {
            let what = format!("id {id} is used twice, first in line {line}");
            return Err(fields.error(Some(Column::Id), what, "give every order an id of its own"));
        }
        if part_of(id).1 != ScriptPart::Whole {
            let what = format!("id {id} ends like the name of a leg");
            return Err(fields.error(Some(Column::Id), what, "`.stop` and `.take_profit` name the legs of an order"));
        }
        self.script.ids.push(id.to_owned());
        Ok(self.script.ids.len() as u32 - 1) // at most SCRIPT_ROWS_MAX
    }

    fn submit(&mut self, fields: &Fields<'_>) -> Result<ScriptOrder, ScriptError> {
        let label = self.label(fields)?;
        let symbol = self.symbol(fields)?;
        let order = fields.order(label, symbol, self.context.fractional)?;
        let known = Known { label, line: fields.line, order };
        self.known.insert(fields.get(Column::Id).to_owned(), known);
        Ok(order)
    }

    /// The order (or leg) a cancel or a replace names, and how it was submitted.
    fn target(&self, fields: &Fields<'_>) -> Result<(ScriptTarget, &Known), ScriptError> {
        let id = fields.required(Column::Id, "name the order by the id it was submitted with")?;
        let (order, part) = part_of(id);
        let Some(known) = self.known.get(order) else {
            let names: Vec<&str> = self.known.keys().map(String::as_str).collect();
            let remedy = "submit it in an earlier row; rows run by time, then in the order of the file";
            return Err(fields.unknown(
                Column::Id,
                &format!("no order {order} has been submitted before"),
                &names,
                remedy,
            ));
        };
        let request = &known.order.request;
        let has_part = match part {
            ScriptPart::Whole => true,
            ScriptPart::Stop => request.legs.stop.is_some(),
            ScriptPart::TakeProfit => request.legs.take_profit.is_some(),
        };
        if !has_part {
            let what = format!("{order} was submitted in line {} without such a leg", known.line);
            return Err(fields.error(Some(Column::Id), what, "legs come from take_profit and stop_loss of the order"));
        }
        let symbol = fields.get(Column::Symbol);
        if !symbol.is_empty() && self.symbol(fields)? != request.symbol {
            let what = format!("{order} is not for {symbol}");
            return Err(fields.error(Some(Column::Symbol), what, "leave symbol empty, or name the order's own"));
        }
        Ok((ScriptTarget { label: known.label, part }, known))
    }

    fn replace(&self, fields: &Fields<'_>) -> Result<Intent, ScriptError> {
        let (target, known) = self.target(fields)?;
        let request = &known.order.request;
        let quantity = fields.new_quantity(self.context.fractional)?;
        if quantity.is_some() && target.part != ScriptPart::Whole {
            let what = "the quantity of a leg follows what its order has filled".to_owned();
            return Err(fields.error(Some(Column::Qty), what, "change its price only, or replace the order"));
        }
        let (limit, stop) = (fields.price(Column::LimitPrice)?, fields.price(Column::StopPrice)?);
        let (has_limit, has_stop) = match target.part {
            ScriptPart::Whole => (request.kind.limit().is_some(), request.kind.stop().is_some()),
            ScriptPart::Stop => (false, true),
            ScriptPart::TakeProfit => (true, false),
        };
        for (column, price, has) in [(Column::LimitPrice, limit, has_limit), (Column::StopPrice, stop, has_stop)] {
            if price.is_some() && !has {
                let what = format!("{} has no {} to change", fields.get(Column::Id), column.name());
                let remedy = match (request.class, target.part) {
                    (OrderClass::Oco, ScriptPart::Whole) => "the stop of an oco order is its leg `.stop`",
                    _ => "only a price that the order has can be replaced; else cancel it and submit another",
                };
                return Err(fields.error(Some(column), what, remedy));
            }
        }
        if quantity.is_none() && limit.is_none() && stop.is_none() {
            let remedy = "give a new qty, limit_price or stop_price";
            return Err(fields.error(None, "order parameters are not changed".to_owned(), remedy));
        }
        Ok(Intent::Replace { target, quantity, limit, stop })
    }
}

/// `E1.stop` is the stop of `E1`.
fn part_of(id: &str) -> (&str, ScriptPart) {
    for (suffix, part) in [(".stop", ScriptPart::Stop), (".take_profit", ScriptPart::TakeProfit)] {
        if let Some(order) = id.strip_suffix(suffix) {
            return (order, part);
        }
    }
    (id, ScriptPart::Whole)
}
