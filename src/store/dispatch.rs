//! From a dialect-free call to the dialect in use. Macros, because the pools' bounds as generics would be
//! longer than the bodies.

/// A pool of connections. `Fast` recycling: the default asks the server before every use, a whole round
/// trip; closed and half-finished connections are dropped either way.
macro_rules! open_pool {
    ($dialect:ident, $url:expr, $size:expr) => {{
        use diesel_async::pooled_connection::{
            AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        };
        let mut config = ManagerConfig::<$dialect::Conn>::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new($dialect::connect);
        let manager = AsyncDieselConnectionManager::<$dialect::Conn>::new_with_config($url, config);
        Pool::builder(manager)
            .max_size($size)
            .runtime(deadpool::Runtime::Tokio1)
            .wait_timeout(Some(CHECKOUT_TIMEOUT))
            .create_timeout(Some(CHECKOUT_TIMEOUT))
            .build()
            .map_err(unavailable)?
    }};
}

macro_rules! run_migrations {
    ($dialect:ident, $pool:expr) => {{
        use diesel_migrations::MigrationHarness;
        let mut conn = checkout($pool).await?;
        $dialect::before_migrations(&mut *conn).await?;
        // Taken out of the pool for good: its settings are not those of the others.
        let conn = deadpool::managed::Object::take(conn);
        diesel_async::AsyncMigrationHarness::new(conn)
            .run_pending_migrations(MIGRATIONS)
            .map(|_| ())
            .map_err(unavailable)
    }};
}

/// One method of [`Store`](super::Store) per query of `queries/`.
macro_rules! operations {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        impl Store {
            $(pub async fn $name(&self, $($arg: $type),*) -> StoreResult<$result> {
                match self {
                    Self::Pg(pool) => {
                        let mut conn = checkout(pool).await?;
                        let answer = pg::$name(&mut *conn, $($arg),*);
                        match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
                            Ok(answer) => answer,
                            Err(_) => {
                                // Nobody knows what is still to come on it, so it never goes back.
                                drop(deadpool::managed::Object::take(conn));
                                Err(unavailable("the database does not answer in time"))
                            }
                        }
                    }
                    #[cfg(feature = "embedded")]
                    Self::Sqlite(pool) => sqlite::$name(&mut *checkout(pool).await?, $($arg),*).await,
                }
            })*
        }
    };
}
