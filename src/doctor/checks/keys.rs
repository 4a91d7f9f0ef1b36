//! Private keys: each can be read, is closed to others, and belongs to its certificate; the token lets us in.

use izin_jose::{KeyFileError, TokenError};

use crate::config::KeyLocation;
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};
use crate::doctor::inventory::{Inventory, Outcome, ReadKey, TokenTrouble};
use crate::keys::{FileProblem, KeyProblem};

const TOKEN: Check = Check::new(Theme::Keys, "token", "token (PKCS#11)");
const KEY: Check = Check::new(Theme::Keys, "private-key", "private key");

pub fn keys(subject: &Subject, inventory: &Inventory) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(token) = &inventory.token {
        let named = subject.config.pkcs11.token.as_deref().unwrap_or("?");
        findings.push(match token {
            Ok(()) => TOKEN.ok(format!("{named:?} is open")),
            Err(trouble) => token_trouble(trouble),
        });
    }
    let configured = subject.config.configured_keys();
    if inventory.keys.is_empty() && configured.iter().any(|key| key.source.is_some()) {
        let advice =
            "Look at the limits of this machine (memory, ulimit -u) and run izin doctor again.";
        findings.push(KEY.failed("none was read: the system gives no threads", advice));
    }
    findings.extend(inventory.keys.iter().map(private_key));
    findings
}

fn private_key(key: &ReadKey) -> Finding {
    let finding = match &key.key {
        Outcome::Usable(_) => KEY.ok(match key.source.private_key {
            KeyLocation::File(_) => {
                format!(
                    "{} is closed to others and belongs to its certificate",
                    key.place()
                )
            }
            KeyLocation::Token(_) => {
                format!("{} signs what its certificate verifies", key.place())
            }
        }),
        Outcome::OutOfReach => KEY.skipped("it is on the token, which could not be opened"),
        Outcome::Unusable(problem) => KEY.failed(problem.to_string(), advice(key, problem)),
    };
    finding.about(&key.setting)
}

/// What helps with a key that cannot be used.
fn advice(key: &ReadKey, problem: &KeyProblem) -> String {
    let (setting, certificate) = (&key.setting, &key.certificate_setting);
    let of_pair = || {
        format!(
            "Let {setting} and {certificate} name a key and the certificate that was made for it."
        )
    };
    match problem {
        KeyProblem::File(problem) => file_advice(problem, setting),
        KeyProblem::KeyFile { problem, .. } => match problem {
            KeyFileError::NotOfCertificate => of_pair(),
            KeyFileError::Certificate => {
                format!("Put the certificate, in PEM, where {certificate} says.")
            }
            KeyFileError::PassphraseMissing => {
                let passphrase = setting.replace("private_key", "passphrase_file");
                format!("Name a file with the passphrase as its only content in {passphrase}.")
            }
            KeyFileError::PassphraseWrong => {
                let passphrase = setting.replace("private_key", "passphrase_file");
                format!("Correct the passphrase in the file that {passphrase} names.")
            }
            KeyFileError::NotRsa | KeyFileError::Unusable(_) => {
                "Make an RSA key with izin keys new, and let the authority certify it.".into()
            }
            KeyFileError::Pkcs12Legacy => {
                format!(
                    "Convert the file with the commands above, and name the new one in {setting}."
                )
            }
            KeyFileError::Pkcs12Incomplete | KeyFileError::PrivateKey => {
                format!(
                    "Let {setting} name a private key in PEM, or a PKCS#12 file with key and certificate."
                )
            }
        },
        KeyProblem::NoCertificate { .. } => {
            format!("Put the certificate, in PEM, where {certificate} says.")
        }
        KeyProblem::Token(TokenError::NotOfCertificate) => of_pair(),
        KeyProblem::Token(TokenError::NoKey { .. } | TokenError::Ambiguous { .. }) => format!(
            "Correct the name in {setting}; the vendor's tool, or pkcs11-tool --list-objects, lists the token's keys."
        ),
        _ => format!("Correct {setting}; izin keys list shows every key."),
    }
}

pub fn file_advice(problem: &FileProblem, setting: &str) -> String {
    match problem {
        FileProblem::Open { path, .. } => format!("Run: chmod 600 {}", path.display()),
        FileProblem::Unreadable { path, .. } => format!(
            "Put the file there, readable for the user that izin runs as, or correct {setting}: {}",
            path.display()
        ),
    }
}

fn token_trouble(trouble: &TokenTrouble) -> Finding {
    let problem = match trouble {
        TokenTrouble::Silent => {
            return TOKEN.failed(
                "no answer in 15 seconds",
                "Look at the token and the way to it with the vendor's tools, then run izin doctor again.",
            );
        }
        TokenTrouble::Problem(problem) => problem,
    };
    let advice = match problem {
        KeyProblem::File(problem) => file_advice(problem, "pkcs11.pin_file"),
        KeyProblem::Token(TokenError::PinRefused) => {
            "Correct the PIN in the file that pkcs11.pin_file names before trying again: tokens lock themselves after a few.".into()
        }
        KeyProblem::Token(TokenError::Module { .. }) => {
            "Let pkcs11.module name the vendor's PKCS#11 library for this machine.".into()
        }
        KeyProblem::Token(TokenError::NoToken { .. }) => {
            "Set pkcs11.token to the label of a token that the module has.".into()
        }
        KeyProblem::Token(TokenError::Twins { .. }) => {
            "Set pkcs11.serial to the serial number of the one that is meant.".into()
        }
        KeyProblem::Token(TokenError::PinFinalTry) => {
            "Log in once by hand with the right PIN, and put that PIN in the file that pkcs11.pin_file names.".into()
        }
        KeyProblem::Token(TokenError::PinLocked) => {
            "Let the token's security officer set a new PIN, and put it in the file that pkcs11.pin_file names.".into()
        }
        KeyProblem::Required(setting) => format!("Set {setting}."),
        _ => "Look at the token with the vendor's tools, then run izin doctor again.".into(),
    };
    TOKEN.failed(problem.to_string(), advice)
}
