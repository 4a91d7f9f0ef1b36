//! A plain TCP proxy in front of one server or several. It knows connections and bytes, and nothing of what they mean; on order it
//! cuts, resets or holds what passes, at a byte that is chosen beforehand.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Where connections lead.
#[derive(Debug, Clone)]
pub enum Upstream {
    Tcp(SocketAddr),
    /// A socket's path.
    Unix(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    ToClient,
    ToServer,
}

/// What happens, once, when so many more bytes have passed on this way, on whichever connections.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub way: Way,
    pub after: usize,
    pub act: Act,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Both sides see the connection end.
    Cut,
    /// Nothing more passes on this way of the connection for so long, or until [`Proxy::releases`].
    Hold(Duration),
    /// As a cut, and the client sees a reset (RST).
    Reset,
}

/// Connections take turns at the upstreams: the first leads to the first, the second to the second, and so on.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    /// How many orders have been carried out.
    struck: watch::Sender<usize>,
    /// How often holding was ended.
    released: watch::Sender<usize>,
    frozen: watch::Sender<bool>,
}

struct State {
    upstreams: Vec<Upstream>,
    accepted: usize,
    open: usize,
    /// Bytes, by way.
    passed: [usize; 2],
    order: Option<Order>,
    /// Ends the connections of this time.
    end: CancellationToken,
}

impl Proxy {
    pub async fn before(upstreams: impl IntoIterator<Item = Upstream>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                upstreams: upstreams.into_iter().collect(),
                accepted: 0,
                open: 0,
                passed: [0; 2],
                order: None,
                end: CancellationToken::new(),
            }),
            struck: watch::Sender::new(0),
            released: watch::Sender::new(0),
            frozen: watch::Sender::new(false),
        });
        let theirs = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (shared, (upstream, end)) = (theirs.clone(), theirs.next());
                tokio::spawn(async move {
                    // The client gone or the server not there: both are what a proxy is there to live with.
                    let _ = end
                        .run_until_cancelled(meet(client, upstream, &shared))
                        .await;
                    shared.state().open -= 1;
                });
            }
        });
        Self {
            address,
            shared,
            task,
        }
    }

    /// From the next connection on; without any, connections are accepted and closed.
    pub fn leads_to(&self, upstreams: impl IntoIterator<Item = Upstream>) {
        self.shared.state().upstreams = upstreams.into_iter().collect();
    }

    /// In place of an earlier order that nothing came for.
    pub fn orders(&self, order: Order) {
        self.shared.state().order = Some(order);
    }

    /// Takes the order back; whether it was still to be carried out.
    pub fn takes_back(&self) -> bool {
        self.shared.state().order.take().is_some()
    }

    /// How many orders have been carried out, and a way to wait for one more.
    pub fn struck(&self) -> watch::Receiver<usize> {
        self.shared.struck.subscribe()
    }

    /// Lets everything go that is held.
    pub fn releases(&self) {
        self.shared.released.send_modify(|times| *times += 1);
    }

    /// Bytes since the start.
    pub fn passed(&self, way: Way) -> usize {
        self.shared.state().passed[way as usize]
    }

    /// Nothing passes any more on any connection, and none ends: as if the server had lost its power.
    pub fn freezes(&self) {
        self.shared.frozen.send_replace(true);
    }

    pub fn thaws(&self) {
        self.shared.frozen.send_replace(false);
    }

    /// Connections since the start.
    pub fn accepted(&self) -> usize {
        self.shared.state().accepted
    }

    /// Ends every connection that is open; how many there were.
    pub fn cuts_all(&self) -> usize {
        let mut state = self.shared.state();
        std::mem::take(&mut state.end).cancel();
        state.open
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cuts_all();
        self.task.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> (Option<Upstream>, CancellationToken) {
        let mut state = self.state();
        let turn = state.accepted;
        state.accepted += 1;
        state.open += 1;
        let count = state.upstreams.len().max(1);
        let upstream = state.upstreams.get(turn % count).cloned();
        (upstream, state.end.clone())
    }

    /// Of `bytes` that are about to pass: how many still do before the order is carried out, if its time has come.
    fn due(&self, way: Way, bytes: usize) -> Option<(usize, Act)> {
        let mut state = self.state();
        state.passed[way as usize] += bytes;
        let order = state.order.as_mut().filter(|order| order.way == way)?;
        if order.after >= bytes {
            order.after -= bytes;
            return None;
        }
        let due = (order.after, order.act);
        state.order = None;
        Some(due)
    }
}

/// Why a connection ends before its time.
enum Ended {
    Cut,
    Reset,
    Broken,
}

impl From<std::io::Error> for Ended {
    fn from(_: std::io::Error) -> Self {
        Self::Broken
    }
}

async fn meet(
    mut client: TcpStream,
    upstream: Option<Upstream>,
    shared: &Shared,
) -> std::io::Result<()> {
    let outcome = match upstream {
        None => return Ok(()),
        Some(Upstream::Tcp(address)) => {
            let server = TcpStream::connect(address).await?;
            server.set_nodelay(true)?;
            relay(&mut client, server, shared).await
        }
        Some(Upstream::Unix(path)) => {
            relay(&mut client, UnixStream::connect(path).await?, shared).await
        }
    };
    if let Err(Ended::Reset) = outcome {
        client.set_zero_linger()?;
    }
    Ok(())
}

async fn relay(
    client: &mut TcpStream,
    server: impl AsyncRead + AsyncWrite,
    shared: &Shared,
) -> Result<(), Ended> {
    client.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = tokio::io::split(server);
    tokio::try_join!(
        pump(from_client, to_server, Way::ToServer, shared),
        pump(from_server, to_client, Way::ToClient, shared),
    )?;
    Ok(())
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    way: Way,
    shared: &Shared,
) -> Result<(), Ended> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        // The proxy itself is there as long as its connections are.
        let mut frozen = shared.frozen.subscribe();
        let _ = frozen.wait_for(|frozen| !frozen).await;
        if count == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        let mut bytes = &buffer[..count];
        if let Some((first, act)) = shared.due(way, count) {
            to.write_all(&bytes[..first]).await?;
            bytes = &bytes[first..];
            let mut released = shared.released.subscribe();
            shared.struck.send_modify(|times| *times += 1);
            match act {
                Act::Cut => return Err(Ended::Cut),
                Act::Reset => return Err(Ended::Reset),
                Act::Hold(time) => {
                    // Released, or the time is over: either way it goes on.
                    let _ = tokio::time::timeout(time, released.changed()).await;
                }
            }
        }
        to.write_all(bytes).await?;
    }
}
