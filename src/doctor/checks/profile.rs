//! The wire profile: where this configuration reads PayNet's open questions otherwise than the defaults do.

use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};

const PROFILE: Check = Check::new(Theme::WireProfile, "wire-profile", "ofp.profile");

pub fn profile(subject: &Subject) -> Vec<Finding> {
    if subject.profile_changes.is_empty() {
        return vec![PROFILE.ok("every row is as in the defaults")];
    }
    let rows = subject.profile_changes.iter().map(|row| {
        let seen = format!("{}, by default {}", row.value, row.default);
        PROFILE.ok(seen).about(format!("ofp.profile.{}", row.name))
    });
    rows.collect()
}
