//! How much may be lost: limits of scenario and environment, the cap on the money, stops.
//!
//! Not here: holding orders to limits (risk). The numbers of the checklist are those for a first account.
use super::environment::{capital_max, limit_caps};
use super::proofs::names;
use super::{Item, Preflight, PreflightMode, Verdict, cash_of};
use crate::domain::{Money, Ratio};
use crate::execution::alpaca::EnvFile;
use crate::live::session::words::dollars;
use crate::report::format::counted;
use crate::risk::LimitCaps;
use crate::scenario::LoadedScenario;

/// The checklist's limits: beyond them an account is worth a second thought.
const DAILY_LOSS: Ratio = Ratio::from_units(20_000_000);
const POSITION_SIZE: Ratio = Ratio::from_units(100_000_000);
const HEAT: Ratio = Ratio::from_units(250_000_000);
/// First days are for one strategy, two shares and so many dollars.
const FIRST_CASH: i64 = 5_000;
const FIRST_SYMBOLS: usize = 2;

/// Items about limits and money that need no venue.
pub(super) fn examine(flight: &Preflight<'_>) -> Vec<Item> {
    let mut items = vec![scenarios(flight)];
    if flight.scenarios.is_empty() {
        return items;
    }
    items.push(stops(flight));
    let Ok(env) = flight.env else { return items };
    items.push(match limit_caps(env) {
        Err(error) => Item::fails("limits", error.to_string()),
        Ok(caps) => limits(flight, caps),
    });
    if flight.mode == PreflightMode::Live {
        items.push(Item::of("capital", capital(env, flight.scenarios)));
        items.push(first_size(flight.scenarios));
    }
    items
}

fn scenarios(flight: &Preflight<'_>) -> Item {
    let text = match flight.scenarios {
        [] => "no scenario is named; name those that are to trade after the command".to_owned(),
        all => format!("{}, with {} together", names(all), dollars(cash_of(all))),
    };
    let found = if flight.scenarios.is_empty() { Err(text) } else { Ok(text) };
    Item::of("scenarios", found).must_hold_live(flight.mode)
}

fn stops(flight: &Preflight<'_>) -> Item {
    let without = flight.scenarios.iter().filter(|loaded| !loaded.spec.stop.is_set());
    let without: Vec<&str> = without.map(|loaded| loaded.spec.scenario.name.as_str()).collect();
    match &without[..] {
        [] => Item::holds("stops", "every scenario sets a stop, which rests at the broker"),
        names => {
            let names = names.join(", ");
            let text = format!(
                "{names} without [stop]: nothing protects its positions while this program is down; set stop.kind"
            );
            Item::new("stops", Verdict::Warns, text)
        }
    }
}

/// The stricter of scenario and environment, in numbers.
fn limits(flight: &Preflight<'_>, caps: LimitCaps) -> Item {
    let mut worst = Verdict::Holds;
    let mut texts = Vec::new();
    for loaded in flight.scenarios {
        let risk = &loaded.spec.risk;
        let rows = [
            ("max_daily_loss", risk.max_daily_loss, caps.daily_loss_max, DAILY_LOSS),
            ("max_position_size", risk.max_position_size, caps.position_size_max, POSITION_SIZE),
            ("max_portfolio_heat", risk.max_portfolio_heat, caps.portfolio_heat_max, HEAT),
        ];
        let mut parts = Vec::new();
        for (name, own, cap, usual) in rows {
            let stricter = cap.map_or(own, |cap| own.min(cap));
            let source = if stricter < own { " from the environment" } else { "" };
            let wide = if stricter > usual { format!(", wider than the checklist's {usual}") } else { String::new() };
            if !wide.is_empty() {
                worst = Verdict::Warns;
            }
            parts.push(format!("{name} {stricter}{source}{wide}"));
        }
        texts.push(format!("{}: {}", loaded.spec.scenario.name, parts.join(", ")));
        // A loss of everything is no limit.
        let daily_loss = caps.daily_loss_max.map_or(risk.max_daily_loss, |cap| risk.max_daily_loss.min(cap));
        if daily_loss >= Ratio::ONE || risk.max_drawdown >= Ratio::ONE {
            texts.push(format!(
                "{} can lose everything before a limit halts it: max_daily_loss is {daily_loss}, max_drawdown {}; set both below 1",
                loaded.spec.scenario.name, risk.max_drawdown
            ));
            return Item::fails("limits", texts.join("; ")).must_hold_live(flight.mode);
        }
    }
    Item::new("limits", worst, texts.join("; "))
}

/// The cash of all scenarios must not pass the cap.
pub(super) fn capital(env: &EnvFile, scenarios: &[LoadedScenario]) -> Result<String, String> {
    let cap = capital_max(env).map_err(|error| error.to_string())?;
    let Some(cap) = cap else {
        let path = env.path().display();
        return Err(format!("LIVE_MAX_CAPITAL is not set; write the dollars that may be traded into {path}"));
    };
    let cash = cash_of(scenarios);
    match cash <= cap {
        true => Ok(format!("{} of at most {}", dollars(cash), dollars(cap))),
        false => Err(format!(
            "the scenarios' cash is {}, LIVE_MAX_CAPITAL {}; lower account.cash, or the number of scenarios",
            dollars(cash),
            dollars(cap)
        )),
    }
}

fn first_size(scenarios: &[LoadedScenario]) -> Item {
    let symbols: usize = scenarios.iter().map(|loaded| loaded.spec.data.symbols.len()).sum();
    let cash = cash_of(scenarios);
    let first_cash = Money::from_units(i128::from(FIRST_CASH) * Money::UNITS_PER_USD);
    let is_small = scenarios.len() <= 1 && symbols <= FIRST_SYMBOLS && cash <= first_cash;
    let found = format!(
        "{}, {}, {}",
        counted(scenarios.len(), "strategy", "strategies"),
        counted(symbols, "share", "shares"),
        dollars(cash)
    );
    let advice = format!("begin with one strategy, {FIRST_SYMBOLS} shares and at most {}", dollars(first_cash));
    match is_small {
        true => Item::holds("first_size", found),
        false => Item::new("first_size", Verdict::Warns, format!("{found}; for the first days {advice}")),
    }
}
