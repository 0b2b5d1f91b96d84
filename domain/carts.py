"""Carts: what a buyer means to buy, at the prices they were shown."""

from typing import assert_never

from msgspec.structs import astuple

from domain.kernel import Command, Event, Rejected, Value, but
from domain.money import Money

MAX_LINES = 100
MAX_QUANTITY = 9999  # of one line


class OpenCart(Command):
    owner: str


class AddItem(Command):
    product: str
    seller: str
    sku: str | None
    name: str
    unit_price: Money  # live at this moment; held for the buyer from now on
    quantity: int
    minimum: int
    reel: str | None = None  # that it was found by


class ChangeQuantity(Command):
    product: str
    quantity: int
    minimum: int  # live at this moment


class RemoveItem(Command):
    product: str


class ClearCart(Command):
    pass


class AcceptPrice(Command):
    product: str
    unit_price: Money


class Offered(Value):
    """What the catalogue says of a product at the moment of checking out."""

    unit_price: Money
    minimum: int
    retired: bool
    seller_gone: bool = False  # was dismissed since it was put up


class CheckOut(Command):
    checkout: str
    offered: dict[str, Offered]  # by product; one that is not there can no longer be bought


class CartOpened(Event, tag="carts.cart_opened"):
    owner: str


class ItemAdded(Event, tag="carts.item_added"):
    product: str
    seller: str
    sku: str | None
    name: str
    unit_price: Money
    quantity: int
    minimum: int
    reel: str | None = None


class ItemQuantityChanged(Event, tag="carts.item_quantity_changed"):
    product: str
    quantity: int


class ItemRemoved(Event, tag="carts.item_removed"):
    product: str


class CartCleared(Event, tag="carts.cart_cleared"):
    pass


class PriceAccepted(Event, tag="carts.price_accepted"):
    product: str
    unit_price: Money


class CartCheckedOut(Event, tag="carts.cart_checked_out"):
    checkout: str


COMMANDS = OpenCart | AddItem | ChangeQuantity | RemoveItem | ClearCart | AcceptPrice | CheckOut
EVENTS = (
    CartOpened
    | ItemAdded
    | ItemQuantityChanged
    | ItemRemoved
    | CartCleared
    | PriceAccepted
    | CartCheckedOut
)


class CartLine(Value):
    """``unit_price`` is the one the buyer was shown, or has accepted since; ``minimum``: of when
    it was added, while the live one decides."""

    product: str
    seller: str
    sku: str | None
    name: str
    unit_price: Money
    quantity: int
    minimum: int
    reel: str | None = None  # by which it came into the cart


class Cart(Value):
    """``owner`` is empty while there is no such cart; ``lines`` by product, oldest first."""

    owner: str = ""
    lines: dict[str, CartLine] = {}
    checkout: str | None = None

    @property
    def exists(self) -> bool:
        return self.owner != ""

    @property
    def closed(self) -> bool:
        return self.checkout is not None

    @property
    def currency(self) -> str | None:
        """The currency of every line; None while there is none."""
        return next((line.unit_price.currency for line in self.lines.values()), None)


EMPTY = Cart()


def decide(cart: Cart, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, OpenCart):
        return _open(cart, command)
    if not cart.exists:
        raise Rejected("carts.unknown_cart")
    if cart.closed:
        raise Rejected("carts.closed", "this cart was checked out: open another")
    match command:
        case AddItem():
            return _add(cart, command)
        case ChangeQuantity(product=product, quantity=quantity, minimum=minimum):
            return _change_quantity(_line(cart, product), quantity, minimum)
        case RemoveItem(product=product):
            return [ItemRemoved(product)] if product in cart.lines else []
        case ClearCart():
            return [CartCleared()] if cart.lines else []
        case AcceptPrice(product=product, unit_price=price):
            return _accept_price(_line(cart, product), price)
        case CheckOut():
            return _check_out(cart, command)
        case _:
            assert_never(command)


def _open(cart: Cart, command: OpenCart) -> list[EVENTS]:
    if cart.closed or cart.owner not in ("", command.owner):
        raise Rejected("carts.cart_exists")
    return [] if cart.exists else [CartOpened(command.owner)]


def _add(cart: Cart, item: AddItem) -> list[EVENTS]:
    if item.quantity < 1:
        raise Rejected("carts.quantity_out_of_range", "add at least one")
    if (line := cart.lines.get(item.product)) is not None:
        quantity = line.quantity + item.quantity
        _check_quantity(quantity, item.minimum)
        return [ItemQuantityChanged(item.product, quantity)]
    _check_quantity(item.quantity, item.minimum)
    _check_price(item.unit_price, cart.currency or item.unit_price.currency)
    if len(cart.lines) >= MAX_LINES:
        raise Rejected("carts.too_many_lines", f"a cart holds {MAX_LINES} products")
    return [ItemAdded(*astuple(item))]


def _change_quantity(line: CartLine, quantity: int, minimum: int) -> list[EVENTS]:
    _check_quantity(quantity, minimum)
    return [ItemQuantityChanged(line.product, quantity)] if quantity != line.quantity else []


def _accept_price(line: CartLine, price: Money) -> list[EVENTS]:
    _check_price(price, line.unit_price.currency)
    return [PriceAccepted(line.product, price)] if price != line.unit_price else []


def _check_out(cart: Cart, command: CheckOut) -> list[EVENTS]:
    if not cart.lines:
        raise Rejected("carts.empty")
    for line in cart.lines.values():
        payable(line, command.offered.get(line.product))
    return [CartCheckedOut(command.checkout)]


def payable(line: CartLine, offered: Offered | None) -> Money:
    """The unit price at checkout: a lower live one, or the one shown or accepted."""
    if offered is None or offered.retired:
        raise Rejected("carts.product_retired", f"{line.product} is no longer sold")
    if offered.seller_gone:
        raise Rejected("carts.seller_gone", f"{line.seller} no longer sells")
    _check_quantity(line.quantity, offered.minimum)
    _check_price(offered.unit_price, line.unit_price.currency)
    if offered.unit_price.minor > line.unit_price.minor:
        raise Rejected("carts.price_rose", f"accept the price of {line.product} first")
    return offered.unit_price


def _line(cart: Cart, product: str) -> CartLine:
    if product not in cart.lines:
        raise Rejected("carts.not_in_cart")
    return cart.lines[product]


def _check_quantity(quantity: int, minimum: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Rejected("carts.quantity_out_of_range", f"from 1 to {MAX_QUANTITY}")
    if quantity < minimum:
        raise Rejected("carts.below_minimum", f"sold from {minimum} pieces up")


def _check_price(price: Money, currency: str) -> None:
    if price.currency != currency:
        raise Rejected("carts.currency_mixed", f"this cart is in {currency}")


def evolve(cart: Cart, event: EVENTS) -> Cart:
    match event:
        case CartOpened(owner=owner):
            return but(cart, owner=owner)
        case ItemAdded():
            return but(cart, lines={**cart.lines, event.product: CartLine(*astuple(event))})
        case ItemQuantityChanged(product=product, quantity=quantity):
            return _with(cart, product, quantity=quantity)
        case ItemRemoved(product=gone):
            return but(cart, lines={p: line for p, line in cart.lines.items() if p != gone})
        case CartCleared():
            return but(cart, lines={})
        case PriceAccepted(product=product, unit_price=price):
            return _with(cart, product, unit_price=price)
        case CartCheckedOut(checkout=checkout):
            return but(cart, checkout=checkout)
        case _:
            assert_never(event)


def _with(cart: Cart, product: str, **changes: object) -> Cart:
    return but(cart, lines={**cart.lines, product: but(cart.lines[product], **changes)})
