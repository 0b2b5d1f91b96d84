"""One job, within its confinement: from the descriptor of a source to a report."""

import av
import pyvips  # type: ignore[import-untyped]

from adapters.media import films, images
from adapters.media.report import SOURCE, SPOOL, Made, Order, Refusal
from adapters.media.spool import Spool
from adapters.media.verdict import Unacceptable

TRUNCATED = ("truncat", "end of file", "premature", "unexpected end", "not enough data", "eof")
HEAVY = ("memory", "alloc")
DOING = "unable to copy to memory"  # what libvips was at when it failed: no reason


def settle() -> None:
    """Once, before there are jobs: whatever they need is loaded, for they open no files."""
    images.settle()
    films.settle()


def made(order: Order) -> Made | Refusal:
    try:
        spool = Spool(SPOOL)
        if order.kind == "image":
            return images.make(SOURCE, spool, order.format, order.crop)
        return films.make(SOURCE, spool, order.format, order.crop)
    except Unacceptable as refused:
        return Refusal(refused.code, refused.detail)
    except MemoryError:
        return heavy()
    except (pyvips.Error, av.FFmpegError, OverflowError, ValueError, EOFError) as error:
        return _damaged(str(error).lower())


def heavy() -> Refusal:
    return Refusal("media.too_heavy", "The file takes too much memory to be opened.")


def _damaged(said: str) -> Refusal:
    said = said.replace(DOING, "")
    if any(word in said for word in HEAVY):
        return heavy()
    if any(word in said for word in TRUNCATED):
        return Refusal("media.truncated", "The file is not whole: its end is missing.")
    return Refusal("media.damaged", "The file is damaged and cannot be read.")
