use openssl::hash::MessageDigest;

use super::made::{Issuer, Wish, authority as made_authority, der, now, p256, rsa, server};
use super::*;
use crate::doctor::finding::Verdict::{Failed, Ok, Warning};
use crate::doctor::finding::{Finding, Verdict};

/// A certificate of an authority that is known, judged for `purpose`.
fn judged(wish: Wish, purpose: Purpose, host: Option<&str>) -> Vec<Finding> {
    let root = made_authority("Root");
    let own = wish.issued_by(&root, "Own");
    judge(&[&own], &[&root], purpose, host, Relief::default())
}

fn judge(
    chain: &[&Issuer],
    known: &[&Issuer],
    purpose: Purpose,
    host: Option<&str>,
    relief: Relief,
) -> Vec<Finding> {
    let ders = |these: &[&Issuer]| these.iter().map(|one| der(one)).collect::<Vec<_>>();
    let judge = Judge {
        now: now(),
        purpose,
        host,
        authorities: &ders(known),
        relief,
    };
    let findings = judge.judge(&ders(chain));
    for finding in &findings {
        let needs_advice = matches!(finding.verdict, Failed | Warning);
        assert_eq!(finding.advice.is_some(), needs_advice, "{finding:?}");
    }
    findings
}

/// What is not in order: the check and its verdict.
fn wrong(findings: &[Finding]) -> Vec<(&'static str, Verdict)> {
    let wrong = findings.iter().filter(|one| one.verdict != Ok);
    wrong.map(|one| (one.check, one.verdict)).collect()
}

const EXPIRES: &str = "certificate-expiry";
const IS_USED: &str = "certificate-usage";

#[test]
fn a_good_certificate_of_each_kind() {
    let host = Some("ofp.bank.example");
    for (wish, purpose) in [
        (Wish::new(), Purpose::Client),
        (Wish::server(&["ofp.bank.example"]), Purpose::Server),
        (Wish::signing(), Purpose::Signing),
    ] {
        let findings = judged(wish, purpose, host);
        assert_eq!(wrong(&findings), [], "{purpose:?}: {findings:?}");
        assert!(findings.len() >= 4);
    }
}

#[test]
fn the_end_comes_in_steps() {
    for (from, until, expected) in [
        (-500, -1, Some(Failed)),
        (-500, 5, Some(Failed)),
        (-500, 7, Some(Failed)),
        (-500, 8, Some(Warning)),
        (-500, 25, Some(Warning)),
        (-500, 50, Some(Warning)),
        (-500, 61, None),
        (1, 400, Some(Failed)),
        // Three months, renewed by a program in the last.
        (-35, 55, None),
        (-65, 25, Some(Warning)),
        // Ten days: only the end itself counts.
        (-6, 4, None),
        (-11, -1, Some(Failed)),
    ] {
        let findings = judged(Wish::days(from, until), Purpose::Client, None);
        let expected: Vec<_> = expected
            .map(|verdict| (EXPIRES, verdict))
            .into_iter()
            .collect();
        assert_eq!(wrong(&findings), expected, "{from} {until}: {findings:?}");
    }
}

#[test]
fn a_signing_key_whose_work_others_do_may_end() {
    let root = made_authority("Root");
    let of = |days: (i64, i64)| {
        let wish = Wish {
            days,
            ..Wish::signing()
        };
        wish.issued_by(&root, "Own")
    };
    let both = Relief {
        now: true,
        at_the_end: true,
    };
    for days in [(-300, 5), (-300, -5), (5, 300)] {
        let own = of(days);
        let alone = judge(&[&own], &[&root], Purpose::Signing, None, Relief::default());
        assert_eq!(wrong(&alone), [(EXPIRES, Failed)], "{days:?}");
        let relieved = judge(&[&own], &[&root], Purpose::Signing, None, both);
        assert_eq!(wrong(&relieved), [], "{days:?}");
    }
}

#[test]
fn usage_is_held_against_the_purpose() {
    let for_servers = || Wish {
        extended: Some(server),
        ..Wish::new()
    };
    let authority = || Wish {
        authority: true,
        ..Wish::signing()
    };
    let says_authority = || Wish {
        only_says_authority: true,
        ..Wish::new()
    };
    let enciphers = || Wish {
        encipherment_only: true,
        ..Wish::signing()
    };
    let says_nothing = || Wish {
        extended: None,
        ..Wish::new()
    };
    for (wish, purpose, is_right) in [
        (for_servers(), Purpose::Client, false),
        (for_servers(), Purpose::Server, true),
        (Wish::new(), Purpose::Server, false),
        (says_nothing(), Purpose::Server, true),
        (says_nothing(), Purpose::Client, true),
        (authority(), Purpose::Signing, false),
        (says_authority(), Purpose::Client, false),
        (enciphers(), Purpose::Signing, false),
    ] {
        let findings = judged(wish, purpose, None);
        let expected: &[_] = if is_right { &[] } else { &[(IS_USED, Failed)] };
        assert_eq!(wrong(&findings), expected, "{purpose:?}: {findings:?}");
    }
}

#[test]
fn names_are_compared_as_tls_does() {
    for (names, host, matches) in [
        (&["ofp.bank.example"][..], "ofp.bank.example", true),
        (&["ofp.bank.example"], "consent.bank.example", false),
        (&["*.bank.example"], "ofp.bank.example", true),
        (&["*.bank.example"], "a.ofp.bank.example", false),
        (&["127.0.0.1"], "127.0.0.1", true),
        (&["::1"], "[::1]", true),
        (&["127.0.0.1"], "localhost", false),
        (&[], "ofp.bank.example", false),
    ] {
        let findings = judged(Wish::server(names), Purpose::Server, Some(host));
        let expected: &[_] = if matches {
            &[]
        } else {
            &[("certificate-names", Failed)]
        };
        assert_eq!(wrong(&findings), expected, "{names:?} {host}: {findings:?}");
    }
}

#[test]
fn weak_keys_and_signatures() {
    let weak = |key| Wish { key, ..Wish::new() };
    let sha1 = Wish {
        hash: MessageDigest::sha1(),
        ..Wish::new()
    };
    let elliptic = Wish {
        key: p256(),
        ..Wish::signing()
    };
    for (wish, purpose, told) in [
        (weak(rsa(1024)), Purpose::Client, "RSA 1024"),
        (sha1, Purpose::Client, "SHA-1"),
        (elliptic, Purpose::Signing, "EC P-256"),
    ] {
        let findings = judged(wish, purpose, None);
        assert_eq!(wrong(&findings), [("certificate-strength", Failed)]);
        let strength = findings.last().unwrap();
        assert!(strength.seen.contains(told), "{strength:?}");
    }
}

#[test]
fn chains_in_order_and_out_of_order() {
    let (root, other) = (made_authority("Root"), made_authority("Root"));
    let between = || Wish {
        authority: true,
        ..Wish::new()
    };
    let middle = between().issued_by(&root, "Middle");
    let own = Wish::new().issued_by(&middle, "Own");
    let direct = Wish::new().issued_by(&root, "Own");
    let alone = Wish::new().self_signed("Own");
    let not_above = Wish::new().issued_by(&Wish::new().self_signed("Leaf"), "Own");
    let leaf = Wish::new().self_signed("Leaf");
    let broken = Some(Failed);
    let cases: [(&[&Issuer], &[&Issuer], Option<Verdict>); 10] = [
        (&[&own, &middle, &root], &[], None),
        (&[&own, &middle], &[&root], None),
        (&[&own, &middle], &[], None),
        (&[&own], &[&root], Some(Warning)),
        (&[&direct], &[&root], None),
        // The same name, another key.
        (&[&direct], &[&other], Some(Warning)),
        (&[&own, &root, &middle], &[], broken),
        (&[&own, &root], &[], broken),
        (&[&direct, &other], &[], broken),
        // Somebody who may issue nothing.
        (&[&not_above, &leaf], &[], broken),
    ];
    for (number, (chain, known, expected)) in cases.into_iter().enumerate() {
        let findings = judge(chain, known, Purpose::Client, None, Relief::default());
        let expected = expected.map(|verdict| ("certificate-chain", verdict));
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(wrong(&findings), expected, "case {number}: {findings:?}");
    }
    let findings = judge(&[&alone], &[], Purpose::Client, None, Relief::default());
    assert_eq!(wrong(&findings), [("certificate-chain", Warning)]);
}

#[test]
fn what_is_no_certificate() {
    let judge = Judge {
        now: now(),
        purpose: Purpose::Client,
        host: None,
        authorities: &[],
        relief: Relief::default(),
    };
    for chain in [vec![], vec![b"no certificate".to_vec()]] {
        let findings = judge.judge(&chain);
        assert_eq!(wrong(&findings), [("certificate-readable", Failed)]);
    }
}

#[test]
fn authorities_end_as_well() {
    for (until, expected) in [
        (-1, Failed),
        (1, Failed),
        (7, Failed),
        (25, Warning),
        (59, Warning),
        (61, Ok),
        (3000, Ok),
    ] {
        let wish = Wish {
            authority: true,
            ..Wish::days(-1000, until)
        };
        let finding = authority(&der(&wish.self_signed("Root")), now());
        assert_eq!(finding.verdict, expected, "{until}");
    }
    assert_eq!(authority(b"no", now()).verdict, Failed);
}

#[test]
fn who_is_no_authority_vouches_for_nobody() {
    let root = made_authority("Root");
    let leaf = Wish::new().issued_by(&root, "Leaf");
    let finding = authority(&der(&leaf), now());
    assert_eq!(finding.verdict, Failed);
    assert!(finding.seen.contains("CN=Leaf is no authority"));
    // One client that vouches for itself can be listed like this.
    let alone = Wish::new().self_signed("Alone");
    assert_eq!(authority(&der(&alone), now()).verdict, Ok);
}

#[test]
fn what_stands_above_is_judged_as_well() {
    let root = made_authority("Root");
    let between = |days| Wish {
        authority: true,
        ..Wish::days(days, days + 400)
    };
    for (begin, expected) in [
        (-300, None),
        (-350, Some(Warning)),
        (-395, Some(Failed)),
        (-401, Some(Failed)),
        (1, Some(Failed)),
    ] {
        let middle = between(begin).issued_by(&root, "Middle");
        let own = Wish::new().issued_by(&middle, "Own");
        let findings = judge(
            &[&own, &middle],
            &[&root],
            Purpose::Client,
            None,
            Relief::default(),
        );
        let expected: Vec<_> = expected
            .map(|verdict| (EXPIRES, verdict))
            .into_iter()
            .collect();
        assert_eq!(wrong(&findings), expected, "{begin}: {findings:?}");
        assert!(findings.iter().any(|one| one.seen.starts_with("CN=Middle")));
    }
}

/// By its key usage it may sign certificates, by its basic constraints not.
#[test]
fn an_issuer_must_be_an_authority() {
    let root = made_authority("Root");
    let not_quite = Wish {
        only_signs_certificates: true,
        ..Wish::new()
    };
    let middle = not_quite.issued_by(&root, "Middle");
    let own = Wish::new().issued_by(&middle, "Own");
    let findings = judge(
        &[&own, &middle],
        &[&root],
        Purpose::Client,
        None,
        Relief::default(),
    );
    assert_eq!(wrong(&findings), [("certificate-chain", Failed)]);
    let chain = findings.iter().find(|one| one.verdict == Failed).unwrap();
    assert!(
        chain.seen.contains("CN=Middle stands as an issuer"),
        "{chain:?}"
    );
}

#[test]
fn whoever_signs_alone_is_told_of() {
    let root = made_authority("Root");
    let own = Wish::signing().issued_by(&root, "Own");
    for (known, expected) in [
        (&[][..], &[("certificate-chain", Warning)][..]),
        (&[&root], &[]),
    ] {
        let findings = judge(&[&own], known, Purpose::Signing, None, Relief::default());
        assert_eq!(wrong(&findings), expected);
    }
}
