//! A connection whose other side must take what it asked for: who reads nothing for too long is cut.
//!
//! Not here: how long a head may take (connection), how long an answer may take (guard). Without this a client that asks
//! and never reads would hold its connection, and the listener behind it, for good.
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream that waits for its reader, but not for ever.
pub(super) struct Patient<S> {
    stream: S,
    wait: Duration,
    /// Set while the other side takes nothing.
    until: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Writes to `stream` fail once nothing could be written for `wait`.
    pub(super) fn new(stream: S, wait: Duration) -> Patient<S> {
        Patient { stream, wait, until: None }
    }

    /// What came of a write, or that it has waited for too long.
    fn timed<T>(&mut self, wrote: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.until = None;
            return wrote;
        }
        let wait = self.wait;
        ready!(self.until.get_or_insert_with(|| Box::pin(sleep(wait))).as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the other side reads nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.timed(wrote, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.timed(wrote, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.timed(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.timed(shut, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn who_reads_nothing_is_cut_and_who_reads_slowly_is_not() {
        let (mut reader, stream) = duplex(4);
        let mut patient = Patient::new(stream, Duration::from_millis(400));
        let slow = async {
            let mut got = [0u8; 2];
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_millis(100)).await;
                reader.read_exact(&mut got).await.unwrap();
            }
            reader
        };
        let (wrote, _reader) = tokio::join!(patient.write_all(&[7; 20]), slow);
        wrote.unwrap();
        let cut = patient.write_all(&[7; 20]).await.unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::TimedOut);
    }
}
