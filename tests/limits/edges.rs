//! What passes at a limit, and what is refused a share, a cent or a billionth beyond it.
use super::{DAYS, FLAT, MINUTES, STILL, play, play_on};

/// A limit from both sides: after `before`, each of `passes` is taken, each of `refused` is not, for that reason
/// with that need and have. The order in question is `X`.
#[derive(Default)]
struct Edge<'a> {
    name: &'a str,
    set: &'a [&'a str],
    /// [`STILL`] where it is empty.
    shares: &'a [(&'a str, &'a [&'a str])],
    before: &'a [&'a str],
    passes: &'a [&'a str],
    refused: &'a [(&'a str, &'a str)],
}

impl Edge<'_> {
    fn check(&self) {
        self.check_on(&DAYS);
    }

    fn check_on(&self, times: &[&str]) {
        let shares = if self.shares.is_empty() { STILL } else { self.shares };
        let set = [self.set, &["sizing.fractional=true"]].concat();
        let with = |row| play_on(times, shares, &[self.before, &[row]].concat(), &set);
        for row in self.passes {
            let outcome = with(row);
            let sent = outcome.orders.iter().any(|order| order.starts_with("X "));
            let is_taken = outcome.orders.iter().all(|order| !order.contains("rejected"));
            assert!(sent && is_taken && outcome.refusals.is_empty(), "{}: {row} passes: {outcome:#?}", self.name);
        }
        for (row, refusal) in self.refused {
            let outcome = with(row);
            assert_eq!(outcome.refusals, [format!("X {refusal}")], "{}: {row}", self.name);
            assert!(outcome.fills.iter().all(|fill| !fill.starts_with("X ")), "{}: {row}", self.name);
        }
    }
}

#[test]
fn position_size() {
    let set = &["risk.max_position_size=0.1"];
    Edge {
        name: "a tenth of 100,000",
        set,
        passes: &[
            "0 submit X buy 99 market",
            "0 submit X buy 100 market",
            "0 submit X sell 100 market",
            "0 submit X buy - market notional=10000 time_in_force=day",
        ],
        refused: &[
            ("0 submit X buy 101 market", "position_size 10100 10000"),
            ("0 submit X sell 101 market", "position_size 10100 10000"),
            ("0 submit X buy 100.000000001 market time_in_force=day", "position_size 10000.0000001 10000"),
            ("0 submit X buy - market notional=10000.01 time_in_force=day", "position_size 10000.01 10000"),
        ],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "a cent dearer",
        set,
        shares: &[("TST", &["100 101 99 100.01", FLAT])],
        passes: &["0 submit X buy 99 market"],
        refused: &[("0 submit X buy 100 market", "position_size 10001 10000")],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "a billionth of a dollar dearer",
        set,
        shares: &[("TST", &["100 101 99 100.000000001", FLAT])],
        passes: &["0 submit X buy 99 market"],
        refused: &[("0 submit X buy 100 market", "position_size 10000.0000001 10000")],
        ..Edge::default()
    }
    .check();
    for (before, side) in [
        // Sent at the same close, resting below the price and counted at the price, filled.
        ("0 submit A buy 60 market", "0 submit X buy"),
        ("0 submit A buy 60 limit limit_price=95", "1 submit X buy"),
        ("0 submit A buy 60 market", "1 submit X buy"),
        ("0 submit A sell 60 market", "0 submit X sell"),
        ("0 submit A sell 60 market", "1 submit X sell"),
    ] {
        let [at, over] = [40, 41].map(|shares| format!("{side} {shares} market"));
        let refused = [(&*over, "position_size 10100 10000")];
        Edge { name: before, set, before: &[before], passes: &[&at], refused: &refused, ..Edge::default() }.check();
    }
    // What can only fill dearer counts at that price, and with it all of its share: 95 × 105 = 9,975.
    for (before, row) in [
        ("0 submit A buy 60 stop stop_price=105", "1 submit X buy # market"),
        ("0 submit A buy 60 stop_limit stop_price=104 limit_price=105", "1 submit X buy # market"),
        ("0 submit A sell 60 limit limit_price=105", "1 submit X sell # market"),
        ("0 submit A buy 60 market", "1 submit X buy # stop stop_price=105"),
        ("0 submit A buy 60 market", "1 submit X buy # limit limit_price=105"),
        ("0 submit A sell 60 market", "1 submit X sell # limit limit_price=105"),
    ] {
        let (at, over) = (row.replace('#', "35"), row.replace('#', "36"));
        let refused = [(&*over, "position_size 10080 10000")];
        Edge { name: before, set, before: &[before], passes: &[&at], refused: &refused, ..Edge::default() }.check();
    }
}

#[test]
fn position_size_of_a_position_that_has_moved_is_leaving_or_turns() {
    let set = &["risk.max_position_size=0.1"];
    Edge {
        // 60 × 110 with 100,600: 10,060 allowed; 91 × 110 = 10,010, 92 × 110 = 10,120.
        name: "risen",
        set,
        shares: &[("TST", &[FLAT, "100 111 99 110", "110 111 109 110"])],
        before: &["0 submit A buy 60 market"],
        passes: &["1 submit X buy 31 market"],
        refused: &[("1 submit X buy 32 market", "position_size 10120 10060")],
    }
    .check();
    Edge {
        // 60 × 90 with 99,400: 9,940 allowed; 110 × 90 = 9,900, 111 × 90 = 9,990.
        name: "fallen",
        set,
        shares: &[("TST", &[FLAT, "100 101 89 90", "90 91 89 90"])],
        before: &["0 submit A buy 60 market"],
        passes: &["1 submit X buy 50 market"],
        refused: &[("1 submit X buy 51 market", "position_size 9990 9940")],
    }
    .check();
    Edge {
        name: "an exit that waits makes no room",
        set,
        before: &["0 submit A buy 100 market", "1 submit S sell 50 limit limit_price=109"],
        refused: &[("2 submit X buy 1 market", "position_size 10100 10000")],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "turned round in two orders",
        set,
        before: &["0 submit A buy 100 market", "1 submit S sell 100 market"],
        passes: &["1 submit X sell 100 market", "2 submit X sell 100 market", "2 submit X buy 100 market"],
        refused: &[
            ("1 submit X sell 101 market", "position_size 10100 10000"),
            ("2 submit X sell 101 market", "position_size 10100 10000"),
        ],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "one order does not turn a position",
        set,
        before: &["0 submit A buy 100 market"],
        passes: &["1 submit X sell 100 market"],
        refused: &[("1 submit X sell 101 market", "exceeds_position 101 100")],
        ..Edge::default()
    }
    .check();
}

#[test]
fn order_notional() {
    Edge {
        name: "the dearest price counts: what is named, or the last close",
        set: &["risk.max_order_notional=10000"],
        passes: &[
            "0 submit X buy 100 market",
            "0 submit X buy 100 limit limit_price=95",
            "0 submit X buy 95 limit limit_price=105",
            "0 submit X buy 95 stop stop_price=105",
            "0 submit X buy 95 trailing_stop trail_price=5",
            "0 submit X sell 100 market",
            "0 submit X buy - market notional=10000 time_in_force=day",
        ],
        refused: &[
            ("0 submit X buy 101 market", "order_notional 10100 10000"),
            ("0 submit X sell 101 market", "order_notional 10100 10000"),
            ("0 submit X buy 101 limit limit_price=95", "order_notional 10100 10000"),
            ("0 submit X buy 96 limit limit_price=105", "order_notional 10080 10000"),
            ("0 submit X buy 96 stop stop_price=105", "order_notional 10080 10000"),
            ("0 submit X buy 96 stop_limit stop_price=104 limit_price=105", "order_notional 10080 10000"),
            ("0 submit X buy 96 trailing_stop trail_price=5", "order_notional 10080 10000"),
            ("0 submit X buy 96 trailing_stop trail_percent=5", "order_notional 10080 10000"),
            ("0 submit X buy - market notional=10000.01 time_in_force=day", "order_notional 10000.01 10000"),
            ("0 submit X buy 100.000000001 market time_in_force=day", "order_notional 10000.0000001 10000"),
        ],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "one order, not all of them, and not its fee; an exit may be for more",
        set: &["risk.max_order_notional=10000", "execution.commission={ kind = \"per_share\", value = \"1\" }"],
        before: &["0 submit A buy 100 market", "0 submit B buy 100 market"],
        passes: &["0 submit X buy 100 market", "1 submit X sell 200 market"],
        ..Edge::default()
    }
    .check();
}

#[test]
fn gross_exposure() {
    let set = &["risk.max_gross_exposure=0.5"];
    for before in [
        &["0 submit A buy 300 market symbol=BBB"][..],
        &["0 submit A sell 300 market symbol=BBB"],
        &["0 submit A buy 300 limit symbol=BBB limit_price=95"],
        &["0 submit A buy 100 market symbol=BBB", "0 submit B sell 200 market symbol=CCC"],
        // Approved exits make no room: they may be taken back.
        &["0 submit A buy 300 market symbol=BBB", "1 submit S sell 300 market symbol=BBB"],
    ] {
        let name = &before.join(", ");
        let passes = &["1 submit X buy 200 market", "1 submit X sell 200 market"];
        let refused = &[
            ("1 submit X buy 201 market", "gross_exposure 50100 50000"),
            ("1 submit X sell 201 market", "gross_exposure 50100 50000"),
            ("1 submit X buy 200.000000001 market time_in_force=day", "gross_exposure 50000.0000001 50000"),
        ];
        Edge { name, set, before, passes, refused, ..Edge::default() }.check();
    }
    Edge {
        name: "three shares at one open",
        set,
        before: &["0 submit A buy 200 market symbol=BBB", "0 submit B buy 200 market symbol=CCC"],
        passes: &["0 submit X buy 100 market"],
        refused: &[("0 submit X buy 101 market", "gross_exposure 50100 50000")],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "where buys are tested at their open, market exits make room; one that waits for its price does not",
        set: &["risk.max_gross_exposure=0.5", "account.cash_check=\"fill\""],
        before: &["0 submit A buy 300 market symbol=BBB", "1 submit S sell 300 market symbol=BBB"],
        passes: &["1 submit X buy 500 market"],
        refused: &[("1 submit X buy 501 market", "gross_exposure 50100 50000")],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "one that waits for its price does not",
        set: &["risk.max_gross_exposure=0.5", "account.cash_check=\"fill\""],
        before: &["0 submit A buy 300 market symbol=BBB", "1 submit S sell 300 limit symbol=BBB limit_price=105"],
        passes: &["1 submit X buy 200 market"],
        refused: &[("1 submit X buy 201 market", "gross_exposure 50100 50000")],
        ..Edge::default()
    }
    .check();
}

#[test]
fn open_positions() {
    let set = &["risk.max_open_positions=2"];
    let two = ["0 submit A buy 1 market symbol=BBB", "0 submit B sell 1 market symbol=CCC"];
    Edge {
        name: "two held or pending; more of one of them is no third",
        set,
        before: &two,
        passes: &["0 submit X buy 1 market symbol=BBB", "1 submit X sell 1 market symbol=CCC"],
        refused: &[
            ("0 submit X buy 1 market", "open_positions 3 2"),
            ("1 submit X buy 1 market", "open_positions 3 2"),
            ("2 submit X sell 1 market", "open_positions 3 2"),
        ],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "the second is free",
        set,
        before: &two[..1],
        passes: &["0 submit X buy 1 market", "1 submit X buy 1 market"],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "an exit makes room when it has filled",
        set,
        before: &[two[0], two[1], "1 submit S sell 1 market symbol=BBB"],
        passes: &["2 submit X buy 1 market"],
        refused: &[("1 submit X buy 1 market", "open_positions 3 2")],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "a resting entry takes a place until its cancel is answered",
        set,
        before: &["0 submit A buy 1 limit symbol=BBB limit_price=95", two[1], "1 cancel A"],
        passes: &["2 submit X buy 1 market"],
        refused: &[("1 submit X buy 1 market", "open_positions 3 2")],
        ..Edge::default()
    }
    .check();
}

#[test]
fn portfolio_heat() {
    // $1,000 may be lost to the stops.
    let set = &["risk.max_portfolio_heat=0.01"];
    Edge {
        name: "by what a share risks, from the worst price it may fill at to its stop",
        set,
        passes: &[
            "0 submit X buy 10 market",
            "0 submit X sell 10 market",
            "0 submit X buy 200 market order_class=oto stop_loss=95",
            "0 submit X buy 199 market order_class=oto stop_loss=94.99",
            "0 submit X sell 200 market order_class=oto stop_loss=105",
            // 142 × 7 = 994.
            "0 submit X buy 142 limit limit_price=102 order_class=oto stop_loss=95",
            // Filled at the limit it risks 3 a share, filled at the price it stands at 5: the larger.
            "0 submit X buy 200 limit limit_price=98 order_class=oto stop_loss=95",
        ],
        refused: &[
            ("0 submit X buy 11 market", "portfolio_heat 1100 1000"),
            ("0 submit X sell 11 market", "portfolio_heat 1100 1000"),
            ("0 submit X buy 10.000000001 market time_in_force=day", "portfolio_heat 1000.0000001 1000"),
            ("0 submit X buy 201 market order_class=oto stop_loss=95", "portfolio_heat 1005 1000"),
            // 5.01 × 200.
            ("0 submit X buy 200 market order_class=oto stop_loss=94.99", "portfolio_heat 1002 1000"),
            ("0 submit X sell 201 market order_class=oto stop_loss=105", "portfolio_heat 1005 1000"),
            ("0 submit X buy 143 limit limit_price=102 order_class=oto stop_loss=95", "portfolio_heat 1001 1000"),
            ("0 submit X buy 201 limit limit_price=98 order_class=oto stop_loss=95", "portfolio_heat 1005 1000"),
        ],
        ..Edge::default()
    }
    .check();
    for before in [
        "0 submit A buy 100 market symbol=BBB order_class=oto stop_loss=95",
        "0 submit A sell 100 market symbol=BBB order_class=oto stop_loss=105",
        "0 submit A buy 5 market symbol=BBB",
        "0 submit A buy 5 limit symbol=BBB limit_price=95",
    ] {
        // 500 of the 1,000 are at stake, pending at the first close, held at the second.
        Edge {
            name: before,
            set,
            before: &[before],
            passes: &[
                "0 submit X buy 100 market order_class=oto stop_loss=95",
                "1 submit X buy 5 market",
                "1 submit X sell 100 market order_class=oto stop_loss=105",
            ],
            refused: &[
                ("0 submit X buy 101 market order_class=oto stop_loss=95", "portfolio_heat 1005 1000"),
                ("1 submit X buy 6 market", "portfolio_heat 1100 1000"),
                ("1 submit X sell 101 market order_class=oto stop_loss=105", "portfolio_heat 1005 1000"),
            ],
            ..Edge::default()
        }
        .check();
    }
    let shares: &[(&str, &[&str])] = &[("TST", &[FLAT; 3]), ("BBB", &[FLAT, "100 104 99 103", "103 104 102 103"])];
    Edge {
        // (103 − 95) × 100 of 100,300: 800 of 1,003; 2.03 shares more make 1,003.
        name: "heat follows the price",
        set,
        shares,
        before: &["0 submit A buy 100 market symbol=BBB order_class=oto stop_loss=95"],
        passes: &["1 submit X buy 2 market", "1 submit X buy 2.03 market time_in_force=day"],
        refused: &[
            ("1 submit X buy 3 market", "portfolio_heat 1100 1003"),
            ("1 submit X buy 2.030000001 market time_in_force=day", "portfolio_heat 1003.0000001 1003"),
        ],
    }
    .check();
}

#[test]
fn correlated_exposure() {
    // No history: every share is taken to move with every other.
    let set = &["risk.max_correlated_exposure=0.15"];
    Edge { name: "one share is no group", set, passes: &["0 submit X buy 1000 market"], ..Edge::default() }.check();
    for before in [
        &["0 submit A buy 100 market symbol=BBB"][..],
        &["0 submit A sell 100 market symbol=BBB"],
        &["0 submit A buy 100 limit symbol=BBB limit_price=95"],
        &["0 submit A buy 50 market symbol=BBB", "0 submit B sell 50 market symbol=CCC"],
    ] {
        Edge {
            name: &before.join(", "),
            set,
            before,
            passes: &["0 submit X buy 50 market", "1 submit X sell 50 market", "1 submit X buy 49 market"],
            refused: &[
                ("0 submit X buy 51 market", "correlated_exposure 15100 15000"),
                ("1 submit X sell 51 market", "correlated_exposure 15100 15000"),
                ("1 submit X buy 50.000000001 market time_in_force=day", "correlated_exposure 15000.0000001 15000"),
            ],
            ..Edge::default()
        }
        .check();
    }
}

#[test]
fn buying_power() {
    let wide = "risk.max_position_size=10";
    Edge {
        name: "one times equity",
        set: &[wide],
        before: &["0 submit A buy 600 market symbol=BBB"],
        passes: &[
            "0 submit X buy 400 market",
            "1 submit X buy 400 market",
            "1 submit X sell 400 market",
            "1 submit X buy 380 limit limit_price=105",
        ],
        refused: &[
            ("0 submit X buy 401 market", "buying_power 40100 40000"),
            ("1 submit X sell 401 market", "buying_power 40100 40000"),
            ("1 submit X buy 381 limit limit_price=105", "buying_power 40005 40000"),
            ("1 submit X buy 400.000000001 market time_in_force=day", "buying_power 40000.0000001 40000"),
        ],
        ..Edge::default()
    }
    .check();
    Edge {
        // 60,000 + 6 are set aside, then spent; 399 × 100 + 3.99, 400 × 100 + 4.
        name: "fees count",
        set: &[wide, "execution.commission={ kind = \"per_share\", value = \"0.01\" }"],
        before: &["0 submit A buy 600 market symbol=BBB"],
        passes: &["0 submit X buy 399 market", "1 submit X buy 399 market"],
        refused: &[
            ("0 submit X buy 400 market", "buying_power 40004 39994"),
            ("1 submit X buy 400 market", "buying_power 40004 39994"),
        ],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "twice equity",
        set: &[wide, "account.leverage=2"],
        passes: &["0 submit X buy 2000 market", "0 submit X sell 2000 market"],
        refused: &[
            ("0 submit X buy 2001 market", "buying_power 200100 200000"),
            ("0 submit X sell 2001 market", "buying_power 200100 200000"),
        ],
        ..Edge::default()
    }
    .check();
    let swap = &["0 submit A buy 1000 market symbol=BBB", "1 submit S sell 1000 market symbol=BBB"];
    Edge {
        name: "what is leaving pays for nothing yet",
        set: &[wide],
        before: swap,
        passes: &["2 submit X buy 1000 market"],
        refused: &[("1 submit X buy 1 market", "buying_power 100 0")],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "unless a buy is tested at its open, after the sells",
        set: &[wide, "account.cash_check=\"fill\""],
        before: swap,
        passes: &["1 submit X buy 1000 market"],
        ..Edge::default()
    }
    .check();
}

#[test]
fn price_collar() {
    Edge {
        name: "a tenth of the last close on either side, whichever way the order goes",
        set: &["risk.price_collar=0.1", "execution.venue_rules=\"none\""],
        before: &["0 submit A buy 10 market symbol=BBB"],
        passes: &[
            "0 submit X buy 10 limit limit_price=110",
            "0 submit X buy 10 limit limit_price=90",
            "0 submit X sell 10 limit limit_price=110",
            "0 submit X sell 10 limit limit_price=90",
            "0 submit X buy 10 stop_limit stop_price=105 limit_price=110",
            // Neither a stop nor an exit is held to it.
            "0 submit X buy 10 stop stop_price=150",
            "1 submit X sell 10 limit symbol=BBB limit_price=150",
        ],
        refused: &[
            ("0 submit X buy 10 limit limit_price=110.01", "price_collar 110.01 110"),
            ("0 submit X buy 10 limit limit_price=110.000000001", "price_collar 110.000000001 110"),
            ("0 submit X buy 10 limit limit_price=89.99", "price_collar 89.99 90"),
            ("0 submit X sell 10 limit limit_price=110.01", "price_collar 110.01 110"),
            ("0 submit X sell 10 limit limit_price=89.999999999", "price_collar 89.999999999 90"),
            ("0 submit X buy 10 stop_limit stop_price=105 limit_price=110.01", "price_collar 110.01 110"),
        ],
        ..Edge::default()
    }
    .check();
}

#[test]
fn orders_per_minute() {
    let set = &["risk.max_orders_per_minute=3"];
    let three = ["0 submit A buy 1 market", "0 submit B buy 1 market symbol=BBB", "0 submit C buy 1 market symbol=CCC"];
    Edge {
        name: "the fourth of a close",
        set,
        before: &three,
        passes: &["1 submit X buy 1 market"],
        refused: &[("0 submit X buy 2 market", "orders_per_minute 4 3")],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "what was sent a minute ago has left",
        set,
        before: &three,
        passes: &["1 submit X buy 1 market"],
        refused: &[("0 submit X buy 2 market", "orders_per_minute 4 3")],
        ..Edge::default()
    }
    .check_on(&MINUTES);
    let exits =
        ["1 submit S sell 1 market", "1 submit T sell 1 market symbol=BBB", "1 submit U sell 1 market symbol=CCC"];
    Edge {
        name: "exits count, and pass beyond it",
        set,
        before: &[&three[..], &exits].concat(),
        refused: &[("1 submit X buy 1 market", "orders_per_minute 4 3")],
        ..Edge::default()
    }
    .check();
    let four = ["0 submit A buy 4 market", exits[0], "1 submit T sell 1 market", "1 submit U sell 1 market"];
    Edge { name: "a fourth exit", set, before: &four, passes: &["1 submit X sell 1 market"], ..Edge::default() }
        .check();
}

#[test]
fn bans() {
    let held = &["0 submit A buy 100 market"];
    Edge {
        name: "no shorts",
        set: &["account.allow_short=false"],
        before: held,
        passes: &["1 submit X sell 100 market"],
        refused: &[
            ("0 submit X sell 1 market symbol=BBB", "short_ban -1 0"),
            ("1 submit X sell 101 market", "exceeds_position 101 100"),
        ],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "what is leaving already cannot leave again",
        set: &["account.allow_short=false"],
        before: &["0 submit A buy 100 market", "1 submit S sell 100 market"],
        refused: &[("1 submit X sell 1 market", "exceeds_position 1 0")],
        ..Edge::default()
    }
    .check();
    Edge {
        name: "a share in which nothing is opened",
        set: &["risk.restricted_symbols=[\"BBB\"]"],
        passes: &["0 submit X buy 1 market"],
        refused: &[
            ("0 submit X buy 1 market symbol=BBB", "restricted_symbol"),
            ("0 submit X sell 1 market symbol=BBB", "restricted_symbol"),
        ],
        ..Edge::default()
    }
    .check();
}

/// Both at once: the first in the order of the gate is named, and a refused order takes nothing away.
#[test]
fn what_is_refused_is_set_aside_nowhere() {
    let script = &["0 submit E1 buy 101 market", "0 submit E2 buy 100 market", "0 submit E3 buy 1 market"];
    let outcome = play(STILL, script, &["risk.max_position_size=0.1"]);
    assert_eq!(outcome.refusals, ["E1 position_size 10100 10000", "E3 position_size 10100 10000"]);
    assert_eq!(outcome.fills, ["E2 2024-01-03 buy 100 @ 100"]);
}
