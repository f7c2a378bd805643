//! Sets of strategies to choose from by id: the built-in ones, and with them one's own.
//!
//! Not here: the rules themselves. The chosen strategy is handed to a visitor as a type, once a run,
//! so the loop over bars calls it statically. Nothing is registered anywhere: a catalog is a value.
use std::marker::PhantomData;

use super::{ChartLine, ParamError, ParamInfo, Params, SIGNAL_PARAMS, Strategy};
use crate::domain::{Bar, Timeframe};
use crate::market::Calendar;

/// A strategy as `alphaflow strategies` lists it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StrategyInfo {
    /// Its name in `[strategy]`.
    pub id: &'static str,
    /// When it enters and leaves.
    pub rule: &'static str,
    /// Its own parameters; [`SIGNAL_PARAMS`] come on top where `signals`.
    pub params: &'static [ParamInfo],
    /// Takes `direction`, `reenter` and `cooldown_bars` too?
    pub signals: bool,
}

impl StrategyInfo {
    /// Every parameter: its own, then the shared ones.
    pub fn all_params(&self) -> impl Iterator<Item = &'static ParamInfo> {
        let shared = if self.signals { SIGNAL_PARAMS } else { &[] };
        self.params.iter().chain(shared)
    }
}

/// What a strategy is built for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setup {
    /// How many symbols the run has.
    pub symbols: usize,
    /// The timeframe of its bars.
    pub timeframe: Timeframe,
    /// When its market is open: known in advance, unlike bars.
    pub calendar: Calendar,
}

/// A strategy that is listed, and built from the text of a scenario.
pub trait Listed: Strategy + Sized + 'static {
    /// Its id, rule and parameters.
    const INFO: StrategyInfo;

    /// Does it give its entries weights? A weight is a share of equity, so `[sizing]` must be one too.
    const WEIGHS: bool = false;

    /// The strategy with `params`, which are in their declared ranges.
    ///
    /// Errors: parameters that do not fit together, as [`ParamError::value`].
    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError>;

    /// The lines it looks at, over the prices of one symbol; none unless it says so.
    fn lines(params: &Params, setup: &Setup, bars: &[Bar]) -> Vec<ChartLine> {
        let _ = (params, setup, bars);
        Vec::new()
    }
}

/// Takes a strategy as its type.
pub trait ListedVisitor: Sized {
    /// What the visit makes.
    type Output;
    /// Uses the strategy with its checked parameters.
    ///
    /// Errors: parameters that do not fit together.
    fn visit<S: Listed>(self, params: &Params, setup: &Setup) -> Result<Self::Output, ParamError>;

    /// Uses the built-in strategy of `choice`; `None` when there is none of that id.
    ///
    /// What is said here is compiled wherever the visitor is used. One that has the whole loop over bars in it says the
    /// same once more, for itself: then that loop is compiled in its own crate, once, and with what it calls at hand.
    fn visit_built_in(self, choice: &Choice<'_>) -> Option<Result<Self::Output, ParamError>> {
        choice.take_built_in(self)
    }
}

/// Which strategy is wanted, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Its id.
    pub id: &'a str,
    /// Name and text of the parameters that are given.
    pub params: &'a [(String, String)],
    /// What it is built for.
    pub setup: Setup,
}

impl Choice<'_> {
    /// Reads the parameters of `S` and lets `visitor` use it.
    ///
    /// Errors: an unknown or a wrong parameter.
    pub fn take<S: Listed, V: ListedVisitor>(&self, visitor: V) -> Result<V::Output, ParamError> {
        let params = Params::read(&S::INFO, self.params, &self.setup)?;
        visitor.visit::<S>(&params, &self.setup)
    }
}

/// Strategies to choose from.
pub trait Catalog: Sized {
    /// All of them, in the order they are listed.
    fn infos(&self) -> Vec<StrategyInfo>;

    /// Lets `visitor` use the strategy of `choice`; `None` when there is none of that id.
    fn find<V: ListedVisitor>(&self, choice: &Choice<'_>, visitor: V) -> Option<Result<V::Output, ParamError>>;

    /// Lets `visitor` use the strategy of `choice`.
    ///
    /// Errors: an unknown strategy, with the nearest id and all of them; an unknown or a wrong parameter.
    fn visit<V: ListedVisitor>(&self, choice: &Choice<'_>, visitor: V) -> Result<V::Output, ParamError> {
        self.find(choice, visitor).unwrap_or_else(|| Err(ParamError::no_strategy(choice.id, &self.infos())))
    }

    /// These and `S`.
    ///
    /// Panics when the id of `S` is taken: one id would then mean two rules.
    fn and<S: Listed>(self) -> And<Self, S> {
        let id = S::INFO.id;
        assert!(self.infos().iter().all(|info| info.id != id), "a strategy called {id} is listed already");
        And { others: self, added: PhantomData }
    }
}

/// A catalog and one strategy more.
#[derive(Debug, Clone, Copy)]
pub struct And<C, S> {
    others: C,
    added: PhantomData<S>,
}

impl<C: Catalog, S: Listed> Catalog for And<C, S> {
    fn infos(&self) -> Vec<StrategyInfo> {
        let mut infos = self.others.infos();
        infos.push(S::INFO);
        infos
    }

    fn find<V: ListedVisitor>(&self, choice: &Choice<'_>, visitor: V) -> Option<Result<V::Output, ParamError>> {
        if choice.id == S::INFO.id { Some(choice.take::<S, V>(visitor)) } else { self.others.find(choice, visitor) }
    }
}
