//! From a dialect-free call to the dialect in use. Macros, because the pools' bounds as generics would be
//! longer than the bodies.

/// A pool of connections. `Fast` recycling: the default asks the server before every use, a whole round
/// trip; closed and half-finished connections are dropped either way.
macro_rules! open_pool {
    ($dialect:ident, $options:expr, $size:expr) => {{
        use diesel_async::pooled_connection::{
            AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        };
        let options = $options;
        let patience = options.patience;
        let mut config = ManagerConfig::<$dialect::Conn>::default();
        config.recycling_method = RecyclingMethod::Fast;
        // The address is in `options`, where no log line finds it.
        config.custom_setup = Box::new(move |_| $dialect::connect(options.clone()));
        let manager = AsyncDieselConnectionManager::<$dialect::Conn>::new_with_config("", config);
        Pool::builder(manager)
            .max_size($size)
            .runtime(deadpool::Runtime::Tokio1)
            .wait_timeout(Some(patience.checkout))
            .create_timeout(Some(patience.connect))
            .build()
            .map_err(unavailable)?
    }};
}

/// On a connection of its own, which is not the pool's any more: its settings are not those of the others.
macro_rules! bring_up_to_date {
    ($dialect:ident, $pool:expr, $afterwards:expr) => {{
        use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
        let mut conn = checkout($pool).await?;
        $dialect::before_migrations(&mut *conn).await?;
        let conn = deadpool::managed::Object::take(conn);
        let afterwards: Option<String> = $afterwards;
        let apply = move || {
            let mut conn = <AsyncConnectionWrapper<$dialect::Conn>>::from(conn);
            migrate::bring_up_to_date(&mut conn, afterwards.as_deref())
        };
        tokio::task::spawn_blocking(apply)
            .await
            .map_err(unavailable)?
    }};
}

/// One method of [`Store`](super::Store) per query of `queries/`. What could not be done because others did something at the same time
/// is done again, as a whole: each operation is one statement, one transaction, or steps that may be taken twice.
macro_rules! operations {
    ($([$list:ident])? $($name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        operations!(@list [$($list)?] $($name)*);

        impl Store {
            $(pub async fn $name(&self, $($arg: $type),*) -> StoreResult<$result> {
                let mut tries = retry::Tries::default();
                loop {
                    let outcome = match self {
                        Self::Pg(pool, longest) => {
                            // Goes back only when its operation has ended: what somebody gave up waiting for still runs on it.
                            let mut conn = scopeguard::guard(checkout(pool).await?, |conn| {
                                drop(deadpool::managed::Object::take(conn));
                            });
                            let answer = pg::$name(&mut **conn, $(Clone::clone(&$arg)),*);
                            match tokio::time::timeout(*longest, answer).await {
                                Ok(answer) => {
                                    drop(scopeguard::ScopeGuard::into_inner(conn));
                                    answer
                                }
                                Err(_) => Err(unavailable("the database does not answer in time")),
                            }
                        }
                        #[cfg(feature = "embedded")]
                        Self::Sqlite(pool) => {
                            let mut conn = checkout(pool).await?;
                            sqlite::$name(&mut *conn, $(Clone::clone(&$arg)),*).await
                        }
                    };
                    match outcome {
                        Err(StoreError::Conflict(problem)) => tries.again(problem).await?,
                        outcome => return outcome,
                    }
                }
            })*
        }
    };
    (@list [] $($name:ident)*) => {};
    (@list [$list:ident] $($name:ident)*) => {
        /// The names, so that a test can say that it has seen all of them.
        #[cfg(any(test, feature = "lab"))]
        pub const $list: &[&str] = &[$(stringify!($name)),*];
    };
}
