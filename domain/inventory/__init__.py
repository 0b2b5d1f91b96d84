"""Inventory: how much of a product there is, and which orders it is kept for."""

import re
from datetime import datetime
from functools import reduce
from typing import assert_never

from domain.inventory.words import (
    COMMANDS,
    EVENTS,
    AdjustStock,
    Commit,
    Extend,
    Keep,
    ReceiveStock,
    Release,
    ReservationExtended,
    ReservationKept,
    Reserve,
    Restock,
    SetThreshold,
    StockAdjusted,
    StockCommitted,
    StockFellBelow,
    StockReceived,
    StockReleased,
    StockReserved,
    StockRestocked,
    ThresholdSet,
)
from domain.kernel import Rejected, Value, but

__all__ = [
    "COMMANDS",
    "EMPTY",
    "EVENTS",
    "MAX_QUANTITY",
    "AdjustStock",
    "Commit",
    "Extend",
    "Keep",
    "ReceiveStock",
    "Release",
    "Reservation",
    "ReservationExtended",
    "ReservationKept",
    "Reserve",
    "Restock",
    "SetThreshold",
    "StockAdjusted",
    "StockCommitted",
    "StockFellBelow",
    "StockItem",
    "StockReceived",
    "StockReleased",
    "StockReserved",
    "StockRestocked",
    "ThresholdSet",
    "decide",
    "evolve",
]

MAX_QUANTITY = 10**9
REASON = re.compile(r"(?:[a-z][a-z0-9_]{0,39})?", re.ASCII)


class Reservation(Value):
    quantity: int
    expires_at: datetime | None
    extended: bool = False


class StockItem(Value):
    """One product's stock, in pieces; ``reservations`` and ``committed`` are by order. The latter
    are those that took theirs before orders noted it themselves."""

    on_hand: int = 0
    reserved: int = 0
    reservations: dict[str, Reservation] = {}
    committed: dict[str, int] = {}
    threshold: int | None = None

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    @property
    def low(self) -> bool:
        return self.threshold is not None and self.available < self.threshold


EMPTY = StockItem()


def decide(item: StockItem, command: COMMANDS) -> list[EVENTS]:
    events = _decided(item, command)
    after = reduce(evolve, events, item)
    if after.threshold is not None and after.low and not item.low:
        events.append(StockFellBelow(after.threshold, after.available))
    return events


def _decided(item: StockItem, command: COMMANDS) -> list[EVENTS]:
    match command:
        case ReceiveStock(quantity=quantity, reason=reason):
            _check(quantity, reason)
            return [StockReceived(quantity, reason)]
        case AdjustStock(delta=delta, reason=reason):
            return _adjust(item, delta, reason)
        case Reserve():
            return _reserve(item, command)
        case Extend():
            return _extend(item, command)
        case Keep(order=order):
            return _keep(item, order)
        case Release(order=order, reason=reason):
            return _release(item, order, reason)
        case Commit(order=order, quantity=quantity):
            return _commit(item, order, quantity)
        case Restock(order=order, quantity=quantity, reason=reason):
            _check(quantity, reason)
            return [StockRestocked(order, quantity, reason)]
        case SetThreshold(threshold=threshold):
            if threshold is not None and not 0 <= threshold <= MAX_QUANTITY:
                raise Rejected("inventory.threshold_out_of_range", f"0 to {MAX_QUANTITY}, or none")
            return [ThresholdSet(threshold)] if threshold != item.threshold else []
        case _:
            assert_never(command)


def _check(quantity: int, reason: str = "") -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Rejected("inventory.quantity_out_of_range", f"1 to {MAX_QUANTITY}")
    if not REASON.fullmatch(reason):
        raise Rejected("inventory.reason_malformed", "a code of a-z, 0-9 and _, 40 at the most")


def _adjust(item: StockItem, delta: int, reason: str) -> list[EVENTS]:
    if delta == 0:
        return []
    _check(abs(delta), reason)
    if item.available + delta < 0:
        raise Rejected("inventory.below_reserved", f"{item.reserved} are reserved for orders")
    return [StockAdjusted(delta, reason)]


def _reserve(item: StockItem, wanted: Reserve) -> list[EVENTS]:
    _check(wanted.quantity)
    if wanted.order in item.reservations or wanted.order in item.committed:
        raise Rejected("inventory.already_reserved", "this order has its stock")
    _check_available(item, wanted.quantity)
    return [StockReserved(wanted.order, wanted.quantity, wanted.expires_at)]


def _extend(item: StockItem, wanted: Extend) -> list[EVENTS]:
    reservation = item.reservations.get(wanted.order)
    if reservation is None:
        raise Rejected("inventory.not_reserved")
    if reservation.extended:
        raise Rejected("inventory.already_extended", "a reservation is extended once")
    if reservation.expires_at is None:
        return []
    return [ReservationExtended(wanted.order, wanted.expires_at)]


def _keep(item: StockItem, order: str) -> list[EVENTS]:
    if order not in item.reservations:
        raise Rejected("inventory.not_reserved")
    return [ReservationKept(order)] if item.reservations[order].expires_at else []


def _release(item: StockItem, order: str, reason: str) -> list[EVENTS]:
    _check(1, reason)
    if order in item.reservations:
        return [StockReleased(order, item.reservations[order].quantity, reason)]
    if order in item.committed:
        return [StockRestocked(order, item.committed[order], reason)]
    return []


def _commit(item: StockItem, order: str, quantity: int) -> list[EVENTS]:
    _check(quantity)
    if order in item.committed:
        return []
    if order in item.reservations:
        return [StockCommitted(order, item.reservations[order].quantity, noted=True)]
    _check_available(item, quantity)
    return [StockReserved(order, quantity, None), StockCommitted(order, quantity, noted=True)]


def _check_available(item: StockItem, quantity: int) -> None:
    if item.available < quantity:
        raise Rejected("inventory.insufficient", f"{item.available} available, {quantity} wanted")


def evolve(item: StockItem, event: EVENTS) -> StockItem:
    match event:
        case StockReceived(quantity=quantity):
            return but(item, on_hand=item.on_hand + quantity)
        case StockAdjusted(delta=delta):
            return but(item, on_hand=item.on_hand + delta)
        case StockReserved():
            return _reserved(item, event)
        case ReservationExtended():
            return _extended(item, event)
        case ReservationKept(order=order):
            return _kept(item, order)
        case StockReleased(order=order, quantity=quantity):
            return _unreserved(item, order, quantity)
        case StockCommitted():
            return _taken(item, event)
        case StockRestocked(order=order, quantity=quantity):
            committed = {o: q for o, q in item.committed.items() if o != order}
            return but(item, on_hand=item.on_hand + quantity, committed=committed)
        case ThresholdSet(threshold=threshold):
            return but(item, threshold=threshold)
        case StockFellBelow():
            return item
        case _:
            assert_never(event)


def _reserved(item: StockItem, event: StockReserved) -> StockItem:
    reservation = Reservation(event.quantity, event.expires_at)
    reservations = {**item.reservations, event.order: reservation}
    return but(item, reserved=item.reserved + event.quantity, reservations=reservations)


def _extended(item: StockItem, event: ReservationExtended) -> StockItem:
    if (old := item.reservations.get(event.order)) is None:
        return item
    longer = but(old, expires_at=event.expires_at, extended=True)
    return but(item, reservations={**item.reservations, event.order: longer})


def _kept(item: StockItem, order: str) -> StockItem:
    if (old := item.reservations.get(order)) is None:
        return item
    return but(item, reservations={**item.reservations, order: but(old, expires_at=None)})


def _taken(item: StockItem, event: StockCommitted) -> StockItem:
    less = _unreserved(item, event.order, event.quantity)
    kept = item.committed if event.noted else {**item.committed, event.order: event.quantity}
    return but(less, on_hand=item.on_hand - event.quantity, committed=kept)


def _unreserved(item: StockItem, order: str, quantity: int) -> StockItem:
    reservations = {o: r for o, r in item.reservations.items() if o != order}
    return but(item, reserved=item.reserved - quantity, reservations=reservations)
