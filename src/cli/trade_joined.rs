//! Several scenarios on one account: what they must have in common, and the one exchange that they rehearse on.
//!
//! Not here: the session (trade), whose books stay apart.
use super::Failure;
use super::finish::input;
use super::trade::Scenario;
use crate::domain::{Money, Symbol};
use crate::scenario::{LoadedScenario, MarketData};

/// Books are kept by the scenario's name.
pub(super) fn refuse_twins(all: &[LoadedScenario]) -> Result<(), Failure> {
    let name = |loaded: &LoadedScenario| loaded.spec.scenario.name.clone();
    for (at, loaded) in all.iter().enumerate() {
        if all[..at].iter().any(|other| name(other) == name(loaded)) {
            let what = format!("{} is the name of two scenarios; books are kept by name", name(loaded));
            return Err(input(loaded.diagnostic("scenario.name", what).note("give each a name of its own")));
        }
    }
    Ok(())
}

/// One exchange for all scenarios: their shares together, their cash in one account.
pub(super) fn joined(scenarios: &[Scenario]) -> Result<(LoadedScenario, MarketData), Failure> {
    let [first, others @ ..] = scenarios else { unreachable!("one scenario at least is required") };
    let (mut loaded, mut market) = (first.loaded.clone(), first.market.clone());
    for other in others {
        let (own, new) = (&loaded.spec, &other.loaded.spec);
        let is_same = own.data.timeframe == new.data.timeframe
            && own.data.calendar == new.data.calendar
            && (own.data.start, own.data.end) == (new.data.start, new.data.end)
            && own.execution == new.execution
            && own.account.leverage == new.account.leverage;
        if !is_same {
            let what =
                "scenarios that rehearse together share timeframe, calendar, start, end, [execution] and leverage";
            return Err(input(other.loaded.diagnostic("data.timeframe", what).note("rehearse them one by one")));
        }
        let cash: Money = loaded.spec.account.cash + new.account.cash;
        loaded.spec.account.cash = cash;
        for (at, symbol) in new.data.symbols.iter().enumerate() {
            if !loaded.spec.data.symbols.contains(symbol) {
                let index = crate::domain::SymbolIndex(loaded.spec.data.symbols.len() as u16);
                let actions = other.market.actions.iter();
                let of_it = actions.filter(|(_, action)| action.symbol().get() == at);
                market.actions.extend(of_it.map(|(from, action)| (*from, action.of(index))));
                loaded.spec.data.symbols.push(*symbol);
                market.bars.push(other.market.bars[at].clone());
            }
        }
    }
    if !others.is_empty() {
        let symbols: Vec<Symbol> = loaded.spec.data.symbols.clone();
        if loaded.spec.data.benchmark.is_some_and(|benchmark| !symbols.contains(&benchmark)) {
            loaded.spec.data.benchmark = None;
            market.benchmark = None;
        }
        market.actions.sort_by_key(|(from, action)| (*from, action.order()));
    }
    Ok((loaded, market))
}
