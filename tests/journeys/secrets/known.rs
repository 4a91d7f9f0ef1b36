//! What is known to be secret or personal before anything happens.

use serde_json::json;

use super::bank;
use super::leaks::Secrets;
use crate::harness::pki;

pub const CORE_TOKEN: &str = "the-bearer-token-of-the-core-bank";
pub const DATABASE_PASSWORD: &str = "the-password-of-the-database";
pub const WRONG_PASSWORD: &str = "cempaka-dan-melati";
pub const WRONG_CODE: &str = "WRONG77";
/// Of the demo bank's customer, as people write it, and as machines do.
pub const IDENTITY_NUMBERS: [&str; 2] = ["900101-14-5566", "900101145566"];
pub const NOBODY: &str = "nobody@example.my";
/// Members of what PayNet and the consumer are told of a customer.
pub const PERSONAL: [&str; 13] = [
    "account_holder_name",
    "account_name",
    "account_number",
    "amount",
    "description",
    "email",
    "family_name",
    "given_name",
    "hashed_id_number",
    "merchant_name",
    "name",
    "transaction_description",
    "transaction_id",
];

pub fn beforehand() -> Secrets {
    let mut secrets = Secrets::default();
    for (what, value) in [
        ("the password", bank::PASSWORD),
        ("a wrong password", WRONG_PASSWORD),
        ("a wrong code", WRONG_CODE),
        ("the phrase", bank::PHRASE),
        ("the user name", bank::USERNAME),
        ("the bank's customer number", bank::CUSTOMER),
        ("the sign-in at the bank", bank::SIGN_IN_ID),
        ("a challenge", "challenge-over-http-"),
        ("the token of the sign-in", bank::TOKEN),
        ("the token of the core bank", CORE_TOKEN),
        ("the database's password", DATABASE_PASSWORD),
        ("the identity number", IDENTITY_NUMBERS[0]),
        ("the identity number", IDENTITY_NUMBERS[1]),
        ("somebody's address", NOBODY),
    ] {
        secrets.add(what, value);
    }
    for name in ["dp-server", "dp-client", "dp-signing"] {
        secrets.add_key(&pki().key_file(name));
    }
    let accounts =
        json!([{ "account_number": "3140001928" }, { "account_name": "Household Current" }]);
    secrets.add_members(&accounts, &PERSONAL);
    secrets
}
