//! From the text of a script file to a [`Script`]: lines, columns, times, and which id is which order.
//!
//! Not here: the values of one row (`order_script_row`), opening the file (scenario).
use std::collections::BTreeMap;

use super::order_script::Script;
use super::order_script_row::{Action, Column, Fields};
use super::{Intent, ScriptOrder, ScriptPart, ScriptTarget};
use crate::domain::{Bar, NewPrices, OrderClass, OrderKind, RejectReason, Symbol, SymbolIndex, Timeframe, Timestamp};

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
        let trail = fields.trail()?;
        let has_trail = target.part == ScriptPart::Whole && matches!(request.kind, OrderKind::TrailingStop { .. });
        if trail.is_some() && !has_trail {
            let written = |column: &Column| !fields.get(*column).is_empty();
            let column = [Column::TrailPrice, Column::TrailPercent].into_iter().find(written);
            let what = format!("{} has no trail to change", fields.get(Column::Id));
            return Err(fields.error(column, what, "only a trailing_stop has one"));
        }
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
        let prices = NewPrices { limit, stop, trail };
        if quantity.is_none() && prices == NewPrices::default() {
            let remedy = "give a new qty, limit_price, stop_price, trail_price or trail_percent";
            return Err(fields.error(None, RejectReason::NotChanged.to_string(), remedy));
        }
        Ok(Intent::Replace { target, quantity, prices })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Quantity, TimeInForce, Trail, Volume};
    use crate::strategy::ScriptSize;

    const HEADER: &str = "time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,\
                          time_in_force,order_class,take_profit,stop_loss";

    fn read(text: &str) -> Result<Script, ScriptError> {
        let price: Price = "60".parse().expect("price");
        let bar = |day: &str| Bar {
            time: day.parse().expect("time"),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::from_shares(1).expect("volume"),
        };
        let bars = ["2024-01-02", "2024-01-03", "2024-01-05"].map(bar).to_vec();
        let symbols = ["AAPL", "GOOG"].map(|name| name.parse().expect("symbol"));
        let bars = [bars, Vec::new()];
        let context = ScriptContext { symbols: &symbols, bars: &bars, timeframe: Timeframe::Day1, fractional: false };
        read_script(text, &context)
    }

    fn rows(rows: &[&str]) -> Result<Script, ScriptError> {
        read(&format!("{HEADER}\n{}\n", rows.join("\n")))
    }

    const BUY: &str = "2024-01-02,submit,E1,AAPL,buy,10,market,,,,,,,,";

    #[test]
    fn each_row_becomes_what_it_says() {
        let script = rows(&[
            "2024-01-03,flatten,,AAPL,,,,,,,,,,,",
            BUY,
            "2024-01-02,submit,T1,AAPL,sell,max,trailing_stop,,,,2.5,day,,,",
            "2024-01-03,cancel,T1,,,,,,,,,,,,",
            "2024-01-03,submit,X1,AAPL,sell,10,,,,,,,oco,63,57",
            "2024-01-05,replace,X1.stop,,,,,,58,,,,,,",
        ])
        .expect("script");
        let Intent::Submit(first) = script.rows()[0].1 else { panic!("{:?}", script.rows()) };
        assert_eq!((first.label, script.id(first.label)), (0, Some("E1")));
        assert_eq!(first.request.time_in_force, TimeInForce::Gtc);
        assert_eq!(first.size, ScriptSize::Shares(Quantity::from_shares(10).expect("shares")));
        let Intent::Submit(trail) = script.rows()[1].1 else { panic!("{:?}", script.rows()) };
        let fraction = "0.025".parse().expect("ratio");
        assert_eq!(trail.request.kind, OrderKind::TrailingStop { trail: Trail::Fraction(fraction) });
        // Rows of one time keep the order of the file, whatever stands between.
        assert_eq!(script.rows()[2].1, Intent::Flatten { symbol: Some(SymbolIndex(0)), label: None });
        let target = |label, part| ScriptTarget { label, part };
        assert_eq!(script.rows()[3].1, Intent::Cancel { target: target(1, ScriptPart::Whole) });
        let stop = Some("58".parse().expect("price"));
        let prices = NewPrices { stop, ..NewPrices::default() };
        let replaced = Intent::Replace { target: target(2, ScriptPart::Stop), quantity: None, prices };
        assert_eq!(script.rows()[5].1, replaced);
    }

    #[test]
    fn columns_may_be_few_quoted_and_in_any_order() {
        let text =
            "\u{feff}action,\"time\",symbol,id,side,type,qty\r\n\r\n submit , 2024-01-02,GOOG,\"E1\",buy,market,5\r\n";
        assert_eq!(read(text).expect("script").rows().len(), 1);
        assert_eq!(read("time,action\n").expect("script").rows().len(), 0);
    }

    /// Every refusal: the row (or whole text), the words it must hold, the words that must be marked.
    #[test]
    fn each_refusal_names_the_value_and_the_remedy() {
        for (row, wanted, marked) in [
            (
                "2024-01-04,submit,E9,AAPL,buy,10,market,,,,,,,,",
                "2024-01-04 is no bar of any symbol; the bars around it are 2024-01-03 and 2024-01-05",
                "2024-01-04",
            ),
            ("2024-02-04,halt,,,,,,,,,,,,,", "the last bar of the run is 2024-01-05", "2024-02-04"),
            ("2023-02-04,halt,,,,,,,,,,,,,", "the first bar of the run is 2024-01-02", "2023-02-04"),
            ("04.01.2024,halt,,,,,,,,,,,,,", "is not a time", "04.01.2024"),
            (",halt,,,,,,,,,,,,,", "time is empty", ""),
            (
                "2024-01-03,sumbit,E9,AAPL,buy,10,market,,,,,,,,",
                "action `sumbit` is not known; action is one of submit cancel",
                "sumbit",
            ),
            ("2024-01-03,submit,,AAPL,buy,10,market,,,,,,,,", "id is empty", ""),
            ("2024-01-03,submit,E1,AAPL,buy,10,market,,,,,,,,", "id E1 is used twice, first in line 2", "E1"),
            ("2024-01-03,submit,E9.stop,AAPL,buy,10,market,,,,,,,,", "ends like the name of a leg", "E9.stop"),
            (
                "2024-01-03,submit,E9,APPL,buy,10,market,,,,,,,,",
                "APPL is no symbol of the scenario; symbols of the scenario: AAPL GOOG",
                "APPL",
            ),
            ("2024-01-03,submit,E9,,buy,10,market,,,,,,,,", "symbol is empty", ""),
            (
                "2024-01-03,submit,E9,AAPL,long,10,market,,,,,,,,",
                "side `long` is not known; side is one of buy sell",
                "long",
            ),
            ("2024-01-03,submit,E9,AAPL,buy,,market,,,,,,,,", "qty is empty", ""),
            ("2024-01-03,submit,E9,AAPL,buy,-5,market,,,,,,,,", "qty -5 is not above 0", "-5"),
            ("2024-01-03,submit,E9,AAPL,buy,0,market,,,,,,,,", "qty 0 is not above 0", "0"),
            (
                "2024-01-03,submit,E9,AAPL,buy,1.5,market,,,,,,,,",
                "qty 1.5 is not whole; round it, or set sizing.fractional",
                "1.5",
            ),
            ("2024-01-03,submit,E9,AAPL,buy,ten,market,,,,,,,,", "`ten` is not a decimal number", "ten"),
            ("2024-01-03,submit,E9,AAPL,buy,10,limt,59,,,,,,,", "type `limt` is not known", "limt"),
            ("2024-01-03,submit,E9,AAPL,buy,10,,,,,,,,,", "type is empty", ""),
            (
                "2024-01-03,submit,E9,AAPL,buy,10,limit,,,,,,,,",
                "limit_price is empty; limit orders require a limit_price",
                "",
            ),
            ("2024-01-03,submit,E9,AAPL,buy,10,limit,-1,,,,,,,", "limit_price", "-1"),
            ("2024-01-03,submit,E9,AAPL,buy,10,stop,,,,,,,,", "stop orders require a stop_price", ""),
            ("2024-01-03,submit,E9,AAPL,buy,10,stop_limit,59,,,,,,,", "stop_limit orders require a stop_price", ""),
            ("2024-01-03,submit,E9,AAPL,buy,10,market,59,,,,,,,", "market orders have no limit_price", "59"),
            ("2024-01-03,submit,E9,AAPL,buy,10,limit,59,58,,,,,,", "limit orders have no stop_price", "58"),
            (
                "2024-01-03,submit,E9,AAPL,buy,10,trailing_stop,,,,,,,,",
                "must specify one of trail_price or trail_percent",
                "",
            ),
            ("2024-01-03,submit,E9,AAPL,buy,10,trailing_stop,,,1,2,,,,", "both trail_price and trail_percent", "2"),
            (
                "2024-01-03,submit,E9,AAPL,buy,10,trailing_stop,,,,100,,,,",
                "trail_percent 100 is not a percentage below 100",
                "100",
            ),
            ("2024-01-03,submit,E9,AAPL,buy,10,market,,,,,gtd,,,", "time_in_force `gtd` is not known", "gtd"),
            (
                "2024-01-03,submit,E9,AAPL,buy,10,market,,,,,,brackets,63,57",
                "order_class `brackets` is not known",
                "brackets",
            ),
            (
                "2024-01-03,submit,E9,AAPL,buy,10,market,,,,,,bracket,63,",
                "do not fit order_class bracket; bracket orders need",
                "",
            ),
            ("2024-01-03,submit,E9,AAPL,buy,10,market,,,,,,oto,63,57", "oto orders need exactly one", "63"),
            (
                "2024-01-03,submit,E9,AAPL,buy,10,market,,,,,,,,57",
                "a simple order has no take_profit and no stop_loss",
                "",
            ),
            (
                "2024-01-03,submit,E9,AAPL,sell,10,market,,,,,,oco,63,57",
                "oco orders are limit orders, not market",
                "market",
            ),
            ("2024-01-03,submit,E9,AAPL,sell,10,limit,63,,,,,oco,63,57", "oco orders have no limit_price", "63"),
            ("2024-01-03,cancel,E8,,,,,,,,,,,,", "no order E8 has been submitted before", "E8"),
            ("2024-01-03,cancel,E1.stop,,,,,,,,,,,,", "E1 was submitted in line 2 without such a leg", "E1.stop"),
            ("2024-01-03,cancel,E1,GOOG,,,,,,,,,,,", "E1 is not for GOOG", "GOOG"),
            ("2024-01-03,cancel,E1,,,5,,,,,,,,,", "qty does nothing in a row `cancel`", "5"),
            (
                "2024-01-03,replace,E1,,,,,,,,,,,,",
                "order parameters are not changed",
                "2024-01-03,replace,E1,,,,,,,,,,,,",
            ),
            ("2024-01-03,replace,E1,,,,,59,,,,,,,", "E1 has no limit_price to change", "59"),
            ("2024-01-03,replace,E1,,,max,,,,,,,,,", "`max` is not a decimal number", "max"),
            ("2024-01-03,flatten,,GOGG,,,,,,,,,,,", "GOGG is no symbol of the scenario", "GOGG"),
            ("2024-01-03,halt,,AAPL,,,,,,,,,,,", "symbol does nothing in a row `halt`", "AAPL"),
            ("2024-01-03,halt", "2 fields where the header names 15", "2024-01-03,halt"),
        ] {
            let error = rows(&[BUY, row]).expect_err(row);
            assert!(error.to_string().contains(wanted), "{row}: {error}");
            assert_eq!(error.line, 3, "{row}: {error}");
            let (start, length) = error.span.unwrap_or((0, row.len()));
            assert_eq!(&row[start..start + length], marked, "{row}: {error}");
        }
    }

    #[test]
    fn a_header_is_checked() {
        let error = |text: &str| read(text).expect_err(text);
        assert_eq!(error("time,action,limt_price\n").nearest.as_deref(), Some("limit_price"));
        assert!(
            error("time,action,foo\n").to_string().starts_with("line 1: unknown column `foo`; columns: time,action")
        );
        assert!(error("time,id\n").to_string().contains("no column action"));
        assert!(error("time,action,time\n").to_string().contains("column time stands twice"));
        assert!(error("\n \n").to_string().contains("the file is empty"));
    }

    #[test]
    fn an_order_must_be_sent_before_it_is_changed() {
        let early = rows(&["2024-01-02,cancel,E1,,,,,,,,,,,,", BUY]).expect_err("the cancel runs first");
        assert_eq!((early.line, early.what.as_str()), (2, "no order E1 has been submitted before"));
        // The file may name a later time first.
        assert!(rows(&["2024-01-03,cancel,E1,,,,,,,,,,,,", BUY]).is_ok());
    }
}
