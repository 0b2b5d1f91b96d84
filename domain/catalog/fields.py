"""Fields of a seller's own: what a product has that the catalogue has no word for."""

import re
from collections.abc import Iterator, Mapping

from domain.catalog.words import CustomFieldSet, Field
from domain.kernel import Rejected

MOST_FIELDS = 50
LONGEST_VALUE = 500  # characters
FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def changed_fields(
    known: Mapping[str, Field], wanted: Mapping[str, Field | None]
) -> Iterator[CustomFieldSet]:
    """One for each that is news, by name."""
    after = dict(known)
    for name, value in wanted.items():
        _check(name, value)
        after = with_field(after, name, value)
    if len(after) > max(MOST_FIELDS, len(known)):
        raise Rejected("catalog.too_many_fields", f"at most {MOST_FIELDS}")
    for name in sorted(wanted):
        if known.get(name) != wanted[name]:
            yield CustomFieldSet(name, wanted[name])


def with_field(fields: Mapping[str, Field], name: str, value: Field | None) -> dict[str, Field]:
    """The fields by name, so that it does not matter in which order they were set."""
    changed = {**fields, name: value}
    return {key: changed[key] for key in sorted(changed) if changed[key] is not None}  # type: ignore[misc]


def _check(name: str, value: Field | None) -> None:
    if not FIELD.fullmatch(name):
        raise Rejected("catalog.field_malformed", "a name is a-z, then a-z, 0-9 and _; up to 40")
    if isinstance(value, str) and not 1 <= len(value) <= LONGEST_VALUE:
        raise Rejected("catalog.field_malformed", f"a text has 1 to {LONGEST_VALUE} characters")
