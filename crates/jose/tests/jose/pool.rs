//! The bounded pool: full means an answer at once, and nothing that happens to one job harms the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use izin_jose::{Busy, CryptoPool, FileSigner, HeaderFields, SignError, Unanswered, sign};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};

use crate::parties::BANK;

/// Occupies the only thread until the sender is used or dropped.
async fn occupy(pool: &Arc<CryptoPool>) -> (Sender<()>, JoinHandle<Result<(), Busy>>) {
    let (release, released) = channel::<()>();
    let (started, has_started) = oneshot::channel();
    let pool = Arc::clone(pool);
    let running = tokio::spawn(async move {
        pool.run(move || {
            let _ = started.send(());
            let _ = released.recv();
        })
        .await
    });
    has_started.await.expect("started");
    (release, running)
}

fn one_thread_one_place() -> Arc<CryptoPool> {
    Arc::new(CryptoPool::start(1, 1).expect("pool"))
}

#[tokio::test]
async fn a_full_queue_answers_busy_at_once() {
    let pool = one_thread_one_place();
    let (release, running) = occupy(&pool).await;
    let waiting = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(|| 2).await }
    });
    yield_now().await;

    assert_eq!(pool.run(|| 3).await, Err(Busy));
    let signer = FileSigner::from_pem(
        &BANK.certificate_pem(),
        &BANK.key_pem(),
        None,
        Arc::clone(&pool),
    )
    .expect("signer");
    let refused = sign(&signer, &HeaderFields::default(), b"x").await;
    assert!(matches!(refused, Err(SignError::Busy(Busy))));

    drop(release);
    assert_eq!(running.await.expect("first"), Ok(()));
    assert_eq!(waiting.await.expect("second"), Ok(2));
    assert_eq!(pool.run(|| 4).await, Ok(4));
}

#[tokio::test]
async fn a_job_nobody_waits_for_is_not_run() {
    // A second place, because the abandoned job may still be in the first when the last one comes.
    let pool = Arc::new(CryptoPool::start(1, 2).expect("pool"));
    let (release, running) = occupy(&pool).await;
    let ran = Arc::new(AtomicBool::new(false));
    let waiting = tokio::spawn({
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        async move { pool.run(move || ran.store(true, Ordering::SeqCst)).await }
    });
    yield_now().await;
    waiting.abort();
    assert!(waiting.await.is_err_and(|error| error.is_cancelled()));

    drop(release);
    assert_eq!(running.await.expect("first"), Ok(()));
    assert_eq!(pool.run(|| ()).await, Ok(()));
    assert!(!ran.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_panic_reaches_the_caller_and_leaves_the_thread() {
    let pool = one_thread_one_place();
    let panicking = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(|| -> () { panic!("on purpose") }).await }
    });
    assert!(panicking.await.is_err_and(|error| error.is_panic()));
    assert_eq!(pool.run(|| 1).await, Ok(1));
}

#[tokio::test]
async fn accepted_jobs_finish_after_the_pool_is_dropped() {
    let pool = one_thread_one_place();
    let (release, running) = occupy(&pool).await;
    drop(pool);
    drop(release);
    assert_eq!(running.await.expect("job"), Ok(()));
}

/// As when a token hangs: the caller gets its thread back, and what it wanted is not done later.
#[tokio::test]
async fn a_caller_that_waits_on_its_thread_gives_up() {
    let pool = Arc::new(CryptoPool::start(1, 2).expect("pool"));
    let (release, running) = occupy(&pool).await;
    let ran = Arc::new(AtomicBool::new(false));
    let job = {
        let ran = Arc::clone(&ran);
        move || ran.store(true, Ordering::SeqCst)
    };
    let late = pool.run_blocking(Duration::from_millis(1), job);
    assert_eq!(late, Err(Unanswered::Late));

    drop(release);
    assert_eq!(running.await.expect("first"), Ok(()));
    assert_eq!(pool.run(|| ()).await, Ok(()));
    assert!(!ran.load(Ordering::SeqCst));
    assert_eq!(pool.run_blocking(Duration::MAX, || 1), Ok(1));
}
