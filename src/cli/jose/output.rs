//! What came of each message.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use izin_jose::base64url;

use crate::cli::complain;

/// A result, or the stable reason of a refusal.
pub(super) type Outcome<T> = Result<T, &'static str>;

/// Writes results as they come and remembers whether one was a refusal.
pub(super) struct Report {
    batch: bool,
    refused: bool,
}

impl Report {
    pub(super) fn new(batch: bool) -> Self {
        Self {
            batch,
            refused: false,
        }
    }

    /// A text of one line, such as a token.
    pub(super) fn text(&mut self, outcome: Outcome<String>) -> anyhow::Result<()> {
        match outcome {
            Ok(text) => put(format!("{text}\n").as_bytes()),
            Err(reason) => self.refusal(reason, !self.batch),
        }
    }

    /// Bytes of any kind: as they are, and in a batch `ok` and base64url.
    pub(super) fn bytes(&mut self, outcome: Outcome<Vec<u8>>) -> anyhow::Result<()> {
        match outcome {
            Ok(bytes) if self.batch => {
                put(format!("ok {}\n", base64url::encode(&bytes)).as_bytes())
            }
            Ok(bytes) => put(&bytes),
            Err(reason) => self.refusal(reason, !self.batch),
        }
    }

    /// Nothing but the verdict.
    pub(super) fn verdict(&mut self, outcome: Outcome<()>) -> anyhow::Result<()> {
        match outcome {
            Ok(()) => put(b"ok\n"),
            Err(reason) => self.refusal(reason, false),
        }
    }

    pub(super) fn code(&self) -> ExitCode {
        ExitCode::from(u8::from(self.refused))
    }

    /// Where the output is data, a refusal must not be taken for it and goes to standard error.
    fn refusal(&mut self, reason: &str, apart: bool) -> anyhow::Result<()> {
        self.refused = true;
        if apart {
            complain(format_args!("refused: {reason}"));
            return Ok(());
        }
        put(format!("refused: {reason}\n").as_bytes())
    }
}

/// At once, so that a program at the other end of a pipe can answer line by line.
pub(super) fn put(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .context("standard output")
}
