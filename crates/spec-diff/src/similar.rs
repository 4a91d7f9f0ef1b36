//! Whether something that went and something that came are the same thing under another name.
//!
//! Symmetric on purpose: comparing backwards finds the same pairs.

use std::collections::BTreeSet;

/// From here on two names are taken for one.
const ALIKE: f64 = 0.5;
/// Enough when nothing else went and nothing else came.
const ALIKE_ENOUGH_ALONE: f64 = 0.3;
/// Beyond this many comparisons nothing is called renamed.
const MAX_COMPARISONS: usize = 10_000;
const MAX_NAME: usize = 200;

/// Pairs names that went with names that came, best first, each at most once; `fits` says whether what they name agrees.
pub(crate) fn renamed<'a>(
    gone: &[&'a str],
    come: &[&'a str],
    fits: impl Fn(&str, &str) -> bool,
) -> Vec<(&'a str, &'a str)> {
    if gone.len().saturating_mul(come.len()) > MAX_COMPARISONS {
        return Vec::new();
    }
    let alone = gone.len() == 1 && come.len() == 1;
    let enough = if alone { ALIKE_ENOUGH_ALONE } else { ALIKE };
    let mut candidates = Vec::new();
    for old in gone {
        for new in come {
            let score = similarity(old, new);
            if score >= enough && fits(old, new) {
                candidates.push((score, *old, *new));
            }
        }
    }
    candidates.sort_by(|one, other| {
        let names = |(_, old, new): &(f64, &'a str, &'a str)| (*old.min(new), *old.max(new));
        other
            .0
            .total_cmp(&one.0)
            .then_with(|| names(one).cmp(&names(other)))
    });
    let mut taken = BTreeSet::new();
    let mut pairs = Vec::new();
    for (_, old, new) in candidates {
        if !taken.contains(&(true, old)) && !taken.contains(&(false, new)) {
            taken.insert((true, old));
            taken.insert((false, new));
            pairs.push((old, new));
        }
    }
    pairs.sort_unstable();
    pairs
}

/// 0 (nothing in common) to 1 (equal but for letter case and separators).
pub(crate) fn similarity(one: &str, other: &str) -> f64 {
    if one.len() > MAX_NAME || other.len() > MAX_NAME {
        return 0.0;
    }
    let (one, other) = (words(one), words(other));
    shared_words(&one, &other).max(shared_letters(&one.concat(), &other.concat()))
}

/// Dice's coefficient of the words.
fn shared_words(one: &[String], other: &[String]) -> f64 {
    let (one, other): (BTreeSet<_>, BTreeSet<_>) = (one.iter().collect(), other.iter().collect());
    let shared = one.intersection(&other).count();
    ratio(2 * shared, one.len() + other.len())
}

/// One minus the edit distance per letter.
fn shared_letters(one: &str, other: &str) -> f64 {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let longest = one.len().max(other.len());
    ratio(longest.saturating_sub(distance(&one, &other)), longest)
}

/// Names are short (see [`MAX_NAME`]), so the conversion is exact.
fn ratio(part: usize, whole: usize) -> f64 {
    let exact = |count: usize| u32::try_from(count).map_or(0.0, f64::from);
    if whole == 0 {
        0.0
    } else {
        exact(part) / exact(whole)
    }
}

/// Levenshtein's edit distance.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.iter().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (column, candidate) in other.iter().enumerate() {
            let above = row.get(column + 1).copied().unwrap_or(usize::MAX - 1);
            let replaced = diagonal + usize::from(letter != candidate);
            diagonal = above;
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// `accountHolder_name` → account, holder, name
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for letter in name.chars() {
        let starts = !letter.is_alphanumeric() || (letter.is_uppercase() && before_lower);
        if starts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before_lower = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_share_words_or_most_letters_are_alike() {
        assert!(similarity("reason_description", "reason_text") >= ALIKE);
        assert!(similarity("accountHolder", "account_holder") >= 1.0);
        assert!(similarity("colour", "color") >= ALIKE);
        assert!(similarity("merchant", "balance") < ALIKE_ENOUGH_ALONE);
    }

    #[test]
    fn each_name_is_paired_once_and_the_direction_does_not_matter() {
        let (gone, come) = (["first_name", "last_name"], ["name_first", "name_last"]);
        let there = renamed(&gone, &come, |_, _| true);
        let back = renamed(&come, &gone, |_, _| true);
        assert_eq!(
            there,
            [("first_name", "name_first"), ("last_name", "name_last")]
        );
        assert_eq!(
            back.iter().map(|(a, b)| (*b, *a)).collect::<Vec<_>>(),
            there
        );
    }
}
