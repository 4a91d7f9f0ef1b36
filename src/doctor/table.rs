//! The report for people: one line for each check, in columns, grouped by theme. What is in order about one setting is one line;
//! what is not has lines of its own, each with what to do.

use std::fmt::Write as _;

use super::finding::{Finding, Theme, Verdict};

/// Lines are broken before this column where that is possible.
const WIDTH: usize = 116;
/// Longer names push what was seen to the right.
const WIDEST_NAME: usize = 34;
const VERDICT: usize = 9;

/// A line before it has its columns.
struct Row {
    verdict: Verdict,
    name: String,
    seen: String,
    advice: Option<String>,
}

/// `findings` in the order of their themes. `title` says what was looked at.
pub fn table(title: &str, findings: &[Finding]) -> String {
    let themes: Vec<(Theme, Vec<Row>)> = findings
        .chunk_by(|one, next| one.theme == next.theme)
        .filter_map(|of_theme| Some((of_theme.first()?.theme, rows(of_theme))))
        .collect();
    let names = themes.iter().flat_map(|(_, rows)| rows);
    let names = names.map(|row| row.name.chars().count().min(WIDEST_NAME));
    let column = 2 + VERDICT + names.max().unwrap_or_default() + 2;
    let mut text = format!("{title}\n");
    for (theme, rows) in &themes {
        let _ = writeln!(text, "\n{}", theme.title());
        for row in rows {
            write_row(&mut text, row, column);
        }
    }
    let _ = writeln!(text, "\n{}", summary(findings));
    text
}

/// In numbers, and what follows.
fn summary(findings: &[Finding]) -> String {
    let count = |verdict| {
        let of_it = findings.iter().filter(|one| one.verdict == verdict);
        of_it.count()
    };
    let (failed, warnings) = (count(Verdict::Failed), count(Verdict::Warning));
    let skipped = count(Verdict::Skipped);
    let numbers = format!(
        "{failed} failed, {warnings} {}, {skipped} skipped, {} ok.",
        if warnings == 1 { "warning" } else { "warnings" },
        count(Verdict::Ok)
    );
    let unproven = match skipped {
        0 => String::new(),
        1 => ", but 1 check could not be made: this proves nothing of it".to_owned(),
        _ => format!(", but {skipped} checks could not be made: this proves nothing of them"),
    };
    let meaning = match (failed, warnings, skipped) {
        (0, 0, 0) => "Nothing stands in the way.".to_owned(),
        (0, 0, _) => format!("Nothing failed{unproven}."),
        (0, _, _) => format!("Nothing failed{unproven}. Read the warnings before traffic."),
        _ => "Correct what failed before traffic, and run izin doctor again.".to_owned(),
    };
    format!("{numbers} {meaning}")
}

fn rows(of_theme: &[Finding]) -> Vec<Row> {
    let about_the_same =
        |one: &Finding, next: &Finding| one.about.is_some() && one.about == next.about;
    let groups = of_theme.chunk_by(about_the_same);
    groups.flat_map(rows_of_group).collect()
}

/// Of findings about one setting: first those that are not in order, then all others in one row.
fn rows_of_group(group: &[Finding]) -> Vec<Row> {
    let (in_order, others): (Vec<_>, Vec<_>) = group
        .iter()
        .partition(|finding| finding.verdict == Verdict::Ok);
    let mut rows: Vec<Row> = others.into_iter().map(row).collect();
    if let Some(first) = in_order.first() {
        let seen = in_order.iter().map(|finding| finding.seen.as_str());
        rows.push(Row {
            verdict: Verdict::Ok,
            name: first.about.clone().unwrap_or_else(|| first.what.to_owned()),
            seen: seen.collect::<Vec<_>>().join("; "),
            advice: None,
        });
    }
    rows
}

fn row(finding: &Finding) -> Row {
    let (name, seen) = match &finding.about {
        Some(about) => (about.clone(), format!("{}: {}", finding.what, finding.seen)),
        None => (finding.what.to_owned(), finding.seen.clone()),
    };
    Row {
        verdict: finding.verdict,
        name,
        seen,
        advice: finding.advice.clone(),
    }
}

fn write_row(text: &mut String, row: &Row, column: usize) {
    let name_width = column - 2 - VERDICT;
    let _ = write!(
        text,
        "  {:VERDICT$}{:name_width$}",
        row.verdict.word(),
        row.name
    );
    let written = 2 + VERDICT + name_width.max(row.name.chars().count() + 2);
    if row.name.chars().count() + 2 > name_width {
        text.push_str("  ");
    }
    write_wrapped(text, &row.seen, column, written);
    if let Some(advice) = &row.advice {
        let _ = write!(text, "{:column$}To do: ", "");
        write_wrapped(text, advice, column + 7, column + 7);
    }
}

/// Words in lines that begin at `column`; the first has come to `at` already.
fn write_wrapped(text: &mut String, words: &str, column: usize, mut at: usize) {
    let mut is_first = true;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if !is_first && at + 1 + length > WIDTH {
            let _ = write!(text, "\n{:column$}", "");
            at = column;
        } else if !is_first {
            text.push(' ');
            at += 1;
        }
        text.push_str(word);
        at += length;
        is_first = false;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::finding::Check;
    use super::*;

    const SETTINGS: Check = Check::new(Theme::Configuration, "settings", "settings");
    const EXPIRY: Check = Check::new(Theme::Certificates, "expiry", "expiry");
    const USAGE: Check = Check::new(Theme::Certificates, "usage", "usage");

    #[test]
    fn what_is_in_order_about_one_setting_is_one_line() {
        let findings = [
            SETTINGS.ok("nothing is wrong"),
            EXPIRY
                .ok("until 2030-01-01")
                .about("ofp.client_certificate"),
            USAGE.ok("for TLS clients").about("ofp.client_certificate"),
            EXPIRY
                .failed("ended on 2026-01-01", "Renew it.")
                .about("signing.keys[0].certificate"),
            USAGE
                .ok("for signatures")
                .about("signing.keys[0].certificate"),
        ];
        let expected = "\
Bank Contoh

Configuration
  ok       settings                     nothing is wrong

Certificates
  ok       ofp.client_certificate       until 2030-01-01; for TLS clients
  FAILED   signing.keys[0].certificate  expiry: ended on 2026-01-01
                                        To do: Renew it.
  ok       signing.keys[0].certificate  for signatures

1 failed, 0 warnings, 0 skipped, 4 ok. Correct what failed before traffic, and run izin doctor again.
";
        let shown = table("Bank Contoh", &findings);
        assert_eq!(shown, expected, "\n{shown}");
    }

    #[test]
    fn what_was_skipped_is_not_proven() {
        let (fine, unseen) = (SETTINGS.ok("fine"), USAGE.skipped("not asked"));
        let noticed = EXPIRY.warning("soon", "Renew it.");
        for (findings, expected) in [
            (vec![&fine], "Nothing stands in the way."),
            (
                vec![&fine, &unseen],
                "Nothing failed, but 1 check could not be made: this proves nothing of it.",
            ),
            (
                vec![&unseen, &noticed, &unseen],
                "Nothing failed, but 2 checks could not be made: this proves nothing of them. Read the warnings before traffic.",
            ),
            (
                vec![&fine, &noticed],
                "Nothing failed. Read the warnings before traffic.",
            ),
        ] {
            let findings: Vec<Finding> = findings.into_iter().cloned().collect();
            let summary = summary(&findings);
            assert!(summary.ends_with(&format!(" ok. {expected}")), "{summary}");
        }
    }

    #[test]
    fn long_lines_go_on_under_themselves() {
        let words = "word ".repeat(40);
        let shown = table("", &[SETTINGS.warning(words.trim(), words.trim())]);
        assert!(shown.lines().all(|line| line.chars().count() <= WIDTH));
        let lines: Vec<&str> = shown.lines().filter(|line| line.contains("word")).collect();
        let begins = |line: &&str| line.find("word").unwrap();
        assert_eq!(begins(&lines[0]), begins(&lines[1]), "{shown}");
        let advice = lines
            .iter()
            .position(|line| line.contains("To do"))
            .unwrap();
        assert_eq!(
            begins(&lines[advice]),
            begins(&lines[advice + 1]),
            "{shown}"
        );
    }

    #[test]
    fn a_long_name_pushes_only_its_own_line() {
        let long = "x".repeat(50);
        let findings = [
            EXPIRY.ok("fine").about(long.as_str()),
            EXPIRY.ok("fine").about("short"),
        ];
        let shown = table("", &findings);
        assert!(shown.contains(&format!("{long}  fine\n")), "{shown}");
        assert!(
            shown
                .lines()
                .any(|line| line.ends_with("fine") && line.len() < 60)
        );
    }
}
