//! The sheet for people: what to send, one part after the other.

use std::fmt::{self, Write as _};

use super::{Card, Onboarding};

/// Between names and values.
const NAME: usize = 26;

impl fmt::Display for Onboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sheet = Sheet(String::new());
        sheet.missing(&self.missing);
        sheet.institution(self);
        sheet.addresses(self);
        sheet.certificates(self);
        sheet.others(self);
        f.write_str(&sheet.0)
    }
}

struct Sheet(String);

impl Sheet {
    fn heading(&mut self, text: &str) {
        let _ = writeln!(self.0, "\n{text}");
    }

    fn line(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.0, "  {name:NAME$}{value}");
    }

    fn lines(&mut self, name: &str, values: &[String]) {
        match values {
            [] => self.line(name, "-"),
            values => {
                for (number, value) in values.iter().enumerate() {
                    self.line(if number == 0 { name } else { "" }, value);
                }
            }
        }
    }

    fn missing(&mut self, missing: &[String]) {
        if missing.is_empty() {
            self.0.push_str("To register with PayNet as a Data Provider, hand over what follows. Nothing in it is secret.\n");
            return;
        }
        self.0.push_str("This sheet is NOT COMPLETE:\n");
        for sentence in missing {
            let _ = writeln!(self.0, "  - {sentence}");
        }
    }

    fn institution(&mut self, sheet: &Onboarding) {
        let institution = &sheet.institution;
        let given =
            |id: &Option<String>| id.clone().unwrap_or_else(|| "- (PayNet gives it)".into());
        self.heading("Institution");
        self.line("name", &institution.name);
        self.line("dp_id", &given(&institution.dp_id));
        self.line("client_id", &given(&institution.client_id));
        self.line(
            "client authentication",
            institution.token_endpoint_auth_method,
        );
    }

    fn addresses(&mut self, sheet: &Onboarding) {
        let addresses = &sheet.addresses;
        let base = |url: &Option<String>| url.clone().unwrap_or_else(|| "-".into());
        self.heading("Addresses");
        self.line("webhooks base URL", &base(&addresses.webhooks));
        self.line("public base URL", &base(&addresses.public));
        self.lines("authorize", &addresses.authorize);
        self.lines("our key set (JWKS)", &addresses.jwks);
        self.line(
            "IP addresses",
            "ask your network team: those we call PayNet from, and those PayNet calls",
        );
    }

    fn certificates(&mut self, sheet: &Onboarding) {
        self.heading("Mutual TLS: the client certificate that we show PayNet");
        self.card("x5t#S256", sheet.client_certificate.as_ref());
        self.heading("Message signatures (JWS): certificates of our keys, kid = x5t#S256");
        if sheet.signing_certificates.is_empty() {
            self.line("-", "");
        }
        for signing in &sheet.signing_certificates {
            self.line("state", &signing.state);
            self.card("kid", Some(&signing.certificate));
        }
        self.heading("TLS server: the certificate that PayNet meets at the webhooks base URL");
        self.card("x5t#S256", sheet.server_certificate.as_ref());
    }

    /// `id` is what the thumbprint is called there.
    fn card(&mut self, id: &str, card: Option<&Card>) {
        let Some(card) = card else {
            self.line("-", "");
            return;
        };
        self.line(id, &card.thumbprint);
        self.line("subject", &card.subject);
        self.line("issuer", &card.issuer);
        self.line(
            "valid",
            &format!("{} until {}", card.not_before, card.not_after),
        );
        self.line("key", &card.key);
        self.0.push_str(&card.pem);
        for issuer in &card.issuers {
            self.line("issuer's certificate", &issuer.subject);
            self.0.push_str(&issuer.pem);
        }
    }

    fn others(&mut self, sheet: &Onboarding) {
        let unknown = || "- (ask PayNet)".to_owned();
        let theirs = &sheet.from_paynet;
        self.heading("From PayNet, as configured: compare");
        self.line("issuer", &theirs.issuer.clone().unwrap_or_else(unknown));
        self.line(
            "resource server",
            &theirs.resource_server.clone().unwrap_or_else(unknown),
        );
        self.lines("redirect URIs", &sheet.redirect_uris);
        self.lines("client certificates", &theirs.client_certificates);
    }
}
