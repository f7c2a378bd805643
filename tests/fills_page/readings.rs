//! The rules of paths, finer bars and the way to the venue. What fills is not written here.
use super::cases::{Case, FLAT, PLAIN};

const BRACKET: &[&str] = &["0 submit E1 buy 50 market order_class=bracket take_profit=110 stop_loss=95"];

pub const PATHS: &[Case] = &[
    Case {
        id: "path-down-first",
        title: "Along a path: the nearer extreme first",
        rule: "Bar 3 opens 5 above its low and 12 below its high: it went down first, and the stop fills. Where both are \
               equally near, a bar that closes at or above its open went down first, one that closes below it up first.",
        bars: &[FLAT, FLAT, "99 111 94 105", FLAT],
        script: BRACKET,
        set: &["execution.both_touched=ohlc"],
        others: "NautilusTrader does the same with `bar_adaptive_high_low_ordering`, and goes to the high first without it; \
                 jesse goes up first in a bar that closes below its open, down first in one that closes above it.",
        ..PLAIN
    },
    Case {
        id: "path-legs",
        title: "Along a path: exits of an entry live for the rest of it",
        rule: "The limit of 98 fills on the way down, the target of 103 on the way up. Read as a whole, the exits would wait \
               for bar 4.",
        bars: &[FLAT, FLAT, "100 105 97 104", FLAT],
        script: &["1 submit E1 buy 50 limit limit_price=98 order_class=bracket take_profit=103 stop_loss=95"],
        set: &["execution.both_touched=ohlc"],
        others: "NautilusTrader does the same. backtesting.py and backtrader begin with the next bar.",
        ..PLAIN
    },
    Case {
        id: "path-trailing",
        title: "Along a path: a trailing stop moves with every new extreme",
        rule: "Bar 3 goes down to 99.5, up to 106 and back to 101. The stop trails by 2: it stands at 104 when the price turns.",
        bars: &[FLAT, FLAT, "100 106 99.5 101", FLAT],
        script: &["0 submit E1 buy 50 market", "1 submit T1 sell 50 trailing_stop trail_price=2"],
        set: &["execution.both_touched=ohlc"],
        lines: &[("stop", 98.0, 1, 2), ("stop", 104.0, 2, 3)],
        others: "backtrader, vectorbt and LEAN move it once a bar; freqtrade moves it with the high and tests the low after.",
        ..PLAIN
    },
    Case {
        id: "path-stop-limit",
        title: "Along a path: a stop-limit is a limit once it is triggered",
        rule: "Bar 3 goes down to 99, up to 104 and back to 101. The stop at 102 is met on the way up, beyond the limit of \
               101.5, which is met on the way back.",
        bars: &[FLAT, FLAT, "100 104 99 101", FLAT],
        script: &["1 submit E1 buy 50 stop_limit stop_price=102 limit_price=101.5"],
        set: &["execution.both_touched=ohlc"],
        others: "NautilusTrader does the same; backtrader only in bars whose shape proves it.",
        ..PLAIN
    },
];

pub const WAY: &[Case] = &[
    Case {
        id: "latency-open-missed",
        title: "An order fills first on a bar that opens at or after its arrival",
        rule: "Decided at bar 1's close, there 250 ms later: bar 2 has opened by then, and what it did inside cannot be told.",
        bars: &[FLAT, "101 101.5 100.5 101", "102 102.5 101.5 102", FLAT],
        script: &["0 submit E1 buy 50 market"],
        set: &["execution.latency_ms=250"],
        minutes: true,
        others: "With a latency model NautilusTrader fills at the close of a later bar, never at an open.",
        ..PLAIN
    },
    Case {
        id: "latency-cancel",
        title: "Until a cancel has arrived, the order can fill",
        rule: "The cancel is sent at bar 2's close. In bar 3 the limit still rests.",
        bars: &[FLAT, FLAT, "100 101 97 100", FLAT],
        script: &["0 submit E1 buy 50 limit limit_price=98", "1 cancel E1"],
        set: &["execution.latency_ms=250"],
        minutes: true,
        ..PLAIN
    },
];
