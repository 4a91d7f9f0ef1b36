//! Who is inside a module: many who call it, or one who starts it anew.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Not a `RwLock`, because whoever wants to be alone gives up when a call hangs, and keeps out the next ones meanwhile.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    calls: usize,
    is_closed: bool,
}

/// Somebody is inside.
pub(super) struct Call<'a>(&'a Gate);

/// Nobody is inside, and nobody comes in.
pub(super) struct Closed<'a>(&'a Gate);

impl Gate {
    /// Waits while the gate is closed. Not twice in one thread.
    pub(super) fn enter(&self) -> Call<'_> {
        self.opened().calls += 1;
        Call(self)
    }

    /// None if somebody is still inside after `patience`.
    pub(super) fn close(&self, patience: Duration) -> Option<Closed<'_>> {
        let mut state = self.opened();
        state.is_closed = true;
        drop(state);
        let closed = Closed(self);
        let waited = self
            .changed
            .wait_timeout_while(self.state(), patience, |state| state.calls > 0);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let is_empty = state.calls == 0;
        drop(state);
        is_empty.then_some(closed)
    }

    fn opened(&self) -> MutexGuard<'_, State> {
        let opened = self
            .changed
            .wait_while(self.state(), |state| state.is_closed);
        opened.unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.state().calls -= 1;
        self.0.changed.notify_all();
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.state().is_closed = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_alone_while_a_call_lasts() {
        let gate = Gate::default();
        let call = gate.enter();
        assert!(gate.close(Duration::from_millis(1)).is_none());
        // Given up: the next may come in.
        drop(gate.enter());
        drop(call);
        let closed = gate.close(Duration::from_millis(1));
        assert!(closed.is_some());
        drop(closed);
        drop(gate.enter());
    }
}
