"""Whose request it is."""

from collections.abc import Mapping
from typing import Any

from entrypoints.caller import Caller as Caller


def caller_of(scope: Mapping[str, Any]) -> Caller:
    """The caller that the authentication layer found."""
    found: Caller = scope["user"]
    return found
