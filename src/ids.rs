//! Identifiers. Each is a type of its own, so that one cannot be passed for another, and none can hold
//! anything but a short run of plain characters: they end up in logs, URLs and headers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be 1 to {max} characters from A-Z a-z 0-9 . _ ~ : -{first}")]
pub struct InvalidId {
    kind: &'static str,
    max: usize,
    first: &'static str,
}

fn is_plain(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte))
}

/// The bank's own identifiers stand in addresses as whole segments, so none may be `.` or `..`.
fn starts_plainly(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $kind:literal) => {
        id!($(#[$doc])* $name, $max, $kind, |_| true, "");
    };
    ($(#[$doc:meta])* $name:ident, $max:literal, $kind:literal, $starts:expr, $first:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("At most ", stringify!($max), " characters.")]
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                let starts: fn(&str) -> bool = $starts;
                if is_plain(&text, $max) && starts(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { kind: $kind, max: $max, first: $first })
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id!(
    /// A consent, as PayNet named it (v1.2.2 portal: at most 36 characters, a UUID in all samples).
    ConsentId, 36, "consent_id"
);
id!(
    /// An account as PayNet and Data Consumers know it: issued by us as a UUID of 36 characters; up to 64
    /// are read, because the portal's own example has 40 (ADR 0001).
    AccountId, 64, "account_id"
);
id!(
    /// A Data Consumer, the party that asks for data (at most 36 characters).
    DcId, 36, "dc_id"
);
id!(
    /// A Data Provider: us (at most 36 characters).
    DpId, 36, "dp_id"
);
id!(
    /// A customer, by the bank's own stable subject identifier. It is the `sub` of our id tokens.
    CustomerId, 128, "customer id", starts_plainly, ", the first a letter or digit"
);
id!(
    /// An account, by the bank's own reference. It stays between bank and us: PayNet knows the account by an id of ours.
    AccountReference, 128, "account reference", starts_plainly, ", the first a letter or digit"
);

impl AccountId {
    /// A fresh identifier that says nothing about the bank's own account number.
    pub fn issue() -> Self {
        Self(uuid::Uuid::new_v4().to_string())
    }
}

impl ConsentId {
    /// The first block, for people to read out on the telephone. Not unique.
    pub fn short(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        assert!(ConsentId::parse("550e8400-e29b-41d4-a716-446655440001").is_ok());
        assert!(ConsentId::parse("").is_err());
        assert!(ConsentId::parse("x".repeat(37)).is_err());
        assert!(AccountId::parse("acc-550e8400-e29b-41d4-a716-446655440010").is_ok());
        for hostile in ["a b", "a/b", "a\nb", "é", "<a>", "a%00"] {
            assert!(AccountId::parse(hostile).is_err(), "{hostile:?}");
        }
        for no_segment in [".", "..", "~x"] {
            assert!(
                AccountReference::parse(no_segment).is_err(),
                "{no_segment:?}"
            );
            assert!(CustomerId::parse(no_segment).is_err(), "{no_segment:?}");
        }
    }

    #[test]
    fn issued_account_ids_fit_the_tighter_limit() {
        assert_eq!(AccountId::issue().as_str().len(), 36);
    }
}
