//! Options that contradict each other, files that others can reach, and output that is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use super::{FILES, SIGNING, certificate, file, izin, key, shown, sign, verify};

/// Standard input has one content, and whatever is read second would be empty.
#[test]
fn standard_input_is_read_once() {
    let (key, certificate) = (key(SIGNING), certificate(SIGNING));
    for arguments in [
        vec!["verify", "--jwks", "-", "--batch"],
        vec!["verify", "--certificate", "/dev/stdin"],
        vec![
            "verify",
            "--certificate",
            "-",
            "--payload",
            "-",
            &certificate,
        ],
        vec!["encrypt", "--jwks", "-", "-"],
        vec!["sign", "--key", "-", "--certificate", "-", &certificate],
        vec!["sign", "--key", &key, "--certificate", "-"],
        vec![
            "decrypt",
            "--key",
            &key,
            "--certificate",
            &certificate,
            "--passphrase-file",
            "-",
        ],
    ] {
        let told = izin(&[&["jose"][..], &arguments].concat(), b"x");
        assert_eq!((told.code, told.text()), (2, ""), "{arguments:?}");
        assert!(
            told.errors.contains("standard input can be only one of"),
            "{}",
            told.errors
        );
    }
    let token = sign(&[], b"x");
    let token = file("once.token", &token.out);
    let given = fs::read(&certificate).expect("certificate");
    let told = izin(&["jose", "verify", "--certificate", "-", &token], &given);
    assert_eq!((told.code, told.text()), (0, "ok"), "{}", told.errors);
}

#[test]
fn header_members_are_named_once() {
    for headers in [
        &["--header", "a=1", "--header", "a=2"][..],
        &["--header", "=x"],
    ] {
        let told = sign(headers, b"x");
        assert_eq!((told.code, told.text()), (2, ""), "{headers:?}");
    }
}

#[test]
fn a_key_that_others_can_reach_is_told_of() {
    let open = file("open.key", &fs::read(key(SIGNING)).expect("key"));
    let sign = |mode| {
        fs::set_permissions(&open, fs::Permissions::from_mode(mode)).expect("mode");
        let certificate = certificate(SIGNING);
        izin(
            &[
                "jose",
                "sign",
                "--key",
                &open,
                "--certificate",
                &certificate,
            ],
            b"x",
        )
    };
    let told = sign(0o666);
    assert_eq!(told.code, 0);
    assert!(
        told.errors.contains("open.key: its mode is 0666"),
        "{}",
        told.errors
    );
    assert_eq!(sign(0o600).errors, "");
}

#[test]
fn a_message_that_cannot_be_read_is_named() {
    let folder = shown(FILES.0.path());
    let told = verify(&[&folder], b"");
    assert_eq!(told.code, 2);
    assert!(told.errors.contains(&folder), "{}", told.errors);
}

/// Full disks and closed terminals: an answer that is lost is a failure, and nothing panics.
#[test]
fn output_that_is_lost() {
    let full = || {
        fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full")
    };
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_izin"));
        command.args(arguments).stdin(Stdio::null());
        command
    };
    for arguments in [
        &["selftest", "--json"][..],
        &["selftest"],
        &["simulate", "attacks", "--list", "--json"],
        &["config", "schema"],
        &["config", "show"],
    ] {
        let output = command(arguments).stdout(full()).output().expect("izin");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = String::from_utf8(output.stderr).expect("text");
        assert!(told.contains("standard output cannot be written"), "{told}");
    }
    // Whoever closes a pipe has read enough.
    let (reader, writer) = std::io::pipe().expect("pipe");
    drop(reader);
    let mut unread = command(&["selftest"]);
    assert_eq!(
        unread.stdout(writer).status().expect("izin").code(),
        Some(0)
    );

    let certificate = certificate(SIGNING);
    let set = file(
        "unusable.json",
        br#"{"keys":[{"kty":"oct","kid":"a","k":"AA"}]}"#,
    );
    for (arguments, code) in [
        (
            &[
                "jose",
                "verify",
                "--certificate",
                &certificate,
                "--print-payload",
            ][..],
            1,
        ),
        (&["jose", "verify", "--jwks", &set], 1),
        (&["jose", "verify", "--certificate", "missing.pem"], 2),
        (&["config", "check", "--config", "missing.toml"], 1),
        (&["keys", "list", "--config", "missing.toml"], 2),
        (&["doctor", "--config", "missing.toml"], 2),
        (&["spec", "diff", "missing.yaml", "missing.yaml"], 2),
    ] {
        let output = command(arguments).stderr(full()).output().expect("izin");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn every_attack_must_be_asked_for() {
    let told = izin(&["simulate", "attacks", "--list", "--only", ""], b"");
    assert_eq!((told.code, told.text()), (2, ""));
    assert!(told.errors.contains("--only is empty"), "{}", told.errors);
}

#[test]
fn an_address_of_others_is_refused_in_one_sentence() {
    let pki = shown(FILES.0.path());
    let target = [
        "--target",
        "https://localhost:1",
        "--pages-url",
        "http://127.0.0.1:1",
    ];
    let elsewhere = ["--pki", &pki, "--authorization-server", "192.0.2.1:1"];
    let told = izin(
        &[&["simulate", "attacks"][..], &target, &elsewhere].concat(),
        b"",
    );
    assert_eq!(told.code, 2);
    let times = told.errors.matches("is not a loopback address").count();
    assert_eq!(times, 1, "{}", told.errors);
}
