"""Every aggregate, one line each."""

from domain.kernel import Decider

AGGREGATES: dict[str, Decider] = {}
