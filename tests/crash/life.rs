//! One life of a session after another: `alphaflow trade` as a process, begun, killed, and ended in good order.
//!
//! Not here: when it is killed (world).
use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at the log.
const LOOK: Duration = Duration::from_millis(1);
/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// The lives of one session.
pub struct Lives {
    folder: PathBuf,
    address: SocketAddr,
    session: Option<Child>,
    began: Instant,
    /// Bytes of the log before this life.
    log_before: usize,
}

impl Lives {
    /// None has begun yet.
    pub fn new(folder: &Path, address: SocketAddr) -> Lives {
        Lives { folder: folder.to_owned(), address, session: None, began: Instant::now(), log_before: 0 }
    }

    /// Begins one, at a speed by which no price gets old: the machine of a test may be slow, and its market is stepped.
    pub fn begin(&mut self) {
        assert!(self.session.is_none(), "one at a time");
        self.log_before = self.log().len();
        let log = OpenOptions::new().create(true).append(true).open(self.folder.join("log")).unwrap();
        self.began = Instant::now();
        let session = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
            .args(["trade", "killed.toml", "--exchange", &self.address.to_string(), "--speed", "6000", "--port", "0"])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.session = Some(session);
    }

    /// Waits until it has read how everything is, and may trade; gives the time since its beginning.
    pub fn wait_up(&mut self) -> Duration {
        while !self.log()[self.log_before..].contains("Both streams are ready") {
            assert_eq!(self.session.as_mut().unwrap().try_wait().unwrap(), None, "it ended: {}", self.last_words());
            assert!(self.began.elapsed() < PATIENCE, "it does not come up: {}", self.last_words());
            sleep(LOOK);
        }
        self.began.elapsed()
    }

    /// SIGKILL. It must not have ended by itself: then there would be nothing to kill.
    pub fn kill(&mut self) {
        let mut session = self.session.take().unwrap();
        assert_eq!(session.try_wait().unwrap(), None, "it ended: {}", self.last_words());
        session.kill().unwrap();
        session.wait().unwrap();
    }

    /// SIGKILL while it ends in good order, unless that is over; was it killed?
    pub fn kill_while_it_ends(&mut self) -> bool {
        let mut session = self.session.take().unwrap();
        session.kill().unwrap();
        match session.wait().unwrap().code() {
            None => true,
            Some(0) => false,
            Some(code) => panic!("exit code {code}: {}", self.last_words()),
        }
    }

    /// SIGTERM: the end in good order begins.
    pub fn ask_to_end(&self) {
        let session = self.session.as_ref().unwrap();
        let sent = Command::new("kill").args(["-s", "TERM", &session.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end in good order.
    pub fn end(&mut self) {
        self.ask_to_end();
        let mut session = self.session.take().unwrap();
        assert_eq!(session.wait().unwrap().code(), Some(0), "{}", self.last_words());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The end of the log.
    pub fn last_words(&self) -> String {
        let text = self.log();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Lives {
    fn drop(&mut self) {
        if let Some(mut session) = self.session.take() {
            let _ = session.kill();
            let _ = session.wait();
        }
    }
}
