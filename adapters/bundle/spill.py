"""What is known of each stream, on disk: sorted into so many files that each fits into memory."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from zlib import crc32

import msgspec
from msgspec import Raw, Struct

EACH = 50_000  # events of one file, about
MOST = 256  # files


class Step(Struct, frozen=True, array_like=True):
    """One event of a stream, or, with ``version`` -1, a figure of it. ``data``: what is to be
    folded of it, if anything is; ``line``: of the file it was found in."""

    stream: str
    version: int
    position: int
    line: int
    tag: str = ""
    data: Raw = Raw(b"null")


_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Step)


class Spill:
    """``with Spill(events) as spill``: ``put`` in order, then look at ``parts``: all of a stream is
    in one of them, in its order."""

    def __init__(self, events: int) -> None:
        self._number = min(MOST, max(1, events // EACH))

    def __enter__(self) -> "Spill":
        self._stack = ExitStack()
        open = tempfile.TemporaryFile
        self._files = [self._stack.enter_context(open()) for _ in range(self._number)]
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def put(self, step: Step) -> None:
        file = self._files[crc32(step.stream.encode()) % self._number]
        file.write(_ENCODER.encode(step) + b"\n")

    def parts(self) -> Iterator[Iterator[Step]]:
        for file in self._files:
            file.seek(0)
            yield map(_DECODER.decode, file)
