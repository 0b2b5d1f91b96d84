"""What a route says of itself: its permission, the codes it answers, an example to send."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, get_type_hints

import msgspec
from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from adapters.problems import MEDIA_TYPE, TITLES, ProblemDetails
from entrypoints.http.examples import Told
from entrypoints.http.views import LINES, Listed, Sliced

EVERY = {400: ("malformed",), 401: ("unauthenticated",), 403: ("forbidden",)}
BODY = {408: ("too_slow",), 413: ("too_large",), 415: ("unsupported_media_type",)}
COMMAND = BODY | {
    400: ("idempotency_key_missing",),
    403: ("tenants.archived",),
    409: ("version_conflict", "idempotency_key_in_flight"),
    422: ("idempotency_key_reused", "log.unstorable", "log.too_large"),
    503: ("unavailable",),
}
QUERY = {503: ("unavailable",)}
NO_ID = {404: ("not_found",)}  # what stands in the path for one
PAST = {
    403: ("as_of.forbidden",),
    409: ("version_conflict",),
    422: ("as_of.beyond_the_log", "audit.query_too_long", "log.unstorable"),
    503: ("as_of.folding",),
}
RECORDED = {404: ("not_found",), 409: ("version_conflict",), 422: ("log.unstorable",)}
STATUSES = {"malformed": 400, "denied": 403, "missing": 404, "taken": 409, "purged": 422}


class Response(ResponseSpec):
    """What nobody changes is not copied: Litestar copies a handler with all it refers to, several
    times, which was half of what starting took."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Response":
        return self


def creates(permission: str, *rejects: str, **others: str) -> dict[str, Any]:
    """A command that creates: 201, and an Idempotency-Key is required.

    ``rejects``: the codes of its rules (422). ``others``: codes that answer 403 (``denied``), 404
    (``missing``), 409 (``taken``) or, once what it is about is gone for good, 422 (``purged``),
    separated by spaces.
    """
    known = _known(rejects, others, EVERY, COMMAND, NO_ID if "missing" in others else {})
    return _command(permission, 201, known)


def changes(permission: str, *rejects: str, **others: str) -> dict[str, Any]:
    """A command on what exists: 200. Codes as in ``creates``."""
    known = _known(rejects, others, EVERY, COMMAND, NO_ID)
    return _command(permission, 200, known)


def reads(
    permission: str,
    document: type[Any],
    missing: str = "",
    *,
    of: str | None = None,
    shared: bool = False,
    present: bool = False,
) -> dict[str, Any]:
    """A query for one document. ``of``: its projection, if it is not its controller's. ``shared``:
    everyone in the tenant who may see it sees the same. ``present``: it has no past."""
    known = _known((), {"missing": missing}, EVERY, QUERY, PAST, NO_ID)
    query = _query(permission, shown(document), known)
    query["opt"] |= {"shared": shared, "present": present}
    return query if of is None else query | {"opt": query["opt"] | {"projection": of}}


def lists(
    permission: str,
    document: type[Any],
    malformed: str = "",
    *,
    missing: str = "",
    shared: bool = False,
    family: str | None = None,
) -> dict[str, Any]:
    """A query for a page of documents. ``malformed``: codes of its own that answer 400.
    ``family``: what parameters of any other name begin with. ``missing``, ``shared``: as in
    others."""
    kind: Any = Listed[shown(document)]  # type: ignore[misc]
    own = {"malformed": malformed, "missing": missing}
    known = _known((), own, EVERY, QUERY, PAST, NO_ID if missing else {})
    query = _query(permission, kind, known)
    query["opt"] |= {"shared": shared, "family": family}
    return query


def slices(
    permission: str, document: type[Any], missing: str = "", *, shared: bool = False
) -> dict[str, Any]:
    """A query for a piece of a list, from a cursor on. ``missing``, ``shared``: as in others."""
    kind: Any = Sliced[shown(document)]  # type: ignore[misc]
    known = _known((), {"missing": missing}, EVERY, QUERY, PAST, NO_ID)
    query = _query(permission, kind, known)
    query["opt"]["shared"] = shared
    return query


def exports(permission: str, malformed: str = "") -> dict[str, Any]:
    """A query for everything, one JSON document a line."""
    ok = Response(str, generate_examples=False, media_type=LINES, description="One a line")
    return {
        "opt": {"permission": permission},
        "responses": {200: ok} | _known((), {"malformed": malformed}, EVERY, QUERY, PAST),
        "operation_class": Told,
    }


def recounts(permission: str, kind: type[Any], *rejects: str, missing: str = "") -> dict[str, Any]:
    """A query of the log itself, where everything is visible at once: it is recorded, and nobody
    keeps what it answers. Codes as in others."""
    ok = Response(kind, generate_examples=False, description="As the log has it")
    return {
        "opt": {"permission": permission, "unfolded": True},
        "responses": {200: ok} | _known(rejects, {"missing": missing}, EVERY, QUERY, RECORDED),
        "operation_class": Told,
    }


def tells(permission: str, kind: type[Any], missing: str = "") -> dict[str, Any]:
    """A query of how things stand at this very moment: nobody keeps what it answers."""
    ok = Response(kind, generate_examples=False, description="As it is now")
    known = _known((), {"missing": missing}, EVERY, QUERY, NO_ID if missing else {})
    return {
        "opt": {"permission": permission, "unfolded": True},
        "responses": {200: ok} | known,
        "operation_class": Told,
    }


def welcomes(kind: type[Any], status: int = 200) -> dict[str, Any]:
    """For whoever is signed in, whatever they may do else; no state of theirs in it. ``status``:
    201 is a POST's, whose body is looked at even where none is taken."""
    ok = Response(kind, generate_examples=False, description="As asked for")
    usual = {400: ("malformed",), 401: ("unauthenticated",)} | (BODY if status == 201 else {})
    known = _known((), {}, usual, QUERY)
    return {
        "status_code": status,
        "opt": {"anyone": True},
        "responses": {status: ok} | known,
        "operation_class": Told,
    }


def opens(away: type[Any] | None = None) -> dict[str, Any]:
    """What needs no token, and can have nothing wrong with it but its address. ``away``: what is
    answered with 503, where that is no problem but an answer."""
    known = _known((), {}, {400: ("malformed",)})
    if away is not None:
        known[503] = Response(away, generate_examples=False, description="Not now")
    return {
        "opt": {"public": True},
        "responses": known,
        "operation_class": Told,
    }


def shown(document: type[Any]) -> type[Any]:
    """The document as the API shows it: its personal part clear, or null."""
    hints = get_type_hints(document)
    if "personal" not in hints:
        return document
    parts = [(name, kind) for name, kind in hints.items() if name != "personal"]
    personal = ("personal", dict[str, Any] | None, None)
    return msgspec.defstruct(
        document.__name__, [*parts, personal], namespace={"__doc__": document.__doc__}
    )


def _command(permission: str, status: int, known: dict[int, Response]) -> dict[str, Any]:
    return {
        "status_code": status,
        "opt": {"permission": permission},
        "responses": known,
        "operation_class": Told,
    }


def _query(permission: str, kind: Any, found: dict[int, Response]) -> dict[str, Any]:
    etag = [ResponseHeader(name="ETag", description="its state", documentation_only=True)]
    ok = {
        200: Response(kind, generate_examples=False, description="At that position or later"),
        304: Response(None, generate_examples=False, description="Not changed"),
    }
    return {
        "opt": {"permission": permission},
        "responses": ok | found,
        "response_headers": etag,
        "operation_class": Told,
    }


def _known(
    rejects: Iterable[str], others: dict[str, str], *usual: Mapping[int, tuple[str, ...]]
) -> dict[int, Response]:
    codes: defaultdict[int, set[str]] = defaultdict(set)
    for part in usual:
        for status, found in part.items():
            codes[status].update(found)
    codes[422].update(rejects)
    for word, found_there in others.items():
        codes[STATUSES[word]].update(found_there.split())
    return {status: _problem(status, sorted(found)) for status, found in codes.items() if found}


def _problem(status: int, codes: list[str]) -> Response:
    title = TITLES[status]
    shown = [
        Example(
            id=code,
            summary=code,
            value={
                "type": f"urn:souk:problem:{code}",
                "title": title,
                "status": status,
                "code": code,
                "instance": "/api/v1/…",
            },
        )
        for code in codes
    ]
    return Response(
        ProblemDetails,
        generate_examples=False,
        description=f"{title}: {', '.join(codes)}",
        media_type=MEDIA_TYPE,
        examples=shown,
    )
