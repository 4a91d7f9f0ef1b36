//! `GET /metrics` as Prometheus would read it.

use std::collections::BTreeMap;

use http::Method;
use izin_simulator::{ConsentStatus, Fault, Operation};

use crate::harness::{Database, TestApp, eventually, on_both_databases};

on_both_databases!(the_outbox_in_numbers);

/// Name with labels, and value.
type Samples = BTreeMap<String, String>;

async fn scrape(app: &TestApp) -> Samples {
    let url = format!("{}/metrics", app.service.ops_url.as_ref().unwrap());
    let answer = app
        .simulator
        .request(Method::GET, url)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    let media_type = answer.header("content-type").unwrap();
    assert!(
        media_type.starts_with("application/openmetrics-text"),
        "{media_type}"
    );
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    parsed(&text)
}

/// Every line of the exposition, or it is none: comments that name a metric, and samples of metrics that were named. What is not a number
/// is not known.
fn parsed(text: &str) -> Samples {
    let mut names = Vec::new();
    let mut samples = Samples::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.split(' ');
            match (words.next(), words.next()) {
                (Some("EOF"), None) => {}
                (Some("HELP" | "TYPE" | "UNIT"), Some(name)) => names.push(name.to_owned()),
                _ => panic!("not OpenMetrics: {line}"),
            }
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect(line);
        let name = sample.split('{').next().unwrap();
        assert!(
            name.starts_with("izin_") && names.iter().any(|one| one == name),
            "{line}"
        );
        if !value.parse::<f64>().expect(line).is_nan() {
            samples.insert(sample.to_owned(), value.to_owned());
        }
    }
    samples
}

async fn eventually_told(app: &TestApp, sample: &str, value: &str) {
    let told = || async { scrape(app).await[sample] == value };
    eventually(told, &format!("{sample} {value}")).await;
}

async fn the_outbox_in_numbers(database: Database) {
    let app = TestApp::start(database).await;
    let samples = scrape(&app).await;
    for recipient in ["bank", "paynet"] {
        for state in ["due", "parked", "waiting"] {
            let name =
                format!("izin_outbox_deliveries{{recipient=\"{recipient}\",state=\"{state}\"}}");
            assert_eq!(samples[&name], "0", "{name}: {samples:?}");
        }
        let oldest = format!("izin_outbox_oldest_seconds{{recipient=\"{recipient}\"}}");
        assert_eq!(samples[&oldest], "0");
    }
    assert_eq!(samples["izin_reconcile_differences{kind=\"status\"}"], "0");

    // Refused for good: it waits for an operator.
    let refused = [Fault::Status(403)];
    app.simulator
        .order_faults(Operation::UpdateConsent, refused);
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    customer.rejects().await.unwrap();
    let parked = "izin_outbox_deliveries{recipient=\"paynet\",state=\"parked\"}";
    eventually_told(&app, parked, "1").await;

    // PayNet is busy: it waits for the next attempt, and grows older.
    let busy = [Fault::Busy(izin_simulator::RetryAfter::Seconds(300))];
    app.simulator.order_faults(Operation::UpdateConsent, busy);
    let consent = app.consent(&["read_balances"]).await;
    let mut customer = app.reviewing(&consent).await;
    customer.rejects().await.unwrap();
    let waiting = "izin_outbox_deliveries{recipient=\"paynet\",state=\"waiting\"}";
    eventually_told(&app, waiting, "1").await;
    app.clock.advance(chrono::TimeDelta::seconds(100));
    let oldest = "izin_outbox_oldest_seconds{recipient=\"paynet\"}";
    let samples = scrape(&app).await;
    let age: i64 = samples[oldest].parse().unwrap();
    assert!(age >= 100, "{samples:?}");
    assert_eq!(samples[parked], "1");
    assert_eq!(
        consent.at_paynet().status(),
        ConsentStatus::AwaitingAuthorization
    );
    app.stop().await;
}

/// What is not known is left out, and told as little as zero as it is as it was.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_database() {
    let app = TestApp::start(Database::postgres().await).await;
    assert!(!scrape(&app).await.is_empty());
    app.loses_its_database().await;
    app.clock.advance(chrono::TimeDelta::seconds(10));
    let unknown = || async { scrape(&app).await.is_empty() };
    eventually(unknown, "nothing is told of the database").await;
    app.stop().await;
}
