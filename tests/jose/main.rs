//! `izin jose` and `izin selftest` as they are used: files, pipes, exit codes, and input that means harm.
//!
//! What is accepted and refused is the business of `crates/jose`; that others agree is told by tests/interop.

mod usage;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use izin_simulator::Pki;
use serde_json::Value;
use tempfile::TempDir;

/// Standard output, standard error and the exit code.
struct Told {
    code: i32,
    out: Vec<u8>,
    errors: String,
}

impl Told {
    fn text(&self) -> &str {
        str::from_utf8(&self.out).expect("text").trim_end()
    }
}

fn izin(arguments: &[&str], given: &[u8]) -> Told {
    let mut child = Command::new(env!("CARGO_BIN_EXE_izin"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("izin");
    let mut stdin = child.stdin.take().expect("stdin");
    let given = given.to_vec();
    // In a thread of its own, or a full pipe on either side would stop both. A command may go without reading.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&given)));
    let output = child.wait_with_output().expect("izin ends");
    writer.join().expect("writer");
    Told {
        code: output.status.code().expect("an exit code"),
        out: output.stdout,
        errors: String::from_utf8(output.stderr).expect("text"),
    }
}

static FILES: LazyLock<(TempDir, Pki)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("folder");
    let pki = Pki::create(folder.path()).expect("PKI");
    (folder, pki)
});

const SIGNING: &str = "dp-signing";
const ENCRYPTION: &str = "dc-encryption";

fn certificate(name: &str) -> String {
    shown(&FILES.1.certificate_file(name))
}

fn key(name: &str) -> String {
    shown(&FILES.1.key_file(name))
}

fn file(name: &str, content: &[u8]) -> String {
    let path: PathBuf = FILES.0.path().join(name);
    fs::write(&path, content).expect("written");
    shown(&path)
}

fn shown(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

fn sign(options: &[&str], payload: &[u8]) -> Told {
    let (key, certificate) = (key(SIGNING), certificate(SIGNING));
    let mut arguments = vec!["jose", "sign", "--key", &key, "--certificate", &certificate];
    arguments.extend(options);
    izin(&arguments, payload)
}

fn verify(options: &[&str], token: &[u8]) -> Told {
    let certificate = certificate(SIGNING);
    let mut arguments = vec!["jose", "verify", "--certificate", &certificate];
    arguments.extend(options);
    izin(&arguments, token)
}

#[test]
fn signed_verified_and_refused() {
    let token = sign(&["--typ", "JWT"], b"{\"a\":1}\n");
    assert_eq!(token.code, 0, "{}", token.errors);
    let verified = verify(&[], &token.out);
    assert_eq!((verified.code, verified.text()), (0, "ok"));
    let payload = verify(&["--print-payload"], &token.out);
    assert_eq!(
        payload.out, b"{\"a\":1}",
        "without the line end of the file"
    );

    let refused = verify(&["--alg", "ES256"], &token.out);
    assert_eq!(
        (refused.code, refused.text()),
        (1, "refused: jws.algorithm_not_allowed")
    );
    // Data goes to standard output, a refusal in its place does not.
    let refused = verify(&["--print-payload"], b"a.b.c");
    assert_eq!((refused.code, refused.text()), (1, ""));
    assert_eq!(refused.errors, "refused: jws.malformed\n");
}

#[test]
fn detached_signatures() {
    let body = file("body", b"any bytes \xff");
    let unencoded = ["--header", "b64=false", "--header", "crit=[\"b64\"]"];
    let token = sign(
        &[&["--detached"][..], &unencoded].concat(),
        b"any bytes \xff",
    );
    assert!(token.text().contains(".."));
    let verified = verify(&["--crit", "b64", "--payload", &body], &token.out);
    assert_eq!((verified.code, verified.text()), (0, "ok"));
    let other = file("other-body", b"other bytes");
    let refused = verify(&["--crit", "b64", "--payload", &other], &token.out);
    assert_eq!(
        (refused.code, refused.text()),
        (1, "refused: jws.signature_mismatch")
    );
    let refused = verify(&["--payload", &body], &token.out);
    assert_eq!(refused.text(), "refused: jws.unknown_critical");

    let refused = sign(&["--header", "alg=none"], b"x");
    assert_eq!(
        (refused.code, refused.errors.as_str()),
        (1, "refused: sign.header\n")
    );
}

#[test]
fn batches_answer_every_line() {
    let tokens = sign(&["--batch"], b"one\ntwo\r\nthree");
    assert_eq!(tokens.text().lines().count(), 3);
    let good = tokens.text().lines().next().expect("token");
    let mut given = format!("{good}\n\n{}\n{good}.\n", "A".repeat(9 * 1024 * 1024)).into_bytes();
    given.extend_from_slice(b"\xff\x00\xfe\n");
    given.extend_from_slice(good.as_bytes());
    let verdicts = verify(&["--batch"], &given);
    assert_eq!(verdicts.code, 1);
    assert_eq!(
        verdicts.text().lines().collect::<Vec<_>>(),
        [
            "ok",
            "refused: jws.malformed",
            "refused: jws.too_large",
            "refused: jws.malformed",
            "refused: jws.malformed",
            "ok",
        ]
    );
    let payloads = verify(&["--batch", "--print-payload"], tokens.text().as_bytes());
    assert_eq!(
        (payloads.code, payloads.text()),
        (0, "ok b25l\nok dHdv\nok dGhyZWU")
    );
}

#[test]
fn encrypted_and_decrypted() {
    let (key, certificate) = (key(ENCRYPTION), certificate(ENCRYPTION));
    let set = izin(
        &[
            "jose",
            "jwks",
            "--encryption",
            &certificate,
            "--signing",
            &self::certificate(SIGNING),
        ],
        b"",
    );
    let set = file("consumer.json", &set.out);
    let token = izin(
        &["jose", "encrypt", "--jwks", &set, "--cty", "JWT"],
        b"secret",
    );
    assert_eq!(token.code, 0, "{}", token.errors);
    let decrypt = [
        "jose",
        "decrypt",
        "--key",
        &key,
        "--certificate",
        &certificate,
    ];
    let plain = izin(&decrypt, &token.out);
    assert_eq!((plain.code, plain.text()), (0, "secret"));
    let batch = izin(
        &[&decrypt[..], &["--batch"]].concat(),
        &[&token.out[..], b"x\n"].concat(),
    );
    assert_eq!(
        (batch.code, batch.text()),
        (1, "ok c2VjcmV0\nrefused: jwe.malformed")
    );

    let signing = izin(&["jose", "thumbprint", &self::certificate(SIGNING)], b"");
    let wrong = izin(
        &["jose", "encrypt", "--jwks", &set, "--kid", signing.text()],
        b"x",
    );
    assert_eq!(wrong.code, 2);
    assert!(wrong.errors.contains("another use"), "{}", wrong.errors);
}

/// RFC 8705 appendix A, and keys.
#[test]
fn thumbprints() {
    let pem = b"-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
";
    let of_rfc = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
    let told = izin(&["jose", "thumbprint", "-"], pem);
    assert_eq!((told.code, told.text()), (0, of_rfc));
    let chain = file("chain.pem", &[&pem[..], pem].concat());
    let told = izin(&["jose", "thumbprint", "--names", &chain], b"");
    let line = format!("{of_rfc}  x5t#S256  {chain}");
    assert_eq!(told.text(), format!("{line}\n{line}"));

    let der = file("one.der", &FILES.1.certificate_der(SIGNING).expect("DER"));
    let told = izin(&["jose", "thumbprint", &der, &certificate(SIGNING)], b"");
    let (first, second) = told.text().split_once('\n').expect("two lines");
    assert_eq!(first, second);

    let key = br#"{"kty":"RSA","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#;
    let told = izin(&["jose", "thumbprint", "-"], key);
    assert_eq!(told.text(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

/// The wrong file at the wrong place is common, and must not put a key on the screen.
#[test]
fn private_keys_are_never_shown() {
    let private = fs::read_to_string(key(SIGNING)).expect("key");
    let lines: Vec<&str> = private
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let (key, certificate) = (key(SIGNING), certificate(SIGNING));
    for (arguments, code) in [
        (vec!["jose", "thumbprint", &key], 1),
        (vec!["jose", "thumbprint", &key, &certificate], 1),
        (vec!["jose", "jwks", "--signing", &key], 2),
        (vec!["jose", "verify", "--certificate", &key], 2),
        (vec!["jose", "verify", "--jwks", &key], 2),
        (
            vec!["jose", "sign", "--key", &certificate, "--certificate", &key],
            2,
        ),
        (
            vec![
                "jose",
                "decrypt",
                "--key",
                &key,
                "--certificate",
                &certificate,
            ],
            1,
        ),
        (
            vec!["jose", "verify", "--certificate", &certificate, &key],
            1,
        ),
    ] {
        let told = izin(&arguments, private.as_bytes());
        assert_eq!(told.code, code, "{arguments:?}: {}", told.errors);
        let shown = format!("{}{}", String::from_utf8_lossy(&told.out), told.errors);
        assert!(!lines.iter().any(|line| shown.contains(line)), "{shown}");
        assert!(!shown.is_empty());
    }
}

#[test]
fn wrong_usage_is_told_from_a_refusal() {
    let certificate = certificate(SIGNING);
    for arguments in [
        vec!["jose", "verify"],
        vec!["jose", "verify", "--certificate", "missing.pem"],
        vec![
            "jose",
            "verify",
            "--certificate",
            &certificate,
            "--alg",
            "RS256",
        ],
        vec![
            "jose",
            "verify",
            "--certificate",
            &certificate,
            "--alg",
            "none",
        ],
        vec![
            "jose",
            "verify",
            "--certificate",
            &certificate,
            "--detached",
        ],
        vec![
            "jose",
            "verify",
            "--certificate",
            &certificate,
            "--payload",
            "-",
        ],
        vec![
            "jose",
            "verify",
            "--certificate",
            &certificate,
            "missing-token",
        ],
        vec!["jose", "sign", "--key", &certificate],
        vec!["jose", "jwks"],
        vec!["jose", "thumbprint"],
        vec!["jose", "thumbprint", "/dev/zero"],
    ] {
        let told = izin(&arguments, b"");
        assert_eq!(told.code, 2, "{arguments:?}");
        assert!(
            told.out.is_empty() && !told.errors.is_empty(),
            "{arguments:?}"
        );
    }
}

#[test]
fn selftest_says_what_it_checked() {
    let told = izin(&["selftest"], b"");
    assert_eq!(told.code, 0, "{}", told.text());
    assert!(told.text().contains("RFC 7515, appendix A.3"));
    let told = izin(&["selftest", "--json"], b"");
    let report: Value = serde_json::from_slice(&told.out).expect("JSON");
    assert_eq!((told.code, &report["passed"]), (0, &true.into()));
    let checks = report["checks"].as_array().expect("checks");
    assert!(checks.len() >= 22);
    assert!(
        checks
            .iter()
            .all(|check| check["passed"] == true && check["source"].is_string())
    );
}
