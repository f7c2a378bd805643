//! Halts by limits, as commands of other processes see and lift them.
//!
//! Not here: the files of it (kill), what a resume does (commands).
use tokio::sync::oneshot;

use super::{Driver, DriverError};
use crate::execution::alpaca::TradingMode;
use crate::live::command::{Asked, Command};
use crate::live::kill::{LimitHalt, answer_resume, show_limits, take_resume};
use crate::risk::HaltCause;

impl<M: TradingMode> Driver<M> {
    /// Shows which limits halt, where that has changed, and takes a resume that a command has asked for.
    pub(super) fn serve_folder(&mut self) -> Result<(), DriverError> {
        let halts = self.limit_halts();
        if self.limits_shown.as_ref() != Some(&halts) && show_limits(&self.state, M::NAME, &halts).is_ok() {
            self.limits_shown = Some(halts);
        }
        let Some(order) = take_resume(&self.state, M::NAME) else { return Ok(()) };
        let (answer, mut answered) = oneshot::channel();
        let command = Command::Resume { reason: order.reason.as_str().to_owned() };
        self.command((Asked { command, by: order.by.to_string() }, answer))?;
        let halts = self.limit_halts();
        // Before the answer: whoever reads it may ask at once what holds.
        if show_limits(&self.state, M::NAME, &halts).is_ok() {
            self.limits_shown = Some(halts);
        }
        if let Ok(done) = answered.try_recv()
            && let Err(error) = answer_resume(&self.state, M::NAME, order.at, done)
        {
            tracing::warn!("the answer to `alphaflow resume` cannot be written ({error}); it is in the journal");
        }
        Ok(())
    }

    /// Everything but the kill switch that forbids a scenario to open or add.
    pub(super) fn limit_halts(&self) -> Vec<LimitHalt> {
        let of = |seat: &super::Seat| {
            let halts = seat.trader.machine().gate().watch().halts().iter();
            let strategy = seat.trader.terms().name.clone();
            let limits = halts.filter(|halt| halt.cause != HaltCause::KillSwitch).cloned();
            limits.map(move |halt| LimitHalt { strategy: strategy.clone(), halt }).collect::<Vec<_>>()
        };
        self.seats.iter().flat_map(of).collect()
    }
}
