//! The edition that arrives in the drill: ours with six changes, made by editing, so that there is no second document to
//! keep up to date.

use std::fs;
use std::path::{Path, PathBuf};

const PUBLISHED: &str = include_str!("../../openapi/ofp-dp-1.2.2.yaml");

/// What stands in the document, and what stands there instead.
const CHANGES: [(&str, &str); 8] = [
    ("  version: 1.2.2\n", "  version: 1.3.0\n"),
    // A new operation.
    ("  /v1/accounts/{account_id}/transactions:\n", STATEMENT),
    // A new query parameter.
    (
        "        - name: next_page_params\n          in: query\n",
        "        - name: merchant\n          in: query\n          required: false\n          schema:\n            \
         type: string\n            maxLength: 40\n        - name: next_page_params\n          in: query\n",
    ),
    // A new required field, and a tightened length.
    (
        "      required: [status]\n      properties:\n        consent_id:\n",
        "      required: [status, channel]\n      properties:\n        consent_id:\n",
    ),
    (
        "        id_token:\n          type: string\n          maxLength: 3000\n",
        "        channel:\n          type: string\n        id_token:\n          type: string\n          maxLength: 2500\n",
    ),
    // A renamed enum value.
    (
        "        - rejected\n        - failed\n",
        "        - declined\n        - failed\n",
    ),
    // A removed field.
    (
        "        reason_description:\n          type: string\n          description: Text for people.\n          \
         example: The customer declined.\n",
        "",
    ),
    // Words, which are no change.
    (
        "Text for people; without personal data.",
        "Words for people; without personal data.",
    ),
];

const STATEMENT: &str = "  /v1/accounts/{account_id}/statement:
    servers:
      - url: https://dp.example.com
    get:
      operationId: getAccountStatement
      tags: [webhook]
      summary: The latest statement of one consented account
      parameters:
        - $ref: '#/components/parameters/AccountIdPath'
      responses:
        '200':
          description: The statement.
          x-izin-plaintext: BalanceData
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/ResourceEnvelope'
        '404': { $ref: '#/components/responses/NotFound' }

  /v1/accounts/{account_id}/transactions:
";

/// Writes the edition into a folder and answers where.
pub fn written(folder: &Path) -> PathBuf {
    let path = folder.join("ofp-dp-1.3.0.yaml");
    written_to(&path);
    path
}

pub fn written_to(path: &Path) {
    let mut text = PUBLISHED.to_owned();
    for (old, new) in CHANGES {
        assert_eq!(text.matches(old).count(), 1, "stands there once: {old}");
        text = text.replace(old, new);
    }
    fs::write(path, text).expect("written");
}
