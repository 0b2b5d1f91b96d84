"""What a product may be made of, and what it may be sold as."""

from application.costing.gathering import owned
from application.work import Work
from domain import catalog, costing, materials
from domain.catalog import LinkCosting, Product
from domain.costing import CostedProduct, LinkListing, SetComponents
from domain.kernel import Rejected
from domain.materials import Material


async def check_components(work: Work, product: CostedProduct, wanted: SetComponents) -> None:
    known = {component.id for component in product.components}
    await work.gather(
        (costing if c.kind == "product" else materials, c.id) for c in wanted.components
    )
    for component in wanted.components:
        decider = costing if component.kind == "product" else materials
        found: CostedProduct | Material = await work.load(decider, component.id)
        if not found.exists or found.owner != product.owner:
            raise Rejected("costing.unknown_component", component.id)
        if found.retired and component.id not in known:
            raise Rejected("costing.component_retired", component.id)
        if found.currency != product.currency:
            raise Rejected("costing.currency_mixed", f"its costs are in {product.currency}")


async def link(work: Work, id: str, owner: str | None, listing: str | None) -> None:
    """Both sides know of it; whatever it was sold as before does no longer."""
    product = await owned(work, id, owner)
    await work.gather((catalog, one) for one in (product.listing, listing) if one)
    if listing is not None:
        await _check_listing(work, id, product, listing)
    if product.listing and product.listing != listing:
        await work.decide(catalog, product.listing, LinkCosting(None))
    await work.decide(costing, id, LinkListing(listing))
    if listing is not None:
        await work.decide(catalog, listing, LinkCosting(id))


async def _check_listing(work: Work, id: str, product: CostedProduct, listing: str) -> None:
    found: Product = await work.load(catalog, listing)
    if not found.exists:
        raise Rejected("costing.unknown_listing", listing)
    if found.seller != product.owner:
        raise Rejected("costing.listing_not_the_owners", "it is sold by somebody else")
    if found.price.currency != product.currency:
        raise Rejected("costing.currency_mixed", f"its costs are in {product.currency}")
    if found.costing not in (None, id):
        raise Rejected("costing.listing_taken", f"it is linked with {found.costing}")
