//! The demo's own page: where to click, which names to use, and the second factor of this moment. Only the
//! demo has it; a real bank's codes are nobody's but the customer's.

use std::net::SocketAddr;
use std::sync::Arc;

use minijinja::{Environment, context};
use poem::http::header;
use poem::web::{Data, Html};
use poem::{EndpointExt, Response, Route, get, handler};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bank::DemoBank;
use crate::http::{ApiError, BoundListener, Handshake, Traced};
use izin_simulator::Urls;

const TEMPLATE: &str = include_str!("../../../config/demo/start.html");
const STYLE: &str = include_str!("../../../config/demo/start.css");

pub struct StartPage {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

struct State {
    bank: DemoBank,
    consumers: Vec<(String, String)>,
    ops_url: Option<String>,
    templates: Environment<'static>,
}

impl StartPage {
    pub async fn start(
        address: SocketAddr,
        bank: DemoBank,
        urls: &Urls,
        ops_url: Option<String>,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let mut templates = Environment::new();
        templates.add_template("start.html", TEMPLATE)?;
        let state = Arc::new(State {
            bank,
            consumers: urls.consumers.clone(),
            ops_url,
            templates,
        });
        let routes = Route::new()
            .at("/", get(start))
            .at("/start.css", get(style))
            .data(state);
        let listener = BoundListener::bind(address, Handshake::Plain, 64).await?;
        let address = listener.address();
        let task = tokio::spawn(listener.serve(Traced::new("start", routes).boxed(), stop.clone()));
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the start page did not end well");
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "extractors are passed by value"
)]
#[handler]
fn start(state: Data<&Arc<State>>) -> poem::Result<Html<String>> {
    let page = state
        .templates
        .get_template("start.html")
        .and_then(|template| {
            template.render(context! {
                consumers => state.consumers,
                ops => state.ops_url,
                customers => state.bank.showcase(),
                code => state.bank.current_code(),
            })
        });
    page.map(Html)
        .map_err(|error| ApiError::internal(error).into())
}

#[handler]
fn style() -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "text/css; charset=utf-8")
        .body(STYLE)
}
