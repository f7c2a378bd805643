//! The live stream: server-sent events with the parts of the page that have changed.
//!
//! Not here: what a part looks like (api). At most four updates a second, each with whole parts; once a second a beat
//! that says how long the engine has been silent, so that a page knows whom it does not hear. The stream ends with the
//! session of the browser that listens, and after the word that trading has ended in good order.
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

use super::api::{SECTIONS, chart_list, differs, head, section};
use super::guard::Who;
use super::house::{House, locked};
use super::reply::Refused;
use crate::domain::Timestamp;
use crate::live::{Snapshot, StateView};

/// Between two updates.
const UPDATE_GAP: Duration = Duration::from_millis(250);
/// Between two beats.
const BEAT_GAP: Duration = Duration::from_secs(1);

/// A page that listens.
struct Listener {
    house: Arc<House>,
    who: Who,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    /// What the page has.
    told: Option<(Arc<Snapshot>, Option<Timestamp>)>,
    next_update: Instant,
    next_beat: Instant,
    is_over: bool,
    _permit: OwnedSemaphorePermit,
}

enum Turn {
    Update,
    Beat,
}

/// Follows the session until the browser's session or the connection ends.
pub(super) async fn follow(
    State(house): State<Arc<House>>,
    Extension(who): Extension<Who>,
) -> Result<Response, Refused> {
    let permit = Arc::clone(&house.streams).try_acquire_owned().map_err(|_| {
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, "16 pages listen already; close one and load this one again")
    })?;
    let mut snapshots = house.links.snapshots.clone();
    snapshots.mark_changed();
    let now = Instant::now();
    let listener = Listener {
        house,
        who,
        snapshots,
        told: None,
        next_update: now,
        next_beat: now + BEAT_GAP,
        is_over: false,
        _permit: permit,
    };
    Ok(Sse::new(stream::unfold(listener, step)).into_response())
}

async fn step(mut listener: Listener) -> Option<(Result<Event, Infallible>, Listener)> {
    if listener.is_over {
        return None;
    }
    let event = match listener.wait().await {
        Turn::Update => Event::default().event("update").data(listener.update().to_string()),
        Turn::Beat if listener.is_signed_in() => {
            listener.next_beat = Instant::now() + BEAT_GAP;
            Event::default()
                .event("beat")
                .data(Value::Object(head(&listener.house, &listener.house.snapshot())).to_string())
        }
        Turn::Beat => {
            listener.is_over = true;
            Event::default().event("signed_out").data("{}")
        }
    };
    Some((Ok(event), listener))
}

impl Listener {
    async fn wait(&mut self) -> Turn {
        let (next_update, next_beat) = (self.next_update, self.next_beat);
        let news = async {
            sleep_until(next_update).await;
            if self.snapshots.changed().await.is_err() {
                // The session has ended; only beats follow, and they tell of the silence.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = sleep_until(next_beat) => Turn::Beat,
            () = news => Turn::Update,
        }
    }

    /// An open page counts as use, so the hour of silence does not end it; twelve hours do.
    fn is_signed_in(&self) -> bool {
        match &self.who {
            Who::Person { cookie, .. } => self.house.pass(cookie).is_some(),
            Who::Script => true,
        }
    }

    /// The parts that the page does not have yet.
    fn update(&mut self) -> Value {
        self.next_update = Instant::now() + UPDATE_GAP;
        let snapshot = Arc::clone(&self.snapshots.borrow_and_update());
        let (had, line_had) = match &self.told {
            Some((had, line)) => (Some(had), *line),
            None => (None, None),
        };
        let is_new = |name: &str| had.is_none_or(|had| differs(had, &snapshot, name));
        let mut update = head(&self.house, &snapshot);
        update.extend(
            SECTIONS.iter().filter(|name| is_new(name)).map(|name| ((*name).to_owned(), section(&snapshot, name))),
        );
        if had.is_none_or(|had| had.charts != snapshot.charts) {
            update.insert("charts".into(), chart_list(&snapshot));
        }
        let line = locked(&self.house.line);
        let line_end = line.points().last().map(|(time, _)| *time);
        if line_end != line_had {
            update.insert("equity_line".into(), json!(line.points()));
        }
        drop(line);
        // Nothing comes after the end: a page that has heard of it asks no more.
        self.is_over = snapshot.state == StateView::Stopped;
        self.told = Some((snapshot, line_end));
        Value::Object(update)
    }
}
