//! One row of a script: its fields, and the order they describe.
//!
//! Not here: which id names which order, times and symbols (`order_script_read`).
use std::fmt::Display;
use std::str::FromStr;

use super::order_script_read::ScriptError;
use super::{ScriptOrder, ScriptSize};
use crate::domain::{
    ExitLegs, LegLevel, Money, OrderClass, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price, Quantity, Ratio,
    RejectReason, Side, SymbolIndex, TimeInForce, Trail,
};

/// A column of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    Time,
    Action,
    Id,
    Symbol,
    Side,
    Qty,
    Type,
    LimitPrice,
    StopPrice,
    TrailPrice,
    TrailPercent,
    TimeInForce,
    OrderClass,
    TakeProfit,
    StopLoss,
    Notional,
    ExtendedHours,
}
use Column as C;

/// Those of the specification, then our own.
const COLUMNS: [(Column, &str); 17] = [
    (C::Time, "time"),
    (C::Action, "action"),
    (C::Id, "id"),
    (C::Symbol, "symbol"),
    (C::Side, "side"),
    (C::Qty, "qty"),
    (C::Type, "type"),
    (C::LimitPrice, "limit_price"),
    (C::StopPrice, "stop_price"),
    (C::TrailPrice, "trail_price"),
    (C::TrailPercent, "trail_percent"),
    (C::TimeInForce, "time_in_force"),
    (C::OrderClass, "order_class"),
    (C::TakeProfit, "take_profit"),
    (C::StopLoss, "stop_loss"),
    (C::Notional, "notional"),
    (C::ExtendedHours, "extended_hours"),
];

/// What a row does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    Submit,
    Cancel,
    Replace,
    Halt,
    Flatten,
    Resume,
}

const ACTIONS: &[(&str, Action)] = &[
    ("submit", Action::Submit),
    ("cancel", Action::Cancel),
    ("replace", Action::Replace),
    ("halt", Action::Halt),
    ("flatten", Action::Flatten),
    ("resume", Action::Resume),
];

const SIDES: &[(&str, Side)] = &[("buy", Side::Buy), ("sell", Side::Sell)];

/// The prices a type needs and may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Market,
    Limit,
    Stop,
    StopLimit,
    TrailingStop,
}

const TYPES: &[(&str, Type)] = &[
    ("market", Type::Market),
    ("limit", Type::Limit),
    ("stop", Type::Stop),
    ("stop_limit", Type::StopLimit),
    ("trailing_stop", Type::TrailingStop),
];

const TIMES_IN_FORCE: &[(&str, TimeInForce)] = &[
    ("gtc", TimeInForce::Gtc),
    ("day", TimeInForce::Day),
    ("ioc", TimeInForce::Ioc),
    ("fok", TimeInForce::Fok),
    ("opg", TimeInForce::Opg),
    ("cls", TimeInForce::Cls),
];

const SWITCH: &[(&str, bool)] = &[("true", true), ("false", false)];

const CLASSES: &[(&str, OrderClass)] = &[
    ("simple", OrderClass::Simple),
    ("bracket", OrderClass::Bracket),
    ("oco", OrderClass::Oco),
    ("oto", OrderClass::Oto),
];

impl Column {
    pub(super) fn name(self) -> &'static str {
        COLUMNS[self as usize].1
    }

    /// All names, as a header.
    pub(super) fn list() -> String {
        COLUMNS.map(|(_, name)| name).join(",")
    }
}

/// The fields of one line, in the order of [`COLUMNS`]; empty where the file has no such column.
pub(super) struct Fields<'a> {
    pub(super) line: usize,
    values: [&'a str; COLUMNS.len()],
    /// Byte of the line at which each value starts.
    starts: [usize; COLUMNS.len()],
}

/// The fields of a line with the byte at which each starts; quotes around a whole field are taken off.
fn split(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(',').scan(0, |next, field| {
        let start = *next + field.len() - field.trim_start().len();
        *next += field.len() + 1;
        let field = field.trim();
        let inner = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
        Some(inner.map_or((start, field), |inner| (start + 1, inner.trim())))
    })
}

impl<'a> Fields<'a> {
    /// Which column stands where.
    pub(super) fn columns(line: usize, header: &str) -> Result<Vec<Column>, ScriptError> {
        let mut columns = Vec::new();
        for (start, name) in split(header) {
            let at = |what: String, nearest: Option<String>| ScriptError {
                line,
                span: Some((start, name.len())),
                what,
                nearest,
                remedy: format!("columns: {}", Column::list()),
            };
            let Some((column, _)) = COLUMNS.iter().find(|(_, known)| *known == name) else {
                let names: Vec<&str> = COLUMNS.iter().map(|(_, known)| *known).collect();
                return Err(at(format!("unknown column `{name}`"), nearest(name, &names)));
            };
            if columns.contains(column) {
                return Err(at(format!("column {name} stands twice"), None));
            }
            columns.push(*column);
        }
        for needed in [Column::Time, Column::Action] {
            if !columns.contains(&needed) {
                let (what, remedy) = (format!("no column {}", needed.name()), format!("columns: {}", Column::list()));
                return Err(ScriptError { line, span: None, what, nearest: None, remedy });
            }
        }
        Ok(columns)
    }

    pub(super) fn split(line: usize, text: &'a str, columns: &[Column]) -> Result<Fields<'a>, ScriptError> {
        let mut fields = Fields { line, values: [""; COLUMNS.len()], starts: [0; COLUMNS.len()] };
        let found = split(text).count();
        if found != columns.len() {
            let what = format!("{found} fields where the header names {}", columns.len());
            return Err(fields.error(None, what, "an empty field still needs its comma"));
        }
        for (column, (start, value)) in columns.iter().zip(split(text)) {
            fields.values[*column as usize] = value;
            fields.starts[*column as usize] = start;
        }
        Ok(fields)
    }

    pub(super) fn get(&self, column: Column) -> &'a str {
        self.values[column as usize]
    }

    pub(super) fn error(&self, column: Option<Column>, what: String, remedy: &str) -> ScriptError {
        let span = column.map(|column| (self.starts[column as usize], self.get(column).len()));
        ScriptError { line: self.line, span, what, nearest: None, remedy: remedy.to_owned() }
    }

    pub(super) fn unknown(&self, column: Column, what: &str, names: &[&str], remedy: &str) -> ScriptError {
        let nearest = nearest(self.get(column), names);
        ScriptError { nearest, ..self.error(Some(column), what.to_owned(), remedy) }
    }

    pub(super) fn required(&self, column: Column, remedy: &str) -> Result<&'a str, ScriptError> {
        match self.get(column) {
            "" => Err(self.error(Some(column), format!("{} is empty", column.name()), remedy)),
            value => Ok(value),
        }
    }

    /// The value that one of `words` names.
    fn word<T: Copy>(&self, column: Column, words: &[(&str, T)]) -> Result<T, ScriptError> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let remedy = format!("{} is one of {}", column.name(), names.join(" "));
        let text = self.required(column, &remedy)?;
        let found = words.iter().find(|(name, _)| *name == text);
        let what = format!("{} `{text}` is not known", column.name());
        found.map(|(_, value)| *value).ok_or_else(|| self.unknown(column, &what, &names, &remedy))
    }

    fn word_or<T: Copy>(&self, column: Column, words: &[(&str, T)], default: T) -> Result<T, ScriptError> {
        if self.get(column).is_empty() { Ok(default) } else { self.word(column, words) }
    }

    pub(super) fn action(&self) -> Result<Action, ScriptError> {
        self.word(Column::Action, ACTIONS)
    }

    /// Refuses fields that the action would not read.
    pub(super) fn only(&self, action: Action) -> Result<(), ScriptError> {
        let read: &[Column] = match action {
            Action::Submit => return Ok(()),
            Action::Cancel => &[C::Id, C::Symbol],
            Action::Replace => &[C::Id, C::Symbol, C::Qty, C::LimitPrice, C::StopPrice, C::TrailPrice, C::TrailPercent],
            Action::Flatten => &[C::Id, C::Symbol],
            // An id may name the row for its reader; nothing refers to it.
            Action::Halt | Action::Resume => &[C::Id],
        };
        let unread = |column: &Column| !read.contains(column) && !self.get(*column).is_empty();
        let all = COLUMNS.iter().map(|(column, _)| *column).skip(2); // time and action are always read
        match all.into_iter().find(unread) {
            Some(column) => {
                let what = format!("{} does nothing in a row `{}`", column.name(), self.get(Column::Action));
                Err(self.error(Some(column), what, "leave the field empty"))
            }
            None => Ok(()),
        }
    }

    fn number<T>(&self, column: Column) -> Result<Option<T>, ScriptError>
    where
        T: FromStr + Default + PartialOrd,
        T::Err: Display,
    {
        let text = self.get(column);
        if text.is_empty() {
            return Ok(None);
        }
        let number: T = text
            .parse()
            .map_err(|error: T::Err| self.error(Some(column), format!("{}: {error}", column.name()), "correct it"))?;
        if number <= T::default() {
            let what = format!("{} {text} is not above 0", column.name());
            return Err(self.error(Some(column), what, "give a number above 0; `side` says which way"));
        }
        Ok(Some(number))
    }

    /// A price above 0, if there is one.
    pub(super) fn price(&self, column: Column) -> Result<Option<Price>, ScriptError> {
        self.number(column)
    }

    /// A number of shares above 0, if there is one.
    pub(super) fn new_quantity(&self, fractional: bool) -> Result<Option<Quantity>, ScriptError> {
        let quantity: Option<Quantity> = self.number(Column::Qty)?;
        if let Some(part) = quantity.filter(|quantity| !fractional && !quantity.is_whole()) {
            let what = format!("qty {part} is not whole");
            return Err(self.error(Some(Column::Qty), what, "round it, or set sizing.fractional = true"));
        }
        Ok(quantity)
    }

    /// The order of a `submit`.
    pub(super) fn order(&self, label: u32, symbol: SymbolIndex, fractional: bool) -> Result<ScriptOrder, ScriptError> {
        let side = self.word(Column::Side, SIDES)?;
        let size = self.size(fractional)?;
        let time_in_force = self.word_or(Column::TimeInForce, TIMES_IN_FORCE, TimeInForce::Gtc)?;
        let class = self.word_or(Column::OrderClass, CLASSES, OrderClass::Simple)?;
        let kind = if class == OrderClass::Oco { self.pair_kind()? } else { self.kind()? };
        let legs = ExitLegs { time_in_force, ..self.legs(class)? };
        let extended_hours = self.word_or(Column::ExtendedHours, SWITCH, false)?;
        let purpose = OrderPurpose::Manual;
        let size_unset = OrderSize::Shares(Quantity::ZERO);
        let request =
            OrderRequest { symbol, side, size: size_unset, kind, time_in_force, class, purpose, legs, extended_hours };
        Ok(ScriptOrder { label, request, size })
    }

    /// Shares, dollars, or what the gate would pass.
    fn size(&self, fractional: bool) -> Result<ScriptSize, ScriptError> {
        if let Some(amount) = self.number::<Money>(Column::Notional)? {
            if !self.get(Column::Qty).is_empty() {
                let what = RejectReason::TwoSizes.to_string();
                return Err(self.error(Some(Column::Notional), what, "leave one of them empty"));
            }
            return Ok(ScriptSize::Notional(amount));
        }
        self.required(Column::Qty, "give a number of shares, or `max` for what the gate would pass")?;
        Ok(match self.get(Column::Qty) {
            "max" => ScriptSize::Max,
            _ => ScriptSize::Shares(self.new_quantity(fractional)?.unwrap_or(Quantity::ZERO)),
        })
    }

    /// The type and its prices.
    fn kind(&self) -> Result<OrderKind, ScriptError> {
        let kind = self.word(Column::Type, TYPES)?;
        let word = self.get(Column::Type);
        let (has_limit, has_stop) =
            (matches!(kind, Type::Limit | Type::StopLimit), matches!(kind, Type::Stop | Type::StopLimit));
        let trails = kind == Type::TrailingStop;
        for (column, wanted) in
            [(C::LimitPrice, has_limit), (C::StopPrice, has_stop), (C::TrailPrice, trails), (C::TrailPercent, trails)]
        {
            if !wanted && !self.get(column).is_empty() {
                let what = format!("{word} orders have no {}", column.name());
                return Err(self.error(Some(column), what, "leave the field empty, or choose another type"));
            }
        }
        let needed = |column: Column| -> Result<Price, ScriptError> {
            self.required(column, &format!("{word} orders require a {}", column.name()))?;
            Ok(self.price(column)?.unwrap_or(Price::ZERO))
        };
        Ok(match kind {
            Type::Market => OrderKind::Market,
            Type::Limit => OrderKind::Limit { limit: needed(Column::LimitPrice)? },
            Type::Stop => OrderKind::Stop { stop: needed(Column::StopPrice)? },
            Type::StopLimit => {
                OrderKind::StopLimit { stop: needed(Column::StopPrice)?, limit: needed(Column::LimitPrice)? }
            }
            Type::TrailingStop => OrderKind::TrailingStop { trail: self.trail()?.ok_or_else(|| self.no_trail())? },
        })
    }

    fn no_trail(&self) -> ScriptError {
        let what = "no trail_price and no trail_percent".to_owned();
        self.error(Some(Column::TrailPrice), what, &RejectReason::TrailOneOf.to_string())
    }

    /// How far a trailing stop stays behind, if the row says so.
    pub(super) fn trail(&self) -> Result<Option<Trail>, ScriptError> {
        let percent: Option<Ratio> = self.number(Column::TrailPercent)?;
        match (self.price(Column::TrailPrice)?, percent) {
            (Some(price), None) => Ok(Some(Trail::Price(price))),
            (None, Some(percent)) => {
                let fraction = percent.units() / 100;
                if percent.units() % 100 != 0 || fraction >= Ratio::ONE.units() {
                    let what = format!("trail_percent {percent} is not a percentage below 100 with up to 7 decimals");
                    return Err(self.error(Some(Column::TrailPercent), what, "5 is 5 % of the best price"));
                }
                Ok(Some(Trail::Fraction(Ratio::from_units(fraction))))
            }
            (Some(_), Some(_)) => {
                let rule = RejectReason::TrailOneOf.to_string();
                Err(self.error(Some(Column::TrailPercent), "both trail_price and trail_percent".to_owned(), &rule))
            }
            (None, None) => Ok(None),
        }
    }

    /// The target of a pair is a limit order; its price stands under `take_profit`.
    fn pair_kind(&self) -> Result<OrderKind, ScriptError> {
        if !matches!(self.get(Column::Type), "" | "limit") {
            let what = format!("oco orders are limit orders, not {}", self.get(Column::Type));
            return Err(self.error(Some(Column::Type), what, "leave type empty; take_profit is the limit"));
        }
        for column in [C::LimitPrice, C::StopPrice, C::TrailPrice, C::TrailPercent] {
            if !self.get(column).is_empty() {
                let what = format!("oco orders have no {}", column.name());
                return Err(self.error(Some(column), what, "give take_profit and stop_loss"));
            }
        }
        self.required(Column::TakeProfit, "oco orders need take_profit and stop_loss")?;
        Ok(OrderKind::Limit { limit: self.price(Column::TakeProfit)?.unwrap_or(Price::ZERO) })
    }

    /// The exits: of a pair the stop only, its target being the order itself.
    fn legs(&self, class: OrderClass) -> Result<ExitLegs, ScriptError> {
        let (target, stop) = (self.price(Column::TakeProfit)?, self.price(Column::StopLoss)?);
        let rule = match class {
            OrderClass::Simple => "a simple order has no take_profit and no stop_loss; name its order_class",
            OrderClass::Bracket => "bracket orders need take_profit and stop_loss",
            OrderClass::Oco => "oco orders need take_profit and stop_loss",
            OrderClass::Oto => "oto orders need exactly one of take_profit and stop_loss",
        };
        let fits = match class {
            OrderClass::Simple => target.is_none() && stop.is_none(),
            OrderClass::Bracket | OrderClass::Oco => target.is_some() && stop.is_some(),
            OrderClass::Oto => target.is_some() != stop.is_some(),
        };
        if !fits {
            let column = if stop.is_none() && target.is_some() { Column::StopLoss } else { Column::TakeProfit };
            let what = format!("take_profit and stop_loss do not fit order_class {}", class.name());
            return Err(self.error(Some(column), what, rule));
        }
        let legs = ExitLegs { stop: stop.map(LegLevel::At), take_profit: target.map(LegLevel::At), ..ExitLegs::NONE };
        Ok(if class == OrderClass::Oco { ExitLegs { take_profit: None, ..legs } } else { legs })
    }
}

/// The known name nearest to `name`, if one is near.
fn nearest(name: &str, names: &[&str]) -> Option<String> {
    let scored = names.iter().map(|known| (strsim::damerau_levenshtein(name, known), *known));
    scored.filter(|(distance, _)| *distance <= 4).min_by_key(|(distance, _)| *distance).map(|(_, known)| known.into())
}
