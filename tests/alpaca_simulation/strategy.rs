//! A strategy that wants, from a seed, everything an engine can send.
use alphaflow::domain::{
    Bar, ExitLegs, LegActivation, LegLevel, NewPrices, OrderClass, OrderKind, OrderPurpose, OrderRequest, OrderSize,
    Price, Quantity, Ratio, Side, SymbolIndex, TimeInForce, Trail,
};
use alphaflow::strategy::{Intent, Intents, ScriptOrder, ScriptPart, ScriptSize, ScriptTarget, Strategy, View};

use crate::market::{Chance, SYMBOLS};

const CENT: i64 = Price::UNITS_PER_USD / 100;

#[derive(Debug)]
pub struct Wild {
    chance: Chance,
    closes: [i64; SYMBOLS],
    labels: u32,
}

impl Wild {
    pub fn new(seed: u64) -> Wild {
        Wild { chance: Chance::new(seed, 2), closes: [0; SYMBOLS], labels: 0 }
    }

    fn near(&mut self, cents: i64) -> i64 {
        1 + self.chance.below(cents as u64 / 120) as i64
    }

    fn order(&mut self, symbol: SymbolIndex, side: Side, kind: OrderKind, quantity: u64) -> ScriptOrder {
        let label = self.labels;
        self.labels += 1;
        let request = OrderRequest {
            symbol,
            side,
            size: OrderSize::Shares(Quantity::ZERO),
            kind,
            time_in_force: self.chance.of(&[TimeInForce::Day, TimeInForce::Gtc]),
            class: OrderClass::Simple,
            purpose: OrderPurpose::Manual,
            legs: ExitLegs::NONE,
            extended_hours: false,
        };
        let size = ScriptSize::Shares(Quantity::from_shares(quantity as i64).unwrap());
        ScriptOrder { label, request, size }
    }

    /// An entry with legs, on the side that it opens.
    fn with_legs(&mut self, symbol: SymbolIndex, side: Side, kind: OrderKind, quantity: u64) -> ScriptOrder {
        let cents = self.closes[symbol.get()];
        let sign = if side == Side::Buy { 1 } else { -1 };
        let (stop, target, slack) = (self.near(cents), self.near(cents), self.near(cents));
        let mut order = self.order(symbol, side, kind, quantity);
        let from_fill = |cents: i64| LegLevel::FromFill { distance_units: cents * CENT };
        let at = |cents: i64| LegLevel::At(price(cents));
        let has_target = self.chance.below(2) == 0;
        let is_measured = self.chance.below(2) == 0;
        let (below, above) = (cents - sign * (stop + slack), cents + sign * (target + slack));
        let (stop, target) = match is_measured {
            true => (from_fill(stop), from_fill(target)),
            false => (at(below), at(above)),
        };
        order.request.class = if has_target { OrderClass::Bracket } else { OrderClass::Oto };
        order.request.legs = ExitLegs {
            stop: Some(stop),
            trailing: !has_target && is_measured && self.chance.below(2) == 0,
            stop_limit: None,
            take_profit: has_target.then_some(target),
            activation: LegActivation::EntryBar,
            time_in_force: order.request.time_in_force,
        };
        order
    }

    fn target(&mut self) -> ScriptTarget {
        let back = self.chance.below(5) as u32 + 1;
        let part = self.chance.of(&[ScriptPart::Whole, ScriptPart::Whole, ScriptPart::Stop, ScriptPart::TakeProfit]);
        ScriptTarget { label: self.labels.saturating_sub(back), part }
    }

    fn replace(&mut self, symbol: SymbolIndex) -> Intent {
        let target = self.target();
        let cents = self.closes[symbol.get()];
        let off = self.near(cents) * if self.chance.below(2) == 0 { 1 } else { -1 };
        let wanted = Some(price(cents + off));
        let prices = match target.part {
            ScriptPart::Stop => NewPrices { stop: wanted, ..NewPrices::default() },
            ScriptPart::TakeProfit => NewPrices { limit: wanted, ..NewPrices::default() },
            ScriptPart::Whole => match self.chance.below(3) {
                0 => NewPrices { stop: wanted, ..NewPrices::default() },
                _ => NewPrices { limit: wanted, ..NewPrices::default() },
            },
        };
        let is_sized = target.part == ScriptPart::Whole && self.chance.below(3) == 0;
        let quantity = is_sized.then(|| Quantity::from_shares(20 + self.chance.below(300) as i64).unwrap());
        Intent::Replace { target, quantity, prices }
    }

    fn wish(&mut self, symbol: SymbolIndex) -> Intent {
        let cents = self.closes[symbol.get()];
        let quantity = 20 + self.chance.below(300);
        let side = if self.chance.below(5) == 0 { Side::Sell } else { Side::Buy };
        let off = self.near(cents) - 2;
        match self.chance.below(21) {
            0..=2 => Intent::Enter { symbol, side, weight: None },
            3 | 4 => Intent::Exit { symbol },
            5 => Intent::Submit(self.with_legs(symbol, side, OrderKind::Market, quantity)),
            6..=8 => {
                Intent::Submit(self.with_legs(symbol, side, OrderKind::Limit { limit: price(cents - off) }, quantity))
            }
            9 => Intent::Submit(self.order(symbol, Side::Buy, OrderKind::Stop { stop: price(cents + off) }, quantity)),
            10 => {
                let kind = OrderKind::StopLimit { stop: price(cents + off), limit: price(cents + off + 20) };
                Intent::Submit(self.order(symbol, Side::Buy, kind, quantity))
            }
            11 => {
                let limit = price(cents + self.near(cents));
                let mut order = self.order(symbol, Side::Sell, OrderKind::Limit { limit }, quantity);
                order.request.class = OrderClass::Oco;
                order.request.legs.stop = Some(LegLevel::At(price(cents - self.near(cents))));
                order.request.legs.take_profit = Some(LegLevel::At(limit));
                order.size = ScriptSize::Max;
                Intent::Submit(order)
            }
            12 => {
                Intent::Submit(self.order(symbol, Side::Sell, OrderKind::Limit { limit: price(cents + off) }, quantity))
            }
            13 => {
                let trail = self.chance.of(&[Trail::Price(price(35)), Trail::Fraction(Ratio::from_units(5_000_000))]);
                Intent::Submit(self.order(symbol, Side::Sell, OrderKind::TrailingStop { trail }, quantity))
            }
            14 => Intent::Submit(self.order(
                symbol,
                Side::Sell,
                OrderKind::Stop { stop: price(cents - off.max(1)) },
                quantity,
            )),
            15 => {
                let mut order = self.order(symbol, side, OrderKind::Market, quantity);
                order.request.time_in_force = self.chance.of(&[TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc]);
                Intent::Submit(order)
            }
            16 | 17 => Intent::Cancel { target: self.target() },
            18 | 19 => self.replace(symbol),
            _ => Intent::Flatten { symbol: Some(symbol), label: None },
        }
    }
}

impl Strategy for Wild {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, _: &View<'_>, _: &mut Intents) {
        self.closes[symbol.get()] = bar.close.units() / CENT;
    }

    fn on_step(&mut self, _: &View<'_>, intents: &mut Intents) {
        for index in 0..SYMBOLS {
            while self.chance.below(5) < 2 {
                let wish = self.wish(SymbolIndex(index as u16));
                intents.push(wish);
            }
        }
    }
}

fn price(cents: i64) -> Price {
    Price::from_units(cents.max(1) * CENT).unwrap()
}
