//! The profit band: what the bars that decided something without telling how leave open.
//!
//! Not here: how a bar is read in each way (venue::Reading), the words about it (report).
use super::Diagnostic;
use crate::domain::Money;
use crate::engine::Journal;
use crate::venue::Reading;

/// The ways in which a run with undecided bars is replayed: from end to end, every bar in the same way.
const READINGS: [Reading; 3] = [Reading::Kindest, Reading::Cruellest, Reading::Ohlc];

/// The lowest and highest equity at the end among the run itself and its replays under [`READINGS`]; `None`,
/// and no replay, where every bar of the run told what it decided.
///
/// It bounds these four readings and not every mixture of them: a strategy may answer to a kind fill with a
/// bad trade. Errors: those of the replay.
pub(super) fn final_equity_band(
    own: &Journal,
    replay: impl Fn(Reading) -> Result<Journal, Box<Diagnostic>>,
) -> Result<Option<(Money, Money)>, Box<Diagnostic>> {
    if own.ambiguous_bars == 0 && own.unclear_entry_bars == 0 {
        return Ok(None);
    }
    let own = own.equity.last();
    READINGS.into_iter().try_fold(Some((own, own)), |band, reading| {
        let other = replay(reading)?.equity.last();
        Ok(band.map(|(low, high)| (low.min(other), high.max(other))))
    })
}
