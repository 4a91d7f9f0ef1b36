//! A go-between on the way to an HTTP server that does to chosen answers what networks, proxies and bad servers do.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens to one request.
#[derive(Debug, Clone)]
pub enum Meddling {
    /// The connection is closed without an answer.
    Hangs,
    /// The answer is cut off in the middle of its body.
    Cuts,
    /// The answer is this, byte for byte.
    Answers(String),
    /// No answer ever comes, and the connection stays.
    Sleeps,
}

pub struct Meddler {
    pub address: SocketAddr,
    orders: Arc<Mutex<VecDeque<Meddling>>>,
    /// Request lines of the chosen requests.
    seen: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Meddler {
    /// Passes everything on but what is ordered for requests whose address ends in `about`.
    pub async fn before(server: SocketAddr, about: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let orders = Arc::new(Mutex::new(VecDeque::new()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (their_orders, their_seen) = (orders.clone(), seen.clone());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (orders, seen) = (their_orders.clone(), their_seen.clone());
                tokio::spawn(async move {
                    let met = meet(client, server, about, &orders, &seen).await;
                    if let Err(error) = met {
                        eprintln!("meddler: {error}");
                    }
                });
            }
        });
        Self {
            address,
            orders,
            seen,
            task,
        }
    }

    pub fn orders(&self, meddlings: impl IntoIterator<Item = Meddling>) {
        self.orders.lock().unwrap().extend(meddlings);
    }

    /// Orders that nobody came for are void.
    pub fn forgets(&self) {
        self.orders.lock().unwrap().clear();
    }

    /// How many of the chosen requests came, since it was last asked.
    pub fn seen(&self) -> usize {
        self.seen.lock().unwrap().drain(..).count()
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request per connection; requests without a body only.
async fn meet(
    mut client: TcpStream,
    server: SocketAddr,
    about: &str,
    orders: &Mutex<VecDeque<Meddling>>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match client.read_u8().await {
            Ok(byte) => head.push(byte),
            // The connection was opened and not used.
            Err(_) => return Ok(()),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default();
    let path = line.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let order = if path.ends_with(about) {
        seen.lock().unwrap().push(line.to_owned());
        orders.lock().unwrap().pop_front()
    } else {
        None
    };
    match order {
        Some(Meddling::Hangs) => Ok(()),
        Some(Meddling::Sleeps) => {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            Ok(())
        }
        Some(Meddling::Answers(answer)) => client.write_all(answer.as_bytes()).await,
        Some(Meddling::Cuts) => {
            let answer = forwarded(&head, server).await?;
            client.write_all(&answer[..answer.len() - 10]).await
        }
        None => client.write_all(&forwarded(&head, server).await?).await,
    }
}

async fn forwarded(head: &str, server: SocketAddr) -> std::io::Result<Vec<u8>> {
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let mut server = TcpStream::connect(server).await?;
    server.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    Ok(answer)
}
