//! The access log's writer: one per process. Rows that wait at the same moment are committed together, each in its place of the process's
//! segment, and whoever logs is answered only after the commit, so that no data leaves without its row.
//!
//! A segment is a hash chain that only this process writes, so a data call waits for no consent's row and for no other replica. When it is
//! not known whether a batch was committed, its segment ends there and a new one begins.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use uuid::Uuid;

use super::evidence_rows::{Access, AccessRow};
use super::{Store, StoreError, StoreResult, detached, unavailable};
use crate::secret::salt;

/// Rows that may wait; beyond it whoever logs is refused at once, because PayNet waits five seconds for everything.
const WAITING: usize = 1024;

/// Rows of one transaction.
const BATCH: usize = 256;

/// For one transaction, with the wait for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Rows of one segment.
const LENGTH: i32 = 1_000_000;

/// Cheap to clone. The writer ends with the last of them.
#[derive(Clone)]
pub struct AccessLog(mpsc::Sender<Waiting>);

struct Waiting {
    access: Access,
    committed: oneshot::Sender<StoreResult<()>>,
}

/// Where the next row goes.
struct Segment {
    id: String,
    position: i32,
    /// The hash of the row before.
    head: String,
}

impl AccessLog {
    pub fn start(store: Store) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(write(store, receiver));
        Self(sender)
    }

    /// Answers when the row is on disk.
    pub async fn log(&self, access: Access) -> StoreResult<()> {
        let (committed, answer) = oneshot::channel();
        let waiting = Waiting { access, committed };
        self.0
            .try_send(waiting)
            .map_err(|_| unlogged("too many are waiting"))?;
        answer.await.map_err(unlogged)?
    }
}

fn unlogged(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unlogged(error.to_string())
}

async fn write(store: Store, mut receiver: mpsc::Receiver<Waiting>) {
    let mut segment = Segment::begin();
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let (accesses, answers): (Vec<_>, Vec<_>) = batch
            .drain(..)
            .map(|waiting| (waiting.access, waiting.committed))
            .unzip();
        let outcome = segment.append(&store, accesses).await;
        if let Err(error) = &outcome {
            tracing::warn!(%error, rows = answers.len(), segment = %segment.id, "accesses could not be logged");
        }
        if outcome.is_err() || segment.position > LENGTH {
            segment = Segment::begin();
        }
        for answer in answers {
            let told = match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(unlogged(error)),
            };
            // Whoever logged may have gone away.
            let _ = answer.send(told);
        }
    }
}

impl Segment {
    fn begin() -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            position: 1,
            head: String::new(),
        }
    }

    async fn append(&mut self, store: &Store, accesses: Vec<Access>) -> StoreResult<()> {
        let mut rows = Vec::with_capacity(accesses.len());
        for access in accesses {
            let salt = salt().map_err(unavailable)?;
            let place = (self.id.as_str(), self.position);
            let row = AccessRow::new(access, place, &self.head, salt);
            self.head.clone_from(&row.hash);
            self.position += 1;
            rows.push(row);
        }
        let store = store.clone();
        // A task of its own, so that giving up does not cost the pool a connection, and a defect not the writer.
        let written = detached(async move { store.append_accesses(&rows).await });
        match timeout(PATIENCE, written).await {
            Ok(written) => written?,
            Err(_) => Err(StoreError::Unavailable("no commit in time".into())),
        }
    }
}
