"""The copy of a film that every browser plays: H.264 and AAC in an mp4 that starts at once."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

import av
from av.audio.resampler import AudioResampler

from adapters.media.spool import Spool
from adapters.media.verdict import Unacceptable

LONGEST = 1920  # pixels of a side; larger ones are made smaller
CLOCK = Fraction(1, 90000)
FAST = {"preset": "veryfast", "crf": "23", "rc-lookahead": "10", "threads": "2"}
RATE, SAMPLES, SOUND = 48000, 1024, 128_000
LEEWAY = 0.25  # seconds: the last packet is played for a while
MOST = 0.9  # of the length that a header tells must be there
OVER = (("hflip", ""), ("vflip", ""))
TURNS = {
    90: (("transpose", "cclock"),),
    -90: (("transpose", "clock"),),
    180: OVER,
    -180: OVER,
}


class Limit(Protocol):
    frames: int
    seconds: Fraction

    def saw(self, start: Fraction, length: Fraction) -> None: ...


def settle() -> None:
    """Once, before there are sources: codecs look for the number of processors, and the like."""
    for codec in ("libx264", "aac"):
        av.CodecContext.create(codec, "w")


def copy(film: Any, picture: Any, sample: Any, spool: Spool, limit: Limit) -> None:
    """Every picture is decoded, also where its packets are then taken as they are.

    ``sample``: one of the pictures, which tells their size and how they are turned.

    Raises Unacceptable, av.FFmpegError.
    """
    again = spool.open  # to read what was written, when the index is put in front of it
    lies = _is_taken(picture) and _lies(sample)
    told, reached = (film.duration or 0) / av.time_base, 0.0
    with av.open(
        spool.open(), "w", format="mp4", options={"movflags": "+faststart"},
        io_open=lambda url, flags, options: again(),
    ) as target:  # fmt: skip
        takes = {picture.index: _picture(target, picture, sample, limit)}
        takes |= {one.index: _sound(target, one) for one in film.streams.audio[:1]}
        streams = [picture, *film.streams.audio[:1]]
        for packet in film.demux(streams):
            reached = max(reached, float((packet.pts or 0) * packet.time_base))
            takes[packet.stream.index](packet)
        made = target.streams.video[0]
        size = made.width, made.height
        if lies:
            size = size[::-1]  # as it is shown: the copy still tells how to turn it
    if reached < told * MOST - LEEWAY:
        raise Unacceptable("media.truncated", "The file is not whole: its end is missing.")
    spool.close("video", "mp4", *size)


def _picture(target: Any, source: Any, sample: Any, limit: Limit) -> Callable[[Any], None]:
    if _is_taken(source):
        return _taken(target, source, limit)
    return Encoded(target, source, sample, limit).take


def _is_taken(source: Any) -> bool:
    """As it is, packet by packet."""
    codec = source.codec_context
    small = max(source.width, source.height) <= LONGEST
    return bool(codec.name == "h264" and codec.pix_fmt == "yuv420p" and small)


def _lies(sample: Any) -> bool:
    """It is shown turned to its side."""
    return bool(abs(sample.rotation) == 90)


def _taken(target: Any, source: Any, limit: Limit) -> Callable[[Any], None]:
    copied = target.add_stream_from_template(source)
    copied.metadata.clear()

    def take(packet: Any) -> None:
        for frame in packet.decode():
            _see(frame, source, limit)
        _pass(packet, copied, target)

    return take


def _pass(packet: Any, stream: Any, target: Any) -> None:
    if packet.dts is not None and packet.size:
        packet.stream = stream
        target.mux(packet)


def _see(frame: Any, source: Any, limit: Limit) -> None:
    if frame.pts is not None:
        length = Fraction(frame.duration or 0) * frame.time_base
        limit.saw(frame.pts * frame.time_base, length)


class Encoded:
    """Pictures made anew: upright, not too large, with sides that are even."""

    def __init__(self, target: Any, source: Any, sample: Any, limit: Limit) -> None:
        wide, high = _sides(sample)
        self._target = target
        self._source = source
        self._limit = limit
        self._graph = _filters(sample, wide, high)
        self._stream = _encoder(target, source, wide, high)
        self._last = -1

    def take(self, packet: Any) -> None:
        for frame in packet.decode():
            _see(frame, self._source, self._limit)
            if frame.pts is not None:
                self._frame(frame)
        if packet.dts is None and packet.size == 0:
            self._target.mux(self._stream.encode(None))

    def _frame(self, frame: Any) -> None:
        self._graph.push(frame)
        made = self._graph.pull()
        made.pts = round(made.pts * made.time_base / CLOCK)
        made.time_base = CLOCK
        made.pict_type = 0
        if made.pts > self._last:
            self._last = made.pts
            self._target.mux(self._stream.encode(made))


def _sides(sample: Any) -> tuple[int, int]:
    """Upright, at most LONGEST, even: H.264 has colours for pairs of pixels only."""
    scale = min(1.0, LONGEST / max(sample.width, sample.height))
    sides = (max(2, round(side * scale) // 2 * 2) for side in (sample.width, sample.height))
    wide, high = sides
    return (high, wide) if _lies(sample) else (wide, high)


def _filters(sample: Any, wide: int, high: int) -> Any:
    graph = av.filter.Graph()
    parts = [*TURNS.get(sample.rotation, ()), ("scale", f"{wide}:{high}")]
    parts += [("format", "yuv420p"), ("setsar", "1")]
    source = graph.add_buffer(
        width=sample.width,
        height=sample.height,
        format=sample.format,
        time_base=sample.time_base,
    )
    nodes = [graph.add(name, *([said] if said else [])) for name, said in parts]
    graph.link_nodes(source, *nodes, graph.add("buffersink")).configure()
    return graph


def _encoder(target: Any, source: Any, wide: int, high: int) -> Any:
    stream = target.add_stream("libx264", rate=source.average_rate or 30)
    stream.width, stream.height, stream.pix_fmt = wide, high, "yuv420p"
    stream.codec_context.time_base = CLOCK
    stream.codec_context.options = FAST
    return stream


def _sound(target: Any, source: Any) -> Callable[[Any], None]:
    if source.codec_context.name == "aac":
        copied = target.add_stream_from_template(source)
        copied.metadata.clear()
        return lambda packet: _pass(packet, copied, target)
    stream = target.add_stream("aac", rate=RATE, layout="stereo")
    stream.bit_rate = SOUND
    resampler = AudioResampler("fltp", "stereo", RATE, SAMPLES)

    def take(packet: Any) -> None:
        for frame in packet.decode():
            for part in resampler.resample(frame):
                target.mux(stream.encode(part))
        if packet.dts is None and packet.size == 0:
            for part in resampler.resample(None):
                target.mux(stream.encode(part))
            target.mux(stream.encode(None))

    return take
