//! PayNet, as we call it: discovery, its key set, a token, and a consent that does not exist.

use chrono::TimeDelta;
use uuid::Uuid;

use super::OFFLINE;
use super::clock::{CLOCK, clock};
use crate::config::{ClientAuth, Config};
use crate::doctor::Subject;
use crate::doctor::finding::{Check, Finding, Theme};
use crate::doctor::inventory::Inventory;
use crate::http::client_config;
use crate::ids::ConsentId;
use crate::keys::{KeyRing, SigningKeys};
use crate::paynet::{Party, Paynet, RetrieveError, TokenError, http_client};

const DISCOVERY: Check = Check::new(Theme::Paynet, "paynet-discovery", "discovery document");
const KEYS: Check = Check::new(Theme::Paynet, "paynet-keys", "PayNet's key set");
const TOKEN: Check = Check::new(Theme::Paynet, "paynet-token", "access token");
const REGISTERED: Check = Check::new(Theme::Paynet, "paynet-knows-our-key", "our key at PayNet");
const CONSENTS: Check = Check::new(Theme::Paynet, "paynet-consents", "resource server");

pub async fn paynet(subject: &Subject, inventory: &Inventory) -> Vec<Finding> {
    if subject.offline {
        return vec![CLOCK.skipped(OFFLINE), DISCOVERY.skipped(OFFLINE)];
    }
    let paynet = match connection(subject, inventory) {
        Ok(paynet) => paynet,
        Err(why) => {
            let no_clock = CLOCK.skipped("it is compared with PayNet's, which is not asked");
            return vec![no_clock, DISCOVERY.skipped(why)];
        }
    };
    let found = match paynet.look_up().await {
        Ok(found) => found,
        Err(problem) => {
            let needs_it = "needs the discovery document";
            return vec![
                CLOCK.skipped("it is compared with PayNet's, which does not answer"),
                DISCOVERY.failed(
                    problem.to_string(),
                    discovery_advice(&subject.config, &problem.to_string()),
                ),
                KEYS.skipped(needs_it),
                TOKEN.skipped(needs_it),
                CONSENTS.skipped(needs_it),
            ];
        }
    };
    let mut findings = vec![
        clock(&found, subject.config.ofp.profile.clock_skew),
        DISCOVERY.ok(format!("issuer {}", found.document.issuer)),
        key_set(&subject.config, &paynet).await,
    ];
    findings.extend(token(subject, inventory, &paynet).await);
    findings
}

/// Everything that is needed for calling PayNet; without our client key what is public can still be had. Else why not.
fn connection(subject: &Subject, inventory: &Inventory) -> Result<Paynet, String> {
    let authorities = inventory.authorities_of("ofp.server_ca");
    let authorities = authorities.ok_or("ofp.server_ca cannot be used")?;
    let key = inventory.tls("ofp.client_private_key");
    let tls = client_config(Some(authorities), key).map_err(|problem| problem.to_string())?;
    let http = http_client(tls).map_err(|problem| problem.to_string())?;
    let nobody = || SigningKeys::new(KeyRing::default(), subject.clock.clone());
    let signing = inventory.signing.clone().unwrap_or_else(nobody);
    Paynet::new(&subject.config.ofp, http, signing, subject.clock.clone())
        .map_err(|problem| problem.to_string())
}

fn discovery_advice(config: &Config, problem: &str) -> String {
    let server = config
        .ofp
        .authorization_server
        .as_deref()
        .unwrap_or_default();
    if problem.contains("UnknownIssuer") || problem.contains("BadSignature") {
        "Put the authority of PayNet's server certificates, in PEM, where ofp.server_ca says."
            .into()
    } else if problem.contains("issuer") {
        "Set ofp.authorization_server to the issuer exactly as PayNet gives it.".into()
    } else if problem.contains("NotValidForName") {
        "Correct the host in ofp.authorization_server: PayNet's certificate is for another one."
            .into()
    } else {
        format!(
            "Let this machine reach {server} (firewall, proxy, DNS), or correct ofp.authorization_server; try: curl -v {server}/.well-known/openid-configuration"
        )
    }
}

async fn key_set(config: &Config, paynet: &Paynet) -> Finding {
    let set = match paynet.keys().copy(&Party::Paynet).await {
        Ok(set) => set,
        Err(problem) => {
            return KEYS.failed(
                problem.cause,
                "Ask PayNet where its key set is, and correct ofp.profile.paynet_jwks_path if its discovery document does not say.",
            );
        }
    };
    let algorithms = &config.ofp.profile.signature_algorithms;
    let usable = set.keys().iter().filter(|key| {
        let mut algorithms = algorithms.iter().copied();
        algorithms.any(|algorithm| key.verifying_key(algorithm.into()).is_ok())
    });
    let (usable, skipped) = (usable.count(), set.skipped().len());
    if usable == 0 {
        return KEYS.failed(
            format!(
                "none of its {} keys can verify a signature here",
                set.keys().len() + skipped
            ),
            "Compare ofp.profile.signature_algorithms with what PayNet signs with.",
        );
    }
    KEYS.ok(match skipped {
        0 => format!("{usable} can be used"),
        _ => format!("{usable} can be used, {skipped} were passed over"),
    })
}

async fn token(subject: &Subject, inventory: &Inventory, paynet: &Paynet) -> Vec<Finding> {
    let config = &subject.config;
    let signs = config.ofp.client_auth == ClientAuth::PrivateKeyJwt;
    let missing = if inventory.tls("ofp.client_private_key").is_none() {
        Some("ofp.client_private_key cannot be used")
    } else if signs && inventory.signing.is_none() {
        Some("signing.keys cannot be used")
    } else {
        None
    };
    if let Some(why) = missing {
        return vec![
            TOKEN.skipped(why),
            CONSENTS.skipped("needs an access token"),
        ];
    }
    match paynet.try_token().await {
        Err(problem) => vec![
            TOKEN.failed(
                problem.to_string(),
                token_advice(config, inventory, &problem),
            ),
            CONSENTS.skipped("needs an access token"),
        ],
        Ok(lifetime) => vec![
            lifetime_of(client(config), lifetime),
            registered(config, inventory),
            consents(config, paynet).await,
        ],
    }
}

/// A token is not used in its last half minute.
fn lifetime_of(client: &str, lifetime: TimeDelta) -> Finding {
    let seen = format!(
        "granted to {client}, for {} seconds",
        lifetime.num_seconds()
    );
    let advice = "Ask PayNet for how long its access tokens are meant to live.";
    if lifetime <= TimeDelta::zero() {
        TOKEN.failed(format!("{seen}: it has ended already"), advice)
    } else if lifetime <= TimeDelta::seconds(30) {
        TOKEN.warning(
            format!("{seen}: every call needs a token of its own"),
            advice,
        )
    } else {
        TOKEN.ok(seen)
    }
}

fn client(config: &Config) -> &str {
    config.ofp.client_id.as_deref().unwrap_or("?")
}

fn token_advice(config: &Config, inventory: &Inventory, problem: &TokenError) -> String {
    let kid = inventory.signing.as_ref().and_then(SigningKeys::current_id);
    match problem {
        TokenError::Refused(answer) if answer.starts_with("status 5") => {
            "PayNet's token endpoint is out of order: try again later, and ask PayNet if it stays so.".into()
        }
        TokenError::Refused(_) if config.ofp.client_auth == ClientAuth::PrivateKeyJwt => format!(
            "Compare with PayNet what is registered: ofp.client_id, the client certificate, and the signing key {} (izin doctor --onboarding lists them).",
            kid.map_or_else(|| "?".into(), |kid| kid.to_string())
        ),
        TokenError::Refused(_) => {
            "Compare with PayNet what is registered: ofp.client_id and the client certificate (izin doctor --onboarding lists them).".into()
        }
        TokenError::Sign(_) => "Look at signing.keys with izin keys list.".into(),
        TokenError::Discovery(_) | TokenError::Fetch(_) => {
            "Let this machine reach the token endpoint of PayNet's discovery document (firewall, proxy, DNS).".into()
        }
        TokenError::Unusable(_) => "Ask PayNet what its token endpoint answers.".into(),
    }
}

/// PayNet does not publish what is registered of us, so it is concluded.
fn registered(config: &Config, inventory: &Inventory) -> Finding {
    let kid = inventory.signing.as_ref().and_then(SigningKeys::current_id);
    match (config.ofp.client_auth, kid) {
        (ClientAuth::PrivateKeyJwt, Some(kid)) => {
            REGISTERED.ok(format!(
                "a token was given for a request signed by {kid}; whether PayNet checked it cannot be seen"
            ))
        }
        (ClientAuth::PrivateKeyJwt, None) => REGISTERED.skipped("no key signs now"),
        (ClientAuth::TlsClientAuth, _) => REGISTERED.skipped(
            "it cannot be known: with ofp.client_auth = \"tls_client_auth\" nothing is signed for the token",
        ),
    }
}

/// With a consent that nobody has, so that nothing of a customer's is touched.
async fn consents(config: &Config, paynet: &Paynet) -> Finding {
    let Ok(nobodys) = ConsentId::parse(Uuid::new_v4().to_string()) else {
        return CONSENTS.skipped("no consent id could be made");
    };
    let server = config.ofp.resource_server.as_deref().unwrap_or_default();
    let reach = format!(
        "Let this machine reach {server} (firewall, proxy, DNS), or correct ofp.resource_server."
    );
    match paynet.retrieve_consent(&nobodys).await {
        Err(RetrieveError::NotFound) => guarded(paynet, &nobodys).await,
        Ok(_) => CONSENTS.warning(
            "has a consent that was made up a moment ago",
            "Ask PayNet whether this is the environment that you mean.",
        ),
        Err(RetrieveError::Unusable(problem)) => CONSENTS.warning(
            format!("its answer about a made-up consent is not usable: {problem}"),
            "Ask PayNet what it answers for a consent that does not exist.",
        ),
        Err(RetrieveError::Unavailable {
            detail: problem, ..
        }) => {
            let advice = if problem.contains("status 401") || problem.contains("status 403") {
                "Ask PayNet whether the client certificate and the scope \"accounts\" are registered for its resource server.".into()
            } else if problem.contains("UnknownIssuer") {
                "Put the authority of PayNet's server certificates, in PEM, where ofp.server_ca says.".into()
            } else {
                reach
            };
            CONSENTS.failed(problem, advice)
        }
    }
}

/// Any web server knows nothing of a made-up consent. PayNet's does not even say so without a token.
async fn guarded(paynet: &Paynet, nobodys: &ConsentId) -> Finding {
    match paynet.status_without_token(nobodys).await {
        Ok(400 | 401 | 403) => {
            CONSENTS.ok("takes our token; a made-up consent is unknown, as it must be")
        }
        Ok(status) => CONSENTS.warning(
            format!("knows no made-up consent, and says so without an access token too (status {status})"),
            "Compare ofp.resource_server with the address that PayNet gave you: this may be another server.",
        ),
        Err(problem) => CONSENTS.warning(
            format!("answered once, and then not any more: {problem}"),
            "Run izin doctor again; if it stays so, ask PayNet.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn a_token_must_live() {
        for (seconds, expected) in [
            (-5, Verdict::Failed),
            (0, Verdict::Failed),
            (1, Verdict::Warning),
            (30, Verdict::Warning),
            (31, Verdict::Ok),
        ] {
            let finding = lifetime_of("bank", TimeDelta::seconds(seconds));
            assert_eq!(finding.verdict, expected, "{seconds}");
        }
    }

    #[test]
    fn whoever_is_out_of_order_is_not_told_to_compare() {
        let config = Config::from_layers(&[]).unwrap();
        let advice = |answer: &str| {
            token_advice(
                &config,
                &Inventory::default(),
                &TokenError::Refused(answer.into()),
            )
        };
        assert!(advice("status 503 Service Unavailable, -").contains("try again later"));
        assert!(advice("status 401 Unauthorized, invalid_client").contains("--onboarding"));
    }
}
