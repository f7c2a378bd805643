//! What may be sent: the script's rows at a close, reviewed one after the other, then sent.
//!
//! Not here: limits in dollars (the cases have a billion); what is left is that one order never turns a
//! position round, that exits are for what is held, that entries on both sides never rest together, the halt.
use super::case::{CENT, Class, Kind, MarketFill, Nano, Row, Side, Ticket, Tif};
use super::reference::{Order, Record, Status, World};

/// On its way to the venue.
enum Sent {
    Order(usize, Order),
    Cancel(usize),
    Change { number: usize, open: Option<i64>, kind: Kind },
}

/// Shares that an order at the venue, or on its way, may still fill. Legs make none: they are for what has
/// filled; of a pair one counts.
struct Claim {
    number: usize,
    side: Side,
    open: i64,
    exit: bool,
}

/// What the rows of one close ask for.
#[derive(Default)]
struct Outbox {
    sent: Vec<Sent>,
    /// Symbol, id and orders to void of a flatten that waits for them.
    flattens: Vec<(usize, String)>,
    /// Orders that a row takes back.
    called_off: Vec<usize>,
}

impl World<'_> {
    /// The rows of this time, in their order; then all goes out; then what a flatten waited for.
    pub fn decide(&mut self) {
        let mut outbox = Outbox::default();
        let rows: Vec<Row> =
            self.case.rows.iter().filter(|(time, _)| *time == self.now).map(|(_, row)| row.clone()).collect();
        for row in rows {
            match row {
                Row::Submit(ticket) => self.submit(&ticket, &mut outbox),
                Row::Cancel { id } => self.cancel(&id, &mut outbox),
                Row::Replace { id, shares, limit, stop } => self.replace(&id, shares, limit, stop, &mut outbox),
                Row::Halt => self.halt(&mut outbox),
                Row::Resume => self.halted = false,
                Row::Flatten { id, symbol } => self.flatten(&id, symbol, &mut outbox),
            }
        }
        let any = !outbox.sent.is_empty();
        for sent in std::mem::take(&mut outbox.sent) {
            self.send(sent);
        }
        for (symbol, id) in std::mem::take(&mut outbox.flattens) {
            self.close_position(symbol, &id, &mut outbox);
        }
        for sent in outbox.sent {
            self.send(sent);
        }
        if any && self.case.rules.market_fill == MarketFill::Close {
            self.at_closes(Some(self.now));
            self.end_market_orders_of_this_close();
        }
    }

    /// Where markets fill at the close that sends them, that close is the moment of an immediate one.
    fn end_market_orders_of_this_close(&mut self) {
        for symbol in self.symbols().filter(|symbol| self.bar(*symbol).is_some()).collect::<Vec<_>>() {
            for order in self.books[symbol].clone() {
                if matches!(order.tif, Tif::Ioc | Tif::Fok) && order.kind == Kind::Market {
                    self.used("ioc, fok, opg: what is left after its moment is canceled");
                    self.remove(symbol, order.number, Status::Canceled);
                }
            }
        }
    }

    fn claims(&self, symbol: usize, outbox: &Outbox) -> Vec<Claim> {
        let of = |order: &Order| Claim { number: order.number, side: order.side, open: order.open, exit: order.exit };
        let counts = |order: &&Order| order.entry.is_none() && order.pair.is_none_or(|pair| order.number < pair);
        let mut claims: Vec<Claim> = self.books[symbol].iter().filter(counts).map(of).collect();
        for sent in &outbox.sent {
            match sent {
                Sent::Order(of_symbol, order) if *of_symbol == symbol => claims.push(of(order)),
                // Until the venue has answered the larger of both counts.
                Sent::Change { number, open: Some(open), .. } => {
                    let changed = claims.iter_mut().filter(|claim| claim.number == *number);
                    changed.for_each(|claim| claim.open = claim.open.max(*open));
                }
                Sent::Order(..) | Sent::Cancel(_) | Sent::Change { .. } => {}
            }
        }
        // The next exit may be for the shares of one that a row takes back.
        claims.retain(|claim| !claim.exit || !outbox.called_off.contains(&claim.number));
        claims
    }

    /// Shares held that no exit already takes.
    fn can_leave(&self, symbol: usize, claims: &[Claim]) -> i64 {
        let leaving: i64 = claims.iter().filter(|claim| claim.exit).map(|claim| claim.open).sum();
        (self.held[symbol].abs() - leaving).max(0)
    }

    fn closes(&self, symbol: usize, side: Side) -> bool {
        self.held[symbol] * side.sign() < 0
    }

    /// Why an order that opens or adds is not sent.
    fn entry_refusal(&self, symbol: usize, side: Side, claims: &[Claim]) -> Option<&'static str> {
        if self.closes(symbol, side) && self.can_leave(symbol, claims) > 0 {
            return Some("exceeds_position"); // part would close, the rest open the other way
        }
        if self.halted {
            return Some("halted");
        }
        let opposite = |claim: &Claim| !claim.exit && claim.side != side && claim.open > 0;
        claims.iter().any(opposite).then_some("opposite_entry")
    }

    fn submit(&mut self, ticket: &Ticket, outbox: &mut Outbox) {
        let Ticket { symbol, side, shares, class, .. } = *ticket;
        let claims = self.claims(symbol, outbox);
        let exit = self.closes(symbol, side) && shares <= self.can_leave(symbol, &claims);
        let refusal = match (exit, class) {
            (true, Class::Bracket | Class::Oto) => Some("entry_class"),
            (true, Class::Simple | Class::Oco) => None,
            (false, Class::Oco) => Some("exit_class"),
            (false, _) => self.entry_refusal(symbol, side, &claims),
        };
        let kind = match (class, ticket.take_profit) {
            (Class::Oco, Some(limit)) => Kind::Limit { limit },
            _ => ticket.kind,
        };
        let number = self.record(ticket.id.clone(), symbol, kind, Status::New);
        if let Some(code) = refusal {
            self.used("refused before it is sent");
            self.records[number].status = Status::Refused;
            return self.refusals.push((ticket.id.clone(), code.to_owned()));
        }
        if let Some(stop) = ticket.stop_loss {
            self.record(format!("{}.stop", ticket.id), symbol, Kind::Stop { stop }, Status::Held);
        }
        if let Some(limit) = ticket.take_profit.filter(|_| class != Class::Oco) {
            self.record(format!("{}.take_profit", ticket.id), symbol, Kind::Limit { limit }, Status::Held);
        }
        let (level, best) = match kind {
            Kind::Stop { stop } | Kind::StopLimit { stop, .. } => (stop, 0),
            Kind::TrailPrice { .. } | Kind::TrailPercent { .. } => {
                (self.trailing_level(side, kind, self.close[symbol]), self.close[symbol])
            }
            Kind::Market | Kind::Limit { .. } => (0, 0),
        };
        let order = Order {
            number,
            side,
            open: shares,
            kind,
            tif: ticket.tif,
            class,
            exit,
            entry: None,
            pair: None,
            stop_loss: ticket.stop_loss,
            take_profit: ticket.take_profit.filter(|_| class != Class::Oco),
            from: self.now + 1,
            level,
            best,
            is_triggered: false,
            opens_next: self.case.is_last_of_session(self.now),
            done_on: None,
        };
        outbox.sent.push(Sent::Order(symbol, order));
    }

    fn record(&mut self, name: String, symbol: usize, asked: Kind, status: Status) -> usize {
        self.records.push(Record { name, symbol, status, filled: 0, traded: (0, 0, 0), asked, flattens: false });
        self.records.len() - 1
    }

    /// The order that a row names, if it rests; a leg of an order without legs is the order.
    fn resting(&mut self, id: &str) -> Option<usize> {
        let whole = id.split('.').next().unwrap_or(id);
        let find = |name: &str| self.records.iter().position(|record| record.name == name);
        let number = find(id).or(find(whole)).expect("the script names orders it has sent");
        if self.records[number].status.rests() {
            return Some(number);
        }
        self.used("refused: the order to change is not open");
        self.refusals.push((self.records[number].name.clone(), "not_open".to_owned()));
        None
    }

    fn cancel(&mut self, id: &str, outbox: &mut Outbox) {
        if let Some(number) = self.resting(id) {
            outbox.sent.push(Sent::Cancel(number));
            outbox.called_off.push(number);
        }
    }

    fn replace(&mut self, id: &str, shares: Option<i64>, limit: Option<Nano>, stop: Option<Nano>, outbox: &mut Outbox) {
        let Some(number) = self.resting(id) else { return };
        let Record { symbol, filled, asked, .. } = self.records[number].clone();
        if shares.is_some_and(|total| total <= filled) {
            return self.refusals.push((self.records[number].name.clone(), "below_filled".to_owned()));
        }
        let open = shares.map(|total| total - filled);
        let kind = with_prices(asked, limit, stop);
        let Some(now) = self.books[symbol].iter().find(|order| order.number == number) else {
            return self.refusals.push((self.records[number].name.clone(), "not_sent_yet".to_owned()));
        };
        if kind == asked && open.is_none_or(|open| open == now.open) {
            return self.refusals.push((self.records[number].name.clone(), "not_changed".to_owned()));
        }
        if let Some(code) = self.crosses(number, kind, outbox) {
            self.used("refused: a change across the pair");
            return self.refusals.push((self.records[number].name.clone(), code.to_owned()));
        }
        let mut claims = self.claims(symbol, outbox);
        // A leg, and the stop of a pair, have no claim of their own: only their prices change.
        let refusal = claims.iter().position(|claim| claim.number == number).and_then(|at| {
            let Claim { side, open: before, exit, .. } = claims.swap_remove(at);
            let more = open.unwrap_or(before) > before;
            if exit {
                let most = self.can_leave(symbol, &claims).min(self.held[symbol].abs());
                return (more && open.unwrap_or(before) > most).then_some("exceeds_position");
            }
            let dearest = |kind: Kind| self.dearest(symbol, kind);
            let dearer = dearest(kind) > dearest(asked);
            if more || dearer { self.entry_refusal(symbol, side, &claims) } else { None }
        });
        if let Some(code) = refusal {
            self.used("refused: a change that would be refused as an order");
            return self.refusals.push((self.records[number].name.clone(), code.to_owned()));
        }
        self.used("replace");
        outbox.sent.push(Sent::Change { number, open, kind });
    }

    /// Would stop and target of a pair, with the new prices of one, stand on the wrong sides of each other or less than
    /// a cent apart? The other counts as it rests and as a change of the same close will leave it.
    fn crosses(&self, number: usize, kind: Kind, outbox: &Outbox) -> Option<&'static str> {
        let Record { symbol, name, .. } = &self.records[number];
        let family = name.split('.').next().unwrap_or(name);
        let in_pair = |order: &Order| {
            let own = &self.records[order.number].name;
            own.split('.').next() == Some(family) && (own.contains('.') || order.class == Class::Oco)
        };
        let pair: Vec<&Order> = self.books[*symbol].iter().filter(|order| in_pair(order)).collect();
        let side = pair.iter().find(|order| order.number == number)?.side;
        let mate = pair.iter().find(|order| order.number != number)?;
        let later = outbox.sent.iter().filter_map(|sent| match sent {
            Sent::Change { number, kind, .. } if *number == mate.number => Some(*kind),
            _ => None,
        });
        let least = if self.case.rules.alpaca { 10_000_000 } else { 1 };
        std::iter::once(mate.kind).chain(later).find_map(|other| {
            let (target, guard) = if matches!(kind, Kind::Limit { .. }) { (kind, other) } else { (other, kind) };
            let Kind::Limit { limit } = target else { return None };
            let (Kind::Stop { stop } | Kind::StopLimit { stop, .. }) = guard else { return None };
            match side {
                Side::Sell if limit <= stop => Some("target_below_stop"),
                Side::Sell if limit - stop < least => Some("stop_above_base"),
                Side::Buy if limit >= stop => Some("target_above_stop"),
                Side::Buy if stop - limit < least => Some("stop_below_base"),
                _ => None,
            }
        })
    }

    /// The most a share may come to cost: the last close and every price the order names.
    fn dearest(&self, symbol: usize, kind: Kind) -> Nano {
        let close = self.close[symbol];
        match kind {
            Kind::Market => close,
            Kind::Limit { limit } => close.max(limit),
            Kind::Stop { stop } => close.max(stop),
            Kind::StopLimit { stop, limit } => close.max(stop).max(limit),
            Kind::TrailPrice { distance } => close + distance,
            Kind::TrailPercent { percent } => close + close * percent / 100,
        }
    }

    /// Entries are taken back and refused until a resume.
    fn halt(&mut self, outbox: &mut Outbox) {
        self.used("halt");
        self.halted = true;
        for symbol in self.symbols() {
            let entries = self.claims(symbol, outbox).into_iter().filter(|claim| !claim.exit);
            let cancels: Vec<Sent> = entries.map(|claim| Sent::Cancel(claim.number)).collect();
            outbox.sent.extend(cancels);
        }
    }

    /// Voids all orders but the exits of another flatten; the exit goes out when they are gone.
    fn flatten(&mut self, id: &str, only: Option<usize>, outbox: &mut Outbox) {
        self.used("flatten");
        for symbol in self.symbols().filter(|symbol| only.is_none_or(|only| only == *symbol)) {
            let voids = |record: &Record| record.symbol == symbol && record.status.rests() && !record.flattens;
            let numbers: Vec<usize> = (0..self.records.len()).filter(|at| voids(&self.records[*at])).collect();
            let waits = outbox.flattens.iter().any(|(waiting, _)| *waiting == symbol);
            if numbers.is_empty() && !waits {
                self.close_position(symbol, id, outbox);
            } else if !waits {
                outbox.flattens.push((symbol, id.to_owned()));
            }
            outbox.sent.extend(numbers.into_iter().map(Sent::Cancel));
        }
    }

    /// A market order for what is held and not leaving already.
    fn close_position(&mut self, symbol: usize, id: &str, outbox: &mut Outbox) {
        let claims = self.claims(symbol, outbox);
        let shares = self.can_leave(symbol, &claims);
        if shares == 0 {
            return;
        }
        // An entry sent after the flatten could trade with its exit, and would be bought in vain.
        let side = if self.held[symbol] > 0 { Side::Sell } else { Side::Buy };
        let entries = claims.iter().filter(|claim| !claim.exit && claim.side != side);
        outbox.sent.extend(entries.map(|claim| Sent::Cancel(claim.number)));
        let number = self.record(self.flatten_name(id, symbol), symbol, Kind::Market, Status::New);
        self.records[number].flattens = true;
        let order = Order {
            number,
            side,
            open: shares,
            kind: Kind::Market,
            tif: Tif::Gtc,
            class: Class::Simple,
            exit: true,
            entry: None,
            pair: None,
            stop_loss: None,
            take_profit: None,
            from: self.now + 1,
            level: 0,
            best: 0,
            is_triggered: false,
            opens_next: true,
            done_on: None,
        };
        outbox.sent.push(Sent::Order(symbol, order));
    }

    fn send(&mut self, sent: Sent) {
        match sent {
            Sent::Order(symbol, order) => self.rest(symbol, order),
            Sent::Cancel(number) => self.take_back(number),
            Sent::Change { number, open, kind } => self.change(number, open, kind),
        }
    }

    /// The venue takes the order, or not.
    fn rest(&mut self, symbol: usize, order: Order) {
        let takes_legs = self.takes_legs(symbol, &order);
        if takes_legs {
            self.take_legs(symbol);
        }
        self.take(symbol, order);
        if takes_legs {
            self.put_legs_back(symbol);
        }
    }

    fn take(&mut self, symbol: usize, order: Order) {
        if let Some(rule) = self.rejection(symbol, &order) {
            self.used(rule);
            return self.remove(symbol, order.number, Status::Rejected);
        }
        if order.class != Class::Oco {
            return self.books[symbol].push(order);
        }
        // The target is the order itself, the stop the next number.
        let (target, stop) = (order.number, order.number + 1);
        let level = order.stop_loss.expect("a pair has a stop");
        self.records[stop].status = Status::New;
        let order = Order { stop_loss: None, ..order };
        self.books[symbol].push(Order { pair: Some(stop), ..order.clone() });
        let kind = Kind::Stop { stop: level };
        self.books[symbol].push(Order { number: stop, kind, level, pair: Some(target), ..order });
    }

    /// Why the venue does not take the order: the form of it, then what the account holds and has sent.
    fn rejection(&self, symbol: usize, order: &Order) -> Option<&'static str> {
        let is_plain = matches!(order.kind, Kind::Market | Kind::Limit { .. }) && order.class == Class::Simple;
        if !matches!(order.tif, Tif::Day | Tif::Gtc) && !is_plain {
            return Some("rejected: the type does not take the time in force");
        }
        // What leaves at the next open is gone; what an exit with a price takes may stay, to Alpaca.
        let position = self.staying(symbol, |exit| !self.case.rules.alpaca || exit.kind == Kind::Market);
        let closes = position * order.side.sign() < 0;
        let fits = match order.class {
            Class::Bracket | Class::Oto => !closes,
            Class::Oco => closes,
            Class::Simple => true,
        } && (!closes || order.open <= self.staying(symbol, |_| true).abs());
        if !fits {
            return Some("rejected: it does not fit what stays of the position");
        }
        if closes && order.open > self.staying(symbol, |_| true).abs() - self.held_by_legs(symbol, order) {
            return Some("rejected: legs hold its shares");
        }
        if !self.case.rules.alpaca {
            return None;
        }
        // A stop leg of a long stands a cent below the market at least, of a short above.
        let protects_long = (order.side == Side::Buy) != (order.class == Class::Oco);
        let way = if protects_long { 1 } else { -1 };
        if order.stop_loss.is_some_and(|stop| way * (self.close[symbol] - stop) < CENT) {
            return Some("rejected: the stop of a leg is not beyond the market");
        }
        let washes = |other: &&Order| self.could_trade(order, other);
        self.books[symbol].iter().any(|other| washes(&other)).then_some("rejected: it could trade with one of our own")
    }

    /// Is it an exit that leaves at the market with shares of legs? At Alpaca a share is reserved for one order.
    fn takes_legs(&self, symbol: usize, order: &Order) -> bool {
        let is_for_auction = matches!(order.tif, Tif::Opg | Tif::Cls);
        let leaves_now = order.class == Class::Simple && order.kind == Kind::Market && !is_for_auction;
        let in_legs: i64 =
            self.entries_with_legs(symbol).into_iter().map(|entry| self.shares_of_legs(symbol, entry)).sum();
        let unreserved = self.staying(symbol, |_| true).abs() - in_legs;
        self.case.rules.alpaca && order.exit && leaves_now && in_legs > 0 && unreserved < order.open
    }

    /// Canceling a leg cancels its group, the rest of its entry with it.
    fn take_legs(&mut self, symbol: usize) {
        for entry in self.entries_with_legs(symbol) {
            if self.books[symbol].iter().any(|order| order.number == entry) {
                self.used("cancel of one of a group: the others go with it");
                self.remove(symbol, entry, Status::Canceled);
            }
        }
    }

    /// Legs for the shares that stay are sent anew. One that is alone is a simple order then, and an opening order
    /// that it could trade with makes way for it.
    fn put_legs_back(&mut self, symbol: usize) {
        let mut stays = self.staying(symbol, |_| true).abs();
        for entry in self.entries_with_legs(symbol).into_iter().rev() {
            let legs: Vec<Order> =
                self.books[symbol].iter().filter(|order| order.entry == Some(entry)).cloned().collect();
            let shares = self.shares_of_legs(symbol, entry).min(stays);
            stays -= shares;
            let [leg] = legs.as_slice() else { continue };
            let sent = Order { class: Class::Simple, ..leg.clone() };
            for other in self.books[symbol].clone() {
                if shares > 0 && !other.exit && self.could_trade(&sent, &other) {
                    self.used("an opening order makes way for a leg that is sent again");
                    self.remove(symbol, other.number, Status::Canceled);
                }
            }
        }
    }

    /// At Alpaca a group of legs reserves its shares once, and another closing order finds them taken. A simple order
    /// that leaves at the market takes the legs back first.
    fn held_by_legs(&self, symbol: usize, order: &Order) -> i64 {
        let is_for_auction = matches!(order.tif, Tif::Opg | Tif::Cls);
        let leaves_now = order.class == Class::Simple && order.kind == Kind::Market && !is_for_auction;
        if leaves_now || !self.case.rules.alpaca {
            return 0;
        }
        self.entries_with_legs(symbol).into_iter().map(|entry| self.shares_of_legs(symbol, entry)).sum()
    }

    /// The position without what open exits take that are `meant`.
    fn staying(&self, symbol: usize, meant: impl Fn(&Order) -> bool) -> i64 {
        let held = self.held[symbol];
        let exits = self.books[symbol].iter().filter(|order| order.exit && order.entry.is_none() && meant(order));
        let leaving: i64 =
            exits.filter(|order| order.pair.is_none_or(|pair| order.number < pair)).map(|order| order.open).sum();
        held.signum() * (held.abs() - leaving).max(0)
    }

    /// Alpaca's table of wash trades: groups and trailing stops are exempt, and so is the stop of a pair, which it
    /// holds back. Two limits may rest that do not cross.
    fn could_trade(&self, new: &Order, resting: &Order) -> bool {
        let is_exempt =
            new.class != Class::Simple || matches!(new.kind, Kind::TrailPrice { .. } | Kind::TrailPercent { .. });
        let is_held = resting.is_stop() && resting.pair.is_some();
        if is_exempt || is_held || resting.side == new.side {
            return false;
        }
        let limit = |kind: Kind| match kind {
            Kind::Limit { limit } | Kind::StopLimit { limit, .. } => Some(limit),
            _ => None,
        };
        match (limit(new.kind), limit(resting.kind)) {
            (Some(ours), Some(theirs)) if new.side == Side::Buy => ours >= theirs,
            (Some(ours), Some(theirs)) => theirs >= ours,
            _ => true,
        }
    }

    /// Canceling one of a pair cancels both, and the rest of the entry whose legs they are.
    fn take_back(&mut self, number: usize) {
        let symbol = self.records[number].symbol;
        let Some(order) = self.books[symbol].iter().find(|order| order.number == number).cloned() else { return };
        self.used("cancel");
        self.remove(symbol, number, Status::Canceled);
        for other in self.books[symbol].clone() {
            if order.pair == Some(other.number) || order.entry == Some(other.number) {
                self.used("cancel of one of a group: the others go with it");
                self.remove(symbol, other.number, Status::Canceled);
            }
        }
    }

    /// New prices and shares. A stop that has triggered stays what it has become.
    fn change(&mut self, number: usize, open: Option<i64>, kind: Kind) {
        let symbol = self.records[number].symbol;
        let Some(at) = self.books[symbol].iter().position(|order| order.number == number) else { return };
        self.records[number].asked = kind;
        let order = &mut self.books[symbol][at];
        if std::mem::discriminant(&order.kind) == std::mem::discriminant(&kind) {
            order.kind = kind;
        }
        if let Kind::Stop { stop } | Kind::StopLimit { stop, .. } = kind {
            order.level = stop;
        }
        if let Some(open) = open {
            order.open = open;
            let pair = order.pair;
            if let Some(pair) = self.books[symbol].iter_mut().find(|other| Some(other.number) == pair) {
                pair.open = open;
            }
        }
    }
}

fn with_prices(kind: Kind, new_limit: Option<Nano>, new_stop: Option<Nano>) -> Kind {
    match kind {
        Kind::Limit { limit } => Kind::Limit { limit: new_limit.unwrap_or(limit) },
        Kind::Stop { stop } => Kind::Stop { stop: new_stop.unwrap_or(stop) },
        Kind::StopLimit { stop, limit } => {
            Kind::StopLimit { stop: new_stop.unwrap_or(stop), limit: new_limit.unwrap_or(limit) }
        }
        Kind::Market | Kind::TrailPrice { .. } | Kind::TrailPercent { .. } => kind,
    }
}
