//! Heat in `equity.csv`: each stop protects the shares it is still for, whatever happens to it.
use super::play;

/// Heat at every close, in dollars: the column × equity.
fn dollars(outcome: &super::Outcome) -> Vec<i64> {
    let heat = outcome.heat.iter().map(|heat| heat.parse::<f64>().unwrap());
    let equity = outcome.equity.iter().map(|(_, equity)| equity.parse::<f64>().unwrap());
    heat.zip(equity).map(|(heat, equity)| (heat * equity).round() as i64).collect()
}

const FLAT: &str = "60 61 59 60";

#[test]
fn a_stop_for_one_share_of_ten_protects_one() {
    let days = [FLAT, FLAT, FLAT, "60 61 56 60", FLAT];
    let script = ["0 submit E0 buy 10 market", "1 submit S0 sell 1 stop stop_price=57"];
    // It rests from the close that sends it: nine bare and one at three dollars; then nine.
    assert_eq!(dollars(&play(&days, &script, "", &[])), [0, 543, 543, 540, 540]);
    let all = ["0 submit E0 buy 10 market", "1 submit S0 sell 10 stop stop_price=57"];
    assert_eq!(dollars(&play(&days, &all, "", &[])), [0, 30, 30, 0, 0]);
}

#[test]
fn several_stops_protect_their_own_shares() {
    let days = [FLAT; 5];
    let script = [
        "0 submit E0 buy 10 market",
        "1 submit S0 sell 4 stop stop_price=57",
        "1 submit S1 sell 3 trailing_stop trail_price=5",
        "3 cancel S1",
    ];
    // The trailing stop starts from the close, 60, and follows the high of the next bar, 61: 56.
    let wanted = [0, 12 + 15 + 180, 12 + 12 + 180, 12 + 360, 12 + 360];
    assert_eq!(dollars(&play(&days, &script, "", &[])), wanted);
}

/// An entry of 30 that fills in three parts: its leg is for what has filled, at every close.
#[test]
fn a_leg_grows_with_its_entry() {
    let thin = "60 61 59 60 100";
    let set = ["execution.participation=0.1"];
    let script = ["0 submit E0 buy 30 market order_class=oto stop_loss=57"];
    let outcome = play(&[thin; 5], &script, "", &set);
    assert_eq!(outcome.fills.len(), 3, "{:?}", outcome.fills);
    assert_eq!(dollars(&outcome), [0, 30, 60, 90, 90]);
}

/// An exit of 20 that fills in two parts leaves ten bare of nothing: the leg is for what is left.
#[test]
fn a_leg_shrinks_with_its_position() {
    let days = [FLAT, FLAT, "60 61 59 60 100", "60 61 59 60 100", FLAT];
    let set = ["execution.participation=0.1"];
    let script = ["0 submit E0 buy 30 market order_class=oto stop_loss=57", "1 submit X0 sell 20 market"];
    assert_eq!(dollars(&play(&days, &script, "", &set)), [0, 90, 60, 30, 30]);
}

/// A stop that is hit and fills in parts protects, at its level, what is left of it.
#[test]
fn a_stop_that_fills_in_parts_is_for_the_rest() {
    let days = [FLAT, FLAT, "60 61 56 58 100", "58 61 57 58 100", "58 59 57 58 100"];
    let set = ["execution.participation=0.1"];
    let script = ["0 submit E0 buy 30 market order_class=oto stop_loss=57"];
    let outcome = play(&days, &script, "", &set);
    assert_eq!(outcome.fills.len(), 4, "{:?}", outcome.fills);
    assert_eq!(dollars(&outcome), [0, 90, 20, 10, 0]);
}

/// Both of a pair are for the same shares, also after a change.
#[test]
fn a_changed_pair_protects_what_it_is_changed_to() {
    let script = [
        "0 submit E0 buy 10 market",
        "1 submit P0 sell 10 limit order_class=oco take_profit=90 stop_loss=57",
        "2 replace P0 - 4 -",
    ];
    let outcome = play(&[FLAT; 5], &script, "", &[]);
    assert_eq!(outcome.quantities, ["E0 10 of 10", "P0 0 of 4", "P0.stop 0 of 4"]);
    assert_eq!(dollars(&outcome), [0, 30, 12 + 360, 12 + 360, 12 + 360]);
}

/// Two for one: half the level, twice the shares, the same dollars at risk.
#[test]
fn a_split_moves_no_heat() {
    let halved = "30 30.5 29.5 30";
    let script = ["0 submit E0 buy 10 market order_class=oto stop_loss=57", "0 submit E1 buy 4 market"];
    let outcome = play(&[FLAT, FLAT, halved, halved], &script, "TST,2024-01-04,split,2", &[]);
    assert_eq!(dollars(&outcome), [0, 30 + 240, 30 + 240, 30 + 240]);
}

/// A short: what the price may rise to its stop, and the whole value of what has none.
#[test]
fn a_short_is_the_mirror_image() {
    let script = ["0 submit E0 sell 10 market", "1 submit S0 buy 4 stop stop_price=63"];
    assert_eq!(dollars(&play(&[FLAT; 4], &script, "", &[])), [0, 12 + 360, 12 + 360, 12 + 360]);
}
