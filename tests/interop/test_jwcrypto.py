"""izin and jwcrypto (Python), each reading what the other makes."""

import base64
import hashlib
import json
import os
import pathlib
import subprocess
import unittest

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from jwcrypto import jwe, jwk, jws

KEYS = pathlib.Path(os.environ["INTEROP_KEYS"])
PAYLOAD = '{"data":{"amount":"12.50","holder":"Aisyah binti Rahmán"}}'.encode()
SIGNING = ["--key", KEYS / "signing.key", "--certificate", KEYS / "signing.pem"]
DECRYPTION = ["--key", KEYS / "encryption.key", "--certificate", KEYS / "encryption.pem"]
ALL = [option for name in ("PS256", "ES256", "ES384", "ES512") for option in ("--alg", name)]


def izin(*arguments, given=b""):
    """Exit code and standard output of `izin jose`."""
    command = [os.environ["IZIN_BIN"], "jose", *map(str, arguments)]
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout


def made(*arguments, given=PAYLOAD):
    code, out = izin(*arguments, given=given)
    assert code == 0, (code, out)
    return out.decode().strip()


def key_id(name):
    certificate = x509.load_pem_x509_certificate((KEYS / f"{name}.pem").read_bytes())
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def private(name):
    key = jwk.JWK.from_pem((KEYS / f"{name}.key").read_bytes())
    key.update(kid=key_id(name))
    return key


def published():
    """The key set as izin publishes it."""
    arguments = ["jwks", "--signing", KEYS / "signing.pem", "--encryption", KEYS / "encryption.pem"]
    for name in ("es256", "es384", "es512"):
        arguments += ["--signing", KEYS / f"{name}.pem"]
    return made(*arguments, given=b"")


def signed(name, header, payload=PAYLOAD, detached=False):
    token = jws.JWS(payload)
    token.add_signature(private(name), protected=json.dumps({**header, "kid": key_id(name)}))
    if detached:
        token.detach_payload()
    return token.serialize(compact=True)


class OursReadByJwcrypto(unittest.TestCase):
    def setUp(self):
        self.keys = jwk.JWKSet.from_json(published())

    def verified(self, token, payload=None):
        found = jws.JWS()
        found.deserialize(token)
        found.verify(self.keys.get_key(found.jose_header["kid"]), detached_payload=payload)
        return found

    def test_key_set(self):
        for name in ("signing", "encryption", "es256", "es384", "es512"):
            key = self.keys.get_key(key_id(name))
            self.assertFalse(key.has_private)
            self.assertEqual(key.thumbprint(), private(name).thumbprint())
            self.assertEqual(made("thumbprint", KEYS / f"{name}.pem"), key_id(name))
        document = KEYS / "set.json"
        document.write_text(self.keys.export(private_keys=False))
        thumbprints = {key.thumbprint() for key in self.keys}
        self.assertEqual(set(made("thumbprint", document).split()), thumbprints)

    def test_attached(self):
        token = self.verified(made("sign", *SIGNING, "--typ", "JWT"))
        self.assertEqual(token.payload, PAYLOAD)
        header = {"alg": "PS256", "kid": key_id("signing"), "typ": "JWT"}
        self.assertEqual(token.jose_header, header)

    def test_detached(self):
        token = made("sign", *SIGNING, "--detached")
        self.assertIn("..", token)
        self.verified(token, PAYLOAD)
        with self.assertRaises(jws.InvalidJWSSignature):
            self.verified(token, PAYLOAD + b" ")

    def test_detached_and_unencoded(self):
        options = ["--detached", "--header", "b64=false", "--header", 'crit=["b64"]']
        self.verified(made("sign", *SIGNING, *options), PAYLOAD)

    def test_encrypted(self):
        token = made("encrypt", "--certificate", KEYS / "encryption.pem", "--cty", "JWT")
        found = jwe.JWE()
        found.deserialize(token, private("encryption"))
        self.assertEqual(found.payload, PAYLOAD)
        header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": key_id("encryption")}
        self.assertEqual(found.jose_header, {**header, "cty": "JWT"})

    def test_sealed(self):
        inner = made("encrypt", "--certificate", KEYS / "encryption.pem")
        outer = self.verified(made("sign", *SIGNING, given=inner.encode()))
        found = jwe.JWE()
        found.deserialize(outer.payload.decode(), private("encryption"))
        self.assertEqual(found.payload, PAYLOAD)


class JwcryptosReadByUs(unittest.TestCase):
    def verdict(self, token, *options, name="signing", given=None):
        keys = KEYS / "theirs.json"
        theirs = jwk.JWKSet()
        theirs.add(private(name))
        keys.write_text(theirs.export(private_keys=False))
        code, out = izin("verify", "--jwks", keys, *options, given=given or token.encode())
        return code, out.decode().strip()

    def test_attached(self):
        for name, alg in (
            ("signing", "PS256"),
            ("large", "PS256"),
            ("es256", "ES256"),
            ("es384", "ES384"),
            ("es512", "ES512"),
        ):
            token = signed(name, {"alg": alg})
            self.assertEqual(self.verdict(token, *ALL, name=name), (0, "ok"), name)
            code, payload = self.verdict(token, *ALL, "--print-payload", name=name)
            self.assertEqual((code, payload.encode()), (0, PAYLOAD))

    def test_detached(self):
        body = KEYS / "body"
        body.write_bytes(PAYLOAD)
        token = signed("signing", {"alg": "PS256"}, detached=True)
        self.assertEqual(self.verdict(token, "--payload", body), (0, "ok"))
        self.assertEqual(self.verdict(token), (1, "refused: jws.detached"))
        unencoded = {"alg": "PS256", "b64": False, "crit": ["b64"]}
        token = signed("signing", unencoded, detached=True)
        self.assertEqual(self.verdict(token, "--payload", body, "--crit", "b64"), (0, "ok"))
        refused = (1, "refused: jws.unknown_critical")
        self.assertEqual(self.verdict(token, "--payload", body), refused)

    def test_batch(self):
        good = signed("signing", {"alg": "PS256"})
        header, _, signature = good.split(".")
        other = base64.urlsafe_b64encode(b"{}").rstrip(b"=").decode()
        lines = [
            (good, "ok"),
            (f"{header}.{other}.{signature}", "refused: jws.signature_mismatch"),
            (signed("signing", {"alg": "RS256"}), "refused: jws.algorithm_not_allowed"),
            (signed("signing", {"alg": "PS384"}), "refused: jws.algorithm_not_allowed"),
            (signed("large", {"alg": "PS256"}), "refused: key.unknown"),
            ("", "refused: jws.malformed"),
            ("x" * 9_000_000, "refused: jws.too_large"),
            (good, "ok"),
        ]
        given = "\n".join(line for line, _ in lines).encode() + b"\n\xff\xfe\n"
        code, out = self.verdict("", "--batch", given=given)
        expected = [verdict for _, verdict in lines] + ["refused: jws.malformed"]
        self.assertEqual(out.split("\n"), expected)
        self.assertEqual(code, 1)

    def test_encrypted(self):
        def encrypted(alg, enc, **more):
            token = jwe.JWE(PAYLOAD, json.dumps({"alg": alg, "enc": enc, **more}))
            token.add_recipient(private("encryption"))
            return token.serialize(compact=True).encode()

        good = encrypted("RSA-OAEP-256", "A256GCM", kid=key_id("encryption"))
        self.assertEqual(izin("decrypt", *DECRYPTION, given=good), (0, PAYLOAD))
        nameless = encrypted("RSA-OAEP-256", "A256GCM")
        self.assertEqual(izin("decrypt", *DECRYPTION, given=nameless), (0, PAYLOAD))
        lines = b"\n".join([
            good,
            encrypted("RSA-OAEP", "A256GCM"),
            encrypted("RSA-OAEP-256", "A128GCM"),
            encrypted("RSA-OAEP-256", "A256GCM", zip="DEF"),
            good[:-2],
        ])
        code, out = izin("decrypt", *DECRYPTION, "--batch", given=lines)
        plaintext = base64.urlsafe_b64encode(PAYLOAD).rstrip(b"=").decode()
        self.assertEqual(
            out.decode().splitlines(),
            [
                f"ok {plaintext}",
                "refused: jwe.algorithm_not_allowed",
                "refused: jwe.algorithm_not_allowed",
                "refused: jwe.unsupported",
                "refused: jwe.malformed",
            ],
        )
        self.assertEqual(code, 1)


if __name__ == "__main__":
    unittest.main()
