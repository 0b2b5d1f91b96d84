"""Tokens that were not signed for us by someone we trust open nothing."""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from types import SimpleNamespace

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters.tokens import verifying
from adapters.tokens.issuers import FETCHES_A_MINUTE, KEPT
from adapters.tokens.signing import Signer, new_key
from adapters.tokens.verifying import Refused, TokenVerifier
from entrypoints.http.authentication import Bearers
from entrypoints.http.problems import Problem

DAY = 24 * 3600  # longer than any run: what is forged here is sent much later
KEY, FOREIGN = new_key(), new_key()
OWN = Signer(KEY, "souk", "souk-api")


def claims(**other):
    now = int(time.time())
    said = {
        "iss": "souk",
        "aud": "souk-api",
        "sub": "amina",
        "tenant": "bazaar",
        "permissions": ["products:read"],
        "iat": now,
        "exp": now + 2 * DAY,
    }
    return {name: value for name, value in (said | other).items() if value is not None}


def signed(key=KEY, algorithm="ES256", kid=OWN.kid, header=None, **other):
    return jwt.encode(claims(**other), key, algorithm, headers={"kid": kid} | (header or {}))


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(algorithm):
    return f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': OWN.kid})}.{part(claims())}."


def by_public_key():
    """HS256, with our public key, which everyone knows, as the secret."""
    public = serialization.load_pem_private_key(KEY.encode(), None).public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    said = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': OWN.kid})}.{part(claims())}"
    mac = hmac.digest(pem, said.encode(), hashlib.sha256)
    return f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def tampered():
    header, _, signature = signed().split(".")
    return f"{header}.{part(claims(tenant='another'))}.{signature}"


RSA = rsa.generate_private_key(65537, 2048)
P384 = ec.generate_private_key(ec.SECP384R1())
FORGED = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "no signature": unsigned("ES256"),
    "HS256 with the public key": by_public_key(),
    "RS256 under our kid": signed(RSA, "RS256"),
    "ES384 under our kid": signed(P384, "ES384"),
    "a foreign key": signed(FOREIGN),
    "a foreign key that brings itself": signed(
        FOREIGN, header={"jwk": Signer(FOREIGN, "souk", "souk-api").jwks["keys"][0]}
    ),
    "a foreign key at an address": signed(FOREIGN, header={"jku": "https://example.com/jwks"}),
    "an unknown kid": signed(kid="another"),
    "no kid": signed(kid=""),
    "a kid that is a path": signed(kid="../../etc/passwd"),
    "another issuer": signed(iss="https://example.com"),
    "an issuer that begins like ours": signed(iss="souk.example.com"),
    "no issuer": signed(iss=None),
    "another audience": signed(aud="another-api"),
    "several audiences": signed(aud=["souk-api", "another-api"]),
    "no audience": signed(aud=None),
    "expired": signed(exp=int(time.time()) - 60),
    "no expiry": signed(exp=None),
    "not yet valid": signed(nbf=int(time.time()) + DAY),
    "issued in the future": signed(iat=int(time.time()) + DAY),
    "from the future, by a foreign key": signed(FOREIGN, iat=int(time.time()) + DAY),
    "no subject": signed(sub=None),
    "no tenant": signed(tenant=None),
    "a tenant that is no name": signed(tenant="a/b"),
    "a subject that is no name": signed(sub="a b"),
    "permissions that are no list": signed(permissions="*:*"),
    "an extension that must be understood": signed(header={"crit": ["exp"], "exp": 1}),
    "altered claims": tampered(),
    "half a token": signed()[: len(signed()) // 2],
    "four parts": f"{signed()}.more",
    "no token at all": "",
    "words": "let me in",
    "not base64": "!!!.???.***",
    "a number": part(1) + "." + part(2) + "." + part(3),
    "too long": signed(more="x" * 10_000),
}


@pytest.fixture
def bearers():
    return Bearers(lambda: TokenVerifier(OWN))


@pytest.mark.parametrize("attack", FORGED)
async def test_a_forged_token_is_refused(bearers, attack):
    with pytest.raises(Problem) as refusal:
        await bearers.caller(f"Bearer {FORGED[attack]}".encode())
    assert (refusal.value.status, refusal.value.code) == (401, "unauthenticated")


EARLY = ("not yet valid", "issued in the future")


@pytest.mark.parametrize("attack", FORGED)
async def test_only_who_has_a_token_that_we_signed_is_told_of_clocks(bearers, attack):
    with pytest.raises(Problem) as refusal:
        await bearers.caller(f"Bearer {FORGED[attack]}".encode())
    assert ("from the future" in refusal.value.detail) == (attack in EARLY)


async def test_tokens_of_ours_from_the_future_are_in_the_log_once_a_minute(monkeypatch):
    told = []
    log = SimpleNamespace(warning=lambda what, **about: told.append(what))
    monkeypatch.setattr(verifying, "logger", log)
    clock = SimpleNamespace(now=0.0)
    verifier = TokenVerifier(OWN, clock=lambda: clock.now)
    for clock.now in (0.0, 1.0, 59.0, 60.0):
        for token in (FORGED["issued in the future"], FORGED["expired"]):
            with pytest.raises(Refused):
                await verifier.verify(token)
    assert told == ["a token is from the future: is a clock wrong?"] * 2


async def test_a_token_of_ours_is_accepted(bearers):
    caller = await bearers.caller(f"Bearer {signed()}".encode())
    assert (caller.tenant, caller.user, caller.held) == ("bazaar", "amina", {"products:read"})


async def test_a_kept_token_still_expires(bearers, monkeypatch):
    monkeypatch.setattr(verifying, "LEEWAY", DAY)  # so that it is accepted, however late it is seen
    header = b"Bearer " + OWN.sign("amina", "bazaar", [], lasts=timedelta(seconds=-4)).encode()
    await bearers.caller(header)  # within the leeway of two clocks, and not a moment longer
    ((until, _),) = bearers._known.values()
    assert until <= time.time()


async def test_every_forged_token_answers_401_over_http(api):
    for attack, token in FORGED.items():
        sent = {"authorization": f"Bearer {token}"}
        answer = await api.http.get("/api/v1/catalog/products", headers=sent)
        assert answer.status_code == 401, attack
        assert answer.json()["code"] == "unauthenticated", attack
        assert answer.headers["www-authenticate"].startswith("Bearer"), attack
    for headers in ({}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer"}):
        assert (await api.http.get("/api/v1/orders", headers=headers)).status_code == 401


class Elsewhere:
    """Another issuer: its key, and how often its JWKS was asked for."""

    def __init__(self, **shape):
        self.signer = Signer(FOREIGN, "https://elsewhere", "souk-api")
        self.asked, self.now, self.jwks = 0, 0.0, self.signer.jwks
        trusted = {
            "issuer": "https://elsewhere",
            "jwks_url": "https://elsewhere/jwks",
            "audience": "souk-api",
            "algorithms": ("ES256",),
        }
        self.verifier = TokenVerifier(
            OWN, [SimpleNamespace(**(trusted | shape))], self.fetch, lambda: self.now
        )

    def fetch(self, url):
        self.asked += 1
        return self.jwks


async def test_a_trusted_issuers_keys_are_fetched_once_a_day():
    elsewhere = Elsewhere()
    token = elsewhere.signer.sign("amina", "bazaar", ["products:read"])
    for _ in range(3):
        assert (await elsewhere.verifier.verify(token)).sub == "amina"
    assert elsewhere.asked == 1
    elsewhere.now += KEPT + 1
    await elsewhere.verifier.verify(token)
    assert elsewhere.asked == 2


async def test_unknown_kids_cannot_make_us_ask_without_end():
    elsewhere = Elsewhere()
    for n in range(30):
        with pytest.raises(Refused):
            await elsewhere.verifier.verify(
                signed(FOREIGN, kid=f"k{n}", iss="https://elsewhere", aud="souk-api")
            )
    assert elsewhere.asked == FETCHES_A_MINUTE


async def test_our_own_key_does_not_speak_for_another_issuer():
    elsewhere = Elsewhere()
    with pytest.raises(Refused):
        await elsewhere.verifier.verify(signed(iss="https://elsewhere"))
    with pytest.raises(Refused):
        await elsewhere.verifier.verify(signed(FOREIGN, kid=elsewhere.signer.kid))


async def test_an_algorithm_that_is_not_pinned_for_the_issuer_is_refused():
    elsewhere = Elsewhere(algorithms=("RS256", "HS256"))
    with pytest.raises(Refused):
        await elsewhere.verifier.verify(elsewhere.signer.sign("amina", "bazaar", []))
