//! Fixed threads for work that would hold up the async runtime.
//!
//! A private-key operation takes a few hundred microseconds. On the runtime's own threads, or on its growing blocking pool, a
//! burst of them delays everything else, health checks included. Here the number of threads is fixed and so is the number of
//! waiting jobs: when the queue is full the caller learns at once ([`Busy`]) and can tell its client to come back later.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Threads end when the pool is dropped and the jobs already accepted are done.
pub struct CryptoPool {
    queue: SyncSender<Job>,
    threads: usize,
    capacity: usize,
}

impl CryptoPool {
    /// Starts `threads` threads over a queue of at most `capacity` waiting jobs; both count as 1 if 0. Fails only if the
    /// operating system refuses a thread.
    pub fn start(threads: usize, capacity: usize) -> io::Result<Self> {
        let (threads, capacity) = (threads.max(1), capacity.max(1));
        let (queue, jobs) = sync_channel(capacity);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name(format!("crypto-{number}"))
                .spawn(move || work(&jobs))?;
        }
        Ok(Self {
            queue,
            threads,
            capacity,
        })
    }

    /// As many threads as the machine has cores, and 64 waiting jobs for each: some 25 ms of RSA-2048 signatures.
    pub fn for_this_machine() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::start(cores, 64 * cores)
    }

    /// Runs `job` on one of the threads.
    ///
    /// Cancel-safe: if the future is dropped before a thread took the job, the job is not run; later, its result is discarded.
    /// A panic in `job` goes on in the caller and leaves the pool intact.
    pub async fn run<T, F>(&self, job: F) -> Result<T, Busy>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        let task = move || {
            if !reply.is_closed() {
                // The receiver may have gone in the meantime; then nobody wants the result.
                drop(reply.send(catch_unwind(AssertUnwindSafe(job))));
            }
        };
        self.queue.try_send(Box::new(task)).map_err(|_| Busy)?;
        match outcome.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(Busy),
        }
    }

    /// As [`CryptoPool::run`], for callers that cannot wait otherwise than by holding up their thread, such as a TLS library in the
    /// middle of a handshake; and who give up after `patience`, so that work that hangs does not take one such thread after the
    /// other.
    pub fn run_blocking<T, F>(&self, patience: Duration, job: F) -> Result<T, Unanswered>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (reply, outcome) = sync_channel(1);
        let caller = Arc::new(());
        let waits = Arc::downgrade(&caller);
        let task = move || {
            if waits.strong_count() > 0 {
                drop(reply.send(catch_unwind(AssertUnwindSafe(job))));
            }
        };
        self.queue.try_send(Box::new(task)).map_err(|_| Busy)?;
        let outcome = outcome.recv_timeout(patience);
        drop(caller);
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(RecvTimeoutError::Timeout) => Err(Unanswered::Late),
            Err(RecvTimeoutError::Disconnected) => Err(Busy.into()),
        }
    }
}

impl fmt::Debug for CryptoPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CryptoPool")
            .field("threads", &self.threads)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// The queue is full: try again later.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("too many cryptographic operations are waiting")]
pub struct Busy;

impl Busy {
    pub const fn reason(self) -> &'static str {
        "crypto.busy"
    }
}

/// Nothing came of a job.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Unanswered {
    #[error(transparent)]
    Busy(#[from] Busy),
    /// It may still run, or have run.
    #[error("a cryptographic operation takes too long")]
    Late,
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        // Jobs never run under the lock, so it cannot be poisoned by one.
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}
