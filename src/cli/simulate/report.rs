//! How each attack ended, for people and for programs.

use std::fmt::Write as _;
use std::process::ExitCode;

use izin_simulator::Traffic;
use izin_simulator::checks::{Check, ControlFailed, Verdict};
use serde::Serialize;
use serde_json::json;

/// Longest cell of the table; what does not fit is told below it.
const WIDEST: usize = 64;

/// Of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    target: String,
    attacks: Vec<Row>,
    requests: u64,
    /// Answers of 5xx, whatever they were to.
    server_errors: Vec<String>,
    /// Why honest calls are not served any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    afterwards: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    description: &'static str,
    source: &'static str,
    expected: String,
    seen: String,
    verdict: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Ending {
    NotRefused,
    NotTried,
    Refused,
}

impl Ending {
    const fn word(self) -> &'static str {
        match self {
            Self::NotRefused => "NOT REFUSED",
            Self::NotTried => "not tried",
            Self::Refused => "refused",
        }
    }
}

impl Report {
    pub fn new(target: String) -> Self {
        Self {
            target,
            attacks: Vec::new(),
            requests: 0,
            server_errors: Vec::new(),
            afterwards: None,
        }
    }

    /// A round. Of several, the first failure of an attack stays.
    pub fn add(&mut self, verdicts: Vec<(Check, Verdict)>) {
        for (check, verdict) in verdicts {
            let row = Row::new(&check, verdict);
            match self.attacks.iter_mut().find(|known| known.name == row.name) {
                Some(known) if known.verdict == Ending::Refused => *known = row,
                Some(_) => {}
                None => self.attacks.push(row),
            }
        }
    }

    pub fn finish(&mut self, afterwards: Option<ControlFailed>, traffic: &Traffic) {
        self.afterwards = afterwards.map(|failed| failed.to_string());
        self.requests = traffic.requests();
        self.server_errors = traffic.failures();
    }

    /// 0 if everything that was tried was refused, nothing was answered with 5xx, and honest calls are served as before.
    pub fn exit_code(&self) -> ExitCode {
        let tried = self.attacks.len() > self.count(Ending::NotTried);
        let clean = self.server_errors.is_empty() && self.afterwards.is_none();
        if tried && clean && self.count(Ending::NotRefused) == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    pub fn told(&self, as_json: bool) -> serde_json::Result<String> {
        if as_json {
            return Ok(format!("{}\n", serde_json::to_string_pretty(self)?));
        }
        let mut table = vec![["ATTACK", "EXPECTED", "SEEN", "VERDICT"].map(str::to_owned)];
        table.extend(self.attacks.iter().map(|row| {
            [
                row.name.to_owned(),
                cut(&row.expected),
                cut(&row.seen),
                row.verdict.word().to_owned(),
            ]
        }));
        Ok(format!("{}{}", columns(&table), self.summary()))
    }

    fn count(&self, ending: Ending) -> usize {
        let with_it = self.attacks.iter().filter(|row| row.verdict == ending);
        with_it.count()
    }

    fn summary(&self) -> String {
        let mut told = String::new();
        for row in &self.attacks {
            if row.verdict != Ending::Refused {
                let (name, verdict) = (row.name, row.verdict.word());
                let (what, source) = (row.description, row.source);
                let (expected, seen) = (&row.expected, &row.seen);
                // Writing to a text does not fail.
                let _ = write!(
                    told,
                    "\n{name}: {verdict}\n  tried     {what}\n  rule      {source}\n  expected  {expected}\n  seen      {seen}\n"
                );
            }
        }
        for failure in &self.server_errors {
            let _ = write!(told, "\nanswered with a failure of its own: {failure}");
        }
        let served = match &self.afterwards {
            None => "Honest calls were served before and after.".to_owned(),
            Some(why) => format!("Honest calls were served before, and not after: {why}"),
        };
        let _ = write!(
            told,
            "\n{} attacks on {}, {} requests: {} refused, {} not refused, {} not tried; {} answers of 5xx.\n{served}\n",
            self.attacks.len(),
            self.target,
            self.requests,
            self.count(Ending::Refused),
            self.count(Ending::NotRefused),
            self.count(Ending::NotTried),
            self.server_errors.len(),
        );
        told
    }
}

impl Row {
    fn new(check: &Check, verdict: Verdict) -> Self {
        let (verdict, seen) = match verdict {
            Verdict::Failed(seen) => (Ending::NotRefused, seen),
            Verdict::NotApplicable(why) => (Ending::NotTried, why),
            Verdict::Passed(seen) => (Ending::Refused, seen),
        };
        Self {
            name: check.id,
            description: check.title,
            source: check.source,
            expected: check.expected().unwrap_or_default(),
            seen,
            verdict,
        }
    }
}

/// The catalogue, without a run.
pub fn list(attacks: &[Check], as_json: bool) -> serde_json::Result<String> {
    if as_json {
        let all: Vec<_> = attacks
            .iter()
            .map(|check| {
                json!({
                    "name": check.id,
                    "description": check.title,
                    "source": check.source,
                    "expected": check.expected(),
                })
            })
            .collect();
        return Ok(format!("{}\n", serde_json::to_string_pretty(&all)?));
    }
    let mut table = vec![["ATTACK", "EXPECTED", "WHAT IS TRIED"].map(str::to_owned)];
    table.extend(attacks.iter().map(|check| {
        let expected = check.expected().unwrap_or_default();
        [check.id.to_owned(), cut(&expected), check.title.to_owned()]
    }));
    Ok(columns(&table))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Each as wide as its widest cell; nothing behind the last.
fn columns<const N: usize>(table: &[[String; N]]) -> String {
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N)
        .map(|column| width(column).unwrap_or_default())
        .collect();
    let mut told = String::new();
    for row in table {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a text does not fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        told.push_str(line.trim_end());
        told.push('\n');
    }
    told
}

#[cfg(test)]
mod tests {
    use izin_simulator::checks::attacks;

    use super::*;

    fn row(name: &str, verdict: Verdict) -> (Check, Verdict) {
        let check = attacks().into_iter().find(|check| check.id == name);
        (check.unwrap(), verdict)
    }

    fn report() -> Report {
        let mut report = Report::new("https://localhost:7702".to_owned());
        report.add(vec![
            row(
                "event-unsigned",
                Verdict::Passed("400 JWS.InvalidSignature".to_owned()),
            ),
            row("data-jku", Verdict::Failed("200 {}".to_owned())),
        ]);
        report
    }

    #[test]
    fn what_was_not_refused_is_told_with_what_was_expected() {
        let report = report();
        let told = report.told(false).unwrap();
        for line in [
            "event-unsigned  400 JWS.InvalidSignature  400 JWS.InvalidSignature  refused",
            "data-jku        400 JWS.InvalidSignature  200 {}                    NOT REFUSED",
            "  expected  400 JWS.InvalidSignature\n  seen      200 {}",
            "1 refused, 1 not refused, 0 not tried",
        ] {
            assert!(told.contains(line), "{line:?} is missing in:\n{told}");
        }
        assert_eq!(report.exit_code(), ExitCode::FAILURE);
    }

    #[test]
    fn a_failure_stays_whatever_later_rounds_bring() {
        let mut report = report();
        report.add(vec![row("data-jku", Verdict::Passed("400".to_owned()))]);
        assert_eq!(report.count(Ending::NotRefused), 1);
        report.add(vec![row(
            "event-unsigned",
            Verdict::Failed("200".to_owned()),
        )]);
        assert_eq!(report.count(Ending::NotRefused), 2);
    }

    #[test]
    fn success_takes_an_attack_and_honest_calls_afterwards() {
        let mut report = Report::new(String::new());
        assert_eq!(report.exit_code(), ExitCode::FAILURE, "nothing was tried");
        report.add(vec![row("data-jku", Verdict::Passed(String::new()))]);
        assert_eq!(report.exit_code(), ExitCode::SUCCESS);
        report.add(vec![row("data-x5u", Verdict::NotApplicable(String::new()))]);
        assert_eq!(report.exit_code(), ExitCode::SUCCESS);
        let failed = ControlFailed::Data(String::new());
        report.finish(Some(failed), &Traffic::default());
        assert_eq!(report.exit_code(), ExitCode::FAILURE);
    }
}
