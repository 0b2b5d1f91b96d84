"""The names that a tenant's events hold as unique: its claims, told by the events alone."""

from collections.abc import Iterable
from functools import reduce

from application import catalog as listing
from application import materials as supplies
from domain import catalog, materials
from domain.kernel import Recorded

CONTEXTS = ("catalog", "materials")
Claim = tuple[str, str, str]  # kind, value, owner


def claims_of(context: str, id: str, past: Iterable[Recorded]) -> list[Claim]:
    """Of one stream of ``CONTEXTS``, as far as its events go."""
    events = [recorded.event for recorded in past]
    if context == "catalog":
        product = reduce(catalog.evolve, events, catalog.EMPTY)
        claims = [(listing.SLUG, product.describing.slug, id)]
        if product.sku:
            claims.append((listing.SKU, f"{product.seller}/{product.sku}", id))
        return claims
    material = reduce(materials.evolve, events, materials.EMPTY)
    return [(supplies.SKU, material.sku, id)] if material.sku else []
