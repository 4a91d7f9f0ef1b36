//! Words of an operator for the record: names and reasons.

/// It stands in a history for seven years.
pub(super) fn plain(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || text.contains(char::is_control) {
        return Err("1 to 200 characters on one line".into());
    }
    Ok(text.to_owned())
}
