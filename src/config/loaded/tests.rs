//! What is told of files and variables that people get wrong.

use super::*;

/// A file and variables.
fn loaded(text: &str, variables: &[(&str, &str)]) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("izin.toml");
    std::fs::write(&file, text).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    Loaded::read(Some(&file), "", variables)
}

/// Without what every configuration must have, and with the file's name only.
fn problems(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let problems = loaded(text, variables).problems().into_iter();
    let given =
        problems.filter(|problem| problem.contains("file:") || problem.contains("variable"));
    let short = given.map(|problem| match problem.split_once("file:") {
        Some((before, place)) => {
            let (_, name) = place.rsplit_once('/').expect("a path");
            format!("{before}{name}")
        }
        None => problem,
    });
    short.collect()
}

#[test]
fn later_layers_win_and_every_value_has_its_place() {
    let loaded = loaded(
        "ui.name = \"A\"\nui.session_minutes = 3\n[ofp.consumers]\na = \"A\"",
        &[
            ("IZIN__UI__NAME", "B"),
            ("IZIN__OFP__CONSUMERS__B", "B"),
            ("HOME", "x"),
        ],
    );
    let place = |key: &[&str]| {
        let key: Vec<_> = key.iter().map(|part| (*part).to_owned()).collect();
        loaded.origin(&key).map(|origin| origin.to_string())
    };
    let variable = "environment variable IZIN__UI__NAME";
    assert_eq!(place(&["ui", "name"]).unwrap(), variable);
    assert!(
        place(&["ui", "session_minutes"])
            .unwrap()
            .ends_with("izin.toml:2")
    );
    assert!(
        place(&["ofp", "consumers", "a"])
            .unwrap()
            .ends_with("izin.toml:4")
    );
    assert_eq!(place(&["database", "url"]).unwrap(), "default");
    assert_eq!(place(&["ui", "help_line"]), None);
    let config = loaded.config().unwrap();
    assert_eq!((&*config.ui.name, config.ui.session_minutes), ("B", 3));
    assert_eq!(config.ofp.consumers.len(), 2);
}

#[test]
fn a_variable_for_a_text_has_the_text() {
    let config = loaded(
        "ui.help_line = \"1-300\"",
        &[
            ("IZIN__ENVIRONMENT", "uat"),
            ("IZIN__OFP__DP_ID", "007"),
            ("IZIN__UI__NAME", "[Bank] \"true\""),
            ("IZIN__UI__HELP_LINE", ""),
            ("IZIN__OFP__PROFILE__ENVELOPE_STATUS", ""),
            ("IZIN__OFP__REDIRECT_URIS", "[\"https://a\", \"https://b\"]"),
            ("IZIN__LIMITS__CONNECTIONS", "10"),
            ("IZIN__BANK__SETTINGS__PORT", "5"),
            (
                "IZIN__SIGNING__KEYS",
                "[{certificate = \"c\", private_key = \"k\"}]",
            ),
        ],
    );
    let config = config.config().unwrap();
    assert_eq!(config.ofp.dp_id.as_deref(), Some("007"));
    assert_eq!(config.ui.name, "[Bank] \"true\"");
    assert_eq!(config.ui.help_line, None, "an empty variable leaves it out");
    assert_eq!(
        config.ofp.profile.envelope_status, "",
        "which needs a value"
    );
    assert_eq!(config.ofp.redirect_uris, ["https://a", "https://b"]);
    assert_eq!(config.limits.connections, 10);
    assert_eq!(config.bank.settings.0["port"].to_u128(), Some(5));
    assert_eq!(config.signing.keys.len(), 1);
}

#[test]
fn unknown_keys_are_told_with_what_is_meant() {
    for (text, told) in [
        (
            "[ofp]\ndpid = 1",
            "ofp.dpid is not a key; did you mean ofp.dp_id? (izin.toml:2)",
        ),
        (
            "databse.url = 1",
            "databse is not a key; did you mean database? (izin.toml:1)",
        ),
        (
            "session_minutes = 1",
            "session_minutes is not a key; did you mean ui.session_minutes? (izin.toml:1)",
        ),
        (
            "ui.address = 1",
            "ui.address is not a key; did you mean listeners.webhooks.address, listeners.public.address or \
             listeners.ops.address? (izin.toml:1)",
        ),
        ("ui.colour = 1", "ui.colour is not a key (izin.toml:1)"),
        (
            "ofp.private_key = 1",
            "ofp.private_key is not a key; did you mean ofp.client_private_key? (izin.toml:1)",
        ),
        (
            "[[signing.keys]]\ncertificate = \"c\"\nprivate_key = \"k\"\nprivatekey = \"k\"",
            "signing.keys[0].privatekey is not a key; did you mean signing.keys[0].private_key? (izin.toml:4)",
        ),
    ] {
        assert_eq!(problems(text, &[]), [told], "{text}");
    }
    for (name, told) in [
        (
            "IZIN__UI__NAM",
            "ui.nam is not a key; did you mean IZIN__UI__NAME?",
        ),
        (
            "IZIN__DATABASE_URL",
            "database_url is not a key; did you mean IZIN__DATABASE__URL?",
        ),
        ("IZIN__", "\"\" is not a key"),
        (
            "IZIN_UI_NAME",
            "one underscore where two belong; did you mean IZIN__UI__NAME?",
        ),
        (
            "IZIN_UI__NAME",
            "one underscore where two belong; did you mean IZIN__UI__NAME?",
        ),
    ] {
        let told = format!("{told} (environment variable {name})");
        assert_eq!(problems("", &[(name, "x")]), [told], "{name}");
    }
}

/// A service `izin` in Kubernetes, and our own variables.
#[test]
fn other_variables_are_left_alone() {
    for name in [
        "IZIN_SERVICE_HOST",
        "IZIN_PORT_8443_TCP",
        "IZIN_LOG",
        "IZIN_CONFIG",
        "IZIN",
    ] {
        assert_eq!(problems("", &[(name, "x")]), Vec::<String>::new());
    }
}

#[test]
fn wrong_types_are_told_in_our_words() {
    for (text, told) in [
        ("ui.name = 5", "ui.name must be a text, and is a number"),
        (
            "ui.session_minutes = \"x\"",
            "ui.session_minutes must be a whole number, and is a text",
        ),
        (
            "ui.session_minutes = 1.5",
            "ui.session_minutes must be a whole number, and is a number with a fraction",
        ),
        (
            "limits.connections = -1",
            "limits.connections must be a whole number from 0 on, and is out of range",
        ),
        (
            "sign_in.attempts = 5_000_000_000",
            "sign_in.attempts must be a whole number, and is out of range",
        ),
        (
            "ops.try_it = \"yes\"",
            "ops.try_it must be true or false, and is a text",
        ),
        (
            "ofp.redirect_uris = \"https://a\"",
            "ofp.redirect_uris must be a list, such as [\"…\"], and is a text",
        ),
        ("ui = 5", "ui must be a table, and is a number"),
        (
            "ofp.consumers.a = 5",
            "ofp.consumers.a must be a text, and is a number",
        ),
        (
            "environment = \"prod\"",
            "environment must be one of \"demo\", \"uat\", \"production\", and is \"prod\"",
        ),
        (
            "listeners.ops.address = \"localhost:9000\"",
            "listeners.ops.address must be an IP address with a port, such as \"127.0.0.1:9000\"",
        ),
        (
            "signing.keys = [{ certificate = \"c\" }]",
            "signing.keys[0].private_key is required",
        ),
    ] {
        assert_eq!(
            problems(text, &[]),
            [format!("{told} (izin.toml:1)")],
            "{text}"
        );
    }
}

/// As TOML has them, or as texts.
#[test]
fn times_need_no_quotes() {
    let entry = |time: &str| {
        format!("signing.keys = [{{ certificate = \"c\", private_key = \"k\", from = {time} }}]")
    };
    let from = |time: &str| {
        let config = loaded(&entry(time), &[]).config().unwrap();
        config.signing.keys[0].from.map(|from| from.timestamp())
    };
    let time = "2027-01-01T00:00:00+08:00";
    assert_eq!(from(time), Some(1_798_732_800));
    assert_eq!(from(&format!("{time:?}")), from(time));
    let told = problems(&entry("2027-01-01"), &[]);
    assert!(
        matches!(&told[..], [one] if one.starts_with("signing.keys[0].from: ")),
        "{told:?}"
    );
}

/// What is wrong with keys is told by their places in the list.
#[test]
fn entries_of_lists_have_their_places() {
    let text = "[[signing.keys]]\nprivate_key = \"k.p12\"\n[[signing.keys]]\nprivate_key = \"pkcs11:object=a;object=a;pin-value=1234\"\n\
                [[signing.keys]]\nprivate_key = \"k.pem\"";
    let told = problems(text, &[]);
    assert!(
        told.len() == 1 && told[0].starts_with("signing.keys[1].private_key: "),
        "{told:?}"
    );
    assert!(
        told[0].ends_with("(izin.toml:4)") && !told[0].contains("1234"),
        "{told:?}"
    );
    let told = problems(&text.replace(";object=a;pin-value=1234", ""), &[]);
    let certificate = "signing.keys[2].certificate is required";
    assert!(
        told.iter()
            .any(|one| one.starts_with(certificate) && one.ends_with("(izin.toml:5)")),
        "{told:?}"
    );
}

#[test]
fn everything_is_told_at_once() {
    let text = "ui.nam = 1\nui.session_minutes = \"x\"\nofp.resource_server = \"http://rs\"\n\
                [ofp.profile]\nsignature_algorithms = [\"RS256\", \"PS256\", \"none\"]\nclock_skew = 301";
    let problems = problems(text, &[("IZIN__LIMITS__BANK_TIMEOUT", "5000")]);
    let begins = [
        "ui.nam is not a key",
        "ui.session_minutes must be a whole number",
        "ofp.resource_server must start with https://",
        "ofp.profile.signature_algorithms[0] must be one of \"ES384\", \"ES512\", \"PS256\", and is \"RS256\"",
        "ofp.profile.signature_algorithms[2] must be one of \"ES384\", \"ES512\", \"PS256\", and is \"none\"",
        "ofp.profile.clock_skew must be between",
        "limits.bank_timeout must be between",
    ];
    assert_eq!(problems.len(), begins.len(), "{problems:?}");
    for (problem, begin) in problems.iter().zip(begins) {
        assert!(
            problem.starts_with(begin),
            "{problem} is told in place of {begin}"
        );
    }
}

/// What was replaced has no other problems: nobody wrote it.
#[test]
fn nothing_untrue_is_told_of_a_wrong_value() {
    let told = loaded("ofp.dp_id = 5\nofp.redirect_uris = [5]", &[]).problems();
    for key in ["ofp.dp_id", "ofp.redirect_uris"] {
        let told: Vec<_> = told
            .iter()
            .filter(|problem| problem.starts_with(key))
            .collect();
        assert!(
            matches!(&told[..], [one] if one.contains("must be a text")),
            "{told:?}"
        );
    }
}

#[test]
fn no_secret_is_told() {
    for text in [
        "database = \"postgres://izin:hunter2@db/izin\"",
        "database.url = [\"hunter2\"]",
        "database.urll = \"hunter2\"",
        "database.url = \"hunter2\"",
        "database.url = hunter2",
        "database.url = \"hunter2",
        "database.url = \"a\" hunter2",
        "bank.settings = \"hunter2\"",
        "[bank.settings]\ntoken = \"hunter2\"\n[bank.settings]",
        "bank.settings.token = \"hunter2\"\nbank.kind = \"htp\"",
    ] {
        let loaded = loaded(
            text,
            &[
                ("IZIN__BANK__SETTINGS", "hunter2"),
                ("IZIN__DATABASE__POOL_SIZE", "hunter2"),
            ],
        );
        let told = loaded.problems().join("\n");
        assert!(
            !told.is_empty() && !told.contains("hunter2"),
            "{text}: {told}"
        );
        let shown = format!("{:?}", loaded.settings());
        let pool = shown.matches("hunter2").count();
        assert_eq!(pool, 1, "only what is no secret is shown: {text}: {shown}");
    }
}

#[test]
fn what_is_not_toml_is_told_by_its_line() {
    assert_eq!(
        problems("a = 1\n\nb = \"", &[]),
        ["this is not TOML: invalid basic string (izin.toml:3)"]
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("izin.toml");
    std::fs::write(&file, b"a = 1\nb = \"\xff\"").unwrap();
    let told = Loaded::read(Some(&file), "", std::iter::empty()).problems();
    assert!(
        matches!(&told[..], [one] if one.starts_with("this is not TOML: it is not UTF-8")),
        "{told:?}"
    );
    assert!(told[0].ends_with("izin.toml:2)"), "{told:?}");
    let told = Loaded::read(Some(folder.path()), "", std::iter::empty()).problems();
    assert!(
        matches!(&told[..], [one] if one.contains("cannot be read")),
        "{told:?}"
    );
}
