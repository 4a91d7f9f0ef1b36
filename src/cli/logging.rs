//! The log: to standard error, one line per event, and nothing in it that is nobody's business.
//!
//! What Izin itself logs is chosen word by word. Three things come from elsewhere and are held back here, whatever `IZIN_LOG` asks for:
//! what libraries say of the traffic that passes through them, line feeds inside of values, and the messages of panics.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

/// Libraries that can log, by the first part of their targets. Below `info` they tell of content: `tokio_postgres` every parameter
/// of a statement, `h2` an address that it cannot read, with the signature in its query, `rustls` the handshake. Some log
/// through the crate `log`, which reaches us only if somebody in the build connects the two; a bank's own binary may.
const LIBRARIES: [&str; 9] = [
    "cryptoki",
    "h2",
    "hyper",
    "hyper_util",
    "poem",
    "reqwest",
    "rustls",
    "rustls_platform_verifier",
    "tokio_postgres",
];

/// Starts it; `IZIN_LOG` chooses what (for example `izin=debug`).
pub fn start(default: &str) {
    let wanted = EnvFilter::try_from_env("IZIN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    log(wanted, io::stderr).init();
    std::panic::set_hook(Box::new(tell_of_panic));
}

fn log<W>(wanted: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer()
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(OneLine(writer));
    registry()
        .with(wanted)
        .with(filter_fn(may_be_told))
        .with(lines)
}

fn may_be_told(event: &Metadata<'_>) -> bool {
    let library = event.target().split("::").next().unwrap_or_default();
    *event.level() <= Level::INFO || !LIBRARIES.contains(&library)
}

/// Keeps each event on one line, so that a value from outside cannot begin what looks like another event.
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLine<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine(self.0.make_writer())
    }
}

impl<W: Write> Write for OneLine<W> {
    /// Called with a whole event and the line feed behind it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let content = event.strip_suffix(b"\n").unwrap_or(event);
        let mut line = Vec::with_capacity(event.len());
        for byte in content {
            match byte {
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                other => line.push(*other),
            }
        }
        line.extend_from_slice(&event[content.len()..]);
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn tell_of_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let place = place.unwrap_or_else(|| "an unknown place".to_owned());
    let message = fixed_message(panic.payload());
    tracing::error!(place, message, "a defect of ours: panicked");
    // With RUST_BACKTRACE; it names functions, and no values.
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        // Nobody may listen any more.
        let _ = writeln!(io::stderr(), "{trace}");
    }
}

/// A message that was put together at run time may quote what was being worked on: cutting a text in the wrong place shows the text.
fn fixed_message(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("(not shown: it may quote data)")
}

#[cfg(test)]
mod tests;
