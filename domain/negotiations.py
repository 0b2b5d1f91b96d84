"""Negotiations: one buyer and the seller of an offer, in turns, until they agree or one leaves."""

from datetime import datetime
from typing import assert_never

from domain.kernel import Command, Event, Personal, Rejected, Value, but
from domain.money import Money

MOST_TURNS = 50
LARGEST = 10**9  # quantity
LONGEST_NOTE = 500  # characters
SIDES = ("buyer", "seller")


class Proposal(Value):
    """What one side would agree to."""

    quantity: int
    unit_price: Money


class Respond(Command):
    """Answer an offer. ``until``: how long the proposal stands; ``method``: how it will be paid;
    ``address``: where it is to be sent."""

    offer: str
    product: str
    seller: str
    buyer: str
    proposal: Proposal
    method: str
    until: datetime
    note: Personal | None = None
    address: Personal | None = None


class Counter(Command):
    """``by``: buyer or seller."""

    by: str
    proposal: Proposal
    until: datetime
    note: Personal | None = None


class Accept(Command):
    """What the other side proposed last."""

    by: str
    order: str
    now: datetime


class Decline(Command):
    """``by``: buyer or seller. ``note``: why."""

    by: str
    note: Personal | None = None


class Withdraw(Command):
    note: Personal | None = None


class Expire(Command):
    now: datetime


class OfferResponded(Event, tag="negotiations.offer_responded"):
    offer: str
    product: str
    seller: str
    buyer: str
    proposal: Proposal
    method: str
    until: datetime
    note: Personal | None
    address: Personal | None


class ResponseCountered(Event, tag="negotiations.response_countered"):
    by: str
    proposal: Proposal
    until: datetime
    note: Personal | None


class ResponseAccepted(Event, tag="negotiations.response_accepted"):
    by: str
    order: str


class ResponseDeclined(Event, tag="negotiations.response_declined"):
    """``reason``: what was said before words were sealed here, too; nobody reads it any more."""

    by: str
    reason: str = ""
    note: Personal | None = None


class ResponseWithdrawn(Event, tag="negotiations.response_withdrawn"):
    """``reason``: as in ResponseDeclined."""

    reason: str = ""
    note: Personal | None = None


class ResponseExpired(Event, tag="negotiations.response_expired"):
    pass


COMMANDS = Respond | Counter | Accept | Decline | Withdraw | Expire
EVENTS = (
    OfferResponded
    | ResponseCountered
    | ResponseAccepted
    | ResponseDeclined
    | ResponseWithdrawn
    | ResponseExpired
)


class Negotiation(Value):
    """``status``: open, accepted, declined, withdrawn or expired; empty while there is none.
    ``proposed_by``: the side that waits for the other's answer."""

    status: str = ""
    offer: str = ""
    product: str = ""
    seller: str = ""
    buyer: str = ""
    proposal: Proposal = Proposal(0, Money(0, "XXX"))
    method: str = ""
    until: datetime = datetime.min
    proposed_by: str = ""
    turns: int = 0

    @property
    def exists(self) -> bool:
        return self.status != ""

    def side_of(self, user: str) -> str | None:
        """Which side that user is; None: neither."""
        return {self.buyer: "buyer", self.seller: "seller"}.get(user)


EMPTY = Negotiation()


def decide(negotiation: Negotiation, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, Respond):
        return _respond(negotiation, command)
    if not negotiation.exists:
        raise Rejected("negotiations.unknown_negotiation")
    match command:
        case Counter():
            return _counter(negotiation, command)
        case Accept():
            return _accept(negotiation, command)
        case Decline(by=by, note=note):
            _check_note(note)
            return _end(negotiation, "declined", ResponseDeclined(by, note=note))
        case Withdraw(note=note):
            _check_note(note)
            return _end(negotiation, "withdrawn", ResponseWithdrawn(note=note))
        case Expire(now=now):
            over = negotiation.status == "open" and now >= negotiation.until
            return [ResponseExpired()] if over else []
        case _:
            assert_never(command)


def _respond(negotiation: Negotiation, new: Respond) -> list[EVENTS]:
    if negotiation.exists:
        raise Rejected("negotiations.negotiation_exists")
    if new.buyer == new.seller:
        raise Rejected("negotiations.own_offer", "nobody buys from themselves")
    _check(new.proposal, new.note)
    sides = new.offer, new.product, new.seller, new.buyer
    return [OfferResponded(*sides, new.proposal, new.method, new.until, new.note, new.address)]


def _counter(negotiation: Negotiation, new: Counter) -> list[EVENTS]:
    _check_turn(negotiation, new.by)
    if negotiation.turns >= MOST_TURNS:
        raise Rejected("negotiations.too_many_turns", f"at most {MOST_TURNS}: accept or decline")
    _check(new.proposal, new.note)
    if new.proposal.unit_price.currency != negotiation.proposal.unit_price.currency:
        raise Rejected("negotiations.currency_mixed", "it keeps its currency")
    if new.proposal == negotiation.proposal:
        raise Rejected("negotiations.same_proposal", "accept it instead")
    return [ResponseCountered(new.by, new.proposal, new.until, new.note)]


def _accept(negotiation: Negotiation, command: Accept) -> list[EVENTS]:
    _check_turn(negotiation, command.by)
    if command.now >= negotiation.until:
        raise Rejected("negotiations.over", "the proposal stands no longer")
    return [ResponseAccepted(command.by, command.order)]


def _end(negotiation: Negotiation, status: str, event: EVENTS) -> list[EVENTS]:
    """Saying so again is no news."""
    if negotiation.status == status:
        return []
    _check_open(negotiation)
    return [event]


def _check_open(negotiation: Negotiation) -> None:
    if negotiation.status != "open":
        raise Rejected("negotiations.over", f"it was {negotiation.status}")


def _check_turn(negotiation: Negotiation, by: str) -> None:
    _check_open(negotiation)
    if by == negotiation.proposed_by:
        raise Rejected("negotiations.not_your_turn", "the other side answers")


def _check(proposal: Proposal, note: Personal | None) -> None:
    if not 1 <= proposal.quantity <= LARGEST:
        raise Rejected("negotiations.quantity_out_of_range", f"1 to {LARGEST}")
    _check_note(note)


def _check_note(note: Personal | None) -> None:
    if note and len(note.text) > LONGEST_NOTE:
        raise Rejected("negotiations.note_too_long", f"at most {LONGEST_NOTE} characters")


def evolve(negotiation: Negotiation, event: EVENTS) -> Negotiation:
    match event:
        case OfferResponded():
            sides = event.offer, event.product, event.seller, event.buyer
            terms = event.proposal, event.method, event.until
            return Negotiation("open", *sides, *terms, "buyer", 1)
        case ResponseCountered(by=by, proposal=proposal, until=until):
            turns = negotiation.turns + 1
            return but(negotiation, proposal=proposal, until=until, proposed_by=by, turns=turns)
        case ResponseAccepted():
            return but(negotiation, status="accepted")
        case ResponseDeclined():
            return but(negotiation, status="declined")
        case ResponseWithdrawn():
            return but(negotiation, status="withdrawn")
        case ResponseExpired():
            return but(negotiation, status="expired")
        case _:
            assert_never(event)
