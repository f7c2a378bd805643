//! What must hold of every report on the limits: its counts are the record's, and no loss passed without a halt.
use alphaflow::engine::Journal;
use alphaflow::risk::HaltCause;
use alphaflow::scenario::{Efficacy, LimitKind, LimitUse};

/// A share is an estimate.
const NEARLY: f64 = 1e-9;

/// Errors: the first law that does not hold.
pub fn hold(efficacy: &Efficacy, journal: &Journal) -> Result<(), String> {
    let law = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {efficacy:#?}")) };
    let of = |kind: LimitKind| efficacy.limits.iter().find(|limit| limit.kind == kind).expect("every limit is there");
    let refused: usize = efficacy.limits.iter().map(|limit| limit.refused).sum();
    let other: usize = efficacy.other.iter().map(|(_, count)| count).sum();
    law(refused + other == journal.refusals.len(), "a refusal is counted once")?;
    let trimmed: usize = efficacy.limits.iter().map(|limit| limit.trimmed).sum();
    law(trimmed + efficacy.trimmed_otherwise == journal.trims.len(), "so is a trim")?;
    law(efficacy.limits.iter().all(|limit| limit.first <= limit.last), "the first is not after the last")?;
    let most = |kind: LimitKind| of(kind).most.map(|most| most.amount);
    law(most(LimitKind::PositionSize) <= most(LimitKind::GrossExposure), "a position is not more than all")?;
    law(most(LimitKind::CorrelatedExposure) <= most(LimitKind::GrossExposure), "nor is a group")?;
    law(efficacy.halts.len() == journal.halts.len(), "every halt is there")?;
    for (kind, cause) in [(LimitKind::DailyLoss, HaltCause::DailyLoss), (LimitKind::Drawdown, HaltCause::Drawdown)] {
        let LimitUse { allowed, most, .. } = *of(kind);
        let halts = || efficacy.halts.iter().filter(|halt| halt.cause == cause);
        let lost = most.map_or(0.0, |most| most.amount);
        law(halts().all(|halt| halt.lost().is_none_or(|halt| halt <= lost)), "no halt lost more than the most")?;
        law(halts().all(|halt| halt.lost().is_none_or(|lost| lost >= allowed - NEARLY)), "a halt comes at its limit")?;
        // After the last bar nothing can be entered: what a delisting takes then halts nothing.
        let is_late = most.is_some_and(|most| journal.late_steps.contains(&most.time));
        law(is_late || halts().next().is_some() || lost < allowed + NEARLY, "a loss at its limit halts")?;
    }
    let (steps, halted) = efficacy.steps;
    law(halted <= steps && efficacy.sessions.1 <= efficacy.sessions.0, "no more is halted than there is")?;
    law(efficacy.halts.iter().map(|halt| halt.steps).max().unwrap_or(0) <= halted, "one halt is not longer than all")
}
