//! A gap, a halt of trading, or one after the other, in the night of the largest exposure.
//!
//! Not here: finding that night (scenario). Invariants: (1) bars up to the night are as they were; (2) times and the
//! number of bars stay; (3) only symbols held over the night change.
use super::shock::{Shock, on_grid};
use super::shock_window::session_starts;
use crate::domain::{Bar, Price, Side, SymbolIndex, Tick, Timestamp, Volume};
use crate::engine::MarketAction;
use crate::portfolio::split_price;
use crate::scenario::{MarketData, Night};

/// The market with the shock in `night`. For `frozen` sessions after it the price of what was held stands still at
/// its last close, without volume, so that nothing fills; from then on every price is scaled by 1 + gap where it was
/// held long and by 1 − gap where short. A negative gap costs both.
pub(super) fn struck(market: &MarketData, night: &Night, shock: &Shock, tick: Tick) -> MarketData {
    let mut struck = market.clone();
    let thaw = match shock.frozen {
        0 => night.next,
        frozen => {
            let starts = session_starts(market);
            let first = starts.partition_point(|start| *start < night.next);
            starts.get(first + frozen as usize).copied().unwrap_or(Timestamp::MAX)
        }
    };
    for (symbol, side) in &night.held {
        let factor = if *side == Side::Buy { shock.gap.one_plus() } else { shock.gap.one_minus() };
        let bars = &mut struck.bars[symbol.get()];
        let first = bars.partition_point(|bar| bar.time < night.next);
        let Some(mut level) = first.checked_sub(1).map(|last| bars[last].close) else { continue };
        let mut seen = night.after;
        for bar in &mut bars[first..] {
            if bar.time < thaw {
                level = over_splits(market, *symbol, (seen, bar.time), level);
                seen = bar.time;
                *bar = Bar { volume: Volume::ZERO, ..with_prices(bar, |_| level) };
            } else {
                *bar = with_prices(bar, |price| on_grid(price.scaled(factor), tick));
            }
        }
    }
    struck
}

/// A bar with each price changed alike; `change` keeps the order of prices.
pub(super) fn with_prices(bar: &Bar, change: impl Fn(Price) -> Price) -> Bar {
    let Bar { open, high, low, close, .. } = *bar;
    Bar { open: change(open), high: change(high), low: change(low), close: change(close), ..*bar }
}

/// A price after the splits later than `after` and up to `until`.
fn over_splits(
    market: &MarketData,
    symbol: SymbolIndex,
    (after, until): (Timestamp, Timestamp),
    price: Price,
) -> Price {
    let between = market.actions.iter().filter(|(time, _)| after < *time && *time <= until);
    between.fold(price, |price, (_, action)| match action {
        MarketAction::Split { symbol: of, ratio } if *of == symbol => split_price(price, *ratio),
        _ => price,
    })
}
