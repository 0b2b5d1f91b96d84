"""Costing: what a product is made of, and what a piece of it costs by that."""

from typing import assert_never

from domain.costing.checks import (
    MAX_MARGIN,
    MAX_QUANTITY,
    check_components,
    check_currency,
    check_labour,
    check_margin,
    check_name,
    check_overheads,
)
from domain.costing.margins import comparable, least, left, margin_of, under
from domain.costing.state import CostedProduct, price_at
from domain.costing.sums import MAX_MICROS, Breakdown, Line, cost_of, shown
from domain.costing.words import (
    COMMANDS,
    EVENTS,
    Base,
    Cause,
    Component,
    ComponentsSet,
    CostRolledUp,
    DefineProduct,
    Kind,
    Labour,
    LabourSet,
    LinkListing,
    ListingLinked,
    MarginSet,
    Overhead,
    OverheadsSet,
    ProductDefined,
    ProductPurged,
    ProductRenamed,
    ProductRestored,
    ProductRetired,
    PurgeProduct,
    RedefineProduct,
    RenameProduct,
    RestoreProduct,
    RetireProduct,
    RollUp,
    SetComponents,
    SetLabour,
    SetMargin,
    SetOverheads,
)
from domain.kernel import Rejected, but

__all__ = [
    "COMMANDS",
    "EMPTY",
    "EVENTS",
    "MAX_MARGIN",
    "MAX_MICROS",
    "MAX_QUANTITY",
    "Base",
    "Breakdown",
    "Cause",
    "Component",
    "ComponentsSet",
    "CostRolledUp",
    "CostedProduct",
    "DefineProduct",
    "Kind",
    "Labour",
    "LabourSet",
    "Line",
    "LinkListing",
    "ListingLinked",
    "MarginSet",
    "Overhead",
    "OverheadsSet",
    "ProductDefined",
    "ProductPurged",
    "ProductRenamed",
    "ProductRestored",
    "ProductRetired",
    "PurgeProduct",
    "RedefineProduct",
    "RenameProduct",
    "RestoreProduct",
    "RetireProduct",
    "RollUp",
    "SetComponents",
    "SetLabour",
    "SetMargin",
    "SetOverheads",
    "comparable",
    "cost_of",
    "decide",
    "evolve",
    "least",
    "left",
    "margin_of",
    "price_at",
    "shown",
    "under",
]

EMPTY = CostedProduct()
IN_BIN = RetireProduct | RestoreProduct | PurgeProduct | RollUp


def decide(product: CostedProduct, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, DefineProduct):
        return _define(product, command)
    if not product.exists:
        raise Rejected("costing.unknown_product")
    if product.purged and not isinstance(command, PurgeProduct):
        raise Rejected("costing.purged", "it is gone for good")
    if product.retired and not isinstance(command, IN_BIN):
        raise Rejected("costing.retired", "restore the product first")
    match command:
        case SetComponents(components=components, makes=makes):
            check_components(components, makes)
            known = (product.components, product.makes)
            return [ComponentsSet(components, makes)] if (components, makes) != known else []
        case SetLabour(labour=labour):
            check_labour(labour, product.currency)
            return [LabourSet(labour)] if labour != product.labour else []
        case SetOverheads(overheads=overheads):
            check_overheads(overheads, product.currency)
            return [OverheadsSet(overheads)] if overheads != product.overheads else []
        case SetMargin(margin=margin):
            check_margin(margin)
            return [MarginSet(margin)] if margin != product.margin else []
        case RenameProduct(name=name):
            check_name(name)
            return [ProductRenamed(name)] if name != product.name else []
        case RedefineProduct():
            return _redefine(product, command)
        case RetireProduct():
            return [] if product.retired else [ProductRetired()]
        case RestoreProduct():
            return [ProductRestored()] if product.retired else []
        case PurgeProduct():
            return _purge(product)
        case LinkListing(product=listing):
            return [ListingLinked(listing)] if listing != product.listing else []
        case RollUp(cost=cost, cause=cause):
            return [CostRolledUp(product.cost, cost, cause)] if cost != product.cost else []
        case _:
            assert_never(command)


def _purge(product: CostedProduct) -> list[EVENTS]:
    """It is sold as nothing any more."""
    if not product.retired:
        raise Rejected("costing.not_retired", "retire the product first")
    return [] if product.purged else [ProductPurged()]


def _define(product: CostedProduct, new: DefineProduct) -> list[EVENTS]:
    if product.exists:
        raise Rejected("costing.product_exists")
    check_name(new.name)
    check_currency(new.currency)
    check_margin(new.margin)
    return [ProductDefined(new.owner, new.name, new.currency, new.margin)]


def _redefine(product: CostedProduct, wanted: RedefineProduct) -> list[EVENTS]:
    if wanted.currency not in ("", product.currency):
        raise Rejected("costing.currency_mixed", f"its costs are in {product.currency}")
    if wanted.owner not in (None, product.owner):
        raise Rejected("costing.owner_stays", "define another")
    return [
        *decide(product, RenameProduct(wanted.name)),
        *decide(product, SetMargin(wanted.margin)),
    ]


def evolve(product: CostedProduct, event: EVENTS) -> CostedProduct:
    match event:
        case ProductDefined(owner=owner, name=name, currency=currency, margin=margin):
            return CostedProduct(owner, name, currency, margin=margin)
        case ComponentsSet(components=components, makes=makes):
            return but(product, components=components, makes=makes)
        case LabourSet(labour=labour):
            return but(product, labour=labour)
        case OverheadsSet(overheads=overheads):
            return but(product, overheads=overheads)
        case MarginSet(margin=margin):
            return but(product, margin=margin)
        case ProductRenamed(name=name):
            return but(product, name=name)
        case ProductRetired():
            return but(product, retired=True)
        case ProductRestored():
            return but(product, retired=False)
        case ProductPurged():
            return but(product, purged=True, listing=None)
        case ListingLinked(product=listing):
            return but(product, listing=listing)
        case CostRolledUp(new=cost):
            return but(product, cost=cost)
        case _:
            assert_never(event)
