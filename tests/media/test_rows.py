"""Rows of assets, of places and of jobs equal their folds; what they publish follows sales."""

from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain import media
from domain.catalog import ProductPurged, ProductRestored, ProductRetired
from domain.kernel import but
from domain.media import Attached, Released, Withheld
from domain.money import Money
from domain.reels import ReelDrafted, ReelPurged
from projections import media as projection
from projections.media import ASSETS, PLACES
from tests.media.test_rules import commands, done, usual
from tests.support.histories import history
from tests.support.rows import recorded, rows_equal_the_fold

drafted = ReelDrafted("amina", "a", "Rug", "", Money(100, "DZD"), "")
streams = st.sampled_from(["souk/media/a", "souk/media/b", "bazaar/media/a"])
assets = st.tuples(streams, commands.map(lambda more: history(media, [*usual, *more])))
sales = st.lists(
    st.sampled_from([ProductRetired(""), ProductRestored(), ProductPurged()]), max_size=4
)
products = st.tuples(st.just("souk/catalog/a"), sales)
reels = st.tuples(st.just("souk/reels/b"), st.sampled_from([[drafted], [drafted, ReelPurged()]]))
histories = st.lists(assets | products | reels, max_size=5, unique_by=lambda stream: stream[0])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories)


RUG, REEL = "catalog/a", "reels/b"
retired, restored = ("catalog/a", ProductRetired("")), ("catalog/a", ProductRestored())
purged = ("catalog/a", ProductPurged())
attached = [("media/a", Attached(to)) for to in (RUG, REEL, "catalog/other")]
gone = [("media/a", kind(of)) for kind in (Withheld, Released) for of in (RUG, REEL)]
moves = st.lists(st.sampled_from([retired, restored, *attached, *gone]), max_size=10)


def test_a_reel_whose_product_is_purged_shows_nothing_when_it_is_restored():
    hidden, shown = ("souk/media/a", Withheld(REEL)), ("souk/media/a", Attached(REEL))
    past = [("souk/media/a", event) for event in done]
    past += [("souk/reels/b", drafted), shown]
    gone = [(f"souk/{stream}", event) for stream, event in (retired, purged)]
    assert folded([*past, *gone]).published is False
    assert folded([*past, *gone, hidden, shown]).published is False


@example([attached[0], retired, restored])
@example([retired, attached[1], restored])
@example([retired, attached[1], gone[1], restored, attached[1]])
@for_all(moves)
def test_a_file_is_public_while_it_is_shown_with_something_on_sale(moves):
    """The rug and its reel, which both show one picture; and another product, always on sale.

    Nothing is attached to a product that is retired: the rules refuse it.
    """
    showing, on_sale, past = set(), True, []
    for stream, event in moves:
        match event:
            case Attached(to=to):
                if to == RUG and not on_sale:
                    continue
                showing.add(to)
            case Withheld(of=of) | Released(of=of):
                showing.discard(of)
            case _:
                on_sale = isinstance(event, ProductRestored)
        past.append((f"souk/{stream}", event))
    before = [("souk/media/a", event) for event in done]
    asset = folded([*before, ("souk/reels/b", drafted), *past])

    public = bool(showing) if on_sale else "catalog/other" in showing
    assert asset.published is public
    assert set(asset.attached) == showing


def folded(history):
    """The asset's row after that history."""
    places, asset = {}, None
    for event in (row.decoded(house_codec()) for row in recorded(history)):
        told = list(shown(places, event))
        if type(event.event) in ASSETS.on:
            asset = ASSETS.evolve(asset, event, "a")
        for each in told:
            asset = ASSETS.evolve(asset, each, "a")
    return asset


def shown(places, event):
    """Fold it into the places that it is about; what they tell their assets."""
    kind = type(event.event)
    ids = [*PLACES.on[kind](event)] if kind in PLACES.on else []
    if kind in PLACES.related:
        ids += [id for id, place in places.items() if place.product == event.id]
    for id in ids:
        before = places.pop(id, None)
        if after := PLACES.evolve(before, event, id):
            places[id] = after
        if told := PLACES.emits(before, after):
            yield but(event, event=told)
