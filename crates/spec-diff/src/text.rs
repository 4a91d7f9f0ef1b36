//! The report as text for people who read no code.

use std::fmt;

use crate::change::{Change, Element, Kind, Verdict};
use crate::report::Report;

const WIDTH: usize = 100;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.heading(f)?;
        let mut number = 0;
        let groups = [
            ("Breaking", 0, self.summary.breaking),
            ("Breaking, accepted", 1, self.summary.accepted),
            ("Not breaking", 2, self.summary.not_breaking),
        ];
        for (title, group, count) in groups {
            if count == 0 {
                continue;
            }
            writeln!(f, "\n{title} ({count})")?;
            for change in self.changes.iter().filter(|it| group_of(it) == group) {
                number += 1;
                write_change(f, number, change)?;
            }
        }
        self.remarks(f)
    }
}

impl Report {
    fn heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (old, new) = (&self.old, &self.new);
        if old.title == new.title {
            writeln!(f, "{}: {} → {}", old.title, old.version, new.version)?;
        } else {
            writeln!(
                f,
                "{} {} → {} {}",
                old.title, old.version, new.title, new.version
            )?;
        }
        if self.changes.is_empty() {
            return writeln!(f, "Nothing changed but words.");
        }
        let summary = &self.summary;
        let accepted = match summary.accepted {
            0 => String::new(),
            accepted => format!(", {accepted} breaking but accepted"),
        };
        let (breaking, not_breaking) = (summary.breaking, summary.not_breaking);
        writeln!(
            f,
            "{breaking} breaking{accepted}, {not_breaking} not breaking."
        )
    }

    fn remarks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.unused_accepted.is_empty() {
            writeln!(
                f,
                "\nAccepted breaks that this comparison does not have ({}); take them out of the file",
                self.unused_accepted.len()
            )?;
            for entry in &self.unused_accepted {
                writeln!(f, "\n  {}", entry.id)?;
                wrapped(f, "     ", &format!("Reason given: {}", entry.reason))?;
            }
        }
        if !self.notes.is_empty() {
            writeln!(f, "\nNotes")?;
            for note in &self.notes {
                wrapped(f, "  ", note)?;
            }
        }
        Ok(())
    }
}

fn group_of(change: &Change) -> u8 {
    match (change.is_breaking(), &change.accepted) {
        (true, None) => 0,
        (true, Some(_)) => 1,
        (false, _) => 2,
    }
}

fn write_change(f: &mut fmt::Formatter<'_>, number: usize, change: &Change) -> fmt::Result {
    writeln!(f)?;
    let indent = "     ";
    let sentence = wrap(&format!("{}.", change.text), WIDTH - indent.len());
    for (line, text) in sentence.iter().enumerate() {
        if line == 0 {
            writeln!(f, "{:>4} {text}", format!("{number}."))?;
        } else {
            writeln!(f, "{indent}{text}")?;
        }
    }
    let mut facts = format!("{} · {}", kind(change.kind), element(change.element));
    if !change.operations.is_empty() {
        facts += " · through ";
        facts += &change.operations.join(", ");
        if change.more_operations {
            facts += " and others";
        }
    }
    wrapped(f, indent, &facts)?;
    write_verdict(f, indent, "As server", change.as_server.as_ref())?;
    write_verdict(f, indent, "As client", change.as_client.as_ref())?;
    if let Some(reason) = &change.accepted {
        wrapped(f, indent, &format!("Accepted: {reason}"))?;
    }
    writeln!(f, "{indent}id: {}", change.id)
}

fn write_verdict(
    f: &mut fmt::Formatter<'_>,
    indent: &str,
    role: &str,
    verdict: Option<&Verdict>,
) -> fmt::Result {
    match verdict {
        None => Ok(()),
        Some(verdict) if verdict.breaking => {
            let because = verdict.because.join(" ");
            wrapped(f, indent, &format!("{role}: breaking. {because}"))
        }
        Some(_) => wrapped(f, indent, &format!("{role}: not breaking.")),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "added",
        Kind::Changed => "changed",
        Kind::Loosened => "loosened",
        Kind::Removed => "removed",
        Kind::Renamed => "looks renamed",
        Kind::Tightened => "tightened",
    }
}

fn element(element: Element) -> &'static str {
    match element {
        Element::Addresses => "addresses",
        Element::Constraint => "constraint",
        Element::Document => "document",
        Element::EnumValue => "enum value",
        Element::Field => "field",
        Element::Form => "alternative form",
        Element::Header => "response header",
        Element::MediaType => "media type",
        Element::Operation => "operation",
        Element::Parameter => "parameter",
        Element::RequestBody => "request body",
        Element::Security => "security",
        Element::Status => "status",
    }
}

fn wrapped(f: &mut fmt::Formatter<'_>, indent: &str, text: &str) -> fmt::Result {
    for line in wrap(text, WIDTH - indent.len()) {
        writeln!(f, "{indent}{line}")?;
    }
    Ok(())
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let used = lines.last().map_or(0, |line| line.chars().count());
        if used > 0 && used + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
