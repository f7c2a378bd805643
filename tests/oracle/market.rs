//! Which orders a bar fills, at what price, for how many shares, and what follows for the others.
//!
//! Not here: the order in which these functions are asked (reference).
use super::case::{Attos, Bar, CENT, Commission, Filled, Kind, MarketFill, Nano, Reading, Side, Slippage, Tif};
use super::reference::{Order, SHARE, Status, World, on_grid};

/// When in the bar a fill happens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Open,
    Inside,
    Close,
}

/// Has `price` reached the level of a stop on `side`?
pub fn stop_reached(side: Side, level: Nano, price: Nano) -> bool {
    if side == Side::Buy { price >= level } else { price <= level }
}

/// The price of the bar that suits a buyer (the low) or a seller (the high).
fn best_of(side: Side, bar: &Bar) -> Nano {
    if side == Side::Buy { bar.low } else { bar.high }
}

fn worst_of(side: Side, bar: &Bar) -> Nano {
    best_of(side.opposite(), bar)
}

fn worse(side: Side, a: Nano, b: Nano) -> Nano {
    if side == Side::Buy { a.max(b) } else { a.min(b) }
}

pub fn better(side: Side, a: Nano, b: Nano) -> Nano {
    worse(side.opposite(), a, b)
}

impl World<'_> {
    /// Is `price` good enough for `limit`? Touching is enough unless the scenario says `through`.
    pub fn limit_met(&self, side: Side, limit: Nano, price: Nano) -> bool {
        let touches = if side == Side::Buy { price <= limit } else { price >= limit };
        touches && !(self.case.rules.limit_through && price == limit)
    }

    /// Nothing fills on a bar without volume, before an order is live, or twice on one bar.
    fn may_fill(&self, order: &Order, bar: &Bar) -> bool {
        bar.volume > 0 && order.from <= self.now && order.done_on != Some(self.now) && self.has_shares(order)
    }

    fn has_shares(&self, order: &Order) -> bool {
        let holds = |symbol: &usize| self.books[*symbol].iter().any(|other| other.number == order.number);
        !Self::waits_as_leg(order)
            || self.symbols().find(holds).is_none_or(|symbol| self.left_to_leg(symbol, order) > 0)
    }

    /// At one open: exits of all symbols, then entries, by symbol.
    pub fn at_opens(&mut self) {
        for exits in [true, false] {
            for symbol in self.symbols() {
                self.trigger_at_open(symbol);
                while let Some((number, price)) = self.due_at_open(symbol, exits) {
                    self.fill(symbol, number, price, Moment::Open);
                    // Legs that went live at this open stand behind it or not, too.
                    self.trigger_at_open(symbol);
                }
            }
        }
    }

    /// Shares that an exit at the market is leaving with are not there for legs, whatever of it has filled: at Alpaca one
    /// order holds a share. A leg that has come to its price is such an exit itself. What is left goes to the entries
    /// from the newest to the oldest, since what was bought first leaves first.
    fn left_to_leg(&self, symbol: usize, leg: &Order) -> i64 {
        let held = self.held[symbol].abs();
        if !self.case.rules.alpaca {
            return held;
        }
        let is_exit = |order: &&Order| {
            let stands_alone = order.entry.is_none() && order.pair.is_none();
            order.exit && stands_alone && order.kind == Kind::Market && order.from <= self.now
        };
        let leaving: i64 = self.books[symbol].iter().filter(is_exit).map(|exit| exit.open).sum();
        if leaving == 0 {
            return held;
        }
        let newer = self.entries_with_legs(symbol).into_iter().rev().take_while(|entry| Some(*entry) != leg.entry);
        let taken: i64 = newer.map(|entry| self.shares_of_legs(symbol, entry)).sum();
        (held - leaving - taken).max(0)
    }

    /// Both legs of an entry are for the same shares.
    pub fn shares_of_legs(&self, symbol: usize, entry: usize) -> i64 {
        let legs = self.books[symbol].iter().filter(|order| order.entry == Some(entry));
        legs.map(|leg| leg.open).max().unwrap_or(0)
    }

    fn waits_as_leg(order: &Order) -> bool {
        order.entry.is_some() && order.kind != Kind::Market && !order.is_triggered
    }

    /// A stop-limit that the open has jumped over is a limit from here on. Where the open is beyond the limit it
    /// does not fill on this bar. A buy stop jumped beyond its collar rests there as a limit from the next bar on.
    fn trigger_at_open(&mut self, symbol: usize) {
        let Some(bar) = self.bar(symbol) else { return };
        for order in self.books[symbol].clone() {
            if !self.may_fill(&order, &bar) || !order.is_stop() || !stop_reached(order.side, order.level, bar.open) {
                continue;
            }
            if let Kind::StopLimit { limit, .. } = order.kind {
                self.order(symbol, order.number).is_triggered = true;
                // On a path it is a limit for the rest of the bar.
                if !self.limit_met(order.side, limit, bar.open) && self.case.rules.reading != Reading::Ohlc {
                    self.used("stop-limit: the open is beyond its limit, it waits a bar");
                    self.order(symbol, order.number).done_on = Some(self.now);
                }
            } else if self.collar(&order).is_some_and(|collar| bar.open > collar) {
                self.used("buy stop: the open is beyond its collar, it waits as a limit");
                self.wait(symbol, order.number);
            }
        }
    }

    /// The next order to fill at the open: market orders before others, then the oldest.
    fn due_at_open(&mut self, symbol: usize, exits: bool) -> Option<(usize, Nano)> {
        let bar = self.bar(symbol)?;
        let joins = |order: &&Order| match order.tif {
            Tif::Cls => false,
            Tif::Opg => order.opens_next,
            Tif::Day | Tif::Gtc | Tif::Ioc | Tif::Fok => true,
        };
        let fills = |order: &&Order| match order.kind {
            Kind::Market => order.tif == Tif::Opg || self.case.rules.market_fill == MarketFill::NextOpen,
            _ if order.is_stop() => {
                !matches!(order.kind, Kind::StopLimit { .. }) && stop_reached(order.side, order.level, bar.open)
            }
            _ => order.limit().is_some_and(|limit| self.limit_met(order.side, limit, bar.open)),
        };
        let due: Vec<&Order> = self.books[symbol]
            .iter()
            .filter(|order| order.exit == exits && self.may_fill(order, &bar))
            .filter(joins)
            .filter(fills)
            .collect();
        let first = due.iter().find(|order| order.kind == Kind::Market).or(due.first())?;
        let (number, is_stop) = (first.number, first.is_stop());
        let rule = match first.kind {
            Kind::Market => "market: the open",
            _ if is_stop => "stop: the open, where it is beyond the stop",
            Kind::StopLimit { .. } => "stop-limit, triggered: the open, where it is good enough",
            _ => "limit: the open, where it is better",
        };
        self.used(rule);
        Some((number, bar.open))
    }

    /// After the open: stops, then limits, or the other way round; then trailing stops move.
    pub fn inside_bar(&mut self, symbol: usize) {
        let Some(bar) = self.bar(symbol) else { return };
        self.count_ambiguous(symbol, &bar);
        match self.case.rules.reading {
            Reading::StopFirst => {
                self.stops_inside(symbol, &bar);
                self.limits_inside(symbol, &bar);
                self.trail(symbol, &bar);
            }
            Reading::TargetFirst => {
                self.limits_inside(symbol, &bar);
                self.stops_inside(symbol, &bar);
                self.trail(symbol, &bar);
            }
            Reading::Ohlc => self.walk(symbol, &bar),
        }
    }

    /// What lives for a moment or an auction takes no part in the inside of a bar.
    pub fn rests_inside(&self, order: &Order, bar: &Bar) -> bool {
        matches!(order.tif, Tif::Day | Tif::Gtc) && self.may_fill(order, bar)
    }

    fn stops_inside(&mut self, symbol: usize, bar: &Bar) {
        loop {
            let touched = |order: &&Order| {
                self.rests_inside(order, bar)
                    && order.is_stop()
                    && stop_reached(order.side, order.level, worst_of(order.side, bar))
            };
            let Some(order) = self.books[symbol].iter().find(touched).cloned() else { return };
            // Not better than a market order at that moment: the open, if that is beyond the stop already.
            let price = worse(order.side, order.level, bar.open);
            if let Kind::StopLimit { limit, .. } = order.kind {
                self.order(symbol, order.number).is_triggered = true;
                if !self.limit_met(order.side, limit, price) {
                    self.used("stop-limit: its limit is on the far side of its trigger, it waits a bar");
                    self.order(symbol, order.number).done_on = Some(self.now);
                    continue;
                }
                self.used("stop-limit: good enough where it triggers");
            } else {
                self.used("stop: touched, at its level");
            }
            self.fill(symbol, order.number, price, Moment::Inside);
        }
    }

    fn limits_inside(&mut self, symbol: usize, bar: &Bar) {
        loop {
            let reached = |order: &&Order| {
                let limit = order.limit().filter(|_| self.rests_inside(order, bar));
                limit.is_some_and(|limit| self.limit_met(order.side, limit, best_of(order.side, bar)))
            };
            let Some(order) = self.books[symbol].iter().find(reached).cloned() else { return };
            let limit = order.limit().expect("it was found by its limit");
            self.used("limit: reached, at the limit");
            self.fill(symbol, order.number, better(order.side, limit, bar.open), Moment::Inside);
        }
    }

    /// A stop and its own target both lie in the rest of the bar.
    fn count_ambiguous(&mut self, symbol: usize, bar: &Bar) {
        let hit = |order: &Order| {
            let level = order.is_stop().then_some(order.level);
            self.rests_inside(order, bar)
                && match (level, order.kind) {
                    (Some(level), _) => stop_reached(order.side, level, worst_of(order.side, bar)),
                    (None, Kind::Limit { limit }) => self.limit_met(order.side, limit, best_of(order.side, bar)),
                    _ => false,
                }
        };
        let book = &self.books[symbol];
        let both = book.iter().filter(|order| order.is_stop() && hit(order)).any(|stop| {
            book.iter()
                .any(|other| other.pair == Some(stop.number) && matches!(other.kind, Kind::Limit { .. }) && hit(other))
        });
        if both {
            self.used("stop and its target in one bar");
            self.ambiguous_bars += 1;
        }
    }

    /// The old level has been tested: now the best price of the bar moves it. A bar without trades does not.
    fn trail(&mut self, symbol: usize, bar: &Bar) {
        for at in 0..self.books[symbol].len() {
            let order = self.books[symbol][at].clone();
            let trails = matches!(order.kind, Kind::TrailPrice { .. } | Kind::TrailPercent { .. });
            if !trails || bar.volume == 0 || order.from > self.now {
                continue;
            }
            let best = better(order.side, order.best, best_of(order.side, bar));
            if best != order.best {
                self.used("trailing stop: moves after it was tested");
                let level = self.trailing_level(order.side, order.kind, best);
                let order = &mut self.books[symbol][at];
                (order.best, order.level) = (best, level);
            }
        }
    }

    /// Below the best price for a sell, above it for a buy, on the grid away from the market.
    pub fn trailing_level(&self, side: Side, kind: Kind, best: Nano) -> Nano {
        let distance = match kind {
            Kind::TrailPrice { distance } => distance,
            Kind::TrailPercent { percent } => best * percent / 100,
            _ => 0,
        };
        let level = best + side.sign() * distance;
        if self.case.rules.alpaca { on_grid(level, side == Side::Buy) } else { level }
    }

    /// Market orders that fill at closes: those sent at `sent_at` or before.
    pub fn at_closes(&mut self, sent_at: Option<usize>) {
        if self.case.rules.market_fill == MarketFill::NextOpen {
            return;
        }
        for exits in [true, false] {
            for symbol in self.symbols() {
                let Some(bar) = self.bar(symbol) else { continue };
                loop {
                    let due = |order: &&Order| {
                        order.exit == exits
                            && order.kind == Kind::Market
                            && !matches!(order.tif, Tif::Opg | Tif::Cls)
                            && bar.volume > 0
                            && sent_at.is_some_and(|sent| order.from <= sent + 1)
                            && order.done_on != Some(self.now)
                    };
                    let Some(order) = self.books[symbol].iter().find(due).cloned() else { break };
                    self.used("market: the close");
                    self.fill(symbol, order.number, bar.close, Moment::Close);
                }
            }
        }
    }

    /// Closing orders fill at the close, limits only where it is good enough.
    pub fn closing_auction(&mut self) {
        for exits in [true, false] {
            for symbol in self.symbols() {
                let Some(bar) = self.bar(symbol) else { continue };
                loop {
                    let due = |order: &&Order| {
                        let limit = order.limit();
                        order.exit == exits
                            && order.tif == Tif::Cls
                            && self.may_fill(order, &bar)
                            && limit.is_none_or(|limit| self.limit_met(order.side, limit, bar.close))
                    };
                    let Some(order) = self.books[symbol].iter().find(due).cloned() else { break };
                    self.used("cls: the session's last close");
                    self.fill(symbol, order.number, bar.close, Moment::Close);
                }
            }
        }
    }

    /// What is immediate or for an opening has had its moment when a bar of its symbol has passed.
    pub fn end_immediate_orders(&mut self) {
        for symbol in self.symbols().filter(|symbol| self.bar(*symbol).is_some()).collect::<Vec<_>>() {
            for order in self.books[symbol].clone() {
                let had_its_moment = match order.tif {
                    Tif::Ioc | Tif::Fok => true,
                    Tif::Opg => order.opens_next,
                    Tif::Day | Tif::Gtc | Tif::Cls => false,
                };
                if had_its_moment && order.from <= self.now {
                    self.used("ioc, fok, opg: what is left after its moment is canceled");
                    self.remove(symbol, order.number, Status::Canceled);
                }
            }
        }
    }

    /// Fills an order at `price` as far as volume and position allow.
    pub fn fill(&mut self, symbol: usize, number: usize, price: Nano, moment: Moment) {
        let bar = self.bar(symbol).expect("a fill needs a bar");
        let order = self.order(symbol, number).clone();
        let held = self.held[symbol];
        let closes = held * order.side.sign() < 0;
        if closes && !order.exit && (order.open > held.abs() || order.has_legs()) {
            self.used("rejected: it was to open, and would close");
            // What has filled stands; only the rest is refused.
            let status = if self.records[number].filled > 0 { Status::Canceled } else { Status::Rejected };
            return self.remove(symbol, number, status);
        }
        let wanted = if closes { order.open.min(held.abs()) } else { order.open };
        let wanted = if Self::waits_as_leg(&order) { wanted.min(self.left_to_leg(symbol, &order)) } else { wanted };
        let shares = wanted.min(bar.volume * self.case.rules.participation_percent / 100);
        if shares == 0 || (order.tif == Tif::Fok && shares < wanted) {
            self.used("volume: too little, the order waits");
            return self.wait(symbol, number);
        }
        let price = self.price_paid(&order, price, closes);
        let fee = self.fee(&order, price, shares);
        self.cash -= i128::from(price) * i128::from(shares * order.side.sign()) * SHARE + fee;
        self.held[symbol] += shares * order.side.sign();
        self.records[number].filled += shares;
        let name = self.records[number].name.clone();
        let (time, side) = (self.case.stamp(self.now), order.side.word());
        self.fills.push(Filled { order: name, time, side, shares, price, fee });
        if shares == wanted {
            self.books[symbol].retain(|other| other.number != number);
            self.records[number].status = Status::Filled;
        } else {
            self.used("volume: filled in part, the rest waits");
            self.order(symbol, number).open = wanted - shares;
            self.records[number].status = Status::PartiallyFilled;
            self.wait(symbol, number);
        }
        if closes {
            self.exit_filled(symbol, &order, shares);
        } else if order.has_legs() {
            self.entry_filled(symbol, &order, shares, moment);
        }
    }

    /// A stop that has triggered is a market order for what is left, or a limit at its collar. Its target ends, and
    /// so does what is left of their entry, which would bring the target back.
    pub fn wait(&mut self, symbol: usize, number: usize) {
        let order = self.order(symbol, number).clone();
        let collar = self.collar(&order);
        if let Some(target) = order.pair.filter(|_| order.is_stop()) {
            self.used("a stop that has triggered voids its target");
            for ended in [Some(target), order.entry].into_iter().flatten() {
                if self.books[symbol].iter().any(|order| order.number == ended) {
                    self.remove(symbol, ended, Status::Canceled);
                }
            }
        }
        let now = self.now;
        let order = self.order(symbol, number);
        order.done_on = Some(now);
        match (order.kind, collar) {
            (Kind::Stop { stop }, Some(limit)) => {
                order.kind = Kind::StopLimit { stop, limit };
                order.is_triggered = true;
            }
            (Kind::Stop { .. } | Kind::TrailPrice { .. } | Kind::TrailPercent { .. }, _) => order.kind = Kind::Market,
            _ => {}
        }
    }

    /// Alpaca sends a buy stop as a stop-limit: 4 % above a stop below $50, 2.5 % from there on.
    pub fn collar(&self, order: &Order) -> Option<Nano> {
        let is_collared = matches!(order.kind, Kind::Stop { .. }) && order.side == Side::Buy;
        let per_mille = if order.level < 50_000_000_000 { 1_040 } else { 1_025 };
        (is_collared && self.case.rules.alpaca).then(|| on_grid(order.level * per_mille / 1_000, false))
    }

    /// Orders that take what they get pay slippage; a buy stop pays its collar at most.
    fn price_paid(&self, order: &Order, price: Nano, closes: bool) -> Nano {
        let rules = &self.case.rules;
        let takes = order.kind == Kind::Market || (order.is_stop() && !matches!(order.kind, Kind::StopLimit { .. }));
        let way = order.side.sign();
        let slipped = match rules.slippage {
            _ if !takes || (rules.slippage_on_entries_only && closes) => price,
            Slippage::None => price,
            Slippage::Bps(bps) => price + way * (price * bps / 10_000),
            Slippage::PerShare(more) => price + way * more,
        };
        self.collar(order).map_or(slipped, |collar| slipped.min(collar))
    }

    /// What a fill is charged: the rest of what its order, or its day, owes by now.
    fn fee(&mut self, order: &Order, price: Nano, shares: i64) -> Attos {
        let value = i128::from(price) * i128::from(shares) * SHARE;
        let (mut all_shares, mut all_value, charged) = self.records[order.number].traded;
        (all_shares, all_value) = (all_shares + shares, all_value + value);
        let fee = match self.case.rules.commission {
            Commission::None => 0,
            Commission::Bps(bps) => value * i128::from(bps) / 10_000,
            Commission::PerShare { rate, min, cap_bps } => {
                let charge = i128::from(rate) * i128::from(all_shares) * SHARE;
                let capped = charge.min(all_value * i128::from(cap_bps) / 10_000);
                capped.max(i128::from(min) * SHARE) - charged // the minimum beats the cap
            }
            Commission::Alpaca if order.side == Side::Buy => 0,
            Commission::Alpaca => self.regulators_fee(value, shares),
        };
        self.records[order.number].traded = (all_shares, all_value, charged + fee);
        fee
    }

    /// On sales: the SEC's $8 for each million dollars and FINRA's $0.000166 a share, at most $8.30 a fill, each
    /// summed over the day and rounded up to the cent.
    fn regulators_fee(&mut self, value: Attos, shares: i64) -> Attos {
        self.used("alpaca: the regulators' fees of a day, each rounded up once");
        let cent = i128::from(CENT) * SHARE;
        let today = self.case.day(self.now);
        let (day, sold, taf, charged) = self.sold;
        let (sold, taf, charged) = if day == today { (sold, taf, charged) } else { (0, 0, 0) };
        let sold = sold + value;
        let taf = taf + (i128::from(shares) * 166_000 * SHARE).min(830 * cent);
        let up = |dollars: Attos| (dollars + cent - 1) / cent * cent;
        // 8 in a million; what is sold is whole in millionths of its unit.
        let owed = up(sold / 1_000_000 * 8) + up(taf);
        self.sold = (today, sold, taf, owed);
        owed - charged
    }

    /// An entry has filled `shares`: its legs are live for that much, at once if it filled at its open.
    fn entry_filled(&mut self, symbol: usize, entry: &Order, shares: i64, moment: Moment) {
        // Inside a bar nothing tells what came after the entry, unless a path is taken for true.
        let on_a_path = moment == Moment::Inside && self.case.rules.reading == Reading::Ohlc;
        let from = if moment == Moment::Open || on_a_path { self.now } else { self.now + 1 };
        let stop = entry.stop_loss.map(|_| entry.number + 1);
        let target = entry.take_profit.map(|_| entry.number + 1 + usize::from(stop.is_some()));
        let stop_leg = entry.stop_loss.map(|stop| Kind::Stop { stop });
        let target_leg = entry.take_profit.map(|limit| Kind::Limit { limit });
        for (number, pair, kind) in [(stop, target, stop_leg), (target, stop, target_leg)] {
            let (Some(number), Some(kind)) = (number, kind) else { continue };
            if let Some(leg) = self.books[symbol].iter_mut().find(|order| order.number == number) {
                leg.open += shares;
                continue;
            }
            self.used("legs: live for what has filled");
            self.records[number].status = Status::New;
            let level = entry.stop_loss.unwrap_or(0);
            let (side, open, best) = (entry.side.opposite(), shares, level);
            self.books[symbol].push(Order {
                number,
                side,
                open,
                kind,
                tif: entry.tif,
                exit: true,
                entry: Some(entry.number),
                pair,
                stop_loss: None,
                take_profit: None,
                from,
                level,
                best,
                is_triggered: false,
                opens_next: true,
                done_on: None,
                ..entry.clone()
            });
        }
    }

    /// `shares` have left the position: the pair gives up as many, no exit is for more than is held, and an
    /// entry whose legs have begun to fill, or have nothing left to protect, buys no more.
    fn exit_filled(&mut self, symbol: usize, exit: &Order, shares: i64) {
        let held = self.held[symbol];
        for other in &mut self.books[symbol] {
            if other.pair == Some(exit.number) {
                other.open -= shares.min(other.open);
            }
            if exit.entry == Some(other.number) {
                other.open = 0;
            }
            if other.exit {
                let most = if held * other.side.sign() < 0 { held.abs() } else { 0 };
                other.open = other.open.min(most);
            }
        }
        // Legs of several entries are for what is held and no more: the oldest give way.
        let mut rest = held.abs();
        for entry in self.entries_with_legs(symbol).into_iter().rev() {
            let of_entry = |order: &&mut Order| order.entry == Some(entry);
            let most = self.books[symbol].iter_mut().filter(of_entry).map(|leg| leg.open).max().unwrap_or(0).min(rest);
            self.books[symbol].iter_mut().filter(of_entry).for_each(|leg| leg.open = leg.open.min(most));
            rest -= most;
        }
        self.cancel_what_is_empty(symbol);
    }

    /// Entries whose legs rest, the oldest first.
    pub fn entries_with_legs(&self, symbol: usize) -> Vec<usize> {
        let mut entries: Vec<usize> = self.books[symbol].iter().filter_map(|order| order.entry).collect();
        entries.dedup();
        entries
    }

    pub fn cancel_what_is_empty(&mut self, symbol: usize) {
        let empty = |order: &Order| order.open == 0;
        let over: Vec<usize> =
            self.books[symbol].iter().filter(|order| empty(order)).filter_map(|order| order.entry).collect();
        for order in self.books[symbol].clone() {
            if empty(&order) || over.contains(&order.number) {
                self.used("nothing left to protect, close or buy: canceled");
                self.remove(symbol, order.number, Status::Canceled);
            }
        }
    }

    pub fn order(&mut self, symbol: usize, number: usize) -> &mut Order {
        self.books[symbol].iter_mut().find(|order| order.number == number).expect("the order rests")
    }
}
