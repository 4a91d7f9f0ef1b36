//! Where messages come from: a file or standard input, whole or line by line, never more in memory than one message may have.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;

/// Room for any message that the service would read, and its line end.
const LONGEST: usize = izin_jose::DecryptionKey::MAX_BYTES + 2;

#[derive(Debug, Args)]
pub(super) struct Input {
    /// The message; standard input if there is none or it is -
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Each line is a message
    #[arg(long)]
    pub(super) batch: bool,
}

/// A message as it came.
pub(super) enum Message {
    Bytes(Vec<u8>),
    /// Longer than any that is accepted; it was not kept.
    TooLong,
}

impl Input {
    /// `-` for standard input.
    fn place(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new("-"))
    }

    /// Refuses standard input for more than one thing: whatever is read second would be empty. `others` have the names of their options.
    pub(super) fn shares_nothing(&self, others: &[(&str, Option<&Path>)]) -> anyhow::Result<()> {
        let messages = ("the messages", Some(self.place()));
        let all = others.iter().chain([&messages]);
        let given = all.filter(|(_, path)| path.is_some_and(is_standard_input));
        let given: Vec<&str> = given.map(|(name, _)| *name).collect();
        ensure!(
            given.len() < 2,
            "standard input can be only one of {}",
            given.join(" and ")
        );
        Ok(())
    }

    pub(super) fn messages(&self) -> anyhow::Result<Messages> {
        let place = self.place();
        Ok(Messages {
            reader: open(place)?,
            place: place.display().to_string(),
            batch: self.batch,
            over: false,
        })
    }
}

pub(super) struct Messages {
    reader: Box<dyn BufRead>,
    /// For what is said when it cannot be read.
    place: String,
    batch: bool,
    over: bool,
}

impl Messages {
    /// The next line, or once the whole input, without its line end.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Message>> {
        if self.over {
            return Ok(None);
        }
        let next = if self.batch {
            self.next_line()
        } else {
            self.over = true;
            self.whole().map(Some)
        };
        next.with_context(|| self.place.clone())
    }

    fn whole(&mut self) -> io::Result<Message> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        self.reader.by_ref().take(limit).read_to_end(&mut bytes)?;
        Ok(message(bytes))
    }

    fn next_line(&mut self) -> io::Result<Option<Message>> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        let read = self
            .reader
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut bytes)?;
        if read == 0 {
            self.over = true;
            return Ok(None);
        }
        if read == LONGEST && !bytes.ends_with(b"\n") {
            self.reader.skip_until(b'\n')?;
            return Ok(Some(Message::TooLong));
        }
        Ok(Some(message(bytes)))
    }
}

/// One line end at the end belongs to the file and not to the message.
fn message(mut bytes: Vec<u8>) -> Message {
    if bytes.len() == LONGEST {
        return Message::TooLong;
    }
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    Message::Bytes(bytes)
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdin")
}

/// A whole file of at most `limit` bytes, or standard input for `-`.
pub(super) fn read(path: &Path, limit: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    open(path)?
        .take(bound)
        .read_to_end(&mut bytes)
        .with_context(|| path.display().to_string())?;
    ensure!(
        bytes.len() <= limit,
        "{}: longer than {limit} bytes",
        path.display()
    );
    Ok(bytes)
}

fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if is_standard_input(path) {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| path.display().to_string())?;
    Ok(Box::new(BufReader::new(file)))
}
