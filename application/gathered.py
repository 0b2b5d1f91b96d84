"""What several use cases gather: a cart that the caller may touch, a product on sale, a reel that
is shown."""

from application.ports import Missing
from application.work import Work
from domain import carts, catalog, identity, reels
from domain.carts import AddItem, Cart
from domain.catalog import Product
from domain.kernel import Rejected
from domain.reels import Reel


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


async def adding(work: Work, product: str, quantity: int, reel: str | None = None) -> AddItem:
    """The command that puts it in a cart at its live price. ``reel``: one that showed
    it."""
    found = await sold(work, product)
    if reel is not None:
        shown: Reel = await work.load(reels, reel)
        if shown.product != product or not shown.shown:
            raise Rejected("carts.reel_unknown", "there is no such reel of this product")
    return AddItem(
        product,
        found.seller,
        found.sku,
        found.name,
        found.price,
        quantity,
        found.min_order_quantity,
        reel,
    )


async def check_seller(work: Work, seller: str) -> None:
    """Raises Rejected for one who was dismissed or removed since they put it up."""
    if not (await work.load(identity, seller)).sells:
        raise Rejected("carts.seller_gone", f"{seller} no longer sells")


async def visible(work: Work, id: str) -> Reel:
    """One that the feed may show: published, of a product that is on sale. Raises Missing."""
    reel: Reel = await work.load(reels, id)
    if not reel.published:
        raise Missing("reels.unknown_reel")
    product: Product = await work.load(catalog, reel.product)
    if product.retired:
        raise Missing("reels.unknown_reel")
    return reel
