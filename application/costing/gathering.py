"""What a costing is worked out from: products, and all that they use."""

from collections.abc import Mapping, Sequence

from application.ports import Missing
from application.work import Work
from domain import costing, costs, materials, tenants
from domain.costing import CostedProduct
from domain.costs import Cost
from domain.materials import Material
from domain.tenants import Tenant

UNKNOWN = "costing.unknown_product"


async def owned(work: Work, id: str, owner: str | None) -> CostedProduct:
    """Raises Missing."""
    product: CostedProduct = await work.load(costing, id)
    if not product.exists or owner not in (None, product.owner):
        raise Missing(UNKNOWN)
    return product


async def gather(work: Work, order: Sequence[str]) -> None:
    """These products and all that they use, in two reads."""
    await work.gather([(tenants, work.call.tenant), *((costing, id) for id in order)])
    used = [c for id in order for c in (await work.load(costing, id)).components]
    await work.gather((costing if c.kind == "product" else materials, c.id) for c in used)


async def costs_of(
    work: Work,
    product: CostedProduct,
    computed: Mapping[str, Cost | None],
    supposed: Mapping[str, Cost | None] | None = None,
) -> dict[str, Cost | None]:
    """What one of each of its components costs. ``computed``: of products, instead of what was
    rolled up; ``supposed``: of materials, without scrap, instead of what they do cost."""
    tenant: Tenant = await work.load(tenants, work.call.tenant)
    found: dict[str, Cost | None] = {}
    for component in product.components:
        if component.kind == "material":
            material: Material = await work.load(materials, component.id)
            cost = told(material, tenant.cost_basis)
            if supposed and component.id in supposed:
                cost = supposed[component.id]
            found[component.id] = cost and cost.wasting(material.measuring.scrap)
        elif component.id in computed:
            found[component.id] = computed[component.id]
        else:
            found[component.id] = (await work.load(costing, component.id)).cost
    return found


def told(material: Material, basis: str) -> Cost | None:
    """What a material costs by the tenant's basis, without its scrap."""
    return costs.by(basis, material.average, material.last, material.standard)
