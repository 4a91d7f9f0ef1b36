//! The text of HTML that our own templates rendered, for the consent receipt. Not a parser for anybody else's HTML: it relies on the
//! escaping that the template engine does and on markup that closes what it opens.

/// Elements that start a new line.
const BLOCKS: [&str; 10] = [
    "details", "div", "dd", "dl", "dt", "h2", "li", "p", "summary", "ul",
];

/// The visible text, one line per block, without blank lines.
pub(super) fn of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag_and_rest)) = rest.split_once('<') {
        push_words(&mut text, before);
        let Some((tag, after)) = tag_and_rest.split_once('>') else {
            rest = "";
            break;
        };
        if BLOCKS.contains(&element(tag)) {
            text.push('\n');
        }
        rest = after;
    }
    push_words(&mut text, rest);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn element(tag: &str) -> &str {
    let name = tag.trim_start_matches('/');
    name.split(char::is_whitespace).next().unwrap_or(name)
}

/// Appends text with its entities decoded and every run of white space as one space, as a browser shows it.
fn push_words(text: &mut String, raw: &str) {
    let decoded = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(raw.to_owned(), |text, (entity, character)| {
        text.replace(entity, character)
    });
    for character in decoded.chars() {
        if !character.is_whitespace() {
            text.push(character);
        } else if !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_lines_and_entities_are_characters() {
        let html = "<dl>\n<div><dt>Who</dt><dd><strong>A &amp; B</strong> <span>said &#x27;1 &lt; 2&#x27;</span></dd></div></dl>";
        assert_eq!(of(html), "Who\nA & B said '1 < 2'");
    }

    #[test]
    fn an_escaped_entity_stays_as_written() {
        assert_eq!(of("<p>&amp;lt;</p>"), "&lt;");
    }
}
