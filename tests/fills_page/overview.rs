//! The table at the head of the page: rule by rule, ours beside six other engines. Words only: what ours does
//! is shown by the pictures further down.
//!
//! Source of the other columns: runs of small bars through each engine, and their code where no run shows it.

const RULES: &[[&str; 8]] = &[
    ["Rule", "AlphaFlow", "backtesting.py", "backtrader", "vectorbt", "NautilusTrader", "LEAN", "zipline"],
    [
        "Market order",
        "next open",
        "next open",
        "next open",
        "close of the signal's bar",
        "close of the signal's bar",
        "last quote or trade; next open when the market is shut",
        "close of the next bar",
    ],
    ["Limit, touched exactly", "fills", "fills", "fills", "no limits", "fills", "no fill", "by closes only"],
    [
        "Open beyond the limit",
        "the open",
        "the open",
        "the open",
        "no limits",
        "the limit",
        "the open",
        "by closes only",
    ],
    ["Stop, touched", "the stop", "the stop", "the stop", "the stop", "the stop", "the stop", "by closes only"],
    ["Open beyond the stop", "the open", "the open", "the open", "the open", "the open", "the open", "by closes only"],
    [
        "Stop-limit, limit on the far side",
        "next bar",
        "next bar",
        "next bar, unless the shape proves it",
        "none",
        "same bar",
        "same bar, at the lower of high and limit",
        "by closes only",
    ],
    [
        "Stop and target in one bar",
        "stop; counted, with a band",
        "stop",
        "stop",
        "stop",
        "high first: target of a long",
        "both may fill",
        "by closes only",
    ],
    ["Stop on the bar of a market entry", "yes", "yes", "next bar", "next bar", "yes", "not known", "not known"],
    [
        "Exits of an entry inside its bar",
        "next bar; counted, with a band",
        "next bar, with a warning",
        "next bar",
        "no limits",
        "same bar",
        "not known",
        "not known",
    ],
    [
        "Trailing stop",
        "old level, then moves",
        "not known",
        "old level, then moves at the close",
        "old level, then moves with the high",
        "not known",
        "worse of stop and close, then moves",
        "none",
    ],
    [
        "Finer bars inside a bar",
        "`both_touched = \"finer\"`",
        "no",
        "replay",
        "no",
        "the finest data decide",
        "by subscription",
        "no",
    ],
    [
        "Share of the volume",
        "a tenth by default",
        "no cap",
        "off by default",
        "no cap",
        "a quarter of the bar at each of its four prices",
        "no cap",
        "a tenth by default",
    ],
    ["Latency", "`latency_ms`", "no", "no", "no", "yes", "no", "no"],
    [
        "Slippage of a market order",
        "bps, dollars, volume, spread",
        "a spread, at the entry",
        "none at opens unless `slip_open`",
        "percent",
        "fill models",
        "constant, volume, impact",
        "fixed, bps, volume",
    ],
    ["Fees of SEC and FINRA", "by date, once a day", "no", "no", "no", "no", "no", "no"],
    [
        "Money short at the fill",
        "refused, or trimmed",
        "canceled, with a warning",
        "rejected",
        "trimmed",
        "checked at its own fill price",
        "tested when sent only",
        "not tested",
    ],
    ["Settlement of sales", "`settlement = \"dated\"`: T+5 to T+1", "no", "no", "no", "no", "cash accounts", "no"],
    ["Fee for borrowed shares", "`borrow_rate`", "no", "`interest`", "no", "no", "off by default", "no"],
    ["Splits of what is held", "positions, orders, look-back", "no", "adjusted prices only", "no", "no", "yes", "yes"],
];

/// The table in Markdown.
pub fn table() -> String {
    let line = |cells: &[&str; 8]| format!("| {} |\n", cells.join(" | "));
    let ruler = format!("|{}\n", "---|".repeat(8));
    let body: String = RULES[1..].iter().map(line).collect();
    format!(
        "\n## At a glance\n\nBy default; what stands in code has to be asked for. \"By closes only\": zipline looks at closes, not at highs and lows.\n\n{}{ruler}{body}",
        line(&RULES[0])
    )
}
