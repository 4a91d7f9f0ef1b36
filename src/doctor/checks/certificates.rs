//! The certificates of the configuration, each judged for what it is used for.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use reqwest::Url;

use crate::config::Config;
use crate::doctor::Subject;
use crate::doctor::certificates::{AUTHORITY, Judge, READABLE, authority};
use crate::doctor::finding::Finding;
use crate::doctor::inventory::{AuthorityFile, Inventory, ReadKey};

pub fn certificates(subject: &Subject, inventory: &Inventory) -> Vec<Finding> {
    let now = subject.clock.now();
    let known: Vec<Vec<u8>> = inventory
        .authorities
        .iter()
        .filter_map(|file| file.certificates.as_ref().ok())
        .flatten()
        .cloned()
        .collect();
    let of_keys = inventory.keys.iter().flat_map(|key| {
        let judge = Judge {
            now,
            purpose: key.purpose,
            host: host(&subject.config, &key.setting).as_deref(),
            authorities: &known,
            relief: inventory.relief(key, now),
        }
        .judge(&key.certificates);
        of_key(key, judge)
    });
    let of_authorities = inventory.authorities.iter();
    let of_authorities = of_authorities.flat_map(|file| of_authority(file, now));
    of_keys.chain(of_authorities).collect()
}

fn of_key(key: &ReadKey, judged: Vec<Finding>) -> Vec<Finding> {
    let name = if key.certificate_setting.is_empty() {
        &key.setting
    } else {
        &key.certificate_setting
    };
    if key.certificates.is_empty() {
        // Why is said of the key.
        let skipped = READABLE.skipped("it could not be read, see Keys");
        return vec![skipped.about(name)];
    }
    judged
        .into_iter()
        .map(|finding| finding.about(name))
        .collect()
}

fn of_authority(file: &AuthorityFile, now: DateTime<Utc>) -> Vec<Finding> {
    match &file.certificates {
        Ok(certificates) => {
            let judged = certificates.iter().map(|der| authority(der, now));
            judged.map(|finding| finding.about(file.setting)).collect()
        }
        Err(problem) => {
            let advice = format!(
                "Put the authority's certificate, in PEM, where {} says.",
                file.setting
            );
            vec![
                AUTHORITY
                    .failed(problem.to_string(), advice)
                    .about(file.setting),
            ]
        }
    }
}

/// How clients name the listener that this key is for.
fn host(config: &Config, setting: &str) -> Option<String> {
    let listeners = &config.listeners;
    let (base_url, address) = if setting.starts_with("listeners.webhooks.") {
        (&listeners.webhooks.base_url, listeners.webhooks.address)
    } else if setting.starts_with("listeners.public.") {
        (&listeners.public.base_url, listeners.public.address)
    } else {
        return None;
    };
    match base_url {
        Some(url) => Url::parse(url).ok()?.host_str().map(str::to_owned),
        None => local_name(address),
    }
}

fn local_name(address: SocketAddr) -> Option<String> {
    address.ip().is_loopback().then(|| "localhost".to_owned())
}
