"""Every projection, one line each."""

from projections import catalog
from projections.kernel import Projection

PROJECTIONS: dict[str, Projection] = {
    "catalog": catalog,
}
