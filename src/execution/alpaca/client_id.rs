//! The names we give our orders at the venue: made of the session and our number, and read back from it.
//!
//! Not here: whether a name was used. The venue takes each name once, ever, so a session has a name of its own.
use crate::domain::OrderId;

/// The venue's limit on a name.
const LENGTH_MAX: usize = 128;
/// Leaves room for the prefix, our number, the part and its count.
const SESSION_LENGTH_MAX: usize = 64;

/// What an order at the venue is of ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// The order as it was approved.
    Order,
    /// A protective order armed again; counted from 1.
    Armed(u32),
    /// What a change made of it; counted from 1.
    Changed(u32),
}

/// A session's name: 1 to 64 letters, digits and `_`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionName(String);

/// Why a text is no session's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no name of a session; use 1 to 64 letters, digits and `_`")]
pub struct SessionNameError {
    /// The text as given.
    pub text: String,
}

impl SessionName {
    /// Checks the text.
    ///
    /// Errors: [`SessionNameError`].
    pub fn new(text: &str) -> Result<SessionName, SessionNameError> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match is_plain && (1..=SESSION_LENGTH_MAX).contains(&text.len()) {
            true => Ok(SessionName(text.to_owned())),
            false => Err(SessionNameError { text: text.to_owned() }),
        }
    }

    /// The name at the venue of a part of `order`.
    /// As text.
    pub fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn client_id(&self, order: OrderId, part: Part) -> String {
        let (letter, count) = match part {
            Part::Order => ('o', 0),
            Part::Armed(count) => ('a', count),
            Part::Changed(count) => ('c', count),
        };
        let text = format!("af-{}-{}-{letter}{count}", self.0, order.0);
        assert!(text.len() <= LENGTH_MAX, "a session's name leaves room for our numbers");
        text
    }

    /// What `text` names, if this session gave it.
    pub(super) fn read(&self, text: &str) -> Option<(OrderId, Part)> {
        let mut fields = text.strip_prefix("af-")?.split('-');
        let (session, order, part) = (fields.next()?, fields.next()?, fields.next()?);
        if session != self.0 || fields.next().is_some() {
            return None;
        }
        let order = OrderId(order.parse().ok()?);
        let (letter, count) = (part.get(..1)?, part.get(1..)?);
        let count: u32 = count.parse().ok()?;
        let part = match letter {
            "o" => Part::Order,
            "a" => Part::Armed(count),
            "c" => Part::Changed(count),
            _ => return None,
        };
        // What is read must be what is written: `01` is not our `1`.
        (self.client_id(order, part) == text).then_some((order, part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_session_has_a_plain_name() {
        for bad in ["", "a-b", "ä", &"x".repeat(65)] {
            assert!(SessionName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn foreign_names_are_not_ours() {
        let session = SessionName::new("s1").expect("name");
        for foreign in ["", "af-s2-1-o0", "af-s1-1-o", "af-s1-1-x1", "af-s1-01-o0", "af-s1-1-o0-", "af-s1-1-o1"] {
            assert_eq!(session.read(foreign), None, "{foreign}");
        }
    }

    proptest! {
        /// What is written is read back, and fits.
        #[test]
        fn names_round_trip(session in "[A-Za-z0-9_]{1,64}", order in any::<u64>(), kind in 0..3, count in any::<u32>()) {
            let session = SessionName::new(&session).expect("name");
            let part = [Part::Order, Part::Armed(count), Part::Changed(count)][kind as usize];
            let text = session.client_id(OrderId(order), part);
            prop_assert_eq!(session.read(&text), Some((OrderId(order), part)));
        }
    }
}
