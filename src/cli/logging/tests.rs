use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::*;

/// What was written so far.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of `events`, with everything wanted that can be.
fn heard(wanted: &str, events: impl FnOnce()) -> String {
    let heard = Heard::default();
    let writer = heard.clone();
    let subscriber = log(EnvFilter::new(wanted), move || writer.clone());
    tracing::subscriber::with_default(subscriber, events);
    let bytes = heard.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn libraries_tell_nothing_of_content() {
    for wanted in ["trace", "h2=trace,tokio_postgres::query=trace,izin=trace"] {
        let told = heard(wanted, || {
            tracing::debug!(target: "tokio_postgres::query", "executing s1 with parameters: [\"kept\"]");
            tracing::trace!(target: "h2::codec::framed_read", "kept");
            tracing::debug!(target: "h2", "kept");
            tracing::warn!(target: "h2", "a library's warning");
            tracing::trace!(target: "izin::trust", "ours");
        });
        assert!(!told.contains("kept"), "{told}");
        assert!(
            told.contains("a library's warning") && told.contains("ours"),
            "{told}"
        );
    }
    let bank = heard("trace", || {
        tracing::trace!(target: "a_banks_own_code", "of the bank");
        tracing::trace!(target: "h2_of_the_bank", "another name");
    });
    assert!(
        bank.contains("of the bank") && bank.contains("another name"),
        "{bank}"
    );
}

#[test]
fn every_library_that_can_log_is_held_back() {
    /// Of other machines than those we run on, or of the build alone; and what the log itself is made of.
    const NOT_IN_THE_SERVICE: [&str; 6] = [
        "iana_time_zone",
        "jni",
        "tracing",
        "tracing_serde",
        "tracing_subscriber",
        "typify_impl",
    ];
    let lock: toml::Table = include_str!("../../../Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let can_log = packages.iter().filter(|package| {
        let needs = package.get("dependencies").and_then(|all| all.as_array());
        let mut needs = needs.into_iter().flatten().filter_map(|one| one.as_str());
        needs.any(|one| matches!(one, "log" | "tracing" | "tracing-core"))
    });
    let names = can_log.map(|package| package["name"].as_str().unwrap().replace('-', "_"));
    let others: BTreeSet<String> = names.filter(|name| !name.starts_with("izin")).collect();
    // hyper can only with a setting that is not for general use.
    let held_back = LIBRARIES.iter().filter(|name| **name != "hyper");
    let known: BTreeSet<String> = held_back
        .chain(&NOT_IN_THE_SERVICE)
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(others, known);
}

#[test]
fn a_value_cannot_begin_another_event() {
    let told = heard("info", || {
        let forged = "refused\r\n2026-01-01T00:00:00Z  INFO all is well";
        tracing::warn!(cause = %forged, "PayNet does not answer");
    });
    assert_eq!(told.matches('\n').count(), 1, "{told}");
    assert!(told.contains(r"refused\r\n2026"), "{told}");
    assert!(told.ends_with('\n'), "{told}");
}

#[test]
fn a_panic_does_not_quote_what_it_met() {
    let program = std::env::current_exe().unwrap();
    let child = Command::new(program)
        .args([
            "--exact",
            "cli::logging::tests::panics",
            "--ignored",
            "--nocapture",
        ])
        .env("RUST_BACKTRACE", "1")
        .env_remove("IZIN_LOG")
        .output()
        .unwrap();
    let told = String::from_utf8(child.stderr).unwrap() + &String::from_utf8_lossy(&child.stdout);
    assert!(!told.contains("900101-14-5566"), "{told}");
    for expected in [
        "src/cli/logging/tests.rs:",
        "a fixed message",
        "(not shown: it may quote data)",
        "cli::logging::tests::panics",
    ] {
        assert!(told.contains(expected), "{expected} is missing: {told}");
    }
}

/// Run by the test above, in a process of its own.
#[test]
#[ignore = "panics on purpose"]
fn panics() {
    start("info");
    let caught = |panicking: fn()| std::panic::catch_unwind(panicking).unwrap_err();
    drop(caught(|| {
        let text = std::hint::black_box("é 900101-14-5566");
        let _ = &text[..1];
    }));
    drop(caught(|| panic!("a fixed message")));
}
