//! The parts of a path and of a query, percent-decoded.
//!
//! Not here: what they mean.

/// The parameters of a query, in the order in which they were sent.
#[derive(Clone, Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads what follows `?`.
    pub(super) fn new(query: &str) -> Parameters {
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (form_decoded(name), form_decoded(value))
        };
        Parameters(query.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// The value of a parameter; one without a value counts as not sent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// The parts of a list with commas; empty where it was not sent.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let parts = self.get(name).unwrap_or_default().split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    }
}

/// The parts of a path between its slashes.
pub(super) fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
}

/// In a query a space may be written as a plus.
fn form_decoded(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

/// `%2C` and its like as what they stand for; what is no such thing stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|pair| bytes[at] == b'%' && pair.iter().all(u8::is_ascii_hexdigit));
        let value =
            hex.and_then(|pair| std::str::from_utf8(pair).ok()).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        out.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_read() {
        let sent = Parameters::new("symbols=AAPL%2CMSFT,+IBM&limit=10&empty=&flag&name=a+b%20c%2B");
        assert_eq!(sent.list("symbols"), ["AAPL", "MSFT", "IBM"]);
        assert_eq!(sent.get("limit"), Some("10"));
        assert_eq!((sent.get("empty"), sent.get("flag"), sent.get("other")), (None, None, None));
        assert_eq!(sent.get("name"), Some("a b c+"));
        assert!(sent.list("other").is_empty());
        assert_eq!(segments("/v2/assets/BTC%2FUSD/"), ["v2", "assets", "BTC/USD"]);
        assert_eq!(decoded("100%25%zz%4"), "100%%zz%4");
    }
}
