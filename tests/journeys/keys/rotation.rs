//! `izin keys rotate` on configurations as people write them: what it cannot do well it refuses, and then nothing has changed.

use std::path::Path;
use std::process::{Command, Output};

use chrono::{TimeDelta, Utc};
use izin_simulator::Usage;
use serde_json::json;

use super::command::{Place, done, izin, text};
use super::{issue, key_id, pki, time};

impl Place {
    /// `text` becomes the signing keys of the file.
    fn signs_with(&self, signing: &str) {
        let before = std::fs::read_to_string(&self.config).unwrap();
        let start = before.find("[signing]");
        let start = start.or_else(|| before.find("[[signing.keys]]")).unwrap();
        let end = before.find("[ops]").unwrap();
        let changed = format!("{}{signing}\n\n{}", &before[..start], &before[end..]);
        std::fs::write(&self.config, changed).unwrap();
    }

    fn rotates_to(&self, name: &str, more: &[&str]) -> Output {
        self.rotates_with(name, more, None)
    }

    /// With a variable in the environment.
    fn rotates_with(&self, name: &str, more: &[&str], variable: Option<(&str, &Path)>) -> Output {
        let (certificate, key) = (pki().certificate_file(name), pki().key_file(name));
        let mut arguments = vec!["keys", "rotate", "--config", text(&self.config)];
        arguments.extend(["--certificate", text(&certificate)]);
        arguments.extend(["--private-key", text(&key)]);
        arguments.extend(more);
        izin(&arguments, variable)
    }

    fn file(&self) -> String {
        std::fs::read_to_string(&self.config).unwrap()
    }

    /// The rotation says why not, and the file is as it was.
    fn refuses(&self, rotate: impl Fn() -> Output, told: &str) {
        let before = self.file();
        let refused = rotate();
        let error = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{error}");
        assert!(error.contains(told), "{error}");
        assert_eq!(self.file(), before);
    }
}

/// The members of an entry, for both of TOML's forms.
fn members(name: &str) -> [String; 2] {
    [
        format!("certificate = {}", json!(pki().certificate_file(name))),
        format!("private_key = {}", json!(pki().key_file(name))),
    ]
}

/// A time may stand without quotes, and comments anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ended_does_not_sign_again() {
    issue("dp-signing-ended", Usage::Signing);
    issue("dp-signing-third", Usage::Signing);
    let place = Place::new().await;
    let ended = time(Utc::now() - TimeDelta::hours(2));
    place.signs_with(&format!(
        "[signing]\nkeys = [\n  # the one of 2026\n  {{ {}, until = {ended} }},\n  {{ {} }}, # ours\n  \
         # the next is to be ordered by November\n]",
        members("dp-signing-ended").join(", "),
        members("dp-signing").join(", "),
    ));
    done(&place.rotates_to("dp-signing-third", &[]));
    let states: Vec<_> = place.signing();
    let expected = [
        ("published", "dp-signing-ended"),
        ("signs", "dp-signing"),
        ("published", "dp-signing-third"),
    ];
    let expected = expected.map(|(state, name)| (state.to_owned(), key_id(name)));
    assert_eq!(states, expected);
    for kept in [
        "# the one of 2026",
        "# ours",
        "# the next is to be ordered by November",
        &ended,
    ] {
        assert!(place.file().contains(kept), "{kept}: {}", place.file());
    }
    place.closes().await;
}

/// What would leave an hour without a key, or a file that the service refuses.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_cannot_work_is_refused() {
    issue("dp-signing-a", Usage::Signing);
    issue("dp-signing-b", Usage::Signing);
    let place = Place::new().await;
    let soon = time(Utc::now() + TimeDelta::minutes(10));
    let short = |name: &str| {
        format!(
            "[[signing.keys]]\n{}\nuntil = {soon}",
            members(name).join("\n")
        )
    };
    place.signs_with(&short("dp-signing"));
    place.refuses(
        || place.rotates_to("dp-signing-a", &[]),
        "no key would sign",
    );
    done(&place.rotates_to("dp-signing-a", &["--from", &soon]));
    for from in [soon.clone(), time(Utc::now())] {
        let again = || place.rotates_to("dp-signing-b", &["--from", &from]);
        place.refuses(again, "not before the new key");
    }
    let far = "[[signing.keys]]\nuntil = \"+262142-12-31T23:59:59Z\"\n";
    place.signs_with(&format!("{far}{}", members("dp-signing").join("\n")));
    done(&place.rotates_to("dp-signing-b", &[]));
    place.closes().await;
}

/// A change of the file that the service would not see.
#[tokio::test(flavor = "multi_thread")]
async fn a_variable_in_place_of_the_file_is_told() {
    issue("dp-signing-unseen", Usage::Signing);
    let place = Place::new().await;
    let listed = format!("[{{ {} }}]", members("dp-signing").join(", "));
    let variable = ("IZIN__SIGNING__KEYS", Path::new(&listed));
    let rotate = || place.rotates_with("dp-signing-unseen", &[], Some(variable));
    place.refuses(rotate, "IZIN__SIGNING__KEYS replaces signing.keys");
    place.closes().await;
}

/// The service is started in another folder than the one where somebody typed this.
#[tokio::test(flavor = "multi_thread")]
async fn paths_are_written_as_the_service_finds_them() {
    issue("dp-signing-near", Usage::Signing);
    let place = Place::new().await;
    for (from, to) in [
        (pki().certificate_file("dp-signing-near"), "near.crt"),
        (pki().key_file("dp-signing-near"), "near.key"),
    ] {
        std::fs::copy(from, place.path(to)).unwrap();
    }
    let rotated = Command::new(env!("CARGO_BIN_EXE_izin"))
        .args(["keys", "rotate", "--config", "izin.toml"])
        .args(["--certificate", "near.crt", "--private-key", "./near.key"])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    done(&rotated);
    assert_eq!(place.signing()[1].0, "published");
    for name in ["near.crt", "near.key"] {
        assert!(place.file().contains(text(&place.path(name))), "{name}");
    }
    place.closes().await;
}

/// A key in place of its path is neither a file's name nor for any log.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_place_of_a_path_is_not_shown() {
    let place = Place::new().await;
    let pem = String::from_utf8(pki().key("dp-signing").unwrap()).unwrap();
    let secret = pem.lines().nth(1).unwrap();
    let silent = |arguments: &[&str], variable: Option<(&str, &Path)>| {
        let output = izin(arguments, variable);
        let both = [output.stdout, output.stderr].concat();
        let both = String::from_utf8_lossy(&both).into_owned();
        assert!(!both.contains(secret), "{arguments:?}: {both}");
        (output.status.success(), both)
    };
    let config = text(&place.config);
    let variable = ("IZIN__OFP__CLIENT_PRIVATE_KEY", Path::new(&pem));
    for (command, expected) in [
        (["config", "check"], "path of its file"),
        (["config", "show"], "config check"),
        (["keys", "list"], "path of its file"),
    ] {
        let arguments = [&command[..], &["--config", config]].concat();
        let (_, told) = silent(&arguments, Some(variable));
        assert!(told.contains(expected), "{told}");
    }
    let serve = silent(&["serve", "--config", config], Some(variable));
    assert!(!serve.0, "{}", serve.1);
    let key = format!("--private-key={pem}");
    let rotate = ["keys", "rotate", "--config", config, &key];
    let (rotated, told) = silent(&rotate, None);
    assert!(!rotated && told.contains("give its path"), "{told}");
    place.closes().await;
}
