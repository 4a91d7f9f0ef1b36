// izin and jose (Node), each reading what the other makes.

import { spawnSync } from "node:child_process";
import { X509Certificate, createHash, createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";
import * as jose from "jose";

const folder = process.env.INTEROP_KEYS;
const file = (name) => join(folder, name);
const PAYLOAD = new TextEncoder().encode('{"data":{"amount":"12.50","holder":"Aisyah binti Rahmán"}}');
const SIGNING = ["--key", file("signing.key"), "--certificate", file("signing.pem")];
const DECRYPTION = ["--key", file("encryption.key"), "--certificate", file("encryption.pem")];
const ALL = ["PS256", "ES256", "ES384", "ES512"].flatMap((name) => ["--alg", name]);

/** Exit code and standard output of `izin jose`. */
function izin(given, ...args) {
  const done = spawnSync(process.env.IZIN_BIN, ["jose", ...args], { input: given, timeout: 60_000 });
  return { code: done.status, out: done.stdout };
}

function made(given, ...args) {
  const { code, out } = izin(given, ...args);
  assert.equal(code, 0);
  return out.toString().trim();
}

const keyId = (name) =>
  createHash("sha256").update(new X509Certificate(readFileSync(file(`${name}.pem`))).raw).digest("base64url");
const privateKey = (name) => createPrivateKey(readFileSync(file(`${name}.key`)));
const publicJwk = async (name) => ({
  ...(await jose.exportJWK(new X509Certificate(readFileSync(file(`${name}.pem`))).publicKey)),
  kid: keyId(name),
});

const published = () =>
  JSON.parse(
    made(
      "",
      "jwks",
      ...["signing", "es256", "es384", "es512"].flatMap((name) => ["--signing", file(`${name}.pem`)]),
      ...["--encryption", file("encryption.pem")],
    ),
  );
const theirKeys = () => jose.createLocalJWKSet(published());

const signed = (name, header, payload = PAYLOAD) =>
  new jose.CompactSign(payload).setProtectedHeader({ ...header, kid: keyId(name) }).sign(privateKey(name));
const flattened = (name, header) =>
  new jose.FlattenedSign(PAYLOAD).setProtectedHeader({ ...header, kid: keyId(name) }).sign(privateKey(name));
const detached = ({ protected: header, signature }) => `${header}..${signature}`;

const encrypted = (header) =>
  new jose.CompactEncrypt(PAYLOAD)
    .setProtectedHeader(header)
    .encrypt(new X509Certificate(readFileSync(file("encryption.pem"))).publicKey);

async function verdict(name, given, ...options) {
  const path = file(`${name}.json`);
  writeFileSync(path, JSON.stringify({ keys: [await publicJwk(name)] }));
  const { code, out } = izin(given, "verify", "--jwks", path, ...options);
  return [code, out.toString().trim()];
}

test("jose reads the key set that izin publishes", async () => {
  const { keys } = published();
  assert.equal(keys.length, 5);
  writeFileSync(file("published.json"), JSON.stringify({ keys }));
  const thumbprints = await Promise.all(keys.map((key) => jose.calculateJwkThumbprint(key)));
  assert.deepEqual(made("", "thumbprint", file("published.json")).split("\n"), thumbprints);
  for (const key of keys) {
    assert.equal(key.d, undefined);
    assert.equal((await jose.importJWK(key)).type, "public");
  }
});

test("jose verifies what izin signs", async () => {
  const token = made(PAYLOAD, "sign", ...SIGNING, "--typ", "JWT");
  const { payload, protectedHeader } = await jose.compactVerify(token, theirKeys());
  assert.deepEqual(Buffer.from(payload), Buffer.from(PAYLOAD));
  assert.deepEqual(protectedHeader, { alg: "PS256", kid: keyId("signing"), typ: "JWT" });

  const changed = token.replace(/\.(.)/, (_, first) => `.${first === "A" ? "B" : "A"}`);
  await assert.rejects(jose.compactVerify(changed, theirKeys()));
});

test("jose verifies what izin signs detached, encoded and unencoded", async () => {
  const verify = (token, payload) => {
    const [header, middle, signature] = token.split(".");
    assert.equal(middle, "");
    return jose.flattenedVerify({ protected: header, payload, signature }, theirKeys());
  };
  const encoded = made(PAYLOAD, "sign", ...SIGNING, "--detached");
  await verify(encoded, Buffer.from(PAYLOAD).toString("base64url"));

  const options = ["--detached", "--header", "b64=false", "--header", 'crit=["b64"]'];
  const unencoded = made(PAYLOAD, "sign", ...SIGNING, ...options);
  await verify(unencoded, PAYLOAD);
  await assert.rejects(verify(unencoded, "other"));
});

test("jose opens what izin seals", async () => {
  const inner = made(PAYLOAD, "encrypt", "--certificate", file("encryption.pem"), "--cty", "JWT");
  const outer = made(inner, "sign", ...SIGNING);
  const { payload } = await jose.compactVerify(outer, theirKeys());
  const token = new TextDecoder().decode(payload);
  const opened = await jose.compactDecrypt(token, privateKey("encryption"));
  assert.deepEqual(Buffer.from(opened.plaintext), Buffer.from(PAYLOAD));
  assert.deepEqual(opened.protectedHeader, {
    alg: "RSA-OAEP-256",
    enc: "A256GCM",
    kid: keyId("encryption"),
    cty: "JWT",
  });
});

test("izin verifies what jose signs", async () => {
  for (const [name, alg] of [
    ["signing", "PS256"],
    ["large", "PS256"],
    ["es256", "ES256"],
    ["es384", "ES384"],
    ["es512", "ES512"],
  ]) {
    assert.deepEqual(await verdict(name, await signed(name, { alg }), ...ALL), [0, "ok"], name);
  }
  const lines = [
    await signed("signing", { alg: "PS256" }),
    await signed("signing", { alg: "RS256" }),
    await signed("signing", { alg: "PS512" }),
    await signed("es256", { alg: "ES256" }),
  ];
  assert.deepEqual(await verdict("signing", lines.join("\n"), "--batch"), [
    1,
    [
      "ok",
      "refused: jws.algorithm_not_allowed",
      "refused: jws.algorithm_not_allowed",
      "refused: jws.algorithm_not_allowed",
    ].join("\n"),
  ]);
});

test("izin verifies what jose signs detached, encoded and unencoded", async () => {
  writeFileSync(file("body.json"), PAYLOAD);
  const encoded = detached(await flattened("signing", { alg: "PS256" }));
  assert.deepEqual(await verdict("signing", encoded, "--payload", file("body.json")), [0, "ok"]);
  const line = `${encoded} ${Buffer.from(PAYLOAD).toString("base64url")}`;
  assert.deepEqual(await verdict("signing", line, "--batch", "--detached"), [0, "ok"]);

  const unencoded = detached(await flattened("signing", { alg: "PS256", b64: false, crit: ["b64"] }));
  const options = ["--payload", file("body.json"), "--crit", "b64"];
  assert.deepEqual(await verdict("signing", unencoded, ...options), [0, "ok"]);
});

test("izin decrypts what jose encrypts", async () => {
  const token = await encrypted({ alg: "RSA-OAEP-256", enc: "A256GCM", kid: keyId("encryption"), cty: "JWT" });
  assert.deepEqual(izin(token, "decrypt", ...DECRYPTION), { code: 0, out: Buffer.from(PAYLOAD) });
  const others = [
    await encrypted({ alg: "RSA-OAEP", enc: "A256GCM" }),
    await encrypted({ alg: "RSA-OAEP-256", enc: "A256CBC-HS512" }),
    await encrypted({ alg: "RSA-OAEP-256", enc: "A256GCM", kid: "other" }),
  ];
  const { code, out } = izin(others.join("\n"), "decrypt", ...DECRYPTION, "--batch");
  assert.deepEqual(out.toString().trim().split("\n"), [
    "refused: jwe.algorithm_not_allowed",
    "refused: jwe.algorithm_not_allowed",
    "refused: jwe.kid_mismatch",
  ]);
  assert.equal(code, 1);
});
