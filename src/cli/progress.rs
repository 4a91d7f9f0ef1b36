//! Progress of long work, on standard error if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::evidence::Watch;

pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn start() -> Self {
        let bar = ProgressBar::no_length();
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }
}

/// Whatever happens, nothing of it stays on the screen.
impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Watch for Progress {
    fn begins(&self, what: &'static str, of: Option<u64>) {
        let template = match of {
            Some(_) => "{spinner} {msg} {wide_bar} {pos}/{len}, {eta} left",
            None => "{spinner} {msg} {pos}, {elapsed}",
        };
        self.0.reset();
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
        match of {
            Some(of) => self.0.set_length(of),
            None => self.0.unset_length(),
        }
        self.0.set_message(what);
    }

    fn done(&self, more: u64) {
        self.0.inc(more);
    }
}
