//! Our consents held against PayNet's: what is otherwise is told, restrictions take effect, and nothing is opened.

use chrono::{TimeDelta, Utc};
use http::Method;
use izin::lab::Status;
use izin_simulator::{Consent, ConsentStatus, Fault, Operation};
use serde_json::{Value, json};

use crate::harness::{
    ConsentStory, Database, TOTP_SECRET, TestApp, eventually, on_both_databases, serve_file,
};
use crate::keys::command::{done, izin};

on_both_databases!(
    each_kind_of_difference,
    restrictions_take_effect,
    nothing_is_opened,
    rounds_of_the_service,
    it_goes_on_where_it_was,
);

/// `izin` with the configuration of an app.
pub struct Shell {
    folder: tempfile::TempDir,
}

impl Shell {
    pub fn of(app: &TestApp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        serve_file(folder.path(), app.database_url(), &app.simulator, None);
        Self { folder }
    }

    /// Standard output of a command that must succeed.
    pub async fn izin(&self, arguments: &[&str]) -> String {
        let file = self.folder.path().join("izin.toml");
        let arguments: Vec<_> = arguments.iter().map(|&one| one.to_owned()).collect();
        let run = move || {
            let file = file.display().to_string();
            let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
            all.extend(["--config", &file]);
            done(&izin(&all, None))
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    pub async fn compares(&self, consent: &ConsentStory<'_>, dry: bool) -> Value {
        let mut arguments = vec!["reconcile", "run", "--json", "--consent", &consent.id];
        arguments.extend(dry.then_some("--dry-run"));
        serde_json::from_str(&self.izin(&arguments).await).unwrap()
    }

    /// What and state of all that is or was otherwise.
    pub async fn known(&self) -> Vec<(String, String)> {
        let listed = self.izin(&["reconcile", "list", "--all", "--json"]).await;
        let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
        let known = listed.iter().map(|row| {
            let state = row["outcome"].as_str().unwrap_or("open").to_owned();
            (row["what"].as_str().unwrap().to_owned(), state)
        });
        known.collect()
    }
}

pub fn told(compared: &Value) -> Vec<(&str, &str)> {
    let rows = compared["differences"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            row["what"].as_str().unwrap(),
            row["state"].as_str().unwrap(),
        )
    })
    .collect()
}

async fn status(app: &TestApp, consent: &ConsentStory<'_>) -> Status {
    app.store
        .consent(&consent.key())
        .await
        .unwrap()
        .unwrap()
        .status
}

pub fn entry(what: &str, state: &str) -> (String, String) {
    (what.to_owned(), state.to_owned())
}

type Edit = fn(&mut Consent);

async fn each_kind_of_difference(database: Database) {
    let app = TestApp::start(database).await;
    let shell = Shell::of(&app);
    let consent = app.approved_consent(&["read_balances"]).await;
    let nothing = json!([]);
    assert_eq!(
        shell.compares(&consent, false).await["differences"],
        nothing
    );
    let honest = consent.at_paynet().consent;
    let edits: [(&str, Edit); 4] = [
        ("accounts", |consent| {
            "another".clone_into(&mut consent.accounts[0].account_id);
        }),
        ("consumer", |consent| "sewa".clone_into(&mut consent.dc_id)),
        ("expiry", |consent| {
            consent.expiration_datetime += TimeDelta::days(1);
        }),
        ("permissions", |consent| {
            consent.permissions.push("read_accounts".to_owned());
        }),
    ];
    for (what, edit) in edits {
        app.simulator.edit_consent(&consent.id, edit);
        let looked = shell.compares(&consent, true).await;
        assert_eq!(told(&looked), [(what, "open")]);
        let open = shell
            .known()
            .await
            .into_iter()
            .filter(|(_, state)| state == "open");
        assert_eq!(open.count(), 0, "a dry run records nothing");

        assert_eq!(
            told(&shell.compares(&consent, false).await),
            [(what, "open")]
        );
        assert!(shell.known().await.contains(&entry(what, "open")));
        let honest = honest.clone();
        app.simulator
            .edit_consent(&consent.id, |consent| *consent = honest);
        assert_eq!(
            shell.compares(&consent, false).await["differences"],
            nothing
        );
        assert!(shell.known().await.contains(&entry(what, "gone")));
    }
    assert_eq!(
        consent.balance().await.status(),
        200,
        "none of it was taken"
    );
    assert_eq!(consent.last_entry().await, "accepted");
    let listed = shell.izin(&["reconcile", "list"]).await;
    assert_eq!(listed, "Nothing is known to be otherwise at PayNet.\n");

    // PayNet says that there is no such consent.
    let gone = [Fault::UnknownConsent];
    app.simulator.order_faults(Operation::RetrieveConsent, gone);
    assert_eq!(
        told(&shell.compares(&consent, false).await),
        [("unknown", "open")]
    );
    let listed = shell.izin(&["reconcile", "list"]).await;
    assert!(
        listed.contains("unknown") && listed.contains(&consent.id),
        "{listed}"
    );
    app.stop().await;
}

/// What PayNet ended or suspended without our hearing it ends here.
async fn restrictions_take_effect(database: Database) {
    let app = TestApp::start(database).await;
    let shell = Shell::of(&app);
    let consent = app.approved_consent(&["read_balances"]).await;
    for (at_paynet, ours) in [
        (ConsentStatus::Suspended, Status::Suspended),
        (ConsentStatus::Revoked, Status::Revoked),
    ] {
        app.simulator
            .edit_consent(&consent.id, |consent| consent.status = at_paynet);
        let looked = shell.compares(&consent, true).await;
        assert_eq!(told(&looked), [("status", "would be adopted")]);
        assert_ne!(
            status(&app, &consent).await,
            ours,
            "a dry run changes nothing"
        );
        assert_eq!(
            told(&shell.compares(&consent, false).await),
            [("status", "adopted")]
        );
        assert_eq!(status(&app, &consent).await, ours);
        assert_eq!(consent.balance().await.status(), 403);
        assert_eq!(shell.known().await, [entry("status", "adopted")]);
        assert_eq!(consent.last_entry().await, "reported");
    }
    assert_eq!(
        shell.compares(&consent, false).await["differences"],
        json!([])
    );
    app.stop().await;
}

/// PayNet says `authorized` where we do not: unless that is its newest word on a consent that it suspended, a person has to look.
async fn nothing_is_opened(database: Database) {
    let app = TestApp::start(database).await;
    let shell = Shell::of(&app);
    let nobody = app.consent(&["read_balances"]).await;
    app.simulator.edit_consent(&nobody.id, |consent| {
        consent.status = ConsentStatus::Authorized;
        consent.updated_at = Some(Utc::now());
    });
    assert_eq!(
        told(&shell.compares(&nobody, false).await),
        [("status", "open")]
    );
    assert_eq!(status(&app, &nobody).await, Status::AwaitingAuthorization);

    let consent = app.approved_consent(&["read_balances"]).await;
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.status = ConsentStatus::Suspended;
    });
    let suspended_at = consent.at_paynet().consent.updated_at.unwrap();
    shell.compares(&consent, false).await;
    assert_eq!(status(&app, &consent).await, Status::Suspended);
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.status = ConsentStatus::Authorized;
        consent.updated_at = None;
    });
    assert_eq!(
        told(&shell.compares(&consent, false).await),
        [("status", "open")]
    );
    assert_eq!(consent.balance().await.status(), 403);
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.updated_at = Some(suspended_at + TimeDelta::microseconds(1));
    });
    assert_eq!(
        told(&shell.compares(&consent, false).await),
        [("status", "adopted")]
    );
    assert_eq!(consent.balance().await.status(), 200);

    // What was ended here stays ended.
    app.simulator.revoke_by_consumer(&consent.id).await.unwrap();
    assert_eq!(consent.balance().await.status(), 403);
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.status = ConsentStatus::Authorized;
        consent.updated_at = Some(Utc::now() + TimeDelta::days(1));
    });
    assert_eq!(
        told(&shell.compares(&consent, false).await),
        [("status", "open")]
    );
    assert_eq!(status(&app, &consent).await, Status::Revoked);
    app.stop().await;
}

const FAST: &str = "[reconcile]\nper_minute = 6000\nevery_minutes = 2\n";

async fn differences(app: &TestApp) -> Vec<(String, String)> {
    let rows = app.store.find_differences(true, 99).await.unwrap();
    let known = rows.into_iter().map(|row| {
        let state = row.outcome.unwrap_or_else(|| "open".to_owned());
        (row.kind, state)
    });
    known.collect()
}

/// By itself, and with what is found in the metrics. While PayNet does not answer it waits.
async fn rounds_of_the_service(database: Database) {
    let app = TestApp::start_with(database, FAST).await;
    let consent = app.approved_consent(&["read_balances"]).await;
    app.simulator.edit_consent(&consent.id, |consent| {
        consent.expiration_datetime += TimeDelta::days(1);
    });
    let down = vec![Fault::Status(503); 1];
    app.simulator.order_faults(Operation::RetrieveConsent, down);
    let asked = app.simulator.calls(Operation::RetrieveConsent);
    app.clock.advance(TimeDelta::minutes(2));
    let paused = || async { app.simulator.calls(Operation::RetrieveConsent) > asked };
    eventually(paused, "PayNet is asked").await;
    assert_eq!(differences(&app).await, []);
    app.clock.advance(TimeDelta::seconds(61));
    let found = || async { differences(&app).await == [entry("expiry", "open")] };
    eventually(found, "it is found").await;
    assert_eq!(app.simulator.calls(Operation::RetrieveConsent), asked + 2);
    let url = format!("{}/metrics", app.service.ops_url.as_ref().unwrap());
    let tells = || async {
        let scraped = app
            .simulator
            .request(Method::GET, &url)
            .send()
            .await
            .unwrap();
        let lines = scraped.text();
        let has = |line: &str| lines.lines().any(|told| told == line);
        has("izin_reconcile_differences{kind=\"expiry\"} 1")
            && has("izin_reconcile_round_consents 1.0")
    };
    eventually(tells, "the metrics tell it").await;
    app.stop().await;
}

/// A round that is not over goes on at another replica, and asks for no consent twice.
async fn it_goes_on_where_it_was(database: Database) {
    let app = TestApp::start_with(database, "reconcile.per_minute = 0").await;
    for name in ["paynet", "weiming", "kavitha"] {
        let consent = app.consent(&["read_balances"]).await;
        let mut customer = app.customer();
        customer.opens(&consent.link().await).await.unwrap();
        customer.signs_in(name, name, TOTP_SECRET).await.unwrap();
        customer.selects_first().await.unwrap();
        customer.approves().await.unwrap();
        consent.reaches("accepted").await;
        app.simulator.edit_consent(&consent.id, |consent| {
            consent.permissions.push("read_accounts".to_owned());
        });
    }
    assert_eq!(
        app.simulator.calls(Operation::RetrieveConsent),
        0,
        "it is off"
    );
    // Ten seconds from one to the next.
    let slow = app.another_replica_with("reconcile.per_minute = 6").await;
    let begun = || async { differences(&app).await.len() == 1 };
    eventually(begun, "the first is looked at").await;
    slow.stop().await;
    assert_eq!(app.simulator.calls(Operation::RetrieveConsent), 1);
    let fast = app.another_replica_with(FAST).await;
    let rest = || async { differences(&app).await.len() == 3 };
    eventually(rest, "the others follow").await;
    assert_eq!(app.simulator.calls(Operation::RetrieveConsent), 3);
    fast.stop().await;
    app.stop().await;
}
