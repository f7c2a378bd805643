//! The largest order that passes: `qty = max`, and what `on_breach = "trim"` makes of one that is too large.
use super::{FLAT, play};

/// 100,000 ÷ 99.7 and its parts are no whole shares.
const ODD: &str = "99.7 101 99 99.7";

#[test]
fn max_and_trim_come_to_the_exact_most() {
    let bars: &[(&str, &[&str])] = &[("TST", &[ODD; 3]), ("BBB", &[ODD; 3])];
    let none: &[&str] = &[];
    let of_bbb: &[&str] = &["0 submit A buy 50 market symbol=BBB"];
    for (limit, before, whole, parts) in [
        // 10,000 ÷ 99.7 = 100.3009027081…
        ("risk.max_position_size=0.1", none, "100", "100.300902708"),
        ("risk.max_order_notional=10000", none, "100", "100.300902708"),
        ("risk.max_gross_exposure=0.1", none, "100", "100.300902708"),
        ("risk.max_portfolio_heat=0.1", none, "100", "100.300902708"),
        // 50 × 99.7 = 4,985 of it are there already: 5,015 ÷ 99.7 = 50.3009027081…
        ("risk.max_gross_exposure=0.1", of_bbb, "50", "50.300902708"),
        ("risk.max_portfolio_heat=0.1", of_bbb, "50", "50.300902708"),
        ("risk.max_correlated_exposure=0.1", of_bbb, "50", "50.300902708"),
        // 100,000 ÷ 99.7 = 1003.0090270812…
        ("risk.max_position_size=10", none, "1003", "1003.009027081"),
        ("risk.max_position_size=10", of_bbb, "953", "953.009027081"),
    ] {
        for (asked, trim) in [("max", "reject"), ("5000", "trim")] {
            for (side, is_fractional, most) in [("buy", false, whole), ("buy", true, parts), ("sell", false, whole)] {
                let set = [
                    limit,
                    "risk.max_position_size=10",
                    &format!("risk.on_breach=\"{trim}\""),
                    &format!("sizing.fractional={is_fractional}"),
                ];
                // The limit itself comes last, so that it is the one that holds.
                let set: Vec<&str> = set.into_iter().skip(1).chain([limit]).collect();
                let row = format!("0 submit X {side} {asked} market time_in_force=day");
                let outcome = play(bars, &[before, &[&row]].concat(), &set);
                assert!(outcome.quantities.contains(&format!("X {most} of {most}")), "{limit} {row}: {outcome:#?}");
                assert!(outcome.refusals.is_empty(), "{limit} {row}");
            }
        }
    }
}

#[test]
fn the_most_with_a_stop_is_by_what_it_risks() {
    // 99.7 − 95 = 4.7 a share: 1,000 ÷ 4.7 = 212.7…
    let bars: &[(&str, &[&str])] = &[("TST", &[ODD; 3])];
    for (asked, trim) in [("max", "reject"), ("500", "trim")] {
        let row = format!("0 submit X buy {asked} market order_class=oto stop_loss=95");
        let trim = format!("risk.on_breach=\"{trim}\"");
        let outcome = play(bars, &[&row], &["risk.max_portfolio_heat=0.01", &trim]);
        assert!(outcome.quantities.contains(&"X 212 of 212".to_owned()), "{row}: {outcome:#?}");
    }
}

#[test]
fn nothing_is_trimmed_to_nothing_or_where_size_is_not_the_reason() {
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT; 4]), ("BBB", &[FLAT; 4])];
    let refused = |limit, before: &[&str], row| {
        let set = [limit, "risk.on_breach=\"trim\""];
        play(bars, &[before, &[row]].concat(), &set).refusals
    };
    let a = &["0 submit A buy 100 market"];
    assert_eq!(refused("risk.max_position_size=0.1", a, "1 submit X buy 10 market"), ["X position_size 11000 10000"]);
    let far = "0 submit X buy 10 limit limit_price=111";
    assert_eq!(refused("risk.price_collar=0.1", &[], far), ["X price_collar 111 110"]);
    let other = "1 submit X buy 10 market symbol=BBB";
    assert_eq!(refused("risk.max_open_positions=1", a, other), ["X open_positions 2 1"]);
    assert_eq!(refused("risk.restricted_symbols=[\"BBB\"]", a, other), ["X restricted_symbol"]);
    // A halt is no question of size.
    let half = &["0 submit A buy 100 market", "1 halt"];
    assert_eq!(refused("risk.max_position_size=1", half, other), ["X halted"]);
}

#[test]
fn an_exit_of_the_most_is_what_can_still_leave() {
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT; 5])];
    let rows = ["0 submit A buy 100 market", "1 submit S sell 30 limit limit_price=109", "2 submit X sell max market"];
    let outcome = play(bars, &rows, &["risk.max_position_size=0.1"]);
    assert!(outcome.quantities.contains(&"X 70 of 70".to_owned()), "{outcome:#?}");
}

/// `risk_fraction` sizes by the arithmetic that heat is measured with.
#[test]
fn a_share_of_risk_is_the_heat_it_makes() {
    // 1,000 ÷ 5 = 200 shares at a stop 5 % away: heat of exactly 1,000.
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT; 3])];
    let sized = |heat: &str, trim: &str| {
        let set = [
            "strategy.name=\"buy_and_hold\"",
            "strategy.params={}",
            "sizing.kind=\"risk_fraction\"",
            "sizing.value=\"0.01\"",
            "stop.kind=\"percent\"",
            "stop.value=\"0.05\"",
            heat,
            trim,
        ];
        play(bars, &[], &set)
    };
    let (at, under) = ("risk.max_portfolio_heat=\"0.01\"", "risk.max_portfolio_heat=\"0.009999999\"");
    assert_eq!(sized(at, "risk.on_breach=\"reject\"").fills, ["1 2024-01-03 buy 200 @ 100"]);
    assert_eq!(sized(under, "risk.on_breach=\"reject\"").refusals[0], "1 portfolio_heat 1000 999.9999");
    assert_eq!(sized(under, "risk.on_breach=\"trim\"").fills, ["1 2024-01-03 buy 199 @ 100"]);
}

#[test]
fn the_most_counts_fees_prices_that_are_named_and_what_leaves() {
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT; 5]), ("BBB", &[FLAT; 5])];
    let wide = "risk.max_position_size=10";
    let fee = "execution.commission={ kind = \"per_share\", value = \"0.01\" }";
    let none: &[&str] = &[];
    let held: &[&str] = &["0 submit A buy 100 market", "1 submit S sell 100 market"];
    let all: &[&str] = &["0 submit A buy 1000 market", "1 submit S sell 1000 market"];
    for (set, before, order, most) in [
        // 999 × 100.01 = 99,909.99; 100,000 ÷ 100.01 = 999.900009999…
        (&[wide, fee][..], none, "0 submit X buy max market", "999"),
        (&[wide, fee, "sizing.fractional=true"], none, "0 submit X buy max market time_in_force=day", "999.900009999"),
        // 95 × 105 = 9,975: measured where it can fill.
        (&["risk.max_order_notional=10000"], none, "0 submit X buy max stop stop_price=105", "95"),
        (&["risk.max_position_size=0.1"], none, "0 submit X buy max stop stop_price=105", "95"),
        (&["risk.max_gross_exposure=0.1"], none, "0 submit X sell max limit limit_price=105", "95"),
        // 952 × 105 = 99,960 can be paid.
        (&[wide], none, "0 submit X buy max limit limit_price=105", "952"),
        // What leaves may stay: 100 held, and 100 sold from there or from nothing.
        (&["risk.max_position_size=0.1"], held, "1 submit X sell max market", "100"),
        (&[wide], all, "1 submit X sell max market", "1000"),
        (&["risk.max_position_size=0.1"], held, "2 submit X buy max market", "100"),
        // 1,000 ÷ 5 a share up to the stop of a short.
        (&["risk.max_portfolio_heat=0.01"], none, "0 submit X sell max market order_class=oto stop_loss=105", "200"),
        (
            &["risk.max_portfolio_heat=0.01"],
            none,
            "0 submit X buy max limit limit_price=102 order_class=oto stop_loss=95",
            "142",
        ),
    ] {
        let outcome = play(bars, &[before, &[order]].concat(), set);
        let sent = outcome.quantities.iter().any(|row| row.starts_with("X ") && row.ends_with(&format!(" of {most}")));
        assert!(sent && outcome.refusals.is_empty(), "{set:?} {order}: {most} of {outcome:#?}");
        // One more, or a billionth, does not pass.
        let step = if most.contains('.') { "999.900010000" } else { &(most.parse::<i64>().unwrap() + 1).to_string() };
        let over = play(bars, &[before, &[&order.replace("max", step)]].concat(), set);
        assert_eq!(over.refusals.len(), 1, "{set:?} {order} {step}: {:?}", over.orders);
    }
}
