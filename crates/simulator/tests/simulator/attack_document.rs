//! `docs/attacks.md` is made from the catalogue: `UPDATE_EXPECTED=1 cargo test -p izin-simulator attack_document` writes it.

use std::fmt::Write as _;
use std::path::Path;

use izin_simulator::checks::{Check, attacks};

const HEAD: &str = "# Attacks

What `izin simulate attacks` tries, and how each attack must end. Every one is a real request over a real socket, against a Data Provider
that serves honest calls before and after; an attack that is accepted, or answered with 5xx, fails. `./test` runs them all against this
service, on SQLite and on PostgreSQL. Many have several cases, such as each claim in turn; all of them must end as the table says.

A source is a section of PayNet's portal (v1.2.2), an RFC, OWASP's verification standard (ASVS 5.0), or a decision of ours
([ADR 0001](decisions/0001-wire-profile.md)). Made from the catalogue in [`crates/simulator/src/checks`](../crates/simulator/src/checks);
a test compares it.
";

/// The first word of the names, and what they are about; in this order.
const THEMES: [(&str, &str); 16] = [
    ("tls", "Handshakes"),
    ("transport", "Who may connect"),
    ("http", "HTTP/1.1"),
    ("http2", "HTTP/2"),
    ("event", "Consent events"),
    ("authorize", "Links into the customer's pages"),
    ("redirect", "Where a customer may be sent"),
    ("userinfo", "Userinfo"),
    ("data", "Data calls"),
    ("claims", "Claims of data calls"),
    ("keys", "Keys that a Data Consumer publishes"),
    ("session", "The customer's session"),
    ("form", "The customer's forms"),
    ("page", "The customer's pages"),
    ("sign", "Sign-in"),
    ("decision", "The decision"),
];

fn theme(check: &Check) -> &'static str {
    check.id.split('-').next().unwrap_or_default()
}

fn document() -> String {
    let all = attacks();
    let mut text = format!("{HEAD}\nThere are {}.\n", all.len());
    for (word, title) in THEMES {
        write!(
            text,
            "\n## {title}\n\n| name | what is tried | expected | source |\n|---|---|---|---|\n"
        )
        .unwrap();
        for check in all.iter().filter(|check| theme(check) == word) {
            let expected = check.expected().unwrap();
            writeln!(
                text,
                "| `{}` | {} | {expected} | {} |",
                check.id, check.title, check.source
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn the_document_lists_the_attacks_as_they_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/attacks.md");
    let document = document();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == document,
        "docs/attacks.md is not what the catalogue says; UPDATE_EXPECTED=1 writes it"
    );
}

#[test]
fn every_attack_has_a_theme_and_no_cell_breaks_the_table() {
    for check in attacks() {
        let themed = THEMES.iter().any(|(word, _)| *word == theme(&check));
        assert!(themed, "{}", check.id);
        let expected = check.expected().unwrap();
        for cell in [check.title, check.source, &expected] {
            assert!(!cell.contains('|') && !cell.contains('\n'), "{}", check.id);
        }
    }
}
