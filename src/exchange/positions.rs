//! `/v2/positions`: what is held, and closing it.
//!
//! Not here: what an order that closes must pass (orders::admit).
//! Profit of the day counts shares held when it began from the last price then, those bought since from their
//! average entry. Fractions are rounded to the nearest billionth.
use serde_json::{Value, json};

use super::Answer;
use super::assets::{CLASS, EXCHANGE};
use super::core::Exchange;
use super::orders::{Wanted, decimal};
use super::parameters::Parameters;
use super::refusal::Refused;
use super::reply::ok;
use crate::domain::{
    ExitLegs, Money, OrderClass, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price, Quantity, Ratio,
    RejectReason, SymbolIndex, TimeInForce,
};

impl Exchange {
    /// `GET /v2/positions`.
    pub(super) fn list_positions(&self) -> Answer {
        ok(&self.held().map(|asset| self.shown_position(asset)).collect())
    }

    /// `GET /v2/positions/{symbol or asset id}`.
    pub(super) fn position(&self, name: &str) -> Answer {
        match self.find_position(name) {
            Ok(asset) => ok(&self.shown_position(asset)),
            Err(refused) => refused.answer(),
        }
    }

    /// `DELETE /v2/positions/{symbol or asset id}?qty=&percentage=`: a market order that closes it, or a part.
    pub(super) fn close_position(&mut self, name: &str, query: &Parameters) -> Answer {
        let placed = self.find_position(name).and_then(|asset| {
            let quantity = self.part_to_close(asset, query)?;
            self.close(asset, quantity)
        });
        match placed {
            Ok(at) => ok(&self.shown_as_sent(at)),
            Err(refused) => refused.answer(),
        }
    }

    /// `DELETE /v2/positions?cancel_orders=`: an item for every position.
    pub(super) fn close_all(&mut self, query: &Parameters) -> Answer {
        if query.get("cancel_orders").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            self.cancel_open();
        }
        let mut items = Vec::new();
        for asset in self.held().collect::<Vec<_>>() {
            let quantity = self.holding(asset).quantity().abs();
            let (status, body) = match self.close(asset, quantity) {
                Ok(at) => (200, self.shown_as_sent(at)),
                Err(refused) => (refused.status(), refused.body()),
            };
            items.push(json!({ "symbol": self.tape().names()[asset].as_str(), "status": status, "body": body }));
        }
        Answer { status: 207, body: Some(Value::Array(items).to_string()) }
    }

    fn held(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.tape().names().len()).filter(|asset| !self.holding(*asset).quantity().is_zero())
    }

    fn find_position(&self, name: &str) -> Result<usize, Refused> {
        let Some(asset) = self.reading.assets.find(self.tape(), name) else {
            return Err(Refused::not_found(format!("symbol not found: {name}")));
        };
        match self.holding(asset).quantity().is_zero() {
            true => Err(Refused::not_found("position does not exist")),
            false => Ok(asset),
        }
    }

    fn part_to_close(&self, asset: usize, query: &Parameters) -> Result<Quantity, Refused> {
        const HUNDRED: i64 = 100;
        let held = self.holding(asset).quantity().abs();
        let (qty, percentage) = (query.get("qty"), query.get("percentage"));
        match (qty, percentage) {
            (None, None) => Ok(held),
            (Some(_), Some(_)) => Err(Refused::syntax("only one of qty or percentage is accepted")),
            (Some(text), None) => {
                let quantity: Quantity = decimal("qty", text)?;
                if quantity > Quantity::ZERO { Ok(quantity) } else { Err(Refused::syntax("qty must be > 0")) }
            }
            (None, Some(text)) => {
                let percent: Ratio = decimal("percentage", text)?;
                let whole = HUNDRED * Ratio::ONE.units();
                if percent.units() <= 0 || percent.units() > whole {
                    return Err(Refused::syntax("percentage must be > 0 and <= 100"));
                }
                let units = i128::from(held.units()) * i128::from(percent.units()) / i128::from(whole);
                let part = i64::try_from(units).map_or(held, Quantity::from_units);
                if part.is_zero() { Err(Refused::syntax("qty must be > 0")) } else { Ok(part) }
            }
        }
    }

    /// Sends a market order for the day that closes `quantity` shares.
    fn close(&mut self, asset: usize, quantity: Quantity) -> Result<usize, Refused> {
        let Some(side) = self.holding(asset).quantity().closing_side() else {
            return Err(Refused::not_found("position does not exist"));
        };
        // To close is never to open the other side, also where the account may be short.
        let (existing_qty, held_for_orders) = (self.holding(asset).quantity().abs(), self.held_for_orders(asset));
        let available = existing_qty - held_for_orders;
        if quantity > available {
            let reason =
                RejectReason::InsufficientQty { requested: quantity, available, existing_qty, held_for_orders };
            return Err(self.refused(&reason, asset));
        }
        let request = OrderRequest {
            symbol: SymbolIndex(asset as u16),
            side,
            size: OrderSize::Shares(quantity),
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day,
            class: OrderClass::Simple,
            purpose: OrderPurpose::Manual,
            legs: ExitLegs::NONE,
            extended_hours: false,
        };
        self.place(Wanted { client_id: None, asset, request, intent: None })
    }

    /// The position as Alpaca shows it.
    pub(super) fn shown_position(&self, asset: usize) -> Value {
        let position = self.holding(asset);
        let (shares, average, price) = (position.quantity(), position.average_price(), position.mark());
        let is_short = shares < Quantity::ZERO;
        let cost = average.notional(shares);
        let profit = position.value() - cost;
        let (base, today) = self.profit_today(asset);
        let free = shares.abs() - self.held_for_orders(asset);
        let before = self.day.prices[asset];
        json!({
            "asset_id": self.reading.assets.id(asset),
            "symbol": self.tape().names()[asset].as_str(),
            "exchange": EXCHANGE,
            "asset_class": CLASS,
            "asset_marginable": true,
            "qty": shares.to_string(),
            "qty_available": if is_short { Quantity::ZERO - free } else { free }.to_string(),
            "side": if is_short { "short" } else { "long" },
            "avg_entry_price": average.to_string(),
            "cost_basis": cost.to_string(),
            "market_value": position.value().to_string(),
            "current_price": price.to_string(),
            "lastday_price": (before > Price::ZERO).then(|| before.to_string()),
            "change_today": (before > Price::ZERO)
                .then(|| fraction((price.units() - before.units()).into(), before.units().into())),
            "unrealized_pl": profit.to_string(),
            "unrealized_plpc": fraction(profit.units(), cost.abs().units()),
            "unrealized_intraday_pl": today.to_string(),
            "unrealized_intraday_plpc": fraction(today.units(), base.abs().units()),
        })
    }

    /// What the position was worth where the day's profit begins, and that profit.
    fn profit_today(&self, asset: usize) -> (Money, Money) {
        let position = self.holding(asset);
        let (shares, before) = (position.quantity(), self.day.shares[asset]);
        let same_side = shares.units().signum() == before.units().signum();
        let kept = if same_side { shares.abs().min(before.abs()) } else { Quantity::ZERO };
        let signed = |quantity: Quantity| if shares < Quantity::ZERO { Quantity::ZERO - quantity } else { quantity };
        let base = self.day.prices[asset].notional(signed(kept))
            + position.average_price().notional(signed(shares.abs() - kept));
        (base, position.value() - base)
    }
}

/// `part` ÷ `whole` to the nearest billionth; 0 where there is no whole.
pub(super) fn fraction(part: i128, whole: i128) -> String {
    const BILLION: i128 = 1_000_000_000;
    // Dollars to 1e-18: two digits less keep the product in range and are far below the rounding.
    let (part, whole) =
        if part.abs() > i128::MAX / BILLION / 2 { (part / BILLION, whole / BILLION) } else { (part, whole) };
    let doubled = (2 * part * BILLION + whole * part.signum()).checked_div(2 * whole).unwrap_or(0);
    Ratio::from_units(i64::try_from(doubled).unwrap_or(if doubled < 0 { i64::MIN } else { i64::MAX })).to_string()
}

#[cfg(test)]
mod tests {
    use super::fraction;

    #[test]
    fn fractions_are_rounded_to_the_nearest_billionth() {
        assert_eq!(fraction(1, 3), "0.333333333");
        assert_eq!(fraction(2, 3), "0.666666667");
        assert_eq!(fraction(-2, 3), "-0.666666667");
        assert_eq!(fraction(1, 0), "0");
        assert_eq!(fraction(10i128.pow(30), 4 * 10i128.pow(30)), "0.25");
    }
}
