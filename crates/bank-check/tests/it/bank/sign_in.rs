//! The contract `sign-in`.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};

use super::requests::{is_id, json_body, need, text};
use super::{Answer, Bank, PASSWORD, Quirk, Seen, TOTP_SECRET};

/// Failures in a row until the lock, and its seconds.
const FAILURES: u32 = 5;
const LOCK: i64 = 2;
const SENT_CODE: &str = "118204";

#[derive(Clone)]
pub struct Opened {
    username: String,
}

#[derive(Clone)]
pub struct Challenge {
    sign_in_id: String,
    method: String,
    questions: u32,
    expires_at: i64,
    outcome: Option<Value>,
}

pub fn operation(seen: &Seen) -> &'static str {
    let segments: Vec<_> = seen.segments.iter().map(String::as_str).collect();
    match (seen.method.as_str(), &segments[..]) {
        ("GET", ["capabilities"]) => "getCapabilities",
        ("POST", ["phrases"]) => "lookUpPhrase",
        ("POST", ["password-checks"]) => "checkPassword",
        ("POST", ["second-factors"]) => "startSecondFactor",
        ("GET", ["second-factors", _]) => "getSecondFactor",
        ("POST", ["second-factor-checks"]) => "checkSecondFactor",
        _ => "",
    }
}

fn methods(username: &str) -> Option<[&'static str; 2]> {
    match username {
        "paynet" => Some(["approval", "totp"]),
        "sender" => Some(["sent_code", "totp"]),
        _ => None,
    }
}

fn later(seconds: i64) -> String {
    (Utc::now() + TimeDelta::seconds(seconds)).to_rfc3339()
}

fn plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.chars().any(|it| it.is_ascii_control())
}

impl Bank {
    pub fn sign_in(&self, seen: &Seen) -> Result<Answer, Answer> {
        self.need_uuid(seen, "x-request-id")?;
        let optional = ["lookUpPhrase", "startSecondFactor", "getSecondFactor"];
        if optional.contains(&seen.operation) && !self.sign_in_offered.contains(&seen.operation) {
            return Err(Answer::error(501, "unsupported"));
        }
        match seen.operation {
            "getCapabilities" => Ok(Answer::ok(json!({
                "contract_version": "1.0",
                "operations": self.sign_in_offered,
                "methods": ["approval", "sent_code", "totp"],
            }))),
            "lookUpPhrase" => phrase(seen),
            "checkPassword" => self.check_password(seen),
            "startSecondFactor" => self.start(seen),
            "getSecondFactor" => self.poll(seen),
            "checkSecondFactor" => self.check_code(seen),
            _ => Err(Answer::error(404, "challenge_unknown")),
        }
    }

    fn check_password(&self, seen: &Seen) -> Result<Answer, Answer> {
        let body = json_body(seen, "sign-in")?;
        let username = text(&body, "username", |it| plain(it, 128))?;
        let length = |it: &str| (1..=256).contains(&it.chars().count());
        let mut password = text(&body, "password", length)?;
        if self.has(Quirk::TrimsPasswords) {
            password = password.trim();
        }
        let mut memory = self.memory();
        let right = password == PASSWORD;
        let now = Utc::now().timestamp();
        let left = memory
            .locked_until
            .get(username)
            .map_or(0, |until| until - now);
        if left > 0 && !(right && self.has(Quirk::LockEndsWithTheRightPassword)) {
            return Ok(Answer::ok(
                json!({"outcome": "locked", "retry_after_seconds": left}),
            ));
        }
        let Some(methods) = methods(username) else {
            return Ok(Answer::ok(json!({"outcome": "wrong"})));
        };
        if !right {
            let failures = memory.failures.entry(username.to_owned()).or_default();
            *failures += 1;
            if *failures >= FAILURES && !self.has(Quirk::NeverLocks) {
                *failures = 0;
                memory.locked_until.insert(username.to_owned(), now + LOCK);
            }
            return Ok(Answer::ok(json!({"outcome": "wrong"})));
        }
        memory.failures.remove(username);
        let sign_in_id = format!("s-{}", uuid::Uuid::new_v4());
        let opened = Opened {
            username: username.to_owned(),
        };
        memory.sign_ins.insert(sign_in_id.clone(), opened);
        Ok(Answer::ok(json!({"outcome": "right", "sign_in": {
            "sign_in_id": sign_in_id,
            "customer_id": "CIF-1",
            "expires_at": later(320),
            "methods": methods,
        }})))
    }

    fn opened(&self, sign_in_id: &str) -> Result<Opened, Answer> {
        let found = self.memory().sign_ins.get(sign_in_id).cloned();
        found.ok_or_else(|| Answer::error(404, "sign_in_unknown"))
    }

    fn start(&self, seen: &Seen) -> Result<Answer, Answer> {
        self.need_uuid(seen, "idempotency-key")?;
        let body = json_body(seen, "sign-in")?;
        let sign_in_id = text(&body, "sign_in_id", |it| is_id(it, 16, 128))?;
        let method = text(&body, "method", |it| matches!(it, "approval" | "sent_code"))?;
        let opened = self.opened(sign_in_id)?;
        if !methods(&opened.username).is_some_and(|all| all.contains(&method)) {
            return Err(Answer::error(409, "method_unavailable"));
        }
        let key = seen
            .header("idempotency-key")
            .unwrap_or_default()
            .to_owned();
        let mut memory = self.memory();
        let text = body.to_string();
        let known = memory
            .starts
            .get(&key)
            .filter(|_| !self.has(Quirk::ForgetsStarts))
            .cloned();
        match known {
            Some((known, _)) if known != text => {
                return Err(Answer::error(409, "idempotency_conflict"));
            }
            Some((_, answer)) => return Ok(Answer::with(201, answer)),
            None => {}
        }
        let challenge_id = format!("c-{}", uuid::Uuid::new_v4());
        let challenge = Challenge {
            sign_in_id: sign_in_id.to_owned(),
            method: method.to_owned(),
            questions: 0,
            expires_at: Utc::now().timestamp() + self.approval_lives,
            outcome: None,
        };
        memory.challenges.insert(challenge_id.clone(), challenge);
        let answer = json!({
            "challenge_id": challenge_id,
            "method": method,
            "poll_after_seconds": 1,
            "expires_at": later(self.approval_lives),
        });
        memory.starts.insert(key, (text, answer.clone()));
        Ok(Answer::with(201, answer))
    }

    fn poll(&self, seen: &Seen) -> Result<Answer, Answer> {
        self.need_header(seen, "x-sign-in-id", |it| is_id(it, 16, 128))?;
        need(is_id(seen.segment(1), 16, 128))?;
        let sign_in_id = seen.header("x-sign-in-id").unwrap_or_default();
        let lenient = self.has(Quirk::AnySignInsChallenge);
        let mut memory = self.memory();
        let found = memory.challenges.get_mut(seen.segment(1));
        let own = found.filter(|it| lenient || it.sign_in_id == sign_in_id);
        let challenge = own.filter(|it| it.method == "approval");
        let challenge = challenge.ok_or_else(|| Answer::error(404, "challenge_unknown"))?;
        challenge.questions += 1;
        if challenge.outcome.is_none() {
            let approved = self
                .approves_after
                .is_some_and(|after| challenge.questions > after);
            if approved {
                let signed_in = signed_in(&["pwd", "hwk"]);
                challenge.outcome = Some(json!({"outcome": "approved", "signed_in": signed_in}));
            } else if Utc::now().timestamp() >= challenge.expires_at {
                challenge.outcome = Some(json!({"outcome": "expired"}));
            }
        }
        if let Some(outcome) = &challenge.outcome {
            return Ok(Answer::ok(outcome.clone()));
        }
        let expires_at = later(challenge.expires_at - Utc::now().timestamp());
        let pending = json!({"poll_after_seconds": 1, "expires_at": expires_at});
        Ok(Answer::with(202, pending))
    }

    fn check_code(&self, seen: &Seen) -> Result<Answer, Answer> {
        let body = json_body(seen, "sign-in")?;
        let sign_in_id = text(&body, "sign_in_id", |it| is_id(it, 16, 128))?;
        let method = text(&body, "method", |it| matches!(it, "sent_code" | "totp"))?;
        let shaped = |it: &str| {
            (4..=12).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let code = text(&body, "code", shaped)?;
        self.opened(sign_in_id)?;
        let right = if method == "totp" {
            totp().check_current(code).unwrap()
        } else {
            let id = body["challenge_id"].as_str().unwrap_or_default();
            let memory = self.memory();
            let found = memory.challenges.get(id);
            let lenient = self.has(Quirk::AnySignInsChallenge);
            let own = found.filter(|it| lenient || it.sign_in_id == sign_in_id);
            own.ok_or_else(|| Answer::error(404, "challenge_unknown"))?;
            code == SENT_CODE
        };
        let fresh = self.memory().codes_used.insert(code.to_owned());
        if !right || !(fresh || self.has(Quirk::AnyCodeAnyTime)) {
            return Ok(Answer::ok(json!({"outcome": "wrong"})));
        }
        let signed_in = signed_in(&["pwd", "otp"]);
        Ok(Answer::ok(
            json!({"outcome": "right", "signed_in": signed_in}),
        ))
    }
}

fn phrase(seen: &Seen) -> Result<Answer, Answer> {
    let body = json_body(seen, "sign-in")?;
    let username = text(&body, "username", |it| plain(it, 128))?;
    match methods(username) {
        Some(_) => Ok(Answer::ok(json!({"phrase": "three yellow bicycles"}))),
        None => Err(Answer::error(404, "username_unknown")),
    }
}

fn signed_in(amr: &[&str]) -> Value {
    json!({
        "customer_id": "CIF-1",
        "acr": "urn:bank:acr:two-factor",
        "amr": amr,
        "at": Utc::now().to_rfc3339(),
    })
}

fn totp() -> TOTP {
    let secret = Secret::Encoded(TOTP_SECRET.to_owned()).to_bytes().unwrap();
    TOTP::new_unchecked(Algorithm::SHA1, 6, 1, 30, secret)
}
