"""Pictures made anew: upright, not too large, with even sides and square pixels."""

from fractions import Fraction
from typing import Any, Protocol

import av

from adapters.media.look import BT709, RGB, Look

LONGEST = 1920  # pixels of a side; larger ones are made smaller
LARGE = 2560 * 1440  # pixels; beyond, the decoder leaves an encoder little memory
CLOCK = Fraction(1, 90000)
LIMITED = 1  # the range of what is made: black is 16, white is 235
THREADS = 2  # each has pictures or lines of its own, so it is not for the machine to say
FAST = {"preset": "veryfast", "crf": "23", "rc-lookahead": "10", "threads": f"{THREADS}"}
SMALL = FAST | {
    "rc-lookahead": "5",
    "threads": "1",
    "bf": "1",
    "refs": "1",
    "x264-params": "sync-lookahead=0",
}
# The filter does not hear of a source's matrix, and makes numbers of BT.601. With the same one on
# both sides they stay, whatever they mean; RGB has none, and is made what most films are.
MATRIX = "in_color_matrix=bt709:out_color_matrix=bt709"
OVER = (("hflip", ""), ("vflip", ""))
TURNS = {
    90: (("transpose", "cclock"),),
    -90: (("transpose", "clock"),),
    180: OVER,
    -180: OVER,
}


class Copy(Protocol):
    """``start``: seconds, of the source, with which the copy begins."""

    start: Fraction

    def encode(self, stream: Any, frame: Any) -> None: ...

    def saw(self, frame: Any) -> None: ...


class Encoded:
    """``wide`` and ``high``: of what is made, in pixels."""

    def __init__(self, copy: Copy, target: Any, source: Any, look: Look) -> None:
        self.wide, self.high = look.sides(LONGEST)
        self._copy = copy
        self._graph = _filters(look, self.wide, self.high)
        self._stream = _encoder(target, source, look, self.wide, self.high)
        self._last = -1

    def take(self, packet: Any) -> None:
        """Raises Unacceptable, av.FFmpegError, MemoryError."""
        for frame in packet.decode():
            self._copy.saw(frame)
            if frame.pts is not None:
                self._frame(frame)
        if packet.dts is None and packet.size == 0:
            self._copy.encode(self._stream, None)

    def _frame(self, frame: Any) -> None:
        made = self._filtered(frame)
        made.pts = round((made.pts * made.time_base - self._copy.start) / CLOCK)
        made.time_base = CLOCK
        made.pict_type = 0
        if made.pts > self._last:
            self._last = made.pts
            self._copy.encode(self._stream, made)

    def _filtered(self, frame: Any) -> Any:
        try:
            self._graph.push(frame)
            return self._graph.pull()
        except av.BlockingIOError as error:  # one of its threads had no memory, and says nothing
            raise MemoryError from error


def _filters(look: Look, wide: int, high: int) -> Any:
    graph = av.filter.Graph()
    graph.threads = THREADS
    size = f"{wide}:{high}:{MATRIX}" + (":in_range=full:out_range=limited" if look.is_full else "")
    parts = [*TURNS.get(look.rotation, ()), ("scale", size)]
    parts += [("format", "yuv420p"), ("setsar", "1")]
    source = graph.add_buffer(
        width=look.width,
        height=look.height,
        format=look.format,
        time_base=look.time_base,
    )
    nodes = [graph.add(name, *([said] if said else [])) for name, said in parts]
    graph.link_nodes(source, *nodes, graph.add("buffersink")).configure()
    return graph


def _encoder(target: Any, source: Any, look: Look, wide: int, high: int) -> Any:
    stream = target.add_stream("libx264", rate=source.average_rate or 30)
    stream.width, stream.height, stream.pix_fmt = wide, high, "yuv420p"
    codec = stream.codec_context
    codec.time_base = CLOCK
    codec.options = SMALL if look.width * look.height > LARGE else FAST
    codec.color_range = LIMITED
    codec.color_primaries, codec.color_trc = look.primaries, look.transfer
    codec.colorspace = BT709 if look.matrix == RGB else look.matrix
    return stream
