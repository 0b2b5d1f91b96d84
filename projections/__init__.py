"""Every projection, one line each."""

from projections.kernel import Projection

PROJECTIONS: dict[str, Projection] = {}
