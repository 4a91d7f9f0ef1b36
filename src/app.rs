//! The only place that wires the rooms together: from a configuration to running listeners and jobs.

mod banks;
mod keys;
mod listeners;
pub mod paynet;
mod reload;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use arc_swap::ArcSwap;
use izin_jose::CryptoPool;
use poem::endpoint::BoxEndpoint;
use poem::{EndpointExt, Response};
use poem_openapi::OpenApiService;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::authorization::{Authorization, AuthorizationParts};
use crate::clock::SharedClock;
use crate::config::{AuthorizeListener, Config};
use crate::database;
use crate::generated::ofp_dp::server::{OPERATIONS, OfpWebhooksRoutes};
use crate::http::{HttpClient, ServerTls, Traced, install_crypto_provider};
use crate::ids::DpId;
use crate::institution::Institution;
use crate::jobs::{Checkpoints, Comparison, Deadlines, Deliveries, Pace, Reconcile, kept_running};
use crate::keys::SigningKeys;
use crate::metrics::Metrics;
#[cfg(feature = "lab")]
use crate::ops::TryIt;
use crate::ops::{Ops, Scrape};
use crate::pages::render::{Branding, Renderer};
use crate::pages::{self, Pages};
use crate::paynet::Paynet;
use crate::resources::Resources;
use crate::sign_in::PasswordSignIn;
use crate::store::{AccessLog, Store, Tls};
use crate::trust::{OfpGuard, Sealer, SignatureVerifier, Transport};
use crate::webhooks::{Mirror, Webhooks};
use banks::{BankClients, Banks};
use keys::{KeyMaterial, LiveKeys};
use listeners::{bind_ops, bind_public, bind_webhooks, public_url};
use reload::InUse;
pub use reload::Reload;

/// Where a customer's browser arrives.
const AUTHORIZE: &str = "authorize";
/// What anybody may call.
const PROVIDER_JWKS: &str = "getProviderJwks";

/// A running Data Provider.
pub struct Service {
    pub webhooks_address: SocketAddr,
    pub public_url: String,
    /// Of the operations listener, if there is one.
    pub ops_url: Option<String>,
    pub reload: Reload,
    pub checkpoints: Checkpoints,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Everything that both listeners and the jobs share.
struct Rooms {
    authorization: Authorization,
    checkpoints: Checkpoints,
    deliveries: Deliveries,
    deadlines: Deadlines,
    guard: OfpGuard,
    keys: LiveKeys,
    keys_in_use: InUse,
    metrics: Arc<Metrics>,
    pool: Arc<CryptoPool>,
    reconcile: Reconcile,
    renderer: Arc<Renderer>,
    resources: Resources,
    signing: SigningKeys,
    store: Store,
}

impl Service {
    /// Opens the database, brings its schema up to date, binds the listeners and starts the jobs.
    pub async fn start(
        config: Config,
        clock: SharedClock,
        institution: Institution,
    ) -> anyhow::Result<Self> {
        config.check()?;
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        install_crypto_provider();
        // On the heap, so that whoever starts a service need not carry all of it.
        let rooms = Box::pin(build(&config, clock.clone(), institution)).await?;
        let webhooks = bind_webhooks(&config, rooms.keys.webhooks.clone()).await?;
        let public = bind_public(&config, rooms.keys.public.clone()).await?;
        let ops = bind_ops(&config).await?;
        let public_url = public_url(&config, public.address());
        let endpoints = Endpoints::build(&config, &rooms, public_url.clone());
        let reload = Reload::new(
            rooms.keys_in_use.clone(),
            rooms.keys.clone(),
            rooms.pool.clone(),
            clock,
        );
        let service = Self {
            webhooks_address: webhooks.address(),
            public_url,
            ops_url: ops.as_ref().map(|ops| format!("http://{}", ops.address())),
            reload,
            checkpoints: rooms.checkpoints.clone(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let stop = || service.stop.clone();
        if let Some(listener) = ops {
            let ops = ops_endpoint(&config, &rooms, service.webhooks_address)?;
            service.tasks.spawn(listener.serve(ops, stop()));
        }
        service
            .tasks
            .spawn(webhooks.serve(endpoints.webhooks, stop()));
        service.tasks.spawn(public.serve(endpoints.public, stop()));
        let deliver = move |stop| rooms.deliveries.clone().run(stop);
        let deliver = kept_running("deliveries", stop(), deliver);
        service.tasks.spawn(deliver);
        let watch = move |stop| rooms.deadlines.clone().run(stop);
        let watch = kept_running("deadlines", stop(), watch);
        service.tasks.spawn(watch);
        let checkpoints = service.checkpoints.clone();
        let checkpoints = move |stop| checkpoints.clone().run(stop);
        let checkpoints = kept_running("checkpoints", stop(), checkpoints);
        service.tasks.spawn(checkpoints);
        let compare = move |stop| rooms.reconcile.clone().run(stop);
        let compare = kept_running("reconcile", stop(), compare);
        service.tasks.spawn(compare);
        let reload = service.reload.clone();
        let reload = kept_running("reload", stop(), move |stop| reload.clone().watch(stop));
        service.tasks.spawn(reload);
        service.tasks.close();
        Ok(service)
    }

    /// Stops taking requests, lets those under way finish, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

async fn build(
    config: &Config,
    clock: SharedClock,
    institution: Institution,
) -> anyhow::Result<Rooms> {
    let (store, database_tls) = database(config).await?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = Arc::new(CryptoPool::start(threads, config.limits.sealing_queue)?);
    let (keys, keys_in_use) = keys(config, &pool, &clock, database_tls).await?;
    let (signing, paynet) = (keys.signing.clone(), keys.paynet.clone());
    let dp_id = DpId::parse(config.ofp.dp_id.clone().unwrap_or_default())?;
    let banks = Banks::connect(config, &clock, institution, keys.banks.clone()).await?;
    let bank = banks.core;
    let sign_in =
        PasswordSignIn::new(banks.sign_in, store.clone(), clock.clone(), &config.sign_in).await?;
    let announced = Arc::new(Notify::new());
    let parts = AuthorizationParts {
        bank: bank.clone(),
        clock: clock.clone(),
        deliveries: announced.clone(),
        dp_id: dp_id.clone(),
        paynet: paynet.clone(),
        sign_in: Arc::new(sign_in),
        store: store.clone(),
    };
    let sealer = Sealer {
        dp_id: dp_id.clone(),
        signing: signing.clone(),
        clock: clock.clone(),
        profile: config.ofp.profile.clone(),
    };
    let authorization = Authorization::new(parts, config);
    Ok(Rooms {
        checkpoints: Checkpoints {
            clock: clock.clone(),
            dp_id: dp_id.clone(),
            every: Duration::from_secs(60 * u64::from(config.evidence.checkpoint_minutes)),
            folder: config.evidence.checkpoint_dir.clone(),
            signing: signing.clone(),
            store: store.clone(),
        },
        deliveries: Deliveries {
            clock: clock.clone(),
            announced: announced.clone(),
            bank: bank.clone(),
            consumers: config.ofp.consumers.clone(),
            paynet: paynet.clone(),
            store: store.clone(),
        },
        deadlines: Deadlines {
            clock: clock.clone(),
            deliveries: announced,
            store: store.clone(),
            update: config.ofp.profile.timeout_update,
        },
        guard: OfpGuard {
            keys: paynet.keys().clone(),
            sealer,
            store: store.clone(),
            transport: Transport::Public,
            verifier: SignatureVerifier::new(
                paynet.keys().clone(),
                &config.ofp.profile,
                clock.clone(),
            ),
        },
        keys,
        keys_in_use,
        metrics: Arc::new(Metrics::new()),
        pool,
        reconcile: Reconcile {
            comparison: Comparison {
                clock: clock.clone(),
                deliveries: authorization.deliveries.clone(),
                paynet: paynet.clone(),
                store: store.clone(),
            },
            pace: Pace::from(&config.reconcile),
        },
        renderer: Arc::new(Renderer::new(&Branding::default())?),
        resources: Resources {
            access_log: AccessLog::start(store.clone()),
            bank,
            bank_name: config.ui.name.clone(),
            clock,
            settling: authorization.settling(),
            store: store.clone(),
        },
        authorization,
        signing,
        store,
    })
}

impl Rooms {
    fn scrape(&self) -> Scrape {
        let clock = self.authorization.clock.clone();
        Scrape::new(self.metrics.clone(), self.store.clone(), clock)
    }
}

/// The database, ready for this release, and what renews its TLS.
async fn database(config: &Config) -> anyhow::Result<(Store, Option<Tls>)> {
    let options = {
        let config = config.clone();
        tokio::task::spawn_blocking(move || database::options(&config)).await??
    };
    let tls = options.tls.clone();
    let store = Store::connect(options, config.database.pool_size)?;
    database::ready(&store, config)
        .await
        .context("the database cannot be used")?;
    Ok((store, tls))
}

async fn keys(
    config: &Config,
    pool: &Arc<CryptoPool>,
    clock: &SharedClock,
    database: Option<Tls>,
) -> anyhow::Result<(LiveKeys, InUse)> {
    let material = {
        let (config, pool, now) = (config.clone(), pool.clone(), clock.now());
        let read = move || KeyMaterial::read(&config, &pool, now);
        tokio::task::spawn_blocking(read).await??
    };
    for (section, certificate) in material.invalid_certificates(clock.now()) {
        tracing::error!(
            section,
            not_before = %certificate.not_before,
            not_after = %certificate.not_after,
            "this certificate is not valid now: others will refuse it"
        );
    }
    let in_use = InUse {
        config: config.clone(),
        certificates: material.thumbprints(),
        stamp: material.stamp,
    };
    let signing = SigningKeys::new(material.ring, clock.clone());
    let paynet = Paynet::new(&config.ofp, material.paynet, signing.clone(), clock.clone())?;
    let live = LiveKeys {
        signing,
        webhooks: ServerTls::new(material.webhooks),
        public: material.public.map(ServerTls::new),
        allowed_clients: Arc::new(ArcSwap::from_pointee(material.allowed_clients)),
        paynet,
        database,
        banks: BankClients {
            core: material.core_bank.map(HttpClient::new),
            sign_in: material.sign_in.map(HttpClient::new),
        },
    };
    Ok((live, in_use))
}

struct Endpoints {
    webhooks: BoxEndpoint<'static, Response>,
    public: BoxEndpoint<'static, Response>,
}

impl Endpoints {
    fn build(config: &Config, rooms: &Rooms, public_url: String) -> Self {
        let secure = public_url.starts_with("https://");
        let handler = Arc::new(Webhooks {
            authorization: rooms.authorization.clone(),
            public_url,
            resources: rooms.resources.clone(),
            signing: rooms.signing.clone(),
        });
        let profile = &config.ofp.profile;
        let authorizes_on = |listener| profile.authorize_listeners.contains(&listener);
        let guard = OfpGuard {
            transport: Transport::MutualTls {
                allowed: rooms.keys.allowed_clients.clone(),
            },
            ..rooms.guard.clone()
        };
        let on_webhooks: Vec<&str> = OPERATIONS
            .iter()
            .map(|operation| operation.id)
            .filter(|id| *id != AUTHORIZE || authorizes_on(AuthorizeListener::Webhooks))
            .collect();
        let webhooks = OfpWebhooksRoutes::guarded(handler.clone(), Arc::new(guard.clone()));
        let webhooks =
            OpenApiService::new(webhooks.only(&on_webhooks), "OFP", "").map_to_response();
        let webhooks = if profile.jwks_mirror {
            Mirror {
                keys: guard.keys.clone(),
                guard,
                inner: webhooks,
            }
            .boxed()
        } else {
            webhooks.boxed()
        };
        let mut on_public = vec![PROVIDER_JWKS];
        if authorizes_on(AuthorizeListener::Public) {
            on_public.push(AUTHORIZE);
        }
        let for_browsers = OfpWebhooksRoutes::guarded(handler, Arc::new(rooms.guard.clone()));
        let for_browsers = OpenApiService::new(for_browsers.only(&on_public), "OFP", "")
            .map_to_response()
            .boxed();
        let pages = Arc::new(Pages {
            authorization: rooms.authorization.clone(),
            bank_name: config.ui.name.clone(),
            help_line: config.ui.help_line.clone(),
            consumers: config.ofp.consumers.clone(),
            renderer: rooms.renderer.clone(),
            secure,
        });
        Self {
            webhooks: Traced::new("webhooks", webhooks).boxed(),
            public: Traced::new("public", pages::routes(pages, for_browsers)).boxed(),
        }
    }
}

#[cfg(feature = "lab")]
fn ops_endpoint(
    config: &Config,
    rooms: &Rooms,
    webhooks: SocketAddr,
) -> anyhow::Result<BoxEndpoint<'static, Response>> {
    let try_it = match &config.ops.test_keys {
        Some(keys) if config.ops.try_it => Some(
            TryIt::new(keys, test_target(config, webhooks))
                .context("ops.test_keys cannot be used")?,
        ),
        _ => None,
    };
    let ops = Ops::new(rooms.store.clone(), rooms.scrape(), try_it)?;
    Ok(Traced::new("ops", ops.routes()).boxed())
}

#[cfg(not(feature = "lab"))]
fn ops_endpoint(
    _config: &Config,
    rooms: &Rooms,
    _webhooks: SocketAddr,
) -> anyhow::Result<BoxEndpoint<'static, Response>> {
    let ops = Ops::new(rooms.store.clone(), rooms.scrape())?;
    Ok(Traced::new("ops", ops.routes()).boxed())
}

/// Ourselves, as PayNet would call us.
#[cfg(feature = "lab")]
fn test_target(config: &Config, webhooks: SocketAddr) -> izin_simulator::Target {
    let ofp = &config.ofp;
    izin_simulator::Target {
        dp_id: ofp.dp_id.clone().unwrap_or_default(),
        webhooks_url: format!("https://localhost:{}", webhooks.port()),
        resource_server: ofp.resource_server.clone().unwrap_or_default(),
        redirect_uri: ofp.redirect_uris.first().cloned().unwrap_or_default(),
    }
}
