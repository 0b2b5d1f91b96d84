"""A private key that cannot sign is told of before anything starts."""

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from adapters.roots import keys as roots
from adapters.tokens.signing import new_key
from entrypoints.cli import main
from entrypoints.settings import Settings, from_env, to_env
from entrypoints.variables import SettingsMissing

COMMANDS = (
    *("api", "live", "projector", "policies", "worker"),
    *("migrate", "verify", "revive", "nats-config", "token --role admin"),
    *("nats-credentials --tenant t", "erase --replay", "audit log --tenant t"),
)
KINDS = {"SOUK_SIGNING_KEY": "an EC P-256", "SOUK_ROOTS_KEY": "an Ed25519"}
NOWHERE = "postgresql://x", "redis://x", "nats://x", ""


def pem(key, secret=None):
    secret = secret or NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret).decode()


P256, P384 = (ec.generate_private_key(curve()) for curve in (ec.SECP256R1, ec.SECP384R1))
ED25519 = ed25519.Ed25519PrivateKey.generate()
BAD = {
    "no PEM": "root:x:0:0",
    "no text": b"\xff\xfe",
    "cut": new_key()[:80],
    "RSA": pem(rsa.generate_private_key(65537, 2048)),
    "P-384": pem(P384),
    "with a password": pem(P256, BestAvailableEncryption(b"secret")),
    "with a password, too": pem(ED25519, BestAvailableEncryption(b"secret")),
}


def env_of(**more):
    return to_env(Settings(*NOWHERE, bytes(32), new_key(), b"any")) | more


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("bad", BAD)
def test_one_that_is_no_such_key_is_told_of_by_the_name_of_its_variable(tmp_path, name, bad):
    file, said = tmp_path / "key.pem", BAD[bad]
    file.write_bytes(said if isinstance(said, bytes) else said.encode())
    message = f"^{name} must be {KINDS[name]} private key: a PEM, or its path.$"
    with pytest.raises(SettingsMissing, match=message):
        from_env(env_of(**{name: str(file)}))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_ends_with_a_sentence_and_2(command):
    answer = CliRunner(env=env_of(SOUK_SIGNING_KEY=BAD["P-384"])).invoke(main, command.split())
    (line,) = answer.output.splitlines()
    assert (answer.exit_code, line.startswith("Error: SOUK_SIGNING_KEY must be")) == (2, True)


def test_those_that_can_sign_are_taken_as_they_are_or_from_a_file(tmp_path):
    signing, sealing = tmp_path / "signing.pem", tmp_path / "roots.pem"
    signing.write_text(pem(P256))
    sealing.write_text(roots.new_key())
    found = from_env(env_of(SOUK_SIGNING_KEY=str(signing), SOUK_ROOTS_KEY=str(sealing)))
    assert (found.signing_key_pem, found.roots_key_pem) == (pem(P256), sealing.read_text())
    assert from_env(to_env(found)) == found
