//! The sockets, bound before anything is served so that every party can be told every address.

use std::io;

use crate::{
    listener::Socket,
    options::{Consumer, SimulatorOptions},
};

/// Base URLs, without a slash at the end.
#[derive(Clone, Debug)]
pub struct Urls {
    /// `https://localhost:PORT`; also the issuer.
    pub authorization_server: String,
    /// `https://localhost:PORT`; demands a client certificate.
    pub resource_server: String,
    /// `http://127.0.0.1:PORT`; the browser-facing part of the authorization server.
    pub pages: String,
    /// Where providers must send browsers back to.
    pub callback: String,
    /// `http://127.0.0.1:PORT` of the first consumer's app.
    pub consumer: String,
    /// Of every consumer's app, by `dc_id`.
    pub consumers: Vec<(String, String)>,
}

pub(crate) struct Sockets {
    pub(crate) authorization_server: Socket,
    pub(crate) resource_server: Socket,
    pub(crate) pages: Socket,
    pub(crate) consumers: Vec<Socket>,
}

impl Sockets {
    pub(crate) async fn bind(options: &SimulatorOptions) -> io::Result<Self> {
        let mut consumers = Vec::new();
        for consumer in &options.consumers {
            consumers.push(Socket::bind(consumer.address).await?);
        }
        Ok(Self {
            authorization_server: Socket::bind(options.authorization_server).await?,
            resource_server: Socket::bind(options.resource_server).await?,
            pages: Socket::bind(options.pages).await?,
            consumers,
        })
    }

    pub(crate) fn urls(&self, consumers: &[Consumer]) -> Urls {
        let pages = http_url(&self.pages);
        let consumers: Vec<_> = consumers
            .iter()
            .zip(&self.consumers)
            .map(|(consumer, socket)| (consumer.dc_id.clone(), http_url(socket)))
            .collect();
        Urls {
            authorization_server: https_url(&self.authorization_server),
            resource_server: https_url(&self.resource_server),
            callback: format!("{pages}/callback"),
            pages,
            consumer: consumers
                .first()
                .map(|(_, url)| url.clone())
                .unwrap_or_default(),
            consumers,
        }
    }
}

/// The certificate says localhost.
fn https_url(socket: &Socket) -> String {
    format!("https://localhost:{}", socket.port())
}

pub(crate) fn http_url(socket: &Socket) -> String {
    format!("http://{}", socket.address())
}
