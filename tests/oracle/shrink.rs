//! Makes a case as small as it can be while it still shows what it shows.
//!
//! Not here: what it shows; that is a question asked of each candidate.
use super::case::{Case, Row, Rules};

/// The smallest case reachable by leaving things out, one at a time, for which `shows` stays true.
pub fn smallest(mut case: Case, shows: impl Fn(&Case) -> bool) -> Case {
    loop {
        let Some(smaller) = candidates(&case).into_iter().find(|candidate| *candidate != case && shows(candidate))
        else {
            return case;
        };
        case = smaller;
    }
}

fn candidates(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    for at in 0..case.rows.len() {
        let mut fewer = case.clone();
        let (_, row) = fewer.rows.remove(at);
        if let Row::Submit(ticket) = row {
            // What names the order goes with it.
            fewer.rows.retain(|(_, row)| match row {
                Row::Cancel { id } | Row::Replace { id, .. } => id.split('.').next() != Some(ticket.id.as_str()),
                _ => true,
            });
        }
        all.push(fewer);
    }
    all.push(Case { events: Vec::new(), ..case.clone() });
    let (rules, plain) = (case.rules, Rules::PLAIN);
    for rules in [
        Rules { market_fill: plain.market_fill, ..rules },
        Rules { limit_through: false, ..rules },
        Rules { reading: plain.reading, ..rules },
        Rules { participation_percent: 100, ..rules },
        Rules { slippage: plain.slippage, slippage_on_entries_only: false, ..rules },
        Rules { commission: plain.commission, ..rules },
        Rules { alpaca: true, ..rules },
    ] {
        all.push(Case { rules, ..case.clone() });
    }
    let session = if case.hourly { 3 } else { 1 };
    let last_row = case.rows.iter().map(|(time, _)| *time).max().unwrap_or(0);
    if case.times() > (last_row + 2).max(session + 1) {
        let mut shorter = case.clone();
        let times = case.times() - session;
        shorter.bars.iter_mut().for_each(|bars| bars.truncate(times));
        shorter.events.retain(|(_, time, _)| *time < times);
        if last_row < times {
            all.push(shorter);
        }
    }
    for symbol in 0..case.bars.len() {
        for time in 0..case.times() {
            // A bar like the close before it, with volume for all.
            let mut calmer = case.clone();
            if let (Some(Some(before)), Some(bar)) =
                (time.checked_sub(1).map(|before| case.bars[symbol][before]), &mut calmer.bars[symbol][time])
            {
                (bar.open, bar.high, bar.low, bar.close) = (before.close, before.close, before.close, before.close);
                all.push(calmer);
            }
            let mut richer = case.clone();
            if let Some(bar) = &mut richer.bars[symbol][time] {
                bar.volume = 1_000_000;
                all.push(richer);
            }
        }
    }
    all
}
