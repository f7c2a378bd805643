//! What happens in a world: each step draws one thing out of its bytes and tells it to the gate and the model.
//!
//! Not here: comparing (world), what it means (history, judge).
use alphaflow::domain::{
    ExitLegs, Fill, LegActivation, LegLevel, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize,
    Quantity, Ratio, Side, TimeInForce, Timestamp, Trail,
};
use alphaflow::portfolio::{CashEvent, CashReason};
use alphaflow::risk::{Halt, HaltCause, HaltedBy, ProtectiveStop, Watch, Words};

use super::draw::{Draw, Sequence};
use super::history::{Fact, ONE, Order, Situation};
use super::world::{DAY, Difference, SECOND, Tally, World, index, money, price, shares, standing};

/// Orders at most at once: more would only be more of the same.
const OPEN_MAX: usize = 14;
/// The leg of an entry has this number and that of the entry; stops that no entry brought come after all legs.
const LEGS: u64 = 1_000_000;

/// Plays `sequence`; the step after which gate and model differ, and how.
pub fn play(sequence: &Sequence, tally: &mut Tally) -> Result<(), (usize, Difference)> {
    let mut world = World::new(sequence, tally);
    for (at, step) in sequence.steps.iter().enumerate() {
        let mut draw = Draw::new(step);
        world.step(&mut draw).and_then(|()| world.compare()).map_err(|what| (at, what))?;
    }
    Ok(())
}

impl World<'_> {
    fn step(&mut self, draw: &mut Draw<'_>) -> Result<(), Difference> {
        let what = draw.within(0, 255);
        self.at += draw.of(&[0, 1, 1, 2, 5, 11, 40, 90]) * SECOND / 4;
        let now = self.now();
        let symbol = draw.within(0, self.symbols() as i64 - 1) as usize;
        match what {
            0..80 => self.ask(draw, &now, symbol),
            80..105 => {
                self.ask_exit(draw, &now, symbol)?;
                self.ask_beside(draw, symbol)
            }
            105..132 => {
                let request = self.request(draw, &now, symbol);
                self.max_order(request)
            }
            132..150 => self.ask_change(draw, &now),
            150..182 => self.fill(draw, &now),
            182..194 => self.cancel(draw, &now),
            194..204 => self.answer_changes(draw, &now),
            204..222 => self.move_prices(draw, &now),
            222..229 => self.move_stop(draw, &now, symbol),
            229..234 => self.corporate_action(draw, &now, symbol),
            234..241 => self.next_session(draw),
            241..248 => self.halt_or_resume(draw),
            248..251 => self.settle(draw),
            251..253 => {
                let standing = standing(draw, &self.rules.margin);
                self.set_standing(standing);
                Ok(())
            }
            _ => self.begin_again(draw),
        }
    }

    /// Asks for any order.
    fn ask(&mut self, draw: &mut Draw<'_>, now: &Situation, symbol: usize) -> Result<(), Difference> {
        if now.orders.len() >= OPEN_MAX {
            return self.cancel(draw, now);
        }
        // The same again, now and then.
        let again = now.orders.last().map(|order| self.requests[&order.id]).filter(|_| draw.is(6));
        let request = again.unwrap_or_else(|| self.request(draw, now, symbol));
        self.review(request).map(|_| ())
    }

    fn request(&self, draw: &mut Draw<'_>, now: &Situation, symbol: usize) -> OrderRequest {
        let mark = now.marks[symbol].max(ONE);
        // Where shorts are not allowed, most sales would be refused for that alone.
        let sells = if self.rules.margin.allow_short { 45 } else { 12 };
        let side = if draw.is(sells) { Side::Sell } else { Side::Buy };
        let size = self.size(draw, now, mark);
        let kind = kind(draw, mark);
        let legs = legs(draw, side, mark);
        let class = match (legs.any(), draw.within(0, 40)) {
            (_, 40) => OrderClass::Oco,
            (true, 0..10) => OrderClass::Bracket,
            (true, _) => OrderClass::Oto,
            (false, _) => OrderClass::Simple,
        };
        OrderRequest {
            symbol: index(symbol),
            side,
            size,
            kind,
            time_in_force: draw.of(&[TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Gtc]),
            class,
            purpose: draw.of(&[OrderPurpose::Entry, OrderPurpose::Entry, OrderPurpose::Manual]),
            legs,
            extended_hours: false,
        }
    }

    fn size(&self, draw: &mut Draw<'_>, now: &Situation, mark: i128) -> OrderSize {
        // Up to a third of equity most often, now and then far more.
        let equity = now.equity().max(ONE * ONE);
        let whole = equity / draw.of(&[3, 3, 3, 8, 8, 20]) * draw.of(&[1, 1, 1, 1, 1, 1, 1, 9]);
        let dollars = draw.part(whole);
        let most = money(0);
        match draw.within(0, 19) {
            0..2 => OrderSize::Notional(money(dollars)),
            2 => OrderSize::CashFraction { fraction: Ratio::from_units(draw.within(0, 60) * 10_000_000), most },
            3 => OrderSize::CashFraction { fraction: Ratio::from_units(draw.within(0, 1_200_000_000)), most },
            // More than anybody has.
            4 if draw.is(6) => draw
                .of(&[OrderSize::Shares(Quantity::MAX), OrderSize::Notional(money(1_000_000_000_000_000 * ONE * ONE))]),
            _ => OrderSize::Shares(shares(self.whole(dollars / mark))),
        }
    }

    fn whole(&self, units: i128) -> i128 {
        if self.fractional { units } else { units / ONE * ONE }
    }

    /// Asks to leave a position, a part of it, or more than it.
    fn ask_exit(&mut self, draw: &mut Draw<'_>, now: &Situation, symbol: usize) -> Result<(), Difference> {
        let held = (0..self.symbols()).map(|at| (symbol + at) % self.symbols()).find(|at| now.held[*at] != 0);
        let Some(symbol) = held.filter(|_| now.orders.len() < OPEN_MAX) else {
            return self.ask(draw, now, symbol);
        };
        let held = now.held[symbol];
        let quantity = match draw.within(0, 9) {
            0..5 => held.abs(),
            5 => held.abs() + draw.within(1, 3) as i128 * if self.fractional { 1 } else { ONE },
            _ => self.whole(draw.part(held.abs())),
        };
        let kind = if draw.is(60) { OrderKind::Market } else { kind(draw, now.marks[symbol]) };
        let class = draw.of(&[OrderClass::Simple, OrderClass::Simple, OrderClass::Simple, OrderClass::Oco]);
        let class = if draw.is(5) { OrderClass::Oto } else { class };
        let value = quantity * now.marks[symbol];
        let size = if draw.is(12) { OrderSize::Notional(money(value)) } else { OrderSize::Shares(shares(quantity)) };
        let request = OrderRequest {
            symbol: index(symbol),
            side: if held > 0 { Side::Sell } else { Side::Buy },
            size,
            kind,
            time_in_force: TimeInForce::Gtc,
            class,
            purpose: OrderPurpose::Signal,
            legs: ExitLegs::NONE,
            extended_hours: false,
        };
        if let Ok(order) = self.review(request)?
            && draw.is(60)
            && quantity <= held.abs()
        {
            // It protects, or its pair does.
            let level = request.kind.stop().map(|stop| (order, i128::from(stop.units())));
            let pair = (class == OrderClass::Oco).then_some((LEGS + order, now.marks[symbol] * 9 / 10));
            let stop = level.or(pair);
            stop.into_iter().for_each(|(order, level)| self.set_stop(symbol, order, level.max(1), quantity));
        }
        Ok(())
    }

    /// Now and then something else at the very moment at which an exit was asked for.
    fn ask_beside(&mut self, draw: &mut Draw<'_>, symbol: usize) -> Result<(), Difference> {
        let now = self.now();
        let other = (symbol + draw.within(0, 2) as usize) % self.symbols();
        match draw.within(0, 5) {
            0..3 => self.ask(draw, &now, other),
            3 => {
                let request = self.request(draw, &now, other);
                self.max_order(request)
            }
            4 if draw.is(30) => self.cancel(draw, &now),
            _ => Ok(()),
        }
    }

    fn ask_change(&mut self, draw: &mut Draw<'_>, now: &Situation) -> Result<(), Difference> {
        if draw.is(45) {
            return self.ask_of_stop(draw, now);
        }
        let changeable: Vec<&Order> = now.orders.iter().filter(|order| order.change.is_none()).collect();
        let Some(order) = pick(draw, &changeable) else { return self.ask(draw, now, 0) };
        let mark = now.marks[order.symbol];
        let kind = if draw.is(50) { moved(draw, order.kind) } else { order.kind };
        // A market order has no price to change; it may come to rest at one all the same.
        let kind = if draw.is(10) { self::kind(draw, mark) } else { kind };
        let own = order.counts.left;
        let left = match draw.within(0, 5) {
            0 | 1 => None,
            2 | 3 => Some(self.whole(draw.part(own)).max(1)),
            _ => Some(own + self.whole(draw.part(own)).max(1)),
        };
        let mut request = OrderRequest { kind, ..self.requests[&order.id] };
        if draw.is(30) {
            // As one who changes an order whose legs are orders of their own by now.
            request.legs = ExitLegs::NONE;
        }
        self.review_change(order.id, order.kind, request, left).map(|_| ())
    }

    /// Asks to move or to cancel a stop without an approval of its own, or one that is not there.
    fn ask_of_stop(&mut self, draw: &mut Draw<'_>, now: &Situation) -> Result<(), Difference> {
        let known = pick(draw, &now.stops.iter().collect::<Vec<_>>()).filter(|_| draw.is(90)).copied();
        let (order, symbol) = known.map_or((LEGS + draw.within(0, 5) as u64, 0), |stop| (stop.order, stop.symbol));
        if now.order(order).is_some() {
            return Ok(());
        }
        if draw.is(25) {
            // It ends alone, or with another of its symbol.
            let other = now.stops.iter().find(|stop| stop.symbol == symbol && stop.order != order && draw.is(50));
            let ends: Vec<u64> = std::iter::once(order).chain(other.map(|stop| stop.order)).collect();
            let of = draw.of(&[order, 77]);
            return self.review_cancel(of, symbol, &ends).map(|_| ());
        }
        let mark = now.marks[symbol].max(ONE);
        let was = kind(draw, mark);
        let away = mark * i128::from(draw.within(1, 500)) / 1_000;
        let stop = price(if now.held[symbol] > 0 { mark - away } else { mark + away });
        let to = if draw.is(70) { OrderKind::Stop { stop } } else { moved(draw, was) };
        let request = OrderRequest { kind: to, ..self.request(draw, now, symbol) };
        let side = if now.held[symbol] > 0 { Side::Sell } else { Side::Buy };
        let left = draw.is(15).then_some(ONE);
        self.review_change(order, was, OrderRequest { side, ..request }, left).map(|_| ())
    }

    fn answer_changes(&mut self, draw: &mut Draw<'_>, now: &Situation) -> Result<(), Difference> {
        if let Some((of, stop)) = pick(draw, &now.asked_of_stops.iter().collect::<Vec<_>>()).copied()
            && now.order(of).is_none()
        {
            // The venue has done it, or says no.
            self.gate.confirm_change(OrderId(of));
            self.history.push(Fact::StopAnswered { of });
            match draw.is(70) {
                true if stop.shares == 0 => self.remove_stop(stop.symbol, stop.order),
                true => self.set_stop(stop.symbol, stop.order, stop.level, stop.shares),
                false => {}
            }
            return Ok(());
        }
        let changing: Vec<&Order> = now.orders.iter().filter(|order| order.change.is_some()).collect();
        let Some(order) = pick(draw, &changing) else { return self.move_prices(draw, now) };
        // A change that the venue refuses is never answered here: the order goes on, or ends.
        if draw.is(80) {
            self.gate.confirm_change(OrderId(order.id));
            self.history.push(Fact::ChangeConfirmed { order: order.id });
        } else {
            self.end(order.id);
        }
        Ok(())
    }

    fn fill(&mut self, draw: &mut Draw<'_>, now: &Situation) -> Result<(), Difference> {
        if draw.is(12) {
            return self.fill_stop(draw, now);
        }
        let fillable: Vec<&Order> = now.orders.iter().filter(|order| order.counts.left > 0).collect();
        let Some(order) = pick(draw, &fillable) else { return self.ask(draw, now, 0) };
        let open = order.counts.left;
        let in_dollars = !matches!(self.requests[&order.id].size, OrderSize::Shares(_));
        let mut quantity = if draw.is(55) { open } else { self.whole(draw.part(open)).max(1) };
        if in_dollars && draw.is(50) {
            // Dollars buy more at a lower price.
            quantity += quantity / 50;
        }
        if order.reduces {
            quantity = quantity.min(now.held[order.symbol].abs());
        }
        let left = match (open - quantity).max(0) {
            0 => 0,
            _ if in_dollars && draw.is(30) => 0,
            left => left,
        };
        self.book(draw, now, order.id, (order.symbol, order.side), (quantity, left));
        let entered = (!order.reduces).then(|| self.requests[&order.id].legs.stop).flatten();
        if let Some(level) = entered.filter(|_| draw.is(85)) {
            let mark = now.marks[order.symbol];
            let away = match level {
                LegLevel::At(at) => (i128::from(at.units()) - mark).abs(),
                LegLevel::FromFill { distance_units } => i128::from(distance_units),
                LegLevel::FractionFromFill(fraction) => mark * i128::from(fraction.units()) / ONE,
            };
            let level = if order.side == Side::Buy { mark - away } else { mark + away };
            let leg = LEGS + order.id;
            let known = now.stops.iter().find(|stop| stop.order == leg).map_or(0, |stop| stop.shares);
            self.set_stop(order.symbol, leg, level.max(1), known + quantity);
        }
        Ok(())
    }

    /// A leg fills: it has no approval, the position shrinks.
    fn fill_stop(&mut self, draw: &mut Draw<'_>, now: &Situation) -> Result<(), Difference> {
        let Some(stop) = pick(draw, &now.stops.iter().collect::<Vec<_>>()) else { return Ok(()) };
        let held = now.held[stop.symbol];
        let quantity = stop.shares.min(held.abs());
        if quantity > 0 {
            let side = if held > 0 { Side::Sell } else { Side::Buy };
            self.book(draw, now, stop.order, (stop.symbol, side), (quantity, 0));
        }
        self.remove_stop(stop.symbol, stop.order);
        Ok(())
    }

    /// Books a fill as the engine does.
    fn book(
        &mut self,
        draw: &mut Draw<'_>,
        now: &Situation,
        order: u64,
        (symbol, side): (usize, Side),
        (quantity, left): (i128, i128),
    ) {
        let mark = now.marks[symbol];
        let at = (mark + mark * i128::from(draw.within(-20, 20)) / 1_000).max(1);
        let fee = quantity * i128::from(self.fee.units());
        self.gate.post(OrderId(order), shares(quantity), shares(left));
        self.portfolio.apply(&Fill {
            order: OrderId(order),
            symbol: index(symbol),
            side,
            quantity: shares(quantity),
            price: price(at),
            reference: price(at),
            fee: money(fee),
            time: Timestamp::from_ns(self.at),
            purpose: OrderPurpose::Entry,
        });
        self.gate.set_held(index(symbol), self.portfolio.position(index(symbol)).quantity());
        self.history.push(Fact::Filled { order, symbol, side, quantity, price: at, fee, left });
        if side == Side::Sell && draw.is(20) {
            let (until, amount) = (self.at + draw.within(0, 3) * DAY, at * quantity - fee);
            self.portfolio.hold_back(Timestamp::from_ns(until), money(amount));
            self.history.push(Fact::HeldBack { until, amount: amount.max(0) });
        }
    }

    fn cancel(&mut self, draw: &mut Draw<'_>, now: &Situation) -> Result<(), Difference> {
        let Some(order) = pick(draw, &now.orders.iter().collect::<Vec<_>>()) else { return self.ask(draw, now, 0) };
        if order.called_off || draw.is(35) {
            self.end(order.id);
        } else {
            self.gate.call_off(OrderId(order.id));
            self.history.push(Fact::CalledOff { order: order.id });
        }
        Ok(())
    }

    fn end(&mut self, order: u64) {
        self.gate.void(OrderId(order));
        self.history.push(Fact::Ended { order });
    }

    fn move_prices(&mut self, draw: &mut Draw<'_>, now: &Situation) -> Result<(), Difference> {
        let most = draw.of(&[5, 20, 20, 60, 150]);
        for symbol in 0..self.symbols() {
            if draw.is(80) {
                let mark = now.marks[symbol].max(ONE);
                let moved = mark + mark * i128::from(draw.within(-most, most)) / 1_000;
                // Most prices are cents, some are not.
                let grid = if draw.is(85) { ONE / 100 } else { 1 };
                self.mark(symbol, (moved / grid * grid).clamp(ONE / 10, 5_000 * ONE));
            }
        }
        if draw.is(70) {
            self.look();
        }
        Ok(())
    }

    fn look(&mut self) {
        self.gate.watch_mut().look(self.portfolio.equity(), Timestamp::from_ns(self.at));
        self.history.push(Fact::Looked { at: self.at });
    }

    fn move_stop(&mut self, draw: &mut Draw<'_>, now: &Situation, symbol: usize) -> Result<(), Difference> {
        let of_symbol = |at: usize| now.stops.iter().filter(move |stop| stop.symbol == at);
        let symbol = pick(draw, &now.stops.iter().collect::<Vec<_>>()).map_or(symbol, |stop| stop.symbol);
        let known = pick(draw, &of_symbol(symbol).collect::<Vec<_>>()).map(|stop| stop.order);
        match known.filter(|_| draw.is(60)) {
            Some(order) if draw.is(40) => self.remove_stop(symbol, order),
            known => {
                let mark = now.marks[symbol].max(ONE);
                let level = mark + mark * i128::from(draw.within(-100, 100)) / 1_000;
                let held = draw.part(now.held[symbol].abs() * 3 / 2);
                self.set_stop(
                    symbol,
                    known.unwrap_or(2 * LEGS + symbol as u64 * 1_000 + self.at as u64 % 1_000),
                    level,
                    held,
                );
            }
        }
        Ok(())
    }

    fn set_stop(&mut self, symbol: usize, order: u64, level: i128, units: i128) {
        // Legs are numbered after their entry.
        let entry = (LEGS..2 * LEGS).contains(&order).then(|| order - LEGS);
        let stop = ProtectiveStop {
            order: OrderId(order),
            level: price(level),
            shares: shares(units),
            entry: entry.map(OrderId),
        };
        self.gate.set_stop(index(symbol), stop);
        self.history.push(Fact::StopStands { symbol, order, level, shares: units, entry });
    }

    fn remove_stop(&mut self, symbol: usize, order: u64) {
        self.gate.remove_stop(index(symbol), OrderId(order));
        self.history.push(Fact::StopGone { symbol, order });
    }

    fn corporate_action(&mut self, draw: &mut Draw<'_>, now: &Situation, symbol: usize) -> Result<(), Difference> {
        let moment = Timestamp::from_ns(self.at);
        if draw.is(40) {
            let amount = now.marks[symbol] * i128::from(draw.within(0, 30)) / 1_000;
            self.portfolio.pay_dividend(index(symbol), price(amount), moment);
            self.history.push(Fact::Dividend { symbol, amount });
            return Ok(());
        }
        let ratio = draw.of(&["2", "3", "1.5", "0.5", "0.1", "0.333333333"]).parse::<Ratio>().unwrap();
        // Prices stay in a range in which every sum is exact.
        let after = now.marks[symbol] * ONE / i128::from(ratio.units());
        if !(ONE / 5..4_000 * ONE).contains(&after) {
            return Ok(());
        }
        let fractional = self.fractional;
        let restate = |shares: Quantity| {
            let after = i128::from(shares.units()) * i128::from(ratio.units()) / ONE;
            Quantity::from_units((if fractional { after } else { after / ONE * ONE }) as i64)
        };
        self.portfolio.split(index(symbol), ratio, fractional, moment);
        self.gate.split(index(symbol), ratio, restate);
        self.history.push(Fact::Split { symbol, ratio });
        // The venue cancels what nothing is left of; not always before the next order.
        if draw.is(70) {
            let emptied: Vec<u64> =
                self.now().orders.iter().filter(|order| order.counts.left == 0).map(|order| order.id).collect();
            emptied.into_iter().for_each(|order| self.end(order));
        }
        Ok(())
    }

    fn next_session(&mut self, draw: &mut Draw<'_>) -> Result<(), Difference> {
        self.look();
        self.close_session();
        let end_of_day = draw.is(70);
        if end_of_day {
            for order in self.now().orders {
                if order.time_in_force == TimeInForce::Day {
                    self.end(order.id);
                }
            }
        }
        self.at += draw.of(&[DAY, DAY / 2, DAY * 3]);
        if draw.is(85) {
            // Of an earlier session, or the same again: it must do nothing.
            let at = if draw.is(10) { self.at - 4 * DAY } else { self.at };
            self.gate.watch_mut().begin_session(Timestamp::from_ns(at));
            self.history.push(Fact::SessionBegun { at });
        }
        let now = self.now();
        if draw.is(80) { self.move_prices(draw, &now) } else { Ok(()) }
    }

    fn halt_or_resume(&mut self, draw: &mut Draw<'_>) -> Result<(), Difference> {
        let since = Timestamp::from_ns(self.at);
        if draw.is(25) {
            let cause = draw.of(&[HaltCause::Manual, HaltCause::KillSwitch]);
            self.gate.watch_mut().halt(Halt { cause, since, by: HaltedBy::Script, reason: None });
            self.history.push(Fact::Halted { cause, at: self.at });
        } else {
            let equity = self.portfolio.equity();
            self.gate.watch_mut().resume(HaltedBy::Script, Words::fixed("looked"), equity, since);
            self.history.push(Fact::Resumed);
        }
        Ok(())
    }

    fn settle(&mut self, draw: &mut Draw<'_>) -> Result<(), Difference> {
        if draw.is(50) {
            self.portfolio.settle(Timestamp::from_ns(self.at));
            self.history.push(Fact::Settled { at: self.at });
        } else {
            // Interest, a fee for what is borrowed: cash that goes without a fill.
            let paid = draw.within(0, 5_000);
            let amount = money(-i128::from(paid) * ONE * ONE / 100);
            let (time, symbol) = (Timestamp::from_ns(self.at), index(0));
            self.portfolio.receive(CashEvent { time, symbol, reason: CashReason::MarginInterest, amount });
            self.history.push(Fact::Paid { amount: -amount.units() });
        }
        Ok(())
    }

    /// The program ends and begins again; what was halted and lost comes back out of its file.
    fn begin_again(&mut self, draw: &mut Draw<'_>) -> Result<(), Difference> {
        if draw.is(70) {
            self.restart();
        } else {
            let text = serde_json::to_string(&self.gate.watch().state()).unwrap();
            *self.gate.watch_mut() = Watch::restored(&self.rules.limits, serde_json::from_str(&text).unwrap());
        }
        Ok(())
    }
}

fn pick<'a, T>(draw: &mut Draw<'_>, of: &[&'a T]) -> Option<&'a T> {
    (!of.is_empty()).then(|| of[draw.within(0, of.len() as i64 - 1) as usize])
}

/// Any kind of order, its prices a few percent around the mark.
fn kind(draw: &mut Draw<'_>, mark: i128) -> OrderKind {
    let near = |draw: &mut Draw<'_>| price((mark + mark * i128::from(draw.within(-60, 60)) / 1_000).max(1));
    match draw.within(0, 11) {
        0..5 => OrderKind::Market,
        5..8 => OrderKind::Limit { limit: near(draw) },
        8 => OrderKind::Stop { stop: near(draw) },
        9 => OrderKind::StopLimit { stop: near(draw), limit: near(draw) },
        10 => OrderKind::TrailingStop { trail: Trail::Price(price(mark * i128::from(draw.within(1, 60)) / 1_000)) },
        _ => OrderKind::TrailingStop { trail: Trail::Fraction(Ratio::from_units(draw.within(1, 60) * 1_000_000)) },
    }
}

/// The same kind with its prices moved.
fn moved(draw: &mut Draw<'_>, kind: OrderKind) -> OrderKind {
    let near = |draw: &mut Draw<'_>, of: alphaflow::domain::Price| {
        let of = i128::from(of.units());
        price((of + of * i128::from(draw.within(-30, 30)) / 1_000).max(1))
    };
    match kind {
        OrderKind::Market => kind,
        OrderKind::Limit { limit } => OrderKind::Limit { limit: near(draw, limit) },
        OrderKind::Stop { stop } => OrderKind::Stop { stop: near(draw, stop) },
        OrderKind::StopLimit { stop, limit } => {
            OrderKind::StopLimit { stop: near(draw, stop), limit: near(draw, limit) }
        }
        OrderKind::TrailingStop { trail: Trail::Price(far) } => {
            OrderKind::TrailingStop { trail: Trail::Price(near(draw, far)) }
        }
        OrderKind::TrailingStop { trail: Trail::Fraction(_) } => {
            OrderKind::TrailingStop { trail: Trail::Fraction(Ratio::from_units(draw.within(1, 60) * 1_000_000)) }
        }
    }
}

/// A stop for six entries of ten, now and then on the side on which it cannot protect.
fn legs(draw: &mut Draw<'_>, side: Side, mark: i128) -> ExitLegs {
    let far = mark * i128::from(draw.within(1, 150)) / 1_000;
    let at = match (side, draw.is(4)) {
        (Side::Buy, false) | (Side::Sell, true) => mark - far,
        _ => mark + far,
    };
    let level = match draw.within(0, 9) {
        0..4 => None,
        4..6 => Some(LegLevel::At(price(at))),
        6..8 => Some(LegLevel::FromFill { distance_units: far as i64 }),
        _ => Some(LegLevel::FractionFromFill(Ratio::from_units(draw.within(1, 150) * 1_000_000))),
    };
    ExitLegs {
        stop: level,
        trailing: draw.is(20),
        stop_limit: None,
        take_profit: draw.is(20).then_some(LegLevel::FromFill { distance_units: far as i64 }),
        activation: LegActivation::EntryBar,
        time_in_force: TimeInForce::Gtc,
    }
}
