//! `FAKEPACA`: the made-up symbol of `/v2/test`, by the wall's clock, day and night.
//!
//! Not here: who gets it (tell), what there is to say in a second (exchange::data).
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::feed::Feed;
use super::floor::Floor;
use super::outbox::Patience;
use crate::domain::Timestamp;
use crate::exchange::data::test_messages;

/// How often the wall's clock is looked at: a second is told soon after it has begun.
const LOOK: Duration = Duration::from_millis(100);

/// Tells whoever has subscribed, for as long as the server lives. Seconds that a busy machine has missed are gone.
pub(super) async fn run(floor: Arc<Floor>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = i64::MIN;
    loop {
        ticks.tick().await;
        let second = (floor.wall)().ns().div_euclid(Timestamp::NS_PER_SECOND);
        if second > told && floor.hub.data(Feed::Test).is_some() {
            let mut turn = floor.turn().await;
            turn.teller.tell_feed(&floor.hub, Feed::Test, &test_messages(second));
            turn.teller.release(&floor.hub);
            drop(turn);
            floor.hub.drained(Patience::ThroughPauses).await;
            told = second;
        }
    }
}
