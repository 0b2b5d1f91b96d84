"""Offers: what a seller of one tier offers those of a lower one, by quantity, until a day."""

from datetime import datetime
from itertools import pairwise
from typing import ClassVar, assert_never

from domain.kernel import Command, Event, Rejected, Value, but
from domain.money import MAX_MINOR, Money

# A tier sells only downwards.
TARGETS = {
    "importateur": ("grossiste", "fournisseur"),
    "grossiste": ("fournisseur",),
}
MOST_BREAKS = 20
MOST_CATEGORIES = 20
LARGEST = 10**9  # quantity


class Break(Value):
    """What each costs from that quantity on, until the next break."""

    quantity: int
    unit_price: Money


class Terms(Value):
    """``breaks``: ascending; the first says how many must be bought. ``minimum``: what an order
    must come to."""

    title: str
    breaks: tuple[Break, ...]
    valid_until: datetime
    description: str = ""
    minimum: Money | None = None
    categories: tuple[str, ...] = ()


class PublishOffer(Command):
    """``tier``: the seller's; ``target``: the one that it is for; ``currency``: what the product
    is sold in. ``now``: of the command."""

    seller: str
    tier: str | None
    target: str
    product: str
    product_name: str
    terms: Terms
    now: datetime
    currency: str


class ReviseOffer(Command):
    """``tier``: the seller's by now."""

    terms: Terms
    now: datetime
    tier: str | None


class CloseOffer(Command):
    reason: str = ""


class ExpireOffer(Command):
    now: datetime


class OrderFromOffer(Command):
    """What both sides agreed on; it was checked when it was proposed. ``tier``: the seller's by
    now."""

    order: str
    buyer: str
    quantity: int
    unit_price: Money
    now: datetime
    tier: str | None


class OfferPublished(Event, tag="offers.offer_published"):
    SEQUENCE: ClassVar[str | None] = "offers"

    number: int
    seller: str
    tier: str
    target: str
    product: str
    product_name: str
    terms: Terms


class OfferRevised(Event, tag="offers.offer_revised"):
    terms: Terms


class OfferClosed(Event, tag="offers.offer_closed"):
    reason: str


class OfferExpired(Event, tag="offers.offer_expired"):
    pass


class OfferOrdered(Event, tag="offers.offer_ordered"):
    """Appended with the order's own orders.order_placed."""

    order: str
    buyer: str
    quantity: int
    unit_price: Money


COMMANDS = PublishOffer | ReviseOffer | CloseOffer | ExpireOffer | OrderFromOffer
EVENTS = OfferPublished | OfferRevised | OfferClosed | OfferExpired | OfferOrdered
NONE = Terms("", (), datetime.min)


class Offer(Value):
    """``status``: active, closed or expired; empty while there is none."""

    status: str = ""
    seller: str = ""
    target: str = ""
    product: str = ""
    terms: Terms = NONE

    @property
    def exists(self) -> bool:
        return self.status != ""

    def stands(self, now: datetime) -> bool:
        """Whether it can be taken: the timer that expires it may come a little late."""
        return self.status == "active" and now < self.terms.valid_until


EMPTY = Offer()


def decide(offer: Offer, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, PublishOffer):
        return _publish(offer, command)
    if not offer.exists:
        raise Rejected("offers.unknown_offer")
    match command:
        case ReviseOffer():
            return _revise(offer, command)
        case CloseOffer(reason=reason):
            return [OfferClosed(reason)] if offer.status == "active" else []
        case ExpireOffer(now=now):
            over = offer.status == "active" and not offer.stands(now)
            return [OfferExpired()] if over else []
        case OrderFromOffer():
            return _order(offer, command)
        case _:
            assert_never(command)


def _publish(offer: Offer, new: PublishOffer) -> list[EVENTS]:
    if offer.exists:
        raise Rejected("offers.offer_exists")
    check_tier(new.tier, new.target)
    _check(new.terms, new.now)
    if _currency(new.terms) != new.currency:
        raise Rejected("offers.currency_mixed", f"its product is sold in {new.currency}")
    return [
        OfferPublished(
            0, new.seller, str(new.tier), new.target, new.product, new.product_name, new.terms
        )
    ]


def _revise(offer: Offer, new: ReviseOffer) -> list[EVENTS]:
    terms = new.terms
    if not offer.stands(new.now):
        raise Rejected("offers.not_active", "it is over: publish another")
    check_tier(new.tier, offer.target)
    _check(terms, new.now)
    if _currency(terms) != _currency(offer.terms):
        raise Rejected("offers.currency_mixed", "it keeps its currency")
    return [OfferRevised(terms)] if terms != offer.terms else []


def _check(terms: Terms, now: datetime) -> None:
    if not terms.title.strip():
        raise Rejected("offers.title_missing")
    if terms.valid_until <= now:
        raise Rejected("offers.over_already", "valid_until lies in the past")
    if len(terms.categories) > MOST_CATEGORIES:
        raise Rejected("offers.too_many_categories", f"at most {MOST_CATEGORIES}")
    _check_breaks(terms.breaks)
    amounts = [each.unit_price for each in terms.breaks] + [
        terms.minimum or terms.breaks[0].unit_price
    ]
    if len({amount.currency for amount in amounts}) > 1:
        raise Rejected("offers.currency_mixed", "one currency for all its prices")


def _check_breaks(breaks: tuple[Break, ...]) -> None:
    if not 1 <= len(breaks) <= MOST_BREAKS:
        raise Rejected("offers.breaks_missing", f"1 to {MOST_BREAKS} breaks")
    if breaks[0].quantity < 1 or breaks[-1].quantity > LARGEST:
        raise Rejected("offers.quantity_out_of_range", f"1 to {LARGEST}")
    for lower, upper in pairwise(breaks):
        if lower.quantity >= upper.quantity:
            raise Rejected("offers.breaks_not_ascending", "each break begins above the last")
        if lower.unit_price.minor <= upper.unit_price.minor:
            raise Rejected("offers.breaks_not_cheaper", "who takes more pays less for each")


def _order(offer: Offer, command: OrderFromOffer) -> list[EVENTS]:
    if not offer.stands(command.now):
        raise Rejected("offers.not_active", "the offer is over")
    check_tier(command.tier, offer.target)
    return [OfferOrdered(command.order, command.buyer, command.quantity, command.unit_price)]


def sells_to(tier: str | None, target: str) -> bool:
    """Whether a seller of that tier may sell to the other."""
    return tier is not None and target in TARGETS.get(tier, ())


def check_tier(tier: str | None, target: str) -> None:
    """The same, as a rule."""
    if not sells_to(tier, target):
        who = tier or "seller without tier"
        raise Rejected("offers.tier_not_below", f"a {who} sells only downwards")


def price_at(terms: Terms, quantity: int) -> Money:
    """What each is offered for at that quantity; rejects what is below the first break."""
    reached = [each.unit_price for each in terms.breaks if each.quantity <= quantity]
    if not reached or quantity > LARGEST:
        raise Rejected("offers.quantity_out_of_range", f"{terms.breaks[0].quantity} at least")
    return reached[-1]


def check_order(terms: Terms, quantity: int, unit_price: Money) -> None:
    """Whether that much may be ordered at that price, the offer's or another."""
    price_at(terms, quantity)
    if unit_price.currency != _currency(terms):
        raise Rejected("offers.currency_mixed", f"in {_currency(terms)}")
    total = unit_price.times(quantity).minor
    if terms.minimum and total < terms.minimum.minor:
        raise Rejected("offers.below_minimum", "an order must come to more")
    if total > MAX_MINOR:
        raise Rejected("offers.total_too_large", "an order must come to less")


def _currency(terms: Terms) -> str:
    return terms.breaks[0].unit_price.currency


def evolve(offer: Offer, event: EVENTS) -> Offer:
    match event:
        case OfferPublished(seller=seller, target=target, product=product, terms=terms):
            return Offer("active", seller, target, product, terms)
        case OfferRevised(terms=terms):
            return but(offer, terms=terms)
        case OfferClosed():
            return but(offer, status="closed")
        case OfferExpired():
            return but(offer, status="expired")
        case OfferOrdered():
            return offer
        case _:
            assert_never(event)
