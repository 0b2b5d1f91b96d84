"""The copy of a film that every browser plays: H.264 and AAC in an mp4 that starts at once."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

import av
from av.audio.resampler import AudioResampler

from adapters.media.encoding import LONGEST, Encoded
from adapters.media.look import Look
from adapters.media.spool import Spool
from adapters.media.verdict import Unacceptable

RATE, SAMPLES, SOUND = 48000, 1024, 128_000
LEEWAY = 0.25  # seconds: the last packet is played for a while
MOST = 0.9  # of the length that a header tells must be there


class Limit(Protocol):
    frames: int
    seconds: Fraction

    def saw(self, start: Fraction, length: Fraction) -> None: ...

    def heard(self, start: Fraction, length: Fraction) -> None: ...


def settle() -> None:
    """Once, before there are sources: codecs look for the number of processors, and the like."""
    for codec in ("libx264", "aac"):
        av.CodecContext.create(codec, "w")


def copy(film: Any, picture: Any, look: Look, spool: Spool, limit: Limit) -> None:
    """Every picture is decoded, also where its packets are then taken as they are.

    Raises Unacceptable, av.FFmpegError, MemoryError.
    """
    again = spool.open  # to read what was written, when the index is put in front of it
    start, reached = start_of(film, picture), Fraction(0)
    told = length_of(film, start)
    with av.open(
        spool.open(), "w", format="mp4", options={"movflags": "+faststart"},
        io_open=lambda url, flags, options: again(),
    ) as target:  # fmt: skip
        copied = Copy(target, start, limit)
        size, take = _picture(copied, target, picture, look)
        takes = {picture.index: take}
        takes |= {one.index: _sound(copied, target, one) for one in film.streams.audio[:1]}
        for packet in film.demux(_streams(film, picture)):
            reached = max(reached, (packet.pts or 0) * packet.time_base)
            takes[packet.stream.index](packet)
    if float(reached - start) < told * MOST - LEEWAY:
        raise cut_off()
    spool.close("video", "mp4", *size)


def cut_off() -> Unacceptable:
    return Unacceptable("media.truncated", "The file is not whole: its end is missing.")


def start_of(film: Any, picture: Any) -> Fraction:
    """Seconds until anything is shown or heard: recordings may be cut out of longer ones."""
    times = [(one.start_time, one.time_base) for one in _streams(film, picture)]
    told = (start * unit for start, unit in times if start is not None)
    return max(Fraction(0), min(told, default=Fraction(0)))


def length_of(film: Any, start: Fraction) -> float:
    """Seconds that the header tells, 0 if it does not. A webm counts them from zero on."""
    told = (film.duration or 0) / av.time_base
    return told - float(start) if told and "matroska" in film.format.name else told


def _streams(film: Any, picture: Any) -> list[Any]:
    return [picture, *film.streams.audio[:1]]


class Copy:
    """What is written, from its beginning. ``start``: seconds, of the source."""

    def __init__(self, target: Any, start: Fraction, limit: Limit) -> None:
        self._target = target
        self._limit = limit
        self.start = start

    def saw(self, frame: Any) -> None:
        """Raises Unacceptable."""
        if frame.pts is not None:
            length = Fraction(frame.duration or 0) * frame.time_base
            self._limit.saw(frame.pts * frame.time_base - self.start, length)

    def take(self, packet: Any, stream: Any) -> None:
        """As it is. Raises Unacceptable."""
        if packet.dts is None or not packet.size:
            return
        early = round(self.start / packet.time_base)
        packet.dts -= early
        if packet.pts is not None:
            packet.pts -= early
        packet.stream = stream
        self._put(packet)

    def encode(self, stream: Any, frame: Any) -> None:
        """Made anew. Raises Unacceptable, MemoryError."""
        try:
            packets = stream.encode(frame)
        except av.ExternalError as error:  # x264 had no memory, and does not say so
            raise MemoryError from error
        for packet in packets:
            self._put(packet)

    def _put(self, packet: Any) -> None:
        if packet.stream.type == "audio" and packet.pts is not None:
            length = Fraction(packet.duration or 0) * packet.time_base
            self._limit.heard(packet.pts * packet.time_base, length)
        self._target.mux(packet)


Take = Callable[[Any], None]


def _picture(copy: Copy, target: Any, source: Any, look: Look) -> tuple[tuple[int, int], Take]:
    """The size in which the copy is shown, and what takes its packets."""
    if _is_taken(source, look):
        return look.shown, _taken(copy, target, source, look)
    made = Encoded(copy, target, source, look)
    return (made.wide, made.high), made.take


def _is_taken(source: Any, look: Look) -> bool:
    """As it is, packet by packet."""
    codec = source.codec_context
    small = max(source.width, source.height, *look.shown) <= LONGEST
    sane = (source.sample_aspect_ratio or 1) == look.aspect
    return bool(codec.name == "h264" and codec.pix_fmt == "yuv420p" and small and sane)


def _taken(copy: Copy, target: Any, source: Any, look: Look) -> Take:
    copied = target.add_stream_from_template(source)
    copied.metadata.clear()
    copied.codec_context.sample_aspect_ratio = look.aspect

    def take(packet: Any) -> None:
        for frame in packet.decode():
            copy.saw(frame)
        copy.take(packet, copied)

    return take


def _sound(copy: Copy, target: Any, source: Any) -> Take:
    if source.codec_context.name == "aac":
        copied = target.add_stream_from_template(source)
        copied.metadata.clear()
        return lambda packet: copy.take(packet, copied)
    stream = target.add_stream("aac", rate=RATE, layout="stereo")
    stream.bit_rate = SOUND
    resampler = AudioResampler("fltp", "stereo", RATE, SAMPLES)

    def take(packet: Any) -> None:
        for frame in packet.decode():
            if frame.pts is not None:
                frame.pts -= round(copy.start / frame.time_base)
            for part in resampler.resample(frame):
                copy.encode(stream, part)
        if packet.dts is None and packet.size == 0:
            for part in resampler.resample(None):
                copy.encode(stream, part)
            copy.encode(stream, None)

    return take
