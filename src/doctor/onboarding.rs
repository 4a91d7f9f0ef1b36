//! What has to be handed to PayNet so that it can call us, recognise us and verify what we sign. Public values only.

mod text;

use chrono::{DateTime, SecondsFormat, Utc};
use openssl::x509::X509;
use serde::Serialize;

use super::Subject;
use super::checks::certificates::certificates;
use super::finding::Verdict;
use super::inventory::{Inventory, Outcome, ReadKey};
use crate::config::{AuthorizeListener, ClientAuth, Config, ConfigProblems, Environment};
use crate::keys::{CertificateFacts, SigningKeys, published_until};

/// The sheet.
#[derive(Debug, Clone, Serialize)]
pub struct Onboarding {
    institution: Institution,
    addresses: Addresses,
    /// What we show when we call PayNet.
    client_certificate: Option<Card>,
    /// What PayNet meets when it calls us.
    server_certificate: Option<Card>,
    signing_certificates: Vec<SigningCard>,
    /// Where PayNet wants customers back; others are refused.
    redirect_uris: Vec<String>,
    from_paynet: FromPaynet,
    /// What must be settled before the sheet is complete, one sentence each.
    pub missing: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Institution {
    name: String,
    dp_id: Option<String>,
    client_id: Option<String>,
    token_endpoint_auth_method: &'static str,
}

/// Without trailing slashes.
#[derive(Debug, Clone, Serialize)]
struct Addresses {
    /// The base URL of everything that PayNet calls.
    webhooks: Option<String>,
    /// The base URL of the customers' pages.
    public: Option<String>,
    /// Where PayNet sends a customer's browser, or calls itself.
    authorize: Vec<String>,
    /// Our public keys.
    jwks: Vec<String>,
}

/// A certificate as somebody else needs it.
#[derive(Debug, Clone, Serialize)]
struct Card {
    /// x5t#S256.
    thumbprint: String,
    subject: String,
    issuer: String,
    not_before: String,
    not_after: String,
    key: String,
    pem: String,
    /// Of the file, from the issuer upwards.
    issuers: Vec<IssuerCard>,
}

#[derive(Debug, Clone, Serialize)]
struct IssuerCard {
    subject: String,
    pem: String,
}

#[derive(Debug, Clone, Serialize)]
struct SigningCard {
    kid: String,
    /// What the key does now, in words.
    state: String,
    #[serde(flatten)]
    certificate: Card,
}

/// What we have from PayNet already, to be compared.
#[derive(Debug, Clone, Serialize)]
struct FromPaynet {
    issuer: Option<String>,
    resource_server: Option<String>,
    /// x5t#S256 of the client certificates that are let in.
    client_certificates: Vec<String>,
}

impl Onboarding {
    pub(super) fn of(subject: &Subject, inventory: &Inventory) -> Self {
        let config = &subject.config;
        let now = subject.clock.now();
        let card = |setting: &str| {
            let mut keys = inventory.keys.iter();
            keys.find(|key| key.setting == setting).and_then(card)
        };
        let current = inventory.signing.as_ref().and_then(SigningKeys::current_id);
        let current = current.map(|kid| kid.to_string());
        let published = inventory.signing().filter(|key| is_published(key, now));
        let signing = published.filter_map(|key| signing_card(key, current.as_deref(), now));
        let mut sheet = Self {
            institution: Institution {
                name: config.ui.name.clone(),
                dp_id: config.ofp.dp_id.clone(),
                client_id: config.ofp.client_id.clone(),
                token_endpoint_auth_method: match config.ofp.client_auth {
                    ClientAuth::PrivateKeyJwt => "private_key_jwt",
                    ClientAuth::TlsClientAuth => "tls_client_auth",
                },
            },
            addresses: Addresses::of(config),
            client_certificate: card("ofp.client_private_key"),
            server_certificate: card("listeners.webhooks.private_key"),
            signing_certificates: signing.collect(),
            redirect_uris: config.ofp.redirect_uris.clone(),
            from_paynet: FromPaynet {
                issuer: config.ofp.authorization_server.clone(),
                resource_server: config.ofp.resource_server.clone(),
                client_certificates: config.listeners.webhooks.allowed_clients.clone(),
            },
            missing: Vec::new(),
        };
        sheet.missing = sheet.missing(inventory);
        sheet.missing.extend(unfit(subject, inventory));
        sheet
    }

    fn missing(&self, inventory: &Inventory) -> Vec<String> {
        let mut missing = Vec::new();
        let mut needs = |there: bool, what: &str| {
            if !there {
                missing.push(what.to_owned());
            }
        };
        needs(
            self.addresses.webhooks.is_some(),
            "Set listeners.webhooks.base_url to the address at which PayNet reaches that listener.",
        );
        needs(
            self.addresses.public.is_some(),
            "Set listeners.public.base_url to the address that customers' browsers use.",
        );
        needs(
            self.client_certificate.is_some(),
            "Set ofp.client_certificate and ofp.client_private_key (izin keys new --purpose client makes the request).",
        );
        needs(
            self.server_certificate.is_some(),
            "Set listeners.webhooks.certificate and private_key (izin keys new --purpose server makes the request).",
        );
        needs(
            !self.signing_certificates.is_empty(),
            "Put a key into signing.keys (izin keys new makes it and the request).",
        );
        let unusable = inventory
            .keys
            .iter()
            .filter(|key| !matches!(key.key, Outcome::Usable(_)));
        missing.extend(
            unusable.map(|key| format!("{} cannot be used; izin doctor says why.", key.setting)),
        );
        missing
    }
}

/// What is there and of no use: what `izin serve` would refuse, and certificates that the doctor finds fault with.
fn unfit(subject: &Subject, inventory: &Inventory) -> Vec<String> {
    let problems = subject.config.check().err();
    let problems = problems.map(ConfigProblems::into_sentences);
    let problems = problems.into_iter().flatten();
    let problems = problems.map(|problem| format!("The configuration: {problem}."));
    let judged = certificates(subject, inventory).into_iter();
    let failed = judged.filter(|finding| finding.verdict == Verdict::Failed);
    let failed = failed.map(|finding| {
        let about = finding.about.unwrap_or_default();
        let advice = finding.advice.unwrap_or_default();
        format!("{about}: {}. {advice}", finding.seen)
    });
    problems.chain(failed).collect()
}

impl Addresses {
    fn of(config: &Config) -> Self {
        let trimmed = |url: &Option<String>| {
            let url = url.as_deref();
            url.map(|url| url.trim_end_matches('/').to_owned())
        };
        let is_demo = config.environment() == Environment::Demo;
        let webhooks = &config.listeners.webhooks;
        let public = &config.listeners.public;
        let scheme = if public.private_key.is_some() {
            "https"
        } else {
            "http"
        };
        let here = |address: String| is_demo.then_some(address);
        let webhooks = trimmed(&webhooks.base_url)
            .or_else(|| here(format!("https://localhost:{}", webhooks.address.port())));
        let public =
            trimmed(&public.base_url).or_else(|| here(format!("{scheme}://{}", public.address)));
        let both = [
            (AuthorizeListener::Public, &public),
            (AuthorizeListener::Webhooks, &webhooks),
        ];
        let listeners = &config.ofp.profile.authorize_listeners;
        let authorize = both
            .iter()
            .filter(|(listener, _)| listeners.contains(listener));
        let authorize = authorize
            .filter_map(|(_, base)| Some(format!("{}/v1/oauth/authorize", base.as_ref()?)));
        let jwks = both
            .iter()
            .filter_map(|(_, base)| Some(format!("{}/v1/oauth/jwks", base.as_ref()?)));
        Self {
            authorize: authorize.collect(),
            jwks: jwks.collect(),
            webhooks: webhooks.clone(),
            public: public.clone(),
        }
    }
}

fn is_published(key: &ReadKey, now: DateTime<Utc>) -> bool {
    let last = key.until.and_then(published_until);
    last.is_none_or(|last| now < last)
}

fn card(key: &ReadKey) -> Option<Card> {
    let facts = key.facts()?;
    let (own, issuers) = key.certificates.split_first()?;
    let issuers = issuers.iter().filter_map(|der| {
        Some(IssuerCard {
            subject: CertificateFacts::of(der).ok()?.subject,
            pem: pem(der)?,
        })
    });
    Some(Card {
        thumbprint: facts.thumbprint.to_string(),
        not_before: second(facts.not_before),
        not_after: second(facts.not_after),
        subject: facts.subject,
        issuer: facts.issuer,
        key: facts.key,
        pem: pem(own)?,
        issuers: issuers.collect(),
    })
}

fn signing_card(key: &ReadKey, current: Option<&str>, now: DateTime<Utc>) -> Option<SigningCard> {
    let certificate = card(key)?;
    let state = if current == Some(&certificate.thumbprint) {
        match key.until {
            Some(until) => format!("signs now, until {}", second(until)),
            None => "signs now".into(),
        }
    } else if let Some(from) = key.from.filter(|from| *from > now) {
        format!("signs from {} on", second(from))
    } else {
        "does not sign now; published for what it signed or will sign".into()
    };
    Some(SigningCard {
        kid: certificate.thumbprint.clone(),
        state,
        certificate,
    })
}

fn pem(der: &[u8]) -> Option<String> {
    let pem = X509::from_der(der).ok()?.to_pem().ok()?;
    String::from_utf8(pem).ok()
}

fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
