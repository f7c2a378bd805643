//! A session over real sockets of this machine: from a closed bar to its order on the wire, and from a flooding socket to
//! decoded trades.
//!
//! Not here: the other side (venue). Engine, gate, desk and the wire's tasks share one thread; the venue has another.
//! What a session keeps on the disk before an order leaves is handed over and counted, not written.
use std::time::{Duration, Instant};

use alphaflow::domain::{
    Bar, LegActivation, Money, Price, Quantity, Ratio, Side, SymbolIndex, Tick, Timestamp, Volume,
};
use alphaflow::engine::{Engine, EngineConfig, Sizing, SizingKind, pump};
use alphaflow::execution::alpaca::{
    self, AlpacaBackend, AlpacaDesk, AlpacaWire, ApiKeys, DataLine, Decoder, DeskConfig, Encoding, Feed, LineCommand,
    LoopbackAddr, Patience, Rehearsal, SessionName, StreamKind, StreamSignal, WireEvent,
};
use alphaflow::risk::{CashCheck, Limits, Margin, StopAnchor, StopKind, StopRule, TakeProfit};
use alphaflow::strategy::{Holding, Intent, Intents, Strategy, View};
use alphaflow::venue::{
    BothTouched, Commission, CostScope, DueExit, FillMoment, LimitFill, MarketFill, Slippage, VenueRules,
};

use super::venue::{Arrival, PRICE, Venue};

const ORDERS: usize = 6_000;
const WARM_UP: usize = 500;
const BATCHES: usize = 10_000;
const ROUNDS: usize = 5;
const A: SymbolIndex = SymbolIndex(0);
const SHARES: i64 = 100;
const KEY: &str = "rehearsal";
/// How long the desk is left alone before it hears what time it is.
const PAUSE: Duration = Duration::from_millis(5);

/// In at one close, out at the next.
struct InAndOut;

impl Strategy for InAndOut {
    fn on_bar(&mut self, symbol: SymbolIndex, _bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        intents.push(match view.book(symbol).holding() {
            Holding::Flat => Intent::Enter { symbol, side: Side::Buy, weight: None },
            Holding::Long | Holding::Short => Intent::Exit { symbol },
        });
    }
}

fn cash() -> Money {
    Money::from_cents(100_000_000)
}

fn engine() -> Engine<InAndOut> {
    let shares = Quantity::from_shares(SHARES).expect("shares");
    let limits = Limits { position_size_max: Ratio::ONE, gross_exposure_max: Ratio::ONE, ..Limits::WIDE };
    let stop = StopRule {
        kind: StopKind::None,
        anchor: StopAnchor::Fill,
        activation: LegActivation::EntryBar,
        trailing: false,
        tick: Tick::UsEquity,
        take_profit: TakeProfit::None,
    };
    let config = EngineConfig {
        cash: cash(),
        symbols: 1,
        sizing: Sizing { kind: SizingKind::FixedShares(shares), fractional: false },
        stop,
        limits,
        margin: Margin { leverage: 1, allow_short: false, cash_check: CashCheck::Approval },
        commission: Commission::None,
        trim_to_cash: false,
    };
    Engine::new(InAndOut, config)
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
        session: SessionName::new("bench").expect("letters"),
        symbols: vec!["AAPL".parse().expect("symbol")],
        rules,
        cash: cash(),
        calls_a_minute: 60_000_000,
        seed: 1,
        listens_to_bars: false,
        siblings: Vec::new(),
        started_at: Timestamp::MIN,
        // The venue's clock stands.
        patience: Patience { skew: u64::MAX, ..Patience::default() },
    };
    AlpacaDesk::new(config, alpaca::Instant::default())
}

fn open(venue: &Venue) -> AlpacaWire<Rehearsal> {
    let keys = ApiKeys::new(KEY.to_owned(), KEY.to_owned()).expect("letters");
    let mode = Rehearsal(LoopbackAddr::new(venue.address).expect("loopback"));
    let line = DataLine { feed: Feed::Iex, encoding: Encoding::MessagePack };
    AlpacaWire::open(mode, &keys, line).expect("a wire")
}

fn bar(minute: usize) -> Bar {
    let price: Price = PRICE.parse().expect("price");
    let time = Timestamp::from_seconds(1_704_205_800 + 60 * minute as i64).expect("time");
    let volume = Volume::from_shares(1_000_000).expect("volume");
    Bar { time, open: price, high: price, low: price, close: price, volume }
}

struct Session {
    engine: Engine<InAndOut>,
    backend: AlpacaBackend<Rehearsal>,
    began: Instant,
    kept: usize,
}

impl Session {
    fn send(&mut self) {
        let kept = &mut self.kept;
        let keep = |log: &[alpaca::Entry]| {
            *kept += log.len();
            Ok(())
        };
        self.backend.send(keep).expect("kept");
    }

    /// Takes in what comes next.
    async fn wait(&mut self) {
        let next = tokio::time::timeout(PAUSE, self.backend.next()).await;
        let ms = self.began.elapsed().as_millis() as u64;
        let now = alpaca::Instant { ms, wall_ms: ms as i64 };
        match next {
            Ok(event) => self.backend.take(event, now),
            Err(_) => self.backend.desk().on_time(now),
        }
        self.send();
    }

    async fn begin(venue: &Venue) -> Session {
        let backend = AlpacaBackend::new(desk(), open(venue), Encoding::MessagePack);
        let mut session = Session { engine: engine(), backend, began: Instant::now(), kept: 0 };
        while !session.backend.desk().is_ready() {
            session.wait().await;
        }
        session
    }

    /// A bar has closed: the engine decides, the gate approves, the desk sends.
    fn close(&mut self, bar: &Bar) {
        self.engine.mark(A, bar);
        self.engine.decide(A, bar);
        self.engine.decide_step(bar.time);
        self.engine.review(bar.time);
        pump(&mut self.engine, &mut self.backend, bar.time).expect("an answer that fits");
        self.send();
    }

    /// Waits until what was sent has filled, on the bar at `time`.
    async fn fill(&mut self, time: Timestamp) {
        self.backend.desk().at_bar(time, FillMoment::Open);
        let held = self.engine.portfolio().position(A).quantity();
        while self.engine.portfolio().position(A).quantity() == held || self.backend.is_awaiting() {
            self.wait().await;
            pump(&mut self.engine, &mut self.backend, time).expect("an answer that fits");
        }
    }
}

/// The same bytes with nothing around them, as soon as they are known.
async fn bare_post(client: &reqwest::Client, url: &str, body: &[u8]) {
    let call = client.post(url).header("content-type", "application/json").body(body.to_vec());
    let answer = call.send().await.expect("an answer");
    answer.bytes().await.expect("a body");
}

/// Times of one kind.
struct Times(Vec<Duration>);

impl Times {
    fn sorted(mut times: Vec<Duration>) -> Times {
        times.sort_unstable();
        Times(times)
    }

    /// The least that so many hundredths of them do not exceed, in microseconds.
    fn percentile_us(&self, hundredths: usize) -> f64 {
        let rank = (self.0.len() * hundredths).div_ceil(100).max(1);
        self.0[rank - 1].as_secs_f64() * 1e6
    }

    fn print(&self, name: &str) {
        let (median, p99) = (self.percentile_us(50), self.percentile_us(99));
        println!("{name}: median {median:.1} us, p99 {p99:.1} us ({} orders)", self.0.len());
    }
}

/// Bar in, order on the wire; in turn with a bare POST of the same bytes.
async fn latency(venue: &Venue) {
    let arrived = || -> Arrival { venue.arrivals.recv().expect("the venue is up") };
    alpaca::provide_cryptography();
    let bare = reqwest::Client::builder().no_proxy().tls_certs_only([]).tcp_nodelay(true).build().expect("a client");
    let url = format!("http://{}/bare", venue.address);
    let mut session = Session::begin(venue).await;
    let (mut decided, mut sent, mut posted) = (Vec::new(), Vec::new(), Vec::new());
    for minute in 0..WARM_UP + ORDERS {
        let bar = bar(minute);
        let began = Instant::now();
        session.close(&bar);
        let handed = began.elapsed();
        session.fill(self::bar(minute + 1).time).await;
        let order = arrived();
        let begun = Instant::now();
        bare_post(&bare, &url, &order.body).await;
        let post = arrived();
        assert_eq!(order.body, post.body, "the same bytes");
        if minute >= WARM_UP {
            decided.push(handed);
            sent.push(order.at - began);
            posted.push(post.at - begun);
        }
    }
    assert_eq!(session.engine.finish().fills.len(), WARM_UP + ORDERS, "each order has filled");
    let (decided, sent, posted) = (Times::sorted(decided), Times::sorted(sent), Times::sorted(posted));
    sent.print("bar in, order on the wire");
    decided.print("of it strategy, gate and desk");
    posted.print("bare reqwest POST of the same bytes");
    println!("bar to wire at {:.2} times the bare POST (medians)", sent.percentile_us(50) / posted.percentile_us(50));
}

/// Trades a second of the flood; `sum` decodes a message.
async fn flood(venue: &Venue, sum: &mut impl FnMut(&[u8]) -> i64) -> f64 {
    let mut wire = open(venue);
    wire.tell(StreamKind::Data, LineCommand::Connect).expect("room");
    let mut left = BATCHES;
    let mut began = Instant::now();
    while left > 0 {
        match wire.next().await {
            WireEvent::Signal { signal: StreamSignal::Connected, .. } => {
                wire.tell(StreamKind::Data, LineCommand::Send(true.into())).expect("room");
                began = Instant::now();
            }
            WireEvent::Signal { signal: StreamSignal::Message(batch), .. } => {
                std::hint::black_box(sum(&batch));
                left -= 1;
            }
            other => panic!("{other:?}"),
        }
    }
    began.elapsed().as_secs_f64()
}

/// The whole path and the decoder alone, in turn.
async fn throughput(venue: &Venue, batch: &[u8], trades: u64, sum: fn(&mut Decoder, &[u8]) -> i64) {
    let mut decoder = Decoder::new(Encoding::MessagePack);
    let (mut whole, mut alone) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        whole = whole.min(flood(venue, &mut |batch| sum(&mut decoder, batch)).await);
        let began = Instant::now();
        (0..BATCHES).for_each(|_| {
            std::hint::black_box(sum(&mut decoder, std::hint::black_box(batch)));
        });
        alone = alone.min(began.elapsed().as_secs_f64());
    }
    let rate = |seconds: f64| trades as f64 * BATCHES as f64 / seconds / 1e6;
    println!(
        "socket to decoded trades (MessagePack): {:.2} M trades/s on one core, decoder alone {:.2} M (best of {ROUNDS})",
        rate(whole),
        rate(alone)
    );
}

/// Both measurements; `batch` holds `trades` trades in MessagePack.
pub fn run(batch: Vec<u8>, trades: u64, sum: fn(&mut Decoder, &[u8]) -> i64) {
    let venue = Venue::start((batch.clone(), BATCHES));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        latency(&venue).await;
        throughput(&venue, &batch, trades, sum).await;
    });
}
