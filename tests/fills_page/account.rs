//! The rules of the account, and of the stop and target that a strategy's entries carry. What fills is not
//! written here.
use super::cases::{Case, FLAT, PLAIN};

pub const PROTECTION: &str = "`[stop]` and `[take_profit]` go with every entry of a strategy, as the children of a \
bracket do; an order script names its own.\n\n\
- `stop.kind = \"atr\"`: `multiple` × the average true range of `period` bars, the signal's bar the last; \
`smoothing = \"wilder\"` as TA-Lib has it, `\"simple\"` the plain mean. Until there is one, and where the stop of a long would stand at zero or below, the entry is refused (`no_stop`). \
`\"percent\"`: `value` as a share of the anchor.\n\
- `stop.anchor`: the distance starts at the entry's fill (`fill`) or at the close that decided it (`signal_close`). The level is \
rounded to the tick away from the market.\n\
- `stop.active_from`, `stop.due_exit`: see Stops. `stop.trail = true`: the stop keeps its distance behind the best price since \
the entry; see Trailing stops.\n\
- `stop.exit_after_bars`, with any kind, `none` included: a position that has been held for so many bars of its share, the bar of its \
first fill included, leaves at market. The order goes out at the close of the last of them, after what the strategy wants there, so with \
`next_open` it fills at the next open. It is a `stop` in `trades.csv` and a `time_stop` in `orders.csv`. 0, the default, is none.\n\
- `take_profit.kind = \"percent\"`: `value` as a share of the fill price; `\"r_multiple\"`: so many times the distance from the stop to its anchor, from the fill price. \
It is a limit order and fills as one.\n\n\
Both are good until canceled, cover what has filled of the entry and not more, and end each other. A signal's exit voids both.";

pub const ACCOUNT_TEXT: &str = "What an order may cost is tested at the close that decides it, against \
`leverage` × equity less what is held and what resting entries may cost (`cash_check = \"approval\"`), or at its open \
after the sells of that open (`\"fill\"`). What does not fit is refused, or with `sizing.if_short_of_cash = \"trim\"` made smaller. \
Fees count.\n\n\
- `allow_short = false` refuses every order that would leave fewer than no shares; symbols in `hard_to_borrow` are never sold short.\n\
- `borrow_rate`: a short pays its lender this share a year of its value at the close before, ÷ 360 for every night, weekends too. \
`margin_rate`: the same on dollars that are owed. Both are 0 unless set, and stand among the costs.\n\
- `leverage` 2 and 4 follow the rules of the bar's date: below $2,000 at the close before neither credit nor shorts; \
four times only within a session, so daily bars have two; until 2026-06-03, below $25,000, no entry after three day trades in five \
sessions.\n\n\
*Elsewhere:* of the six engines in the table, LEAN holds back what a cash account has sold until it settles and has a borrow \
model that is off by default; backtrader takes `interest` on shorts. None has the dates of the rules.";

pub const ACCOUNT: &[Case] = &[
    Case {
        id: "settlement",
        title: "What a sale brings is spent when it has settled",
        rule: "A cash account with `settlement = \"dated\"`: everything is sold at the open of bar 3, a Thursday of January 2024, and \
               comes in two sessions later (T+5, T+3, T+2 and, from 2024-05-28, T+1 by trade date). The buy of bar 3's close \
               is refused (`buying_power`); by bar 5's close, a Monday's, the money is there. With `instant`, the default, the sale could be spent at once.",
        bars: &[FLAT, FLAT, FLAT, FLAT, FLAT, FLAT],
        script: &[
            "0 submit E1 buy 1000 market",
            "1 submit X1 sell 1000 market",
            "2 submit E2 buy 50 market",
            "4 submit E3 buy 50 market",
        ],
        set: &["account.settlement=dated", "account.allow_short=false", "risk.max_position_size=4"],
        others: "LEAN does so for cash accounts; the others spend at once.",
        ..PLAIN
    },
    Case {
        id: "margin-call",
        title: "A margin call sells at the next open",
        rule: "1,900 shares bought with $100,000 and as much credit. At bar 3's close they are worth $114,000 and the equity \
               is $24,000, below the 30 % that must be kept ($34,200): the whole position goes at the next open, whatever that \
               is. A share below $2.50 must be kept in full, a short needs $5 a share or 30 %, within a session at four times \
               the equity 25 % are enough. Of several positions the one with the largest requirement goes first.",
        bars: &["100 101 99 100", "100 101 99 100", "70 71 59 60", "55 57 54 56"],
        script: &["0 submit E1 buy 1900 market"],
        set: &["account.leverage=2", "risk.max_position_size=4"],
        others: "",
        ..PLAIN
    },
];

pub const PARTS: &[Case] = &[
    Case {
        id: "legs-partial",
        title: "A stop covers what has filled of its entry",
        rule: "A tenth of bar 2 is 100 of 200 shares. Bar 3 brings the other 100 at its open, and its low then takes out the stop: \
               all 200 are protected, and 100 of them find a buyer on this bar. What is left goes at the next open.",
        bars: &[FLAT, "100 101 99 100 1000", "100 101 96 98 1000", "98 99 97.5 98 1000"],
        script: &["0 submit E1 buy 200 market order_class=oto stop_loss=97"],
        set: &["execution.participation=0.1"],
        others: "backtesting.py and vectorbt fill whole; zipline has no attached stops.",
        ..PLAIN
    },
    Case {
        id: "oco",
        title: "Of a pair, the first to fill ends the other",
        rule: "Bar 3 reaches the target of 104 and voids the stop of 97, which bar 4 would have touched.",
        bars: &[FLAT, FLAT, "101 105 100 103", "98 99 96 97"],
        script: &["0 submit E1 buy 50 market", "1 submit P1 sell 50 order_class=oco take_profit=104 stop_loss=97"],
        others: "LEAN has no such pairs: both may fill.",
        ..PLAIN
    },
];

pub const ENTRY_ONLY: Case = Case {
    id: "slippage-entry",
    title: "Slippage at entries only, where the scenario says so",
    rule: "`applies_to = \"entry\"`: the exit pays none. For comparisons.",
    bars: &[FLAT, "100 101 99 100", "100 101 99 100", FLAT],
    script: &["0 submit E1 buy 50 market", "1 submit X1 sell 50 market"],
    set: &["execution.slippage={ kind = \"bps\", value = \"20\", applies_to = \"entry\" }"],
    others: "What backtesting.py does with its `spread`.",
    ..PLAIN
};

pub const COMMISSION_BPS: Case = Case {
    id: "commission-bps",
    title: "A commission in basis points is a share of what is traded",
    rule: "10 bps of $5,000 is $5, on every fill, not rounded.",
    bars: &[FLAT, FLAT, FLAT],
    script: &["0 submit E1 buy 50 market"],
    set: &["execution.commission={ kind = \"bps\", value = \"10\" }"],
    others: "",
    ..PLAIN
};

pub const FOK: Case = Case {
    id: "fok",
    title: "All at once or nothing",
    rule: "A tenth of bar 3's 1,000 shares is 100. `fok` wants 150 and is canceled; `ioc` takes the 100 and cancels the rest.",
    bars: &[FLAT, FLAT, "100 101 98 99 1000", FLAT],
    script: &["1 submit E1 buy 150 market time_in_force=fok", "1 submit E2 buy 150 market time_in_force=ioc"],
    set: &["execution.participation=0.1"],
    others: "NautilusTrader has both.",
    ..PLAIN
};
