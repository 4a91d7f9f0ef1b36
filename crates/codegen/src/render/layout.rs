//! Blank lines between items and methods. prettyplease writes none, and the output is read in reviews.

use syn::{File, Item};

pub(super) fn unparse(file: File) -> String {
    let File {
        shebang,
        attrs,
        items,
    } = file;
    let mut text = prettyplease::unparse(&File {
        shebang,
        attrs,
        items: Vec::new(),
    });
    let mut follows_line = false;
    for item in items {
        let is_line = matches!(item, Item::Mod(_) | Item::Use(_));
        let separate = !(follows_line && is_line);
        if separate && !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&spaced(&prettyplease::unparse(&File {
            shebang: None,
            attrs: Vec::new(),
            items: vec![item],
        })));
        follows_line = is_line;
    }
    text
}

/// Separates the methods of one item where a documented or attributed one follows another.
fn spaced(item: &str) -> String {
    let mut text = String::new();
    let mut previous = "";
    for line in item.lines() {
        let starts = ["///", "/**", "#["]
            .iter()
            .any(|start| line.trim_start().starts_with(start));
        let follows = previous.starts_with("    }") && previous.trim() == "}"
            || previous.ends_with("> + Send;");
        if starts && follows {
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
        previous = line;
    }
    text
}
