"""What a costing is worked out from: products, and all that they use."""

from collections.abc import Mapping, Sequence

from application.ports import Missing
from application.work import Work
from domain import costing, costs, materials, tenants
from domain.costing import CostedProduct, Kind
from domain.costs import Cost
from domain.kernel import Decider
from domain.materials import Material
from domain.tenants import Tenant

UNKNOWN = "costing.unknown_product"
_DECIDERS: Mapping[Kind, Decider] = {"material": materials, "product": costing}


async def owned(work: Work, id: str, owner: str | None) -> CostedProduct:
    """Raises Missing."""
    product: CostedProduct = await work.load(costing, id)
    if not product.exists or owner not in (None, product.owner):
        raise Missing(UNKNOWN)
    return product


async def gather(
    work: Work, order: Sequence[str], supposed: Mapping[str, Cost | None] | None = None
) -> dict[str, Cost | None]:
    """What one of each that these products use costs, by id, in two reads: of products as rolled
    up so far. ``supposed``: of materials, without scrap, instead of what they do cost."""
    await work.gather([(tenants, work.call.tenant), *((costing, id) for id in order)])
    tenant: Tenant = await work.load(tenants, work.call.tenant)
    products: dict[str, CostedProduct] = await work.load_all(costing, order)
    used = {part.id: part.kind for p in products.values() for part in p.components}
    await work.gather((_DECIDERS[kind], id) for id, kind in used.items())
    found: dict[str, Cost | None] = {}
    for id, kind in used.items():
        if kind == "product":
            found[id] = (await work.load(costing, id)).cost
            continue
        material: Material = await work.load(materials, id)
        cost = told(material, tenant.cost_basis)
        if supposed and id in supposed:
            cost = supposed[id]
        found[id] = cost and cost.wasting(material.measuring.scrap)
    return found


def told(material: Material, basis: str) -> Cost | None:
    """What a material costs by the tenant's basis, without its scrap."""
    return costs.by(basis, material.average, material.last, material.standard)
