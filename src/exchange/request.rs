//! A request and its answer, as a server reads and writes them, without one.
//!
//! Not here: sockets, keys, rates and faults (the server); what a request means.

/// What is to be done with a path.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method {
    /// Read.
    Get,
    /// Make.
    Post,
    /// Put in the place of what is there.
    Put,
    /// Change.
    Patch,
    /// Take away.
    Delete,
}

/// One request of a client whose keys are right.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Request<'a> {
    /// What is to be done.
    pub method: Method,
    /// The path, percent-encoded as sent, without the query.
    pub path: &'a str,
    /// What follows `?`, percent-encoded as sent; empty without one.
    pub query: &'a str,
    /// The body as sent; empty without one.
    pub body: &'a [u8],
}

/// What the exchange answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// JSON; `None` for an answer without a body (204).
    pub body: Option<String>,
}

impl Method {
    /// The word in a request line.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}
