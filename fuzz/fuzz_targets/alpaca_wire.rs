//! What a venue may say over REST and the stream of trade updates, out of a fuzzer's bytes: each line is one thing.
//!
//! `{…` is a message of the stream, `200 {…}` answers the oldest call with that status, `x` breaks it, `n` says that it never
//! left, `b` closes a bar, `t` lets a second pass, `l` loses the stream. The session trades a bracket in and out.
//! Laws, whatever the venue says: nothing panics; no answer contradicts an order's status; the engine holds what the desk
//! has counted; no name is on its way to the venue twice at once.
#![no_main]
use std::collections::VecDeque;

use alphaflow::domain::{
    Bar, LegActivation, Money, Price, Quantity, Ratio, Side, SymbolIndex, Tick, Timestamp, Volume,
};
use alphaflow::engine::{Engine, EngineConfig, Sizing, SizingKind, pump};
use alphaflow::execution::alpaca::{
    AlpacaDesk, Call, DeskConfig, Instant, Outcome, Patience, RateHeaders, SessionName, StreamCommand, StreamKind,
    StreamSignal, Verb,
};
use alphaflow::risk::{CashCheck, Limits, Margin, StopAnchor, StopKind, StopRule, TakeProfit};
use alphaflow::strategy::{Holding, Intent, Intents, Strategy, View};
use alphaflow::venue::{
    BothTouched, Commission, CostScope, DueExit, FillMoment, LimitFill, MarketFill, Slippage, VenueRules,
};
use libfuzzer_sys::fuzz_target;

const A: SymbolIndex = SymbolIndex(0);
/// More would only be more of the same.
const LINES_MAX: usize = 64;

/// In when flat, out when not.
struct InAndOut;

impl Strategy for InAndOut {
    fn on_bar(&mut self, symbol: SymbolIndex, _bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        intents.push(match view.book(symbol).holding() {
            Holding::Flat => Intent::Enter { symbol, side: Side::Buy, weight: None },
            Holding::Long | Holding::Short => Intent::Exit { symbol },
        });
    }
}

struct Session {
    engine: Engine<InAndOut>,
    desk: AlpacaDesk,
    calls: VecDeque<Call>,
    now: Instant,
    minutes: i64,
}

fn cash() -> Money {
    Money::from_cents(10_000_000)
}

fn ratio(text: &str) -> Ratio {
    text.parse().expect("ratio")
}

fn engine() -> Engine<InAndOut> {
    let shares = Quantity::from_shares(10).expect("shares");
    Engine::new(
        InAndOut,
        EngineConfig {
            cash: cash(),
            symbols: 1,
            sizing: Sizing { kind: SizingKind::FixedShares(shares), fractional: false },
            stop: StopRule {
                kind: StopKind::Percent { share: ratio("0.05") },
                anchor: StopAnchor::Fill,
                activation: LegActivation::EntryBar,
                trailing: false,
                tick: Tick::UsEquity,
                take_profit: TakeProfit::Percent(ratio("0.05")),
            },
            limits: Limits { orders_per_minute_max: 1_000, ..Limits::WIDE },
            margin: Margin { leverage: 1, allow_short: false, cash_check: CashCheck::Approval },
            commission: Commission::None,
            trim_to_cash: false,
        },
    )
}

fn desk() -> AlpacaDesk {
    let rules = VenueRules {
        market_fill: MarketFill::NextOpen,
        limit_fill: LimitFill::Touch,
        both_touched: BothTouched::StopFirst,
        due_exit: DueExit::ExitFirst,
        slippage: Slippage::None,
        slippage_on: CostScope::Both,
        commission: Commission::None,
        participation: Ratio::ONE,
        tick: Tick::UsEquity,
        fractional: false,
        cash_check_at_fill: false,
        trim_to_cash: false,
        extended_hours: false,
        leverage: 1,
    };
    let config = DeskConfig {
        session: SessionName::new("f").expect("a letter"),
        symbols: vec!["AAPL".parse().expect("symbol")],
        rules,
        cash: cash(),
        calls_a_minute: 60_000,
        seed: 1,
        listens_to_bars: false,
        started_at: time(0),
        patience: Patience { skew: u64::MAX, ..Patience::default() },
    };
    AlpacaDesk::new(config, Instant::default())
}

fn time(minutes: i64) -> Timestamp {
    Timestamp::from_seconds(1_767_366_000 + 60 * minutes).expect("time")
}

fn answered(status: u16, body: &[u8]) -> Outcome {
    Outcome::Answered { status, body: body.to_vec(), rate: RateHeaders::default() }
}

/// The name that a POST gives its order.
fn name(call: &Call) -> Option<String> {
    let body = call.body.as_deref().filter(|_| call.verb == Verb::Post)?;
    let body: serde_json::Value = serde_json::from_str(body).expect("the desk sends JSON");
    Some(body["client_order_id"].as_str().expect("each order has a name").to_owned())
}

impl Session {
    /// Connected, and everything read from an empty account.
    fn begin() -> Session {
        let (calls, now) = (VecDeque::new(), Instant::default());
        let mut session = Session { engine: engine(), desk: desk(), calls, now, minutes: 0 };
        session.desk.on_time(now);
        session.settle();
        while !session.desk.is_ready() {
            let body: &[u8] = match session.calls.front().map(|call| call.path.as_str()) {
                Some("/v2/clock") => br#"{"timestamp":"2026-01-02T15:00:00Z","is_open":true}"#,
                Some("/v2/account") => b"{}",
                _ => b"[]",
            };
            session.answer(answered(200, body));
            session.pass(1);
            session.settle();
        }
        session
    }

    fn signal(&mut self, signal: StreamSignal) {
        self.desk.on_signal(StreamKind::Trading, signal, self.now);
    }

    fn answer(&mut self, outcome: Outcome) {
        if let Some(call) = self.calls.pop_front() {
            self.desk.on_outcome(call.id, outcome, self.now);
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now = Instant { ms: self.now.ms + ms, wall_ms: self.now.wall_ms + ms as i64 };
        self.desk.on_time(self.now);
    }

    fn close_bar(&mut self) {
        let price = Price::from_units(100 * Price::UNITS_PER_USD).expect("price");
        let volume = Volume::from_shares(1_000_000).expect("volume");
        let bar = Bar { time: time(self.minutes), open: price, high: price, low: price, close: price, volume };
        self.desk.on_bars(&[(A, &bar)]);
        self.engine.mark(A, &bar);
        self.engine.decide(A, &bar);
        self.engine.review(bar.time);
        self.pump();
        self.minutes += 1;
        self.desk.at_bar(time(self.minutes), FillMoment::Open);
    }

    fn pump(&mut self) {
        pump(&mut self.engine, &mut self.desk, time(self.minutes)).unwrap_or_else(|error| panic!("{error}"));
    }

    fn line(&mut self, line: &[u8]) {
        let status =
            line.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|text| text.parse().ok());
        match (line.first(), status) {
            (Some(b'{'), _) => self.signal(StreamSignal::Message(line.to_vec())),
            (Some(b'x'), _) => self.answer(Outcome::Unknown("cut".to_owned())),
            (Some(b'n'), _) => self.answer(Outcome::NotSent("no route".to_owned())),
            (Some(b'b'), _) => self.close_bar(),
            (Some(b't'), _) => self.pass(1_000),
            (Some(b'l'), _) => self.signal(StreamSignal::Lost("cut".to_owned())),
            (_, Some(status)) => self.answer(answered(status, line.get(4..).unwrap_or_default())),
            _ => {}
        }
    }

    /// Streams obey, calls leave, the engine hears; then the laws.
    fn settle(&mut self) {
        let commands: Vec<StreamCommand> = self.desk.take_commands().collect();
        for command in commands {
            let reply = match command {
                StreamCommand::Connect(_) => StreamSignal::Connected,
                StreamCommand::Authenticate(_) => StreamSignal::Message(
                    br#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#.to_vec(),
                ),
                StreamCommand::Say(..) => {
                    StreamSignal::Message(br#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#.to_vec())
                }
                StreamCommand::Close(_) => continue,
            };
            self.signal(reply);
            self.settle();
        }
        while let Some(call) = self.desk.next_call() {
            let name = name(&call);
            let is_on_its_way = |other: &Call| name.is_some() && self::name(other) == name;
            assert!(!self.calls.iter().any(is_on_its_way), "{name:?} is on its way twice");
            self.calls.push_back(call);
        }
        self.desk.take_log();
        self.desk.take_findings();
        self.pump();
        let ours = self.engine.portfolio().position(A).quantity();
        assert_eq!(ours, self.desk.shares(A), "the engine holds what the desk has counted");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut session = Session::begin();
    for line in bytes.split(|byte| *byte == b'\n').take(LINES_MAX) {
        session.line(line);
        session.settle();
    }
});
