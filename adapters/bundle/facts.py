"""Figures recomputed from the events: what sellers earned, and what reels were liked, commented and
watched. Bounded by how many sellers and reels there are."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.bundle.faults import Fault, Faults
from adapters.bundle.figures import ReelFigure, SellerFigure
from adapters.bundle.manifest import FIGURES
from domain.comments import CommentAdded, CommentRemoved
from domain.engagement import ViewsCounted
from domain.kernel import Recorded
from domain.likes import ReelLiked, ReelUnliked
from domain.money import Money, Price
from domain.payments import CheckoutPaid, PaymentRefunded
from domain.reels import ReelPublished

LIKES, COMMENTS, VIEWS = range(3)
SELLING = (CheckoutPaid, PaymentRefunded)
WATCHING = (ReelPublished, ReelLiked, ReelUnliked, CommentAdded, CommentRemoved, ViewsCounted)


class Facts:
    """``upto``: by kind, the position that figures stand at; a kind that there are none of is
    not recomputed."""

    def __init__(self, upto: Mapping[str, int], faults: Faults) -> None:
        self._upto, self._faults = upto, faults
        self._sellers: dict[str, dict[str, int]] = {}  # minor units by currency
        self._reels: dict[str, list[int]] = {}
        self._seen: dict[str, set[str]] = {"seller": set(), "reel": set()}
        self.compared = 0

    def follow(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, SELLING) and recorded.position <= self._upto.get("seller", 0):
            self._sell(event)
        elif isinstance(event, WATCHING) and recorded.position <= self._upto.get("reel", 0):
            self._watch(event, recorded.id)

    def _sell(self, event: CheckoutPaid | PaymentRefunded) -> None:
        if isinstance(event, CheckoutPaid):
            for share in event.shares:
                self._earn(share.seller, share.amount, 1)
        elif event.seller is not None:
            self._earn(event.seller, event.amount, -1)

    def _earn(self, seller: str, amount: Money, sign: int) -> None:
        sums = self._sellers.setdefault(seller, {})
        sums[amount.currency] = sums.get(amount.currency, 0) + sign * amount.minor

    def _watch(self, event: Any, id: str) -> None:
        """What happened before a reel was first published does not count."""
        match event:
            case ReelPublished():
                self._reels.setdefault(id, [0, 0, 0])
            case ReelLiked(reel=reel):
                self._count(reel, LIKES, 1)
            case ReelUnliked(reel=reel):
                self._count(reel, LIKES, -1)
            case CommentAdded(reel=reel):
                self._count(reel, COMMENTS, 1)
            case CommentRemoved(reel=reel):
                self._count(reel, COMMENTS, -1)
            case ViewsCounted(count=count):
                self._count(id, VIEWS, count)

    def _count(self, reel: str, what: int, more: int) -> None:
        if reel in self._reels:
            self._reels[reel][what] += more

    def compare(self, figure: SellerFigure | ReelFigure, line: int) -> None:
        self.compared += 1
        kind = "seller" if isinstance(figure, SellerFigure) else "reel"
        if figure.id in self._seen[kind]:
            self._tell(kind, figure.id, "told twice", line=line)
        self._seen[kind].add(figure.id)
        for field, told, computed in self._pairs(figure):
            if told != computed:
                what = f"{told}, but the events come to {computed}"
                self._tell(kind, figure.id, what, field, line)

    def _pairs(self, figure: SellerFigure | ReelFigure) -> Iterator[tuple[str, Any, Any]]:
        if isinstance(figure, SellerFigure):
            told = {price.currency: price.amount for price in figure.revenue}
            yield "revenue", told, _prices(self._sellers.get(figure.id, {}))
        else:
            counts = self._reels.get(figure.id, [0, 0, 0])
            for field, count in zip(("likes", "comments", "views"), counts, strict=True):
                yield field, getattr(figure, field), count

    def finish(self) -> None:
        for kind, folded in (("seller", self._sellers), ("reel", self._reels)):
            for id in sorted(folded.keys() - self._seen[kind]):
                self._tell(kind, id, "is not told")

    def _tell(
        self, kind: str, id: str, what: str, field: str = "", line: int | None = None
    ) -> None:
        self._faults.tell(Fault(FIGURES, what, stream=f"{kind} {id}", field=field, line=line))


def _prices(sums: Mapping[str, int]) -> dict[str, str]:
    return {code: Price.of(Money(sums[code], code)).amount for code in sorted(sums)}
