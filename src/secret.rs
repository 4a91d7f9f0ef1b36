//! Values that only their owner may know: what customers type, and random ones, such as handles, session ids and CSRF tokens.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use izin_jose::base64url;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A text that is never printed, is compared without telling how much of it is right, and is overwritten in memory when it is
/// dropped. That is a promise about this value alone: what the text was read from, and what it is written to (a message to the
/// bank, say), belongs to others, who free their memory as it is.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text, to be passed on and not to be kept.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Takes the text over, without a copy.
impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl AsRef<str> for Secret {
    fn as_ref(&self) -> &str {
        self.expose()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Takes the same time wherever two texts of one length differ.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose()
            .as_bytes()
            .ct_eq(other.expose().as_bytes())
            .into()
    }
}

impl Eq for Secret {}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// The text itself: for the messages and pages that are made to carry it.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

/// No randomness can be had from the operating system.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandomness;

/// 256 random bits as 43 characters that fit URLs, cookies and forms.
pub fn random_token() -> Result<Secret, NoRandomness> {
    let mut bytes = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *bytes).map_err(|_| NoRandomness)?;
    Ok(base64url::encode(&*bytes).into())
}

/// 128 random bits in hexadecimal, to be hashed with what somebody could guess.
pub fn salt() -> Result<String, NoRandomness> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// What the database keeps in place of a token: of no use to whoever reads the database.
pub fn fingerprint(token: &Secret) -> String {
    base64url::encode(digest(&SHA256, token.expose().as_bytes()).as_ref())
}

/// A number from 0 up to, not including, `bound`, for spreading retries.
pub fn random_below(bound: u32) -> u32 {
    let mut bytes = [0; 4];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u32::from_le_bytes(bytes) % bound.max(1),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::institution::Settings;
    use crate::pages::messages::Language;
    use crate::pages::views::Frame;
    use crate::sign_in::types::{CodeMethod, PasswordCheck, SecondFactorCheck};

    const KEPT: &str = "Kept0Secret";

    fn kept() -> Secret {
        KEPT.to_owned().into()
    }

    /// As a careless log line would print it.
    #[test]
    fn whatever_holds_a_secret_does_not_print_it() {
        let password = PasswordCheck {
            username: "nurul".to_owned(),
            password: kept(),
        };
        let code = SecondFactorCheck {
            sign_in_id: "s-5Zq0hJ2mB8Yd7Rk1Xw4Tn6".to_owned(),
            method: CodeMethod::Totp,
            challenge_id: None,
            code: kept(),
        };
        let frame = Frame {
            csrf: Some(kept()),
            ..Frame::sample(Language::En)
        };
        let settings = format!("token = \"{KEPT}\"");
        let config = format!(
            "[database]\nurl = \"postgres://izin:{KEPT}@db/izin\"\n[bank.settings]\n{settings}"
        );
        for printed in [
            format!("{:?}", kept()),
            format!("{:?}", Some(kept())),
            format!("{password:?}"),
            format!("{code:?}"),
            format!("{frame:?}"),
            format!("{:?}", Config::from_layers(&[&config]).unwrap()),
            format!("{:?}", Settings::parse(&settings).unwrap()),
        ] {
            assert!(!printed.contains(KEPT), "{printed}");
        }
    }

    #[test]
    fn a_secret_is_itself_and_no_other() {
        assert_eq!(kept(), kept());
        for other in ["", "Kept0Secre", "Kept0Secret ", "kept0Secret"] {
            assert_ne!(kept(), other.to_owned().into());
        }
        assert_eq!(serde_json::json!(kept()), KEPT);
        let read: Secret = serde_json::from_value(KEPT.into()).unwrap();
        assert_eq!(read, kept());
    }

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (random_token().unwrap(), random_token().unwrap());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one, other);
        assert_ne!(fingerprint(&one), fingerprint(&other));
    }
}
