//! What time it is: at the venue, and on this machine.
//!
//! Not here: what is due when. The venue's clock is the machine's at Alpaca, and that of the data on the built-in
//! exchange, which is asked again and again and never thought to be further than it said.
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::domain::Timestamp;
use crate::execution::alpaca::{Instant, VenueReader};
use crate::live::session::Moment;

/// How often the clock of the built-in exchange is looked at.
const LOOK: Duration = Duration::from_millis(20);
const NS_PER_MS: i64 = 1_000_000;

/// Which clock is the venue's.
#[derive(Debug)]
pub enum VenueClock {
    /// This machine's.
    Machine,
    /// The built-in exchange's, as it last said.
    Exchange(Arc<AtomicI64>),
}

/// Both clocks.
#[derive(Debug)]
pub struct Clock {
    began: std::time::Instant,
    venue: VenueClock,
    /// Milliseconds that a clock which stands was made to pass.
    leapt_ms: u64,
}

impl Clock {
    /// Its milliseconds begin now.
    pub fn new(venue: VenueClock) -> Clock {
        Clock { began: std::time::Instant::now(), venue, leapt_ms: 0 }
    }

    /// The venue's time.
    pub fn time(&self) -> Timestamp {
        match &self.venue {
            VenueClock::Machine => wall(),
            VenueClock::Exchange(last) => Timestamp::from_ns(last.load(Ordering::Relaxed)),
        }
    }

    /// The same for another thread.
    pub fn of_venue(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        match &self.venue {
            VenueClock::Machine => Arc::new(wall),
            VenueClock::Exchange(last) => {
                let last = Arc::clone(last);
                Arc::new(move || Timestamp::from_ns(last.load(Ordering::Relaxed)))
            }
        }
    }

    /// The moment for desks.
    pub fn instant(&self) -> Instant {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Instant { ms: ms.saturating_add(self.leapt_ms), wall_ms: self.time().ns() / NS_PER_MS }
    }

    /// The moment for the journal.
    pub fn moment(&self) -> Moment {
        Moment { time: self.time(), wall: wall() }
    }

    /// The exchange's clock stands here now.
    pub fn set_venue(&self, time: Timestamp) {
        if let VenueClock::Exchange(last) = &self.venue {
            last.fetch_max(time.ns(), Ordering::Relaxed);
        }
    }

    /// Nothing happens before `ms`: the waits of a market that stands are over at once.
    pub fn leap_to(&mut self, ms: u64) {
        let now = self.instant().ms;
        self.leapt_ms += ms.saturating_sub(now);
    }
}

/// This machine's time.
pub fn wall() -> Timestamp {
    // The range of nanoseconds in 64 bits ends in 2262.
    Timestamp::from_ns(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX))
}

/// Keeps looking at the exchange's clock, in a task of `tasks`, for as long as they live.
pub fn follow(reader: Arc<VenueReader>, last: Arc<AtomicI64>, tasks: &mut JoinSet<()>) {
    tasks.spawn(async move {
        loop {
            if let Ok(time) = reader.time().await {
                last.fetch_max(time.ns(), Ordering::Relaxed);
            }
            tokio::time::sleep(LOOK).await;
        }
    });
}
