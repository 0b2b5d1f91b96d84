"""What several use cases gather: a cart that the caller may touch, a product on sale."""

from application.ports import Missing
from application.work import Work
from domain import carts, catalog
from domain.carts import AddItem, Cart
from domain.catalog import Product
from domain.kernel import Rejected


async def cart_of(work: Work, id: str, owner: str | None) -> Cart:
    """The cart; Missing when there is none or it is another's. ``owner`` None: anyone's."""
    cart: Cart = await work.load(carts, id)
    if not cart.exists or owner not in (None, cart.owner):
        raise Missing("carts.unknown_cart")
    return cart


async def sold(work: Work, product: str) -> Product:
    """A product that can be bought now."""
    found: Product = await work.load(catalog, product)
    if not found.exists:
        raise Rejected("carts.unknown_product")
    if found.retired:
        raise Rejected("carts.product_retired", f"{product} is no longer sold")
    return found


async def adding(work: Work, product: str, quantity: int) -> AddItem:
    """The command that puts it in a cart at its live price."""
    found = await sold(work, product)
    return AddItem(
        product,
        found.seller,
        found.sku,
        found.name,
        found.price,
        quantity,
        found.min_order_quantity,
    )
