"""Placing: what an order must be before there is one."""

from domain.kernel import Rejected
from domain.money import total
from domain.orders.channels import CHANNELS
from domain.orders.commands import PlaceOrder
from domain.orders.events import OrderPlaced
from domain.orders.lines import Line


def place(new: PlaceOrder) -> OrderPlaced:
    if new.channel not in CHANNELS:
        raise Rejected("orders.unknown_channel", f"one of {', '.join(CHANNELS)}")
    _check_lines(new.lines)
    if new.shipping.minor < 0:
        raise Rejected("orders.shipping_negative")
    subtotal = total([line.subtotal for line in new.lines], new.lines[0].subtotal.currency)
    return OrderPlaced(
        checkout=new.checkout,
        buyer=new.buyer,
        seller=new.seller,
        channel=new.channel,
        lines=new.lines,
        subtotal=subtotal,
        shipping=new.shipping,
        total=subtotal + new.shipping,
        cash=new.cash,
        customer=new.customer,
        note=new.note,
        expected_delivery=new.expected_delivery,
        seller_name=new.seller_name,
    )


def _check_lines(lines: tuple[Line, ...]) -> None:
    if not lines:
        raise Rejected("orders.empty")
    if len({line.product for line in lines}) != len(lines):
        raise Rejected("orders.line_repeated", "one line per product")
    for line in lines:
        if line.quantity < 1 or line.unit_price.minor < 0:
            raise Rejected("orders.line_malformed")
        if line.subtotal != line.unit_price.times(line.quantity):
            raise Rejected("orders.line_does_not_add_up")
