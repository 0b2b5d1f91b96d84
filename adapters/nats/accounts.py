"""How a NATS server must be set up: Souk's own account, and one for readers that reaches into it
by two narrow doors."""

from typing import Any

OWN, READERS = "SOUK", "READERS"
STREAM = "SOUK"
DOMAIN = "souk"  # what readers' clients call the JetStream that they reach
API = f"$JS.{DOMAIN}.API"
WISHES = "READERS.CREATE"  # .<consumer>.<filter>: where Souk hears which consumers are wanted
LONGEST = 16 * 1024  # bytes of the line that a client sends its token in


def configuration(user: str, password: str, issuer: str) -> dict[str, Any]:
    """The accounts and sign-in of a server; ``user`` is Souk's own, ``issuer`` a public key.

    A reader must not be in Souk's own account, whatever is denied to it: NATS does not look at
    the reply subject of a request, so it could have an answer delivered to any subject there,
    into the stream of changes for one. Nor may it create consumers itself, for a consumer
    delivers to any subject its configuration names."""
    return {
        "accounts": {
            OWN: {
                "jetstream": "enabled",
                "users": [{"user": user, "password": password}],
                "exports": [_export(f"{WISHES}.*.>", "singleton"), *map(_consumer, ASKED)],
            },
            READERS: {
                "imports": [
                    _import(f"{WISHES}.*.>", f"{API}.CONSUMER.CREATE.{STREAM}.*.>"),
                    *(_import(_theirs(verb), f"{API}.{verb}.{STREAM}.*") for verb in ASKED),
                ]
            },
        },
        "authorization": {
            "timeout": 5,
            "auth_callout": {"issuer": issuer, "account": OWN, "auth_users": [user]},
        },
        "max_control_line": LONGEST,
    }


ASKED = {"CONSUMER.MSG.NEXT": "stream", "CONSUMER.INFO": "singleton"}


def _theirs(verb: str) -> str:
    return f"$JS.API.{verb}.{STREAM}.*"


def _consumer(verb: str) -> dict[str, Any]:
    return _export(_theirs(verb), ASKED[verb])


def _export(subject: str, answers: str) -> dict[str, Any]:
    return {"service": subject, "response_type": answers, "accounts": [READERS]}


def _import(subject: str, to: str) -> dict[str, Any]:
    return {"service": {"account": OWN, "subject": subject}, "to": to}
