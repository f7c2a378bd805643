//! `order_script`: sends exactly the orders of a file at the close of the named bars.
//!
//! Not here: reading the file (`order_script_read`), what a flatten or a change means (engine::script).
use super::{Intent, Intents, Listed, ParamError, ParamInfo, ParamKind, Params, Setup, Strategy, StrategyInfo, View};
use crate::domain::{Bar, SymbolIndex, Timestamp};

/// What a script file asks for, checked against the symbols and bars of its scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Script {
    /// In order of time; rows of one time in the order of the file.
    pub(super) rows: Vec<(Timestamp, Intent)>,
    /// The text of each label.
    pub(super) ids: Vec<String>,
}

impl Script {
    /// The name of the strategy in a scenario.
    pub const STRATEGY: &str = "order_script";
    /// The parameter that names the file.
    pub const FILE_PARAM: &str = "file";

    /// Rows, in order of time.
    pub fn rows(&self) -> &[(Timestamp, Intent)] {
        &self.rows
    }

    /// The script's id for the order with `label`.
    pub fn id(&self, label: u32) -> Option<&str> {
        self.ids.get(label as usize).map(String::as_str)
    }
}

/// Sends the orders of a script.
#[derive(Debug)]
pub struct OrderScript<'a> {
    /// Rows that are not due yet.
    rows: &'a [(Timestamp, Intent)],
}

impl<'a> OrderScript<'a> {
    /// At its first row.
    pub fn new(script: &'a Script) -> OrderScript<'a> {
        OrderScript { rows: &script.rows }
    }
}

/// As it is listed. Built from parameters alone it has no rows: they come with the bars they are checked
/// against, see [`OrderScript::new`].
impl Listed for OrderScript<'static> {
    const INFO: StrategyInfo = StrategyInfo {
        id: Script::STRATEGY,
        rule: "sends exactly the orders of a CSV file at the close of the named bars",
        params: &[ParamInfo { name: Script::FILE_PARAM, kind: ParamKind::File, doc: "the CSV file" }],
        signals: false,
    };

    fn build(_params: &Params, _setup: &Setup) -> Result<Self, ParamError> {
        Ok(OrderScript { rows: &[] })
    }
}

impl Strategy for OrderScript<'_> {
    #[inline]
    fn on_bar(&mut self, _symbol: SymbolIndex, _bar: &Bar, _view: &View<'_>, _intents: &mut Intents) {}

    fn pass_quiet(&mut self, _symbol: SymbolIndex, bars: &[Bar], mut follow: impl FnMut(&Bar) -> bool) -> usize {
        let due = self.rows.first().map_or(Timestamp::MAX, |(due, _)| *due);
        bars.iter().take_while(|bar| bar.time < due && follow(bar)).count()
    }

    #[inline]
    fn on_step(&mut self, view: &View<'_>, intents: &mut Intents) {
        while let [(time, intent), rest @ ..] = self.rows
            && *time <= view.time
        {
            intents.push(*intent);
            self.rows = rest;
        }
    }
}
