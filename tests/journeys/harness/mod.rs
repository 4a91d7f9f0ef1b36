//! What the stories stand on.

mod app;
mod cluster;
mod database;
mod deployment;
mod meddler;
mod process;
mod proxy;
mod secrets;
mod tls;

pub use app::{ConsentStory, TOTP_SECRET, TestApp, eventually, pki, serve_file, settings};
pub use cluster::{COMMITS_STAND, Cluster};
pub use database::Database;
pub use deployment::Deployment;
pub use meddler::{Meddler, Meddling};
pub use process::Process;
pub use proxy::{Act, Order, Proxy, Upstream, Way};
pub use secrets::{write_secret, write_secret_bytes};
pub use tls::{Tls, tls_connection};

/// Runs a story on the embedded database and on PostgreSQL.
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            use crate::harness::Database;

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$story(Database::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$story(Database::postgres().await).await;
            }
        }
    )+ };
}
pub(crate) use on_both_databases;
