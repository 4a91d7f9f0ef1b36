//! The report as text: one line for each requirement, what is wrong indented below it, the numbers at the end.

use std::fmt;

use super::{Detail, Entry, Report, Verdict};

/// Width of the text in characters; a word that is longer stands out.
const WIDTH: usize = 110;
/// Where the title begins: after the id, the verdict and the gaps.
const INDENT: usize = 23;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for alike in self.entries.chunk_by(Entry::was_left_out_with) {
            match alike {
                [first, .., last] => {
                    let head = format!("{} to {}  {}: ", first.id, last.id, first.verdict.words());
                    wrapped(f, &head, first.reason.as_deref().unwrap_or_default())?;
                }
                alone => write!(f, "{}", alone[0])?,
            }
        }
        let numbers = [
            Verdict::Met,
            Verdict::Warning,
            Verdict::NotMet,
            Verdict::NotApplicable,
            Verdict::NotTested,
        ];
        let numbers: Vec<_> = numbers
            .into_iter()
            .map(|verdict| format!("{} {}", self.count(verdict), verdict.words()))
            .collect();
        writeln!(f, "\n{}", numbers.join(", "))
    }
}

impl Entry {
    /// Not tested for the same reason, with nothing else to say: a whole contract, for example.
    fn was_left_out_with(&self, other: &Self) -> bool {
        let silent = |entry: &Self| {
            entry.verdict == Verdict::NotTested
                && entry.details.is_empty()
                && entry.notes.is_empty()
        };
        silent(self) && silent(other) && self.reason == other.reason
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = format!("{:<7}{:<16}", self.id, self.verdict.words());
        wrapped(f, &head, self.title)?;
        let below = " ".repeat(INDENT);
        if let Some(reason) = &self.reason {
            wrapped(f, &below, reason)?;
        }
        for detail in &self.details {
            detail.write(f)?;
        }
        for note in &self.notes {
            wrapped(f, &below, note)?;
        }
        Ok(())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

impl Verdict {
    const fn words(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotApplicable => "not applicable",
            Self::NotMet => "NOT MET",
            Self::NotTested => "not tested",
            Self::Warning => "warning",
        }
    }
}

impl Detail {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = " ".repeat(INDENT);
        let lines = [
            ("sent: ", self.sent.as_deref()),
            ("came: ", self.came.as_deref()),
        ];
        wrapped(f, &format!("{below}- "), &self.problem)?;
        for (label, line) in lines {
            if let Some(line) = line {
                wrapped(f, &format!("{below}  {label}"), line)?;
            }
        }
        Ok(())
    }
}

/// Writes `text` after `head`, and its further lines as far in as `head` is wide.
fn wrapped(f: &mut fmt::Formatter<'_>, head: &str, text: &str) -> fmt::Result {
    let margin = head.chars().count();
    let mut line = head.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(f, "{}", line.trim_end())?;
            line = " ".repeat(margin);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    writeln!(f, "{}", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &'static str, verdict: Verdict) -> Entry {
        Entry {
            id,
            title: "What must hold",
            operations: vec!["all"],
            verdict,
            reason: None,
            details: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn the_text_has_columns_and_what_is_wrong_below() {
        let mut wrong = entry("CB-12", Verdict::NotMet);
        wrong.details.push(Detail {
            sent: Some("GET /core-bank/v1/customers/CIF-1".to_owned()),
            came: Some("200".to_owned()),
            problem: "$.sub is another customer's".to_owned(),
        });
        let mut untested = entry("CB-18", Verdict::NotTested);
        untested.reason = Some("give --other-customer".to_owned());
        let report = Report {
            entries: vec![entry("CB-01", Verdict::Met), wrong, untested],
        };
        let expected = "\
CB-01  met             What must hold
CB-12  NOT MET         What must hold
                       - $.sub is another customer's
                         sent: GET /core-bank/v1/customers/CIF-1
                         came: 200
CB-18  not tested      What must hold
                       give --other-customer

1 met, 0 warning, 1 NOT MET, 0 not applicable, 1 not tested
";
        assert_eq!(report.to_text(), expected);
        assert!(!report.passed());
    }

    #[test]
    fn what_was_left_out_for_one_reason_is_one_line() {
        let left_out = |id| Entry {
            reason: Some("give --sign-in-url".to_owned()),
            ..entry(id, Verdict::NotTested)
        };
        let report = Report {
            entries: vec![
                entry("CB-01", Verdict::Met),
                left_out("SI-01"),
                left_out("SI-02"),
            ],
        };
        let text = report.to_text();
        assert!(
            text.contains("\nSI-01 to SI-02  not tested: give --sign-in-url\n"),
            "{text}"
        );
        assert!(text.contains("2 not tested"), "{text}");
    }

    #[test]
    fn long_lines_are_wrapped_below_their_beginning() {
        let mut long = entry("CB-01", Verdict::NotTested);
        long.reason = Some("word ".repeat(40));
        let text = long.to_string();
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert!(
            text.lines()
                .skip(1)
                .all(|line| line.starts_with(&" ".repeat(INDENT)))
        );
    }

    #[test]
    fn nothing_met_is_no_pass() {
        let report = Report {
            entries: vec![entry("CB-01", Verdict::NotTested)],
        };
        assert!(!report.passed());
    }

    #[test]
    fn the_json_form_names_verdicts_in_snake_case() {
        let json = serde_json::to_value(entry("CB-01", Verdict::NotMet)).unwrap();
        assert_eq!(json["verdict"], "not_met");
        assert!(json.get("reason").is_none());
    }
}
