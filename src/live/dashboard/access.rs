//! Who is signed in: sessions, tries, and when both end.
//!
//! Not here: which requests need it (guard, router), what a token is (tokens).
//! Invariants: (1) a session is found by the hash of its cookie, which is made here and never taken from a client;
//! (2) a session ends twelve hours after the sign-in, and after an hour in which nothing was asked and no page was open;
//! (3) after five wrong tokens no token is looked at for a minute.
use std::collections::BTreeMap;

use super::random::{NoRandomness, hex_256};
use super::tokens::{Hash, Tokens};
use crate::domain::Timestamp;

/// Wrong tokens until the wait.
pub(super) const TRIES: u32 = 5;
/// The wait.
const WAIT_SECONDS: i64 = 60;
/// Longest session.
pub(super) const SESSION_SECONDS: i64 = 12 * 3600;
/// Longest time without a request or an open page.
pub(super) const IDLE_SECONDS: i64 = 3600;
/// Sessions at a time: one person with a few browsers. One more ends the oldest.
const SESSIONS_MAX: usize = 16;

/// Sessions and tries.
#[derive(Default)]
pub(super) struct Access {
    sessions: BTreeMap<Hash, Session>,
    wrong: u32,
    wait_until: Option<Timestamp>,
    /// Why the last session that time has ended has ended, until that is told.
    ended: Option<&'static str>,
}

struct Session {
    csrf: String,
    began: Timestamp,
    used: Timestamp,
}

/// What a person who has just signed in gets.
pub(super) struct SignedIn {
    /// The value of the cookie.
    pub(super) cookie: String,
    /// What every change must carry.
    pub(super) csrf: String,
}

/// Why somebody is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotIn {
    /// A wrong token.
    Wrong { tries_left: u32 },
    /// The last of too many.
    Shut { seconds: i64 },
    /// After too many of them; nothing was compared.
    Wait { seconds: i64 },
    /// No secret can be made.
    NoRandomness,
}

/// A session that holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pass {
    /// What every change must carry.
    pub(super) csrf: String,
    /// When it ends at the latest.
    pub(super) ends: Timestamp,
}

impl Access {
    /// Lets somebody in who has the token. A session that the browser still had ends.
    pub(super) fn sign_in(
        &mut self,
        tokens: &Tokens,
        token: &str,
        old_cookie: Option<&str>,
        now: Timestamp,
    ) -> Result<SignedIn, NotIn> {
        if let Some(until) = self.wait_until {
            let left = until.ns().saturating_sub(now.ns());
            if left > 0 {
                // A clock that was set back must not lock the owner out for longer than the wait.
                let seconds = (left / Timestamp::NS_PER_SECOND + 1).min(WAIT_SECONDS);
                self.wait_until = Some(until.min(plus(now, WAIT_SECONDS)));
                return Err(NotIn::Wait { seconds });
            }
            (self.wait_until, self.wrong) = (None, 0);
        }
        if !tokens.is_person(token) {
            self.wrong += 1;
            if self.wrong < TRIES {
                return Err(NotIn::Wrong { tries_left: TRIES - self.wrong });
            }
            self.wait_until = Some(plus(now, WAIT_SECONDS));
            return Err(NotIn::Shut { seconds: WAIT_SECONDS });
        }
        self.wrong = 0;
        if let Some(cookie) = old_cookie {
            self.sign_out(cookie);
        }
        let new = || -> Result<SignedIn, NoRandomness> { Ok(SignedIn { cookie: hex_256()?, csrf: hex_256()? }) };
        let new = new().map_err(|_| NotIn::NoRandomness)?;
        self.make_room();
        self.sessions.insert(Hash::of(&new.cookie), Session { csrf: new.csrf.clone(), began: now, used: now });
        Ok(new)
    }

    /// The session of a cookie, if it holds; it counts as used.
    pub(super) fn check(&mut self, cookie: &str, now: Timestamp) -> Option<Pass> {
        let key = Hash::of(cookie);
        let session = self.sessions.get_mut(&key)?;
        let ends = plus(session.began, SESSION_SECONDS);
        let (is_over, is_idle) = (now >= ends, now >= plus(session.used, IDLE_SECONDS));
        if is_over || is_idle {
            self.sessions.remove(&key);
            self.ended = Some(if is_over { "after 12 hours" } else { "after an hour in which nothing was asked" });
            return None;
        }
        session.used = session.used.max(now);
        Some(Pass { csrf: session.csrf.clone(), ends })
    }

    /// Why a session has ended by itself since the last look.
    pub(super) fn take_ended(&mut self) -> Option<&'static str> {
        self.ended.take()
    }

    /// Ends the session of a cookie; `false` where there was none.
    pub(super) fn sign_out(&mut self, cookie: &str) -> bool {
        self.sessions.remove(&Hash::of(cookie)).is_some()
    }

    fn make_room(&mut self) {
        while self.sessions.len() >= SESSIONS_MAX {
            let oldest = self.sessions.iter().min_by_key(|(_, session)| session.began).map(|(key, _)| *key);
            let Some(oldest) = oldest else { return };
            self.sessions.remove(&oldest);
        }
    }
}

fn plus(moment: Timestamp, seconds: i64) -> Timestamp {
    moment.plus_ns(seconds * Timestamp::NS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second).unwrap()
    }

    fn tokens() -> Tokens {
        Tokens::of(TOKEN, None).unwrap()
    }

    fn sign_in(access: &mut Access, second: i64) -> SignedIn {
        access.sign_in(&tokens(), TOKEN, None, at(second)).map_err(|why| panic!("{why:?}")).unwrap()
    }

    #[test]
    fn a_session_ends_after_twelve_hours_however_much_it_is_used() {
        let mut access = Access::default();
        let cookie = sign_in(&mut access, 0).cookie;
        for second in (0..SESSION_SECONDS).step_by(1800) {
            assert!(access.check(&cookie, at(second)).is_some(), "second {second}");
        }
        assert!(access.check(&cookie, at(SESSION_SECONDS - 1)).is_some());
        assert!(access.check(&cookie, at(SESSION_SECONDS)).is_none());
        assert!(access.check(&cookie, at(1)).is_none(), "what has ended does not come back with the clock");
    }

    #[test]
    fn an_hour_of_silence_ends_a_session() {
        let mut access = Access::default();
        let cookie = sign_in(&mut access, 0).cookie;
        assert!(access.check(&cookie, at(IDLE_SECONDS - 1)).is_some());
        assert!(access.check(&cookie, at(2 * IDLE_SECONDS - 1)).is_none());
    }

    #[test]
    fn five_wrong_tokens_wait_a_minute_in_which_even_the_right_one_does_not_open() {
        let mut access = Access::default();
        let mut wrong = |second| access.sign_in(&tokens(), "wrong", None, at(second)).err();
        for left in [4, 3, 2, 1] {
            assert_eq!(wrong(0), Some(NotIn::Wrong { tries_left: left }));
        }
        assert_eq!(wrong(0), Some(NotIn::Shut { seconds: 60 }));
        assert_eq!(wrong(0), Some(NotIn::Wait { seconds: 60 }));
        assert_eq!(access.sign_in(&tokens(), TOKEN, None, at(59)).err(), Some(NotIn::Wait { seconds: 2 }));
        assert!(access.sign_in(&tokens(), TOKEN, None, at(60)).is_ok());
        assert_eq!(access.sign_in(&tokens(), "x", None, at(60)).err(), Some(NotIn::Wrong { tries_left: 4 }));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out_for_longer() {
        let mut access = Access::default();
        for _ in 0..TRIES {
            let _ = access.sign_in(&tokens(), "wrong", None, at(1_000_000));
        }
        assert_eq!(access.sign_in(&tokens(), TOKEN, None, at(0)).err(), Some(NotIn::Wait { seconds: 60 }));
        assert!(access.sign_in(&tokens(), TOKEN, None, at(60)).is_ok());
    }

    #[test]
    fn a_cookie_of_the_clients_own_is_nothing_and_a_new_sign_in_ends_the_old() {
        let mut access = Access::default();
        assert!(access.check(&"a".repeat(64), at(0)).is_none());
        let old = sign_in(&mut access, 0);
        let new = access.sign_in(&tokens(), TOKEN, Some(&old.cookie), at(1)).map_err(|why| panic!("{why:?}")).unwrap();
        assert!(access.check(&old.cookie, at(1)).is_none());
        assert_eq!(access.check(&new.cookie, at(1)).map(|pass| pass.csrf), Some(new.csrf));
    }

    #[test]
    fn one_session_too_many_ends_the_oldest() {
        let mut access = Access::default();
        let first = sign_in(&mut access, 0).cookie;
        let rest: Vec<String> = (1..=SESSIONS_MAX as i64).map(|second| sign_in(&mut access, second).cookie).collect();
        assert!(access.check(&first, at(20)).is_none());
        assert!(rest.iter().all(|cookie| access.check(cookie, at(20)).is_some()));
    }
}
