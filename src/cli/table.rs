//! Aligned columns.

use std::fmt::Write as _;

/// Each row has as many cells as there are headings.
pub(super) fn aligned(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let longest = cells.map(|cell| cell.chars().count()).max();
        longest.unwrap_or(0).max(headings[column].chars().count())
    };
    let widths: Vec<_> = (0..headings.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &[&str]| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    };
    line(headings);
    for row in rows {
        let cells: Vec<_> = row.iter().map(String::as_str).collect();
        line(&cells);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let rows = [
            vec!["a".to_owned(), "long cell".to_owned()],
            vec!["ééééé".to_owned(), "b".to_owned()],
        ];
        let text = aligned(&["one", "two"], &rows);
        let expected = "one    two\na      long cell\nééééé  b\n";
        assert_eq!(text, expected);
    }
}
