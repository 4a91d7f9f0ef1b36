//! What is particular to a Data Provider beside the simulator: keys, addresses, and its registration.

use std::net::SocketAddr;

use izin_jose::KeyId;
use izin_simulator::{Pki, PkiError, Provider, Urls};
use serde_json::json;

/// As `config/demo.toml` has them.
pub const DP_ID: &str = "bank-contoh";
pub const CLIENT_ID: &str = "bank-contoh-client";

/// The settings that `config/demo.toml` leaves open.
pub struct DemoSettings<'a> {
    pub database: String,
    pub public: SocketAddr,
    pub webhooks: SocketAddr,
    pub ops: SocketAddr,
    pub pki: &'a Pki,
    pub urls: &'a Urls,
}

impl DemoSettings<'_> {
    /// A whole configuration file for `izin serve`.
    pub fn to_file(&self) -> Result<String, PkiError> {
        let ids = format!(
            "[ofp]\ndp_id = {}\nclient_id = {}\n",
            json!(DP_ID),
            json!(CLIENT_ID)
        );
        let settings = self.to_toml()?.replace("[ofp]\n", &ids);
        Ok(format!("environment = \"demo\"\n{settings}"))
    }

    /// A TOML text; JSON's strings are TOML's.
    pub fn to_toml(&self) -> Result<String, PkiError> {
        let paynet = KeyId::of_certificate(&self.pki.certificate_der("paynet-client")?);
        let certificate = |name: &str| json!(self.pki.certificate_file(name));
        let key = |name: &str| json!(self.pki.key_file(name));
        Ok(format!(
            r#"
[database]
url = {database}

[listeners.public]
address = "{public}"

[listeners.webhooks]
address = "{webhooks}"
certificate = {server}
private_key = {server_key}
client_ca = {ca}
allowed_clients = [{paynet}]

[listeners.ops]
address = "{ops}"

[ofp]
authorization_server = {authorization_server}
resource_server = {resource_server}
server_ca = {ca}
client_certificate = {client}
client_private_key = {client_key}
redirect_uris = [{callback}]

[signing]
keys = [{{ certificate = {signing}, private_key = {signing_key} }}]

[ops]
try_it = true
test_keys = {test_keys}
"#,
            database = json!(self.database),
            public = self.public,
            webhooks = self.webhooks,
            ops = self.ops,
            server = certificate("dp-server"),
            server_key = key("dp-server"),
            ca = certificate("ca"),
            paynet = json!(paynet),
            authorization_server = json!(self.urls.authorization_server),
            resource_server = json!(self.urls.resource_server),
            client = certificate("dp-client"),
            client_key = key("dp-client"),
            callback = json!(self.urls.callback),
            signing = certificate("dp-signing"),
            signing_key = key("dp-signing"),
            test_keys = json!(self.pki.dir()),
        ))
    }
}

/// How PayNet's onboarding would register it.
pub fn registration(pki: &Pki, webhooks_port: u16, public_url: &str) -> Result<Provider, PkiError> {
    Ok(
        Provider::new(DP_ID, format!("https://localhost:{webhooks_port}"))
            .named("Bank Contoh")
            .client_id(CLIENT_ID)
            .pages_url(public_url)
            .client_certificate(pki.certificate("dp-client")?),
    )
}
