//! The rules of the page: words, bars and orders. What fills is not written here: the engine says so.

use super::account::{ACCOUNT, ACCOUNT_TEXT, COMMISSION_BPS, ENTRY_ONLY, FOK, PARTS, PROTECTION};
use super::readings::{PATHS, WAY};

/// One rule with its picture.
pub struct Case {
    /// Name of the picture.
    pub id: &'static str,
    pub title: &'static str,
    pub rule: &'static str,
    /// `open high low close [volume]`.
    pub bars: &'static [&'static str],
    /// `bar action id side qty type name=value …`, bars counted from 0.
    pub script: &'static [&'static str],
    /// Changes of the scenario.
    pub set: &'static [&'static str],
    pub actions: &'static str,
    pub minutes: bool,
    /// Levels as `(name, price, from, until)` where they move; else those that the script names are drawn.
    pub lines: &'static [(&'static str, f64, usize, usize)],
    /// What other engines do.
    pub others: &'static str,
}

pub struct Section {
    pub title: &'static str,
    pub text: &'static str,
    pub cases: &'static [Case],
}

pub const PLAIN: Case = Case {
    id: "",
    title: "",
    rule: "",
    bars: &[],
    script: &[],
    set: &[],
    actions: "",
    minutes: false,
    lines: &[],
    others: "",
};

pub const FLAT: &str = "100 101 99 100";

pub const SECTIONS: &[Section] = &[
    Section {
        title: "Market orders",
        text: "No order fills on the bar that caused it: the strategy sees a bar when it has closed. At one open, exits and stops that \
               the price has jumped over fill first, in all symbols; then entries, in the order of `data.symbols`.",
        cases: MARKET,
    },
    Section {
        title: "Limits",
        text: "A limit never fills worse than its price, and better only at an open.",
        cases: LIMITS,
    },
    Section {
        title: "Stops",
        text: "A stop never fills better than a market order sent at the moment it triggers would.",
        cases: STOPS,
    },
    Section {
        title: "Stop-limits",
        text: "A stop-limit becomes a limit when its stop is touched; the bar cannot tell what came after the touch.",
        cases: STOP_LIMITS,
    },
    Section {
        title: "What a bar hides",
        text: "A bar says how far the price went, not in which order. Where that decides a fill, the rule below takes the \
               reading against you; the run counts such bars and says how much hangs on them.",
        cases: HIDDEN,
    },
    Section {
        title: "Paths and finer bars",
        text: "With `both_touched = \"ohlc\"` a bar is walked along a path guessed from its shape: open, the extreme nearer to \
               the open, the other extreme, close. On the way the next level fills first, at its level; of two at one price \
               the stop. A guess tells nothing, so the bars it decides are counted all the same. With \
               `both_touched = \"finer\"` and `data.finer_path` a bar in which something could fill is replayed through its \
               finer bars, each read as a bar of its own, stops before targets; exits of an entry live from the next finer \
               bar on, a trailing stop moves with each. Volume, time and range of a fill are those of the bar itself. Where \
               the finer bars are missing, lie outside the bar, or miss a price at which the bar touches an order, the bar \
               is read as a whole, stop first, and the run says how many and the first of them.\n\n\
               A run with undecided bars is replayed three times more: in the kindest way (targets first; of an entry that \
               filled inside a bar the target is live at once, the stop from the next bar on), the cruellest (stops first; \
               of such an entry the stop is live at once, the target from the next bar on) and along paths. \
               `final_equity_low` and `final_equity_high` are the lowest and highest equity at the end of all four. No other \
               engine says how much hangs on its reading.",
        cases: PATHS,
    },
    Section {
        title: "The way to the venue",
        text: "With intraday bars, orders, cancels and changes sent at a close arrive `execution.latency_ms` later. What is sent \
               at a session's last close has the night. Exits that belong to an entry rest at the venue and have no way to go. \
               Daily bars take no latency: the night is longer than any.\n\n\
               What Alpaca would reject is rejected, in its words, unless `venue_rules = \"none\"`: orders of fractions that are \
               not for the day, prices between ticks, a bracket that does not belong to an entry, a buy while a sale rests on the \
               other side, and so on. `orders.csv` and the report say which.",
        cases: WAY,
    },
    Section { title: "Trailing stops", text: "The old level is tested first, then it moves.", cases: TRAILING },
    Section {
        title: "Volume",
        text: "An order takes at most `execution.participation` of a bar's volume (whole shares, rounded down, unless \
               `sizing.fractional`); the rest lives on as long as its time in force allows.",
        cases: VOLUME,
    },
    Section {
        title: "Costs",
        text: "Slippage is always against you, so a price may lie outside the bar; the price before slippage never does.",
        cases: COSTS,
    },
    Section {
        title: "Time in force",
        text: "`day` expires at the session's close, `gtc` rests, `ioc` and `fok` have one moment, `opg` and `cls` one auction. What \
               is left of an order that filled in part lives and ends as the whole would have.",
        cases: TIMES,
    },
    Section {
        title: "Corporate actions",
        text: "With `data.adjust = \"none\"` prices are raw and actions reach positions, cost basis and resting orders before \
               the open of the ex-date. Averages and ranges that look back over it are restated then, and not before.\n\n\
               - A fraction of a share that a split leaves is paid in cash at the adjusted close before, unless `sizing.fractional`.\n\
               - A dividend is paid to whoever held the share at the close before, at the ex-date's open; who was short owes it. \
               It moves no order.\n\
               - A delisting pays the amount in the file, or the last close where none is given, without a fee, and ends every \
               order of the share; the trade's reason is `delisted`. A share whose bars end without such a row stays at its last close, \
               and the run says so.\n\
               - A rename changes the file that the bars come from; position and orders go on, and the run keeps the symbol of the \
               scenario.",
        cases: ACTIONS,
    },
    Section { title: "Stop and target of a strategy", text: PROTECTION, cases: PARTS },
    Section { title: "The account", text: ACCOUNT_TEXT, cases: ACCOUNT },
];

const MARKET: &[Case] = &[
    Case {
        id: "market-next-open",
        title: "A market order fills at the next bar's open",
        rule: "Decided at the close of bar 2, filled at the open of bar 3, whatever happened over night.",
        bars: &[FLAT, FLAT, "103 104 102 103", "103 104 102 103"],
        script: &["1 submit E1 buy 50 market"],
        others: "backtesting.py and backtrader fill there too, and so does LEAN where the market is shut when the order is sent. vectorbt and NautilusTrader fill at the close that gave the \
                 signal, 100 here; zipline at the close of the next bar.",
        ..PLAIN
    },
    Case {
        id: "market-close",
        title: "At the close that decided it, where the scenario says so",
        rule: "The one exception to \"never on the bar that caused it\", for comparisons with engines that do so.",
        bars: &[FLAT, "100 102 99 101", "103 104 102 103"],
        script: &["1 submit E1 buy 50 market"],
        set: &["execution.market_fill=close"],
        others: "vectorbt's default; `trade_on_close` in backtesting.py, `cheat_on_close` in backtrader.",
        ..PLAIN
    },
    Case {
        id: "market-next-close",
        title: "At the next bar's close, where the scenario says so",
        rule: "For comparisons with zipline.",
        bars: &[FLAT, FLAT, "103 104 101 102", FLAT],
        script: &["1 submit E1 buy 50 market"],
        set: &["execution.market_fill=next_close"],
        others: "zipline's only way.",
        ..PLAIN
    },
    Case {
        id: "market-last-bar",
        title: "An order of the last bar never fills",
        rule: "Nothing is closed by force at the end: an open position is valued at the last close and listed as open.",
        bars: &[FLAT, FLAT, "100 102 99 101"],
        script: &["0 submit E1 buy 50 market", "2 submit X1 sell 50 market"],
        others: "backtesting.py leaves trades open unless told to finalise and warns; NautilusTrader and LEAN may send closing \
                 orders of their own.",
        ..PLAIN
    },
];

const LIMITS: &[Case] = &[
    Case {
        id: "limit-touch",
        title: "A touch fills a limit, at the limit",
        rule: "Bar 3's low is exactly the limit.",
        bars: &[FLAT, FLAT, "100 101 98 99", FLAT],
        script: &["1 submit E1 buy 50 limit limit_price=98"],
        others: "LEAN wants the price to go through (it assumes the last place in the queue); zipline looks at closes only; \
                 vectorbt's open version has no limits.",
        ..PLAIN
    },
    Case {
        id: "limit-through",
        title: "Through the limit, where a touch is not enough",
        rule: "Bar 3 touches the limit and does not fill it; bar 4 goes beyond.",
        bars: &[FLAT, FLAT, "100 101 98 99", "99 100 97.5 99"],
        script: &["1 submit E1 buy 50 limit limit_price=98"],
        set: &["execution.limit_fill=through"],
        others: "LEAN's rule.",
        ..PLAIN
    },
    Case {
        id: "limit-better-open",
        title: "An open beyond the limit fills there, which is better",
        rule: "The limit is 99.5 and the bar opens at 98.",
        bars: &[FLAT, FLAT, "98 99 97 98", FLAT],
        script: &["1 submit E1 buy 50 limit limit_price=99.5"],
        others: "NautilusTrader fills at the limit, 99.5; freqtrade at the price asked for.",
        ..PLAIN
    },
];

const STOPS: &[Case] = &[
    Case {
        id: "stop-touch",
        title: "A touch triggers a stop, and it fills at its level",
        rule: "Bar 3's low is exactly the stop.",
        bars: &[FLAT, FLAT, "100 100.5 97 98", FLAT],
        script: &["0 submit E1 buy 50 market", "1 submit S1 sell 50 stop stop_price=97"],
        others: "All agree but zipline.",
        ..PLAIN
    },
    Case {
        id: "stop-gap",
        title: "An open beyond the stop fills at the open",
        rule: "The stop is 97; the bar opens at 94. A 3 % stop lost 6 %.",
        bars: &[FLAT, FLAT, "94 96 93 95", FLAT],
        script: &["0 submit E1 buy 50 market", "1 submit S1 sell 50 stop stop_price=97"],
        others: "All agree today but zipline; NautilusTrader 1.221 filled at the stop.",
        ..PLAIN
    },
    Case {
        id: "stop-entry-bar",
        title: "The stop of a market entry is live on the bar it fills on",
        rule: "Bought at the open of bar 3, stopped on the same bar.",
        bars: &[FLAT, FLAT, "100 101 96 98", FLAT],
        script: &["1 submit E1 buy 50 market order_class=oto stop_loss=97"],
        others: "backtesting.py and NautilusTrader do so; backtrader wakes the stop on the next bar, vectorbt cannot stop on the \
                 bar of the entry. `stop.active_from = \"next_bar\"` does as they do.",
        ..PLAIN
    },
    Case {
        id: "stop-due-exit",
        title: "An exit that is due at the open comes before the stop",
        rule: "The strategy's exit fills at the open of bar 4 and voids the stop, though the bar touches it.",
        bars: &[FLAT, FLAT, FLAT, "99 100 95 96"],
        script: &["0 submit E1 buy 50 market order_class=oto stop_loss=97", "2 submit X1 sell 50 market"],
        others: "vectorbt lets the stop set the exit's price; `stop.due_exit = \"stop_first\"` does the same.",
        ..PLAIN
    },
    Case {
        id: "stop-collar",
        title: "A buy stop pays its collar at most",
        rule: "Alpaca sends a buy stop as a stop-limit 2.5 % above the stop (4 % below $50). Bar 3 opens beyond 104.55, so the \
               order waits as a limit, and fills on bar 4.",
        bars: &[FLAT, FLAT, "106 107 105 106", "105 105.5 104 105"],
        script: &["1 submit E1 buy 50 stop stop_price=102"],
        lines: &[("stop", 102.0, 1, 2), ("limit", 104.55, 2, 3)],
        others: "No engine in the table knows it: they fill at 106. `venue_rules = \"none\"` does as they do, rounds no price to a tick and refuses nothing that Alpaca would; such a run can be neither rehearsed nor traded.",
        ..PLAIN
    },
];

const STOP_LIMITS: &[Case] = &[
    Case {
        id: "stop-limit",
        title: "A limit beyond the stop fills at the stop",
        rule: "Triggered at 101, where 102 or better is to be had.",
        bars: &[FLAT, FLAT, "100 102 99 101", FLAT],
        script: &["1 submit E1 buy 50 stop_limit stop_price=101 limit_price=102"],
        others: "backtesting.py, backtrader and NautilusTrader agree. LEAN fills at the lower of high and limit.",
        ..PLAIN
    },
    Case {
        id: "stop-limit-far",
        title: "A limit on the far side does not fill on the bar that triggers it",
        rule: "Bar 3 rises to the stop, 101; whether it came back to 100 afterwards it cannot tell. Bar 4 opens at 99.5.",
        bars: &[FLAT, FLAT, "100 102 99 100", "99.5 100 99 99.5"],
        script: &["1 submit E1 buy 50 stop_limit stop_price=101 limit_price=100"],
        others: "backtesting.py and backtrader wait as well. NautilusTrader walks open, high, low, close and fills at 100 on bar 3; \
                 lumibot tests the limit in the same bar.",
        ..PLAIN
    },
    Case {
        id: "stop-limit-gap",
        title: "An open beyond the limit triggers and does not fill",
        rule: "Bar 3 opens at 104, beyond the limit of 102; bar 4 comes back to it.",
        bars: &[FLAT, FLAT, "104 105 103 104", "103 103.5 101.5 102"],
        script: &["1 submit E1 buy 50 stop_limit stop_price=101 limit_price=102"],
        others: "backtesting.py and backtrader fill at 102 on bar 4; NautilusTrader at the low of bar 4, 101.5.",
        ..PLAIN
    },
];

const HIDDEN: &[Case] = &[
    Case {
        id: "both-stop-first",
        title: "Stop and target in one bar: the stop",
        rule: "Bar 3 holds both 95 and 110. The stop fills, and the bar is counted in `ambiguous_bars`.",
        bars: &[FLAT, FLAT, "100 111 94 105", FLAT],
        script: &["0 submit E1 buy 50 market order_class=bracket take_profit=110 stop_loss=95"],
        others: "backtesting.py, backtrader, vectorbt and freqtrade take the stop. NautilusTrader walks to the high first and takes \
                 the target of every long; in LEAN both may fill.",
        ..PLAIN
    },
    Case {
        id: "both-target-first",
        title: "The target, where the scenario says so",
        rule: "The kindest reading, to see how much hangs on it.",
        bars: &[FLAT, FLAT, "100 111 94 105", FLAT],
        script: &["0 submit E1 buy 50 market order_class=bracket take_profit=110 stop_loss=95"],
        set: &["execution.both_touched=target_first"],
        ..PLAIN
    },
    Case {
        id: "inside-entry",
        title: "Exits of an entry that filled inside its bar wait for the next bar",
        rule: "Bar 3 opens at 100, so the limit of 98 filled on the way down, and the low of 96 did come after it: here one could know. \
               Elsewhere in a bar one mostly cannot, so exits of such an entry wait for the next bar, whatever the shape. \
               The bar is counted in `unclear_entry_bars`; `ohlc` would stop out in bar 3, and the band says what hangs on it.",
        bars: &[FLAT, FLAT, "100 101 96 99", "98.5 99 96.5 97"],
        script: &["1 submit E1 buy 50 limit limit_price=98 order_class=oto stop_loss=97"],
        others: "backtesting.py warns and waits as well; backtrader waits; NautilusTrader walks the bar and may stop out in it.",
        ..PLAIN
    },
];

const TRAILING: &[Case] = &[Case {
    id: "trailing",
    title: "A trailing stop tests its old level, then follows the bar's best price",
    rule: "Sent at a close of 100 with a trail of 2: it stands at 98. Bar 3 does not touch 98 and lifts it to 102; bar 4 opens \
           at 103 and falls through 102.",
    bars: &[FLAT, FLAT, "100 104 99 103", "103 103 101 101.5"],
    script: &["0 submit E1 buy 50 market", "1 submit T1 sell 50 trailing_stop trail_price=2"],
    lines: &[("stop", 98.0, 1, 2), ("stop", 102.0, 2, 3)],
    others: "backtrader moves it at the close of each bar; freqtrade moves it with the high first and tests the low against the \
             new level; LEAN fills at the worse of stop and close.",
    ..PLAIN
}];

const VOLUME: &[Case] = &[
    Case {
        id: "participation",
        title: "An order takes its share of the volume and rests for more",
        rule: "A tenth of 1,000 shares a bar: 250 shares take three bars.",
        bars: &[FLAT, "100 101 99 100 1000", "101 102 100 101 1000", "102 103 101 102 1000"],
        script: &["0 submit E1 buy 250 market"],
        set: &["execution.participation=0.1"],
        others: "zipline caps by default (a tenth); backtrader can; NautilusTrader takes a quarter of the volume at each of the bar's four prices; backtesting.py, vectorbt, LEAN and \
                 freqtrade fill whatever is asked.",
        ..PLAIN
    },
    Case {
        id: "no-volume",
        title: "Nothing fills on a bar without volume",
        rule: "Nobody traded on bar 2, so the order waits.",
        bars: &[FLAT, "100 101 99 100 0", "101 102 100 101", FLAT],
        script: &["0 submit E1 buy 50 market"],
        others: "zipline (its cap is a share of nothing) and LEAN (the price is stale) wait as well; the others fill.",
        ..PLAIN
    },
];

const COSTS: &[Case] = &[
    COMMISSION_BPS,
    Case {
        id: "slippage-bps",
        title: "Slippage in basis points moves the price against you",
        rule: "20 bps of 100 is 0.20, on market orders, stops and trailing stops; limits pay none. `per_share` moves it by dollars.",
        bars: &[FLAT, "100 101 99 100", "100 101 99 100", FLAT],
        script: &["0 submit E1 buy 50 market", "1 submit X1 sell 50 market"],
        set: &["execution.slippage={ kind = \"bps\", value = \"20\" }"],
        others: "backtrader applies its slippage to opens only when told to (`slip_open`), so a plain market order pays none; \
                 backtesting.py's `spread` is paid at the entry only.",
        ..PLAIN
    },
    ENTRY_ONLY,
    Case {
        id: "slippage-volume-share",
        title: "Impact grows with the square of your share of the volume",
        rule: "The price moves by `value` × (shares ÷ the bar's volume)²: 300 of 1,000 shares at 0.1 cost 0.1 × 0.3², 0.9 % of the \
               price; the next bar's 100 cost 0.1 %. The share is that of the one fill.",
        bars: &[FLAT, "100 101 99 100 1000", "100 101 99 100 1000", FLAT],
        script: &["0 submit E1 buy 400 market"],
        set: &["execution.slippage={ kind = \"volume_share\", value = \"0.1\" }", "execution.participation=0.3"],
        others: "zipline's `VolumeShareSlippage`, whose share is that of all fills of the bar so far, and LEAN's, whose share is the \
                 order's; backtesting.py, backtrader and vectorbt have none.",
        ..PLAIN
    },
    Case {
        id: "slippage-spread",
        title: "Half a spread takes you from the middle to the far side",
        rule: "`value` is the part of the whole spread that is paid. The spread is the quote's of the bar, at its open, its close, or \
               the larger of both for a fill in between; without a quote file (`slippage.quotes`) it is estimated from highs and lows of the twenty \
               bars before (Corwin and Schultz 2012), and a cent at least, as here.",
        bars: &["100 100 100 100", "100 100 100 100", "100 100 100 100", "100 100 100 100"],
        script: &["0 submit E1 buy 50 market", "1 submit X1 sell 50 market"],
        set: &["execution.slippage={ kind = \"spread\", value = \"0.5\" }"],
        others: "NautilusTrader and LEAN fill at the quote where they have one; backtesting.py and zipline take a constant.",
        ..PLAIN
    },
    Case {
        id: "commission-alpaca",
        title: "The regulators' fees: on what is sold, once a day",
        rule: "Alpaca takes no commission and passes on the fees of the SEC and FINRA, at the rates of the day. Each day's sum of each \
               is rounded up to the cent once; a fill pays by how much its day's bill grows, so the second sale costs less.",
        bars: &[FLAT, FLAT, FLAT, FLAT],
        script: &["0 submit E1 buy 20 market", "1 submit X1 sell 10 market", "1 submit X2 sell 10 market"],
        set: &["execution.commission=alpaca"],
        others: "None has these fees; LEAN's Alpaca model charges nothing for shares.",
        ..PLAIN
    },
    Case {
        id: "commission-least",
        title: "The least of a commission is due once an order",
        rule: "A cent a share and a dollar at least: the first 60 shares pay the dollar, the next 40 nothing more, the last 20 are \
               beyond it. `cap_bps` is of the order's value as well.",
        bars: &[FLAT, "100 101 99 100 600", "100 101 99 100 400", "100 101 99 100 1000"],
        script: &["0 submit E1 buy 120 market"],
        set: &[
            "execution.commission={ kind = \"per_share\", value = \"0.01\", min = \"1\" }",
            "execution.participation=0.1",
        ],
        others: "zipline, too, charges its least once an order.",
        ..PLAIN
    },
];

const TIMES: &[Case] = &[
    Case {
        id: "day-expires",
        title: "A day order expires at the session's close",
        rule: "The limit of 97 lives on bar 3 and is gone when bar 4 reaches it.",
        bars: &[FLAT, FLAT, "100 101 98 99", "99 100 96 97"],
        script: &["1 submit E1 buy 50 limit limit_price=97 time_in_force=day"],
        others: "backtesting.py, vectorbt and zipline (on daily bars) know only orders that rest until canceled.",
        ..PLAIN
    },
    Case {
        id: "ioc",
        title: "An immediate order has one moment, the next open",
        rule: "The limit of 99 is not good enough at the open of bar 3; the rest of the bar does not count.",
        bars: &[FLAT, FLAT, "100 101 98 99", FLAT],
        script: &["1 submit E1 buy 50 limit limit_price=99 time_in_force=ioc"],
        ..PLAIN
    },
    FOK,
    Case {
        id: "cls",
        title: "An order for the close fills at the session's last close",
        rule: "`cls` fills at the close of bar 3, `opg` at its open.",
        bars: &[FLAT, FLAT, "101 103 100 102", FLAT],
        script: &["1 submit E1 buy 50 market time_in_force=opg", "1 submit E2 buy 50 market time_in_force=cls"],
        others: "LEAN and NautilusTrader have both; backtrader a close order.",
        ..PLAIN
    },
];

const ACTIONS: &[Case] = &[Case {
    id: "split-resting",
    title: "A split changes resting orders before the open",
    rule: "Two for one before bar 4: 10 shares at 98 become 20 at 49; bar 4's low is above, bar 5 reaches it.",
    bars: &[FLAT, FLAT, FLAT, "50.5 51 49.5 50", "50 50.5 48.5 49"],
    script: &["1 submit E1 buy 10 limit limit_price=98"],
    actions: "TST,2024-01-05,split,2",
    lines: &[("limit", 98.0, 1, 2), ("limit", 49.0, 2, 4)],
    others: "zipline restates positions and open orders; NautilusTrader, backtesting.py and vectorbt know no splits: a raw price \
                 file would have filled at the open of bar 4.",
    ..PLAIN
}];
