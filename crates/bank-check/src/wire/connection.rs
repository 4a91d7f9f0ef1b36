//! One connection of HTTP/1.1, and those that wait for the next call.

use std::{
    error::Error,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use http::Response;
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};

use super::{Answer, Failure, SHOWN_ERROR};
use crate::call::printable;

/// Banks close idle connections; one that was idle for longer is not used again.
const MAX_IDLE: Duration = Duration::from_secs(1);

/// Ends with the value, whatever the other side does.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Connections that wait for the next call.
#[derive(Default)]
pub(super) struct Idle(Mutex<Vec<(Instant, Connection)>>);

impl Idle {
    pub(super) fn take(&self) -> Option<Connection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((since, connection)) = idle.pop() {
            if since.elapsed() < MAX_IDLE && connection.sender.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    pub(super) fn keep(&self, connection: Connection) {
        if !connection.sender.is_closed() {
            let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push((Instant::now(), connection));
        }
    }
}

pub(super) async fn open<S>(stream: S) -> Result<Connection, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let task = tokio::spawn(async move {
        // What goes wrong is told to whoever waits for the answer.
        let _ = connection.await;
    });
    Ok(Connection { sender, task })
}

/// Reads an answer to its end, but no more than `most` bytes of it.
pub(super) async fn read(response: Response<Incoming>, most: usize) -> Result<Answer, Failure> {
    let (head, mut body) = response.into_parts();
    let status = head.status.as_u16();
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        if read.len() + data.len() > most {
            return Err(Failure::TooLarge { status, most });
        }
        read.extend_from_slice(data);
    }
    Ok(Answer {
        status,
        headers: head.headers,
        body: read.freeze(),
    })
}

/// The words of hyper and of its cause; neither holds a part of an answer.
pub(super) fn broken(error: &dyn Error) -> Failure {
    let mut text = error.to_string();
    if let Some(cause) = error.source() {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    Failure::Broken(printable(&text, SHOWN_ERROR))
}
