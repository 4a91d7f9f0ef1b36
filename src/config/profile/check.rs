//! What a wire profile must be before the service starts.

use super::{SigningParty, WireProfile};
use crate::config::{Config, Environment};

impl Config {
    pub(in crate::config) fn wire_profile(&self, problems: &mut Vec<String>) {
        let mut wrong = Vec::new();
        let profile = &self.ofp.profile;
        bad_seconds(profile, &mut wrong);
        bad_lists(profile, &mut wrong);
        bad_texts(profile, &mut wrong);
        if self.environment() == Environment::Production {
            wrong.extend(
                profile
                    .dangers()
                    .map(|name| format!("{name} is refused with environment = \"production\"")),
            );
        }
        problems.extend(
            wrong
                .into_iter()
                .map(|problem| format!("ofp.profile.{problem}")),
        );
    }
}

fn bad_seconds(profile: &WireProfile, wrong: &mut Vec<String>) {
    let seconds = [
        ("issued_at_window", profile.issued_at_window, 1..=3600),
        ("clock_skew", profile.clock_skew, 0..=300),
        ("token_lifetime", profile.token_lifetime, 1..=3600),
    ];
    for (key, value, range) in seconds {
        if !range.contains(&value) {
            let (from, to) = (range.start(), range.end());
            wrong.push(format!("{key} must be between {from} and {to} seconds"));
        }
    }
}

fn bad_lists(profile: &WireProfile, wrong: &mut Vec<String>) {
    let lists = [
        (
            "signature_headers",
            is_plain_list(&profile.signature_headers),
        ),
        (
            "signature_algorithms",
            is_plain_list(&profile.signature_algorithms),
        ),
        (
            "authorize_listeners",
            is_plain_list(&profile.authorize_listeners),
        ),
    ];
    for (key, _) in lists.iter().filter(|(_, plain)| !plain) {
        wrong.push(format!("{key} must name at least one, and each only once"));
    }
    // What binds a call to its consumer, its request and one use are the claims that the consumer signs.
    if !profile.account_calls_may_carry(SigningParty::Consumer) {
        wrong.push(
            "signature_headers, x_signature_party and x_fapi_signature_party leave no header for the Data \
             Consumer's signature of account calls"
                .into(),
        );
    }
}

fn bad_texts(profile: &WireProfile, wrong: &mut Vec<String>) {
    let paths = [
        ("paynet_jwks_path", &profile.paynet_jwks_path),
        ("consumer_jwks_path", &profile.consumer_jwks_path),
    ];
    for (key, path) in paths {
        if !path.starts_with('/') {
            wrong.push(format!("{key} must start with /"));
        }
    }
    if !profile.consumer_jwks_path.contains("{dc_id}") {
        wrong.push("consumer_jwks_path must contain {dc_id}".into());
    }
    let names = [
        &profile.redirect_consent_id,
        &profile.redirect_error,
        &profile.redirect_error_description,
    ];
    if !is_plain_list(&names) || names.iter().any(|name| name.is_empty()) {
        wrong.push(
            "redirect_consent_id, redirect_error and redirect_error_description must be three different names"
                .into(),
        );
    }
}

/// Something is in it, and nothing twice.
fn is_plain_list<T: PartialEq>(list: &[T]) -> bool {
    let repeated = list
        .iter()
        .enumerate()
        .any(|(position, one)| list[..position].contains(one));
    !list.is_empty() && !repeated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(profile: &str) -> Vec<String> {
        let profile = format!("[ofp.profile]\n{profile}");
        let config = Config::from_layers(&[&profile]).unwrap();
        let mut problems = Vec::new();
        config.wire_profile(&mut problems);
        problems
    }

    #[test]
    fn the_default_and_every_alternative_can_be_used() {
        for profile in [
            "",
            "signature_headers = [\"x-fapi-signature\"]",
            "x_signature_party = \"either\"\nx_fapi_signature_party = \"paynet\"",
            "signature_algorithms = [\"PS256\", \"ES384\", \"ES512\"]",
            "update_method = \"POST\"",
            "timeout_update = \"none\"",
            "response_body = \"application/jose\"",
            "response_body = \"application/jwt\"\nresponse_payload = \"jwe\"",
            "balance_amount = \"nested\"",
            "jwks_mirror = false",
            "authorize_listeners = [\"webhooks\"]",
        ] {
            assert_eq!(problems(profile), Vec::<String>::new(), "{profile}");
        }
    }

    #[test]
    fn what_cannot_work_is_told_by_its_key() {
        for (profile, told) in [
            ("signature_headers = []", "signature_headers"),
            (
                "signature_headers = [\"x-signature\", \"x-signature\"]",
                "signature_headers",
            ),
            (
                "x_signature_party = \"paynet\"\nx_fapi_signature_party = \"paynet\"",
                "leave no header",
            ),
            ("signature_algorithms = []", "signature_algorithms"),
            ("authorize_listeners = []", "authorize_listeners"),
            ("issued_at_window = 0", "issued_at_window"),
            ("paynet_jwks_path = \"keys\"", "paynet_jwks_path"),
            ("consumer_jwks_path = \"/keys\"", "{dc_id}"),
            ("redirect_error = \"consent_id\"", "redirect_error"),
        ] {
            let told_of = problems(profile).join("\n");
            assert!(told_of.contains(told), "{profile}: {told_of:?}");
        }
    }

    #[test]
    fn no_other_algorithm_can_be_configured() {
        for name in ["RS256", "HS256", "none", "ES256", "ps256"] {
            let profile = format!("[ofp.profile]\nsignature_algorithms = [\"{name}\"]");
            assert!(Config::from_layers(&[&profile]).is_err(), "{name}");
        }
    }

    #[test]
    fn a_danger_is_refused_in_production() {
        for name in ["danger_skip_qpm", "danger_skip_url", "danger_skip_replay"] {
            for (environment, refused) in [("demo", false), ("uat", false), ("production", true)] {
                let text = format!("environment = \"{environment}\"\n[ofp.profile]\n{name} = true");
                let config = Config::from_layers(&[&text]).unwrap();
                let mut problems = Vec::new();
                config.wire_profile(&mut problems);
                let told = problems.iter().any(|problem| problem.contains(name));
                assert_eq!(told, refused, "{name} in {environment}");
                assert_eq!(config.ofp.profile.dangers().collect::<Vec<_>>(), [name]);
            }
        }
    }
}
