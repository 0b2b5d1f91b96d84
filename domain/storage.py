"""Storage: how much a tenant may keep, how much it does, and which assets hold which object.

A stream is one object, under the sha256 of its bytes, or the tenant's account, under USAGE.
"""

from typing import assert_never

from domain.kernel import Command, Event, Rejected, Value, but

USAGE = "usage"
QUOTA = 10_000_000_000  # bytes, unless another is set
WARNING = 0.8  # of the quota
LARGEST_IMAGE, LARGEST = 5_000_000, 50_000_000  # bytes: the usual limit, and that of limits


class SetQuota(Command):
    quota: int  # bytes


class LimitImages(Command):
    largest: int  # bytes


class Take(Command):
    """Room for what is new; Rejected when the quota leaves none."""

    size: int  # bytes


class Free(Command):
    size: int


class Hold(Command):
    """An asset needs an object, with the files of one of its renderings."""

    asset: str
    rendering: str
    size: int  # bytes of these files


class LetGo(Command):
    asset: str


class Erase(Command):
    """Its files are gone."""


class QuotaSet(Event, tag="storage.quota_set"):
    quota: int


class ImagesLimited(Event, tag="storage.images_limited"):
    largest: int


class SpaceTaken(Event, tag="storage.space_taken"):
    size: int


class SpaceFreed(Event, tag="storage.space_freed"):
    size: int


class QuotaNearlyReached(Event, tag="storage.quota_nearly_reached"):
    """Told once each time that usage comes to 80 %."""

    used: int
    quota: int


class ObjectHeld(Event, tag="storage.object_held"):
    asset: str


class ObjectGrew(Event, tag="storage.object_grew"):
    rendering: str
    size: int


class ObjectLetGo(Event, tag="storage.object_let_go"):
    asset: str


class ObjectDropped(Event, tag="storage.object_dropped"):
    """Nobody holds it any more: its files are to go. ``size``: of all of them, in bytes."""

    size: int


class ObjectErased(Event, tag="storage.object_erased"):
    pass


COMMANDS = SetQuota | LimitImages | Take | Free | Hold | LetGo | Erase
EVENTS = (
    QuotaSet
    | ImagesLimited
    | SpaceTaken
    | SpaceFreed
    | QuotaNearlyReached
    | ObjectHeld
    | ObjectGrew
    | ObjectLetGo
    | ObjectDropped
    | ObjectErased
)


class Store(Value):
    """Of the account: quota, largest image and bytes used. Of an object: the rest."""

    quota: int = QUOTA
    largest_image: int = LARGEST_IMAGE
    used: int = 0
    size: int = 0
    holders: tuple[str, ...] = ()
    renderings: tuple[str, ...] = ()
    dropped: bool = False  # and not erased yet

    def room(self, size: int) -> bool:
        return self.used + size <= self.quota


EMPTY = Store()


def decide(store: Store, command: COMMANDS) -> list[EVENTS]:
    match command:
        case SetQuota(quota=quota):
            return _set_quota(store, quota)
        case LimitImages(largest=largest):
            if not 1 <= largest <= LARGEST:
                raise Rejected("storage.limit_out_of_range", f"1 to {LARGEST:,} bytes")
            return [ImagesLimited(largest)] if largest != store.largest_image else []
        case Take(size=size):
            return _take(store, size)
        case Free(size=size):
            return [SpaceFreed(min(size, store.used))] if size and store.used else []
        case Hold():
            return _hold(store, command)
        case LetGo(asset=asset):
            return _let_go(store, asset)
        case Erase():
            return [ObjectErased()] if store.dropped else []
        case _:
            assert_never(command)


def _set_quota(store: Store, quota: int) -> list[EVENTS]:
    """It may be below what is used: then nothing more is taken, and nothing is lost."""
    if quota < 0:
        raise Rejected("storage.quota_negative")
    if quota == store.quota:
        return []
    return [QuotaSet(quota), *_warning(store, but(store, quota=quota))]


def _take(store: Store, size: int) -> list[EVENTS]:
    if not store.room(size):
        raise Rejected("storage.quota_reached", f"{store.used:,} of {store.quota:,} bytes are used")
    if not size:
        return []
    return [SpaceTaken(size), *_warning(store, but(store, used=store.used + size))]


def _warning(before: Store, after: Store) -> list[EVENTS]:
    if _scarce(after) and not _scarce(before):
        return [QuotaNearlyReached(after.used, after.quota)]
    return []


def _scarce(store: Store) -> bool:
    return store.used >= WARNING * store.quota


def _hold(store: Store, wanted: Hold) -> list[EVENTS]:
    told: list[EVENTS] = []
    if wanted.asset not in store.holders:
        told.append(ObjectHeld(wanted.asset))
    if wanted.rendering not in store.renderings:
        told.append(ObjectGrew(wanted.rendering, wanted.size))
    return told


def _let_go(store: Store, asset: str) -> list[EVENTS]:
    if asset not in store.holders:
        return []
    last = store.holders == (asset,)
    return [ObjectLetGo(asset), *([ObjectDropped(store.size)] if last else [])]


def evolve(store: Store, event: EVENTS) -> Store:
    match event:
        case QuotaSet(quota=quota):
            return but(store, quota=quota)
        case ImagesLimited(largest=largest):
            return but(store, largest_image=largest)
        case SpaceTaken(size=size):
            return but(store, used=store.used + size)
        case SpaceFreed(size=size):
            return but(store, used=store.used - size)
        case QuotaNearlyReached():
            return store
        case ObjectHeld(asset=asset):
            return but(store, holders=(*store.holders, asset), dropped=False)
        case ObjectGrew(rendering=rendering, size=size):
            renderings = (*store.renderings, rendering)
            return but(store, renderings=renderings, size=store.size + size)
        case ObjectLetGo(asset=asset):
            return but(store, holders=tuple(a for a in store.holders if a != asset))
        case ObjectDropped():
            return but(store, dropped=True, renderings=(), size=0)
        case ObjectErased():
            return but(store, dropped=False)
        case _:
            assert_never(event)
