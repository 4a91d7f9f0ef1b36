//! Banks that mean harm or are badly broken: the run ends, and says so.

use izin_bank_check::{Endpoint, Options, Report, Target, Verdict};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::bank::{Bank, Quirk, assert_not_met, check_core, options, run, with_verdict};

/// A server that does this to every connection.
async fn against<F>(behave: impl Fn(TcpStream) -> F + Send + 'static) -> Report
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(behave(stream));
        }
    });
    let report = run(&at(&format!("http://127.0.0.1:{port}")), &options()).await;
    server.abort();
    report
}

fn at(url: &str) -> Target {
    Target {
        core_bank: Some(Endpoint::new(url.parse().unwrap())),
        sign_in: None,
    }
}

/// Reads a request's head, more or less.
async fn read(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    let _ = stream.read(&mut buffer).await;
}

#[tokio::test]
async fn an_answer_without_end() {
    let report = against(|mut stream| async move {
        read(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        let _ = stream.write_all(head.as_bytes()).await;
        while stream.write_all(&[b'['; 8 * 1024]).await.is_ok() {}
    })
    .await;
    assert!(
        with_verdict(&report, Verdict::NotMet).contains(&"CB-03"),
        "{report}"
    );
}

#[tokio::test]
async fn headers_without_end() {
    let report = against(|mut stream| async move {
        read(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"x-more: and more\r\n").await.is_ok() {}
    })
    .await;
    assert!(
        with_verdict(&report, Verdict::NotMet).contains(&"CB-07"),
        "{report}"
    );
}

#[tokio::test]
async fn something_that_is_not_http() {
    let report = against(|mut stream| async move {
        read(&mut stream).await;
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\0\xff\xfe").await;
    })
    .await;
    assert!(
        with_verdict(&report, Verdict::NotMet).contains(&"CB-07"),
        "{report}"
    );
    assert!(!report.passed());
}

#[tokio::test]
async fn a_connection_that_breaks_off() {
    let report = against(|mut stream| async move { read(&mut stream).await }).await;
    assert!(
        with_verdict(&report, Verdict::NotMet).contains(&"CB-07"),
        "{report}"
    );
}

#[tokio::test]
async fn a_body_that_is_shorter_than_it_says() {
    let report = against(|mut stream| async move {
        read(&mut stream).await;
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{}";
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await;
    assert!(
        with_verdict(&report, Verdict::NotMet).contains(&"CB-07"),
        "{report}"
    );
}

#[tokio::test]
async fn redirects_in_a_circle() {
    let report = against(|mut stream| async move {
        read(&mut stream).await;
        let answer =
            "HTTP/1.1 307 Again\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await;
    assert!(
        with_verdict(&report, Verdict::NotMet).contains(&"CB-01"),
        "{report}"
    );
}

/// Time is paused, so that the silence takes none.
#[tokio::test(start_paused = true)]
async fn silence() {
    let report = against(|mut stream| async move {
        read(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(
        with_verdict(&report, Verdict::NotMet),
        ["CB-07"],
        "{report}"
    );
    let reasons = report.entries.iter().filter_map(|it| it.reason.as_deref());
    assert!(
        reasons
            .filter(|it| it.contains("not asked any more"))
            .count()
            > 0,
        "{report}"
    );
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let report = run(&at(&format!("http://127.0.0.1:{port}")), &options()).await;
    assert_not_met(&report, &["CB-01"]);
    assert!(!report.passed());
}

#[tokio::test]
async fn plain_http_to_another_machine_is_not_even_tried() {
    let report = run(&at("http://bank.example.com"), &options()).await;
    assert_not_met(&report, &["CB-01"]);
    assert_eq!(report.count(Verdict::Met), 0, "{report}");
}

#[tokio::test]
async fn pages_without_end() {
    let mut bank = Bank::tampered(|seen, answer| {
        if seen.is("listTransactions") && answer.status == 200 {
            let rows = answer.json["transactions"].as_array_mut().unwrap();
            for row in rows {
                row["id"] = json!(format!("{}-{}", row["id"].as_str().unwrap(), seen.number));
            }
            answer.json["next_cursor"] = json!(format!("0.{}", seen.number));
        }
    });
    bank.quirks.insert(Quirk::AnyCursor);
    let options = Options {
        walk_limit: 300,
        ..options()
    };
    let report = check_core(bank, &options).await;
    let not_met = with_verdict(&report, Verdict::NotMet);
    assert!(not_met.contains(&"CB-23"), "{report}");
    let paging = report.entry("CB-23").unwrap();
    assert!(
        paging
            .details
            .iter()
            .any(|it| it.problem.starts_with("no end after")),
        "{report}"
    );
}

#[tokio::test]
async fn a_cursor_that_leads_back() {
    let mut bank = Bank::tampered(|seen, answer| {
        if seen.is("listTransactions") && answer.status == 200 {
            answer.json["next_cursor"] = json!("0.again");
        }
    });
    bank.quirks.insert(Quirk::AnyCursor);
    let report = check_core(bank, &options()).await;
    let paging = report.entry("CB-23").unwrap();
    let problems: Vec<_> = paging
        .details
        .iter()
        .map(|it| it.problem.as_str())
        .collect();
    assert!(
        problems.contains(&"$.next_cursor came before on this walk"),
        "{report}"
    );
}

#[tokio::test]
async fn json_of_every_wrong_shape() {
    let deep: Value = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let shapes = [
        json!(null),
        json!([]),
        json!("text"),
        json!(7),
        json!({}),
        deep,
    ];
    for shape in shapes {
        let told = shape.clone();
        let bank = Bank::tampered(move |seen, answer| {
            if answer.status == 200 && !seen.is("getCapabilities") {
                answer.json = shape.clone();
            }
        });
        let report = check_core(bank, &options()).await;
        assert!(
            with_verdict(&report, Verdict::NotMet).contains(&"CB-03"),
            "{told}: {report}"
        );
    }
}

#[tokio::test]
async fn brackets_without_end() {
    let bank = Bank::tampered(|seen, answer| {
        if seen.is("listAccounts") {
            answer.raw = Some(vec![b'['; 1024 * 1024]);
        }
    });
    let report = check_core(bank, &options()).await;
    assert!(
        with_verdict(&report, Verdict::NotMet).contains(&"CB-03"),
        "{report}"
    );
}
