//! This machine: the program, the disk, time zones and the calendar, the kill switch.
//!
//! Not here: what a session does when one of these fails later (session, health).
use std::path::Path;

use jiff::tz::TimeZone;

use super::record::PROGRAM;
use super::{Item, Preflight, PreflightMode};
use crate::domain::Timestamp;
use crate::market::Calendar;
use crate::report::format::to_the_second;
use crate::risk::LatchFile;

/// Journal and logs of a month of minutes take some hundred megabytes; a full disk stops a session.
const FREE_BYTES_MIN: u64 = 1 << 30;
/// Sessions ahead for which calendar and time zone must agree: about a year, so both changes of the clocks.
const SESSIONS_AHEAD: usize = 260;

/// Items about this machine.
pub(super) fn examine(flight: &Preflight<'_>, now: Timestamp) -> Vec<Item> {
    vec![
        program(flight.mode),
        Item::of("kill_switch", kill_switch(flight.state, now)),
        Item::of("disk", disk(flight.state)),
        Item::of("time_zone", time_zone(now)),
    ]
}

fn program(mode: PreflightMode) -> Item {
    if mode == PreflightMode::Live && cfg!(not(feature = "live")) {
        return Item::fails(
            "program",
            format!("{PROGRAM} was built without live trading; build it with the feature `live`"),
        );
    }
    Item::holds("program", PROGRAM)
}

fn kill_switch(state: &Path, now: Timestamp) -> Result<String, String> {
    match LatchFile::new(state).read(now) {
        Err(error) => Err(format!("it cannot be read, which counts as halted: {error}")),
        Ok(latch) => match latch.latched() {
            None => Ok("it is clear".to_owned()),
            Some(latched) => Err(format!(
                "it is pressed, by {} since {}; look into it, then run `alphaflow resume --reason TEXT`",
                latched.by,
                to_the_second(latched.since)
            )),
        },
    }
}

#[cfg(unix)]
fn disk(state: &Path) -> Result<String, String> {
    // The folder may not have been made yet; its first ancestor that is there is on the same disk.
    let whole = std::path::absolute(state).map_err(|error| format!("{}: {error}", state.display()))?;
    let place = whole.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let room = rustix::fs::statvfs(place).map_err(|error| format!("{}: {error}", place.display()))?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let text = format!("{} are free where {} is", gib(free), state.display());
    match free >= FREE_BYTES_MIN {
        true => Ok(text),
        false => Err(format!("{text}; make room for at least {}", gib(FREE_BYTES_MIN))),
    }
}

/// `75.3 GiB`.
#[cfg(unix)]
fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1_u64 << 30) as f64)
}

/// Elsewhere this program cannot ask.
#[cfg(not(unix))]
fn disk(state: &Path) -> Result<String, String> {
    Err(format!("this system does not say how much is free where {} is; trade on a Unix system", state.display()))
}

/// The calendar has New York's hours in its own table; the tz database must give the same ones.
fn time_zone(now: Timestamp) -> Result<String, String> {
    let zone = TimeZone::get("America/New_York")
        .map_err(|error| format!("the time zone of New York is not known: {error}; install tzdata"))?;
    let calendar = Calendar::xnys();
    let mut session = calendar.next_session(now);
    for _ in 0..SESSIONS_AHEAD {
        let Some(next) = session else {
            return Err(format!(
                "the calendar does not know the sessions a year after {}; install a newer release",
                now.utc_date()
            ));
        };
        let open = next.open.to_jiff().to_zoned_datetime(zone.clone());
        if (open.hour(), open.minute()) != (9, 30) {
            return Err(format!(
                "calendar and time zone disagree: the session of {} opens at {open}; update tzdata, or install a newer release",
                next.date.utc_date()
            ));
        }
        session = calendar.next_session(next.date);
    }
    Ok(format!("calendar and time zone agree on the next {SESSIONS_AHEAD} sessions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_and_time_zone_agree_until_the_calendar_ends() {
        let at = |text: &str| time_zone(text.parse().expect("time"));
        assert!(at("2026-03-01").is_ok() && at("2034-12-01").is_ok());
        assert!(at("2035-06-01").expect_err("it ends with 2035").contains("newer release"));
    }

    #[test]
    fn the_disk_is_asked_also_before_the_folder_is_there() {
        let folder = tempfile::tempdir().expect("folder");
        let found = |path: &Path| disk(path).unwrap_or_else(|text| text);
        assert!(found(&folder.path().join("state/paper")).contains(" GiB are free"));
        assert!(found(Path::new("state")).contains(" GiB are free"));
        assert_eq!(gib(77_140 << 20), "75.3 GiB");
    }
}
