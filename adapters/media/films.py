"""Films: looked at and made anew by FFmpeg, with the one demuxer they were sniffed for."""

import io
import os
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from typing import Any

import av
import pyvips  # type: ignore[import-untyped]

from adapters.media import boxes, copying, images
from adapters.media.encoding import LARGE, LONGEST
from adapters.media.look import BT709, HIGH, PIXELS, SQUARE, UNTOLD, Look, look_of
from adapters.media.report import Made
from adapters.media.spool import Spool
from adapters.media.upright import Box, within
from adapters.media.verdict import Unacceptable

SECONDS = 60.0
LEEWAY = 0.5  # seconds: the last frame is shown for a while
FRAMES = 7200  # 120 a second
TRACKS = 32
DEMUXERS = {"mp4": "mp4", "mov": "mov", "webm": "matroska"}
OPTIONS = {"protocol_whitelist": "none", "enable_drefs": "0", "max_streams": str(TRACKS)}
COVER = 0x400  # the disposition of a picture that is only attached
PICTURES = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg")
POSTER = 1920  # pixels of its longer side
POSTER_AT = 1.0  # seconds: films often begin black


def settle() -> None:
    """Once, before there are sources: what would be imported while at work."""
    av.logging.set_level(None)
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if "__main__" not in module.name:
            import_module(module.name)
    copying.settle()


def make(source: int, spool: Spool, format: str, crop: Box | None) -> Made:
    """Poster, its sizes and the copy. Raises Unacceptable, av.FFmpegError, MemoryError."""
    look = _looked_at(source, spool, format, crop)
    with _opened(source, format) as film:
        limit = Limit()
        copying.copy(film, _picture(film), look, spool, limit)
        return Made(*look.shown, float(limit.seconds), limit.frames, spool.parts)


def _looked_at(source: int, spool: Spool, format: str, crop: Box | None) -> Look:
    """Its poster is drawn, and nothing kept: the copy needs all the memory there is."""
    with _opened(source, format) as film:
        stream = _picture(film)
        start = copying.start_of(film, stream)
        _check(film, stream, start)
        sample = _sample(film, stream, float(start) + POSTER_AT)
        look = look_of(sample, stream)
    _draw(spool, pictured(sample, look), crop)
    return look


class Limit:
    """Counts what really comes, whatever the header says."""

    def __init__(self) -> None:
        self._first = self._last = Fraction(0)
        self.frames = 0
        self.seconds = Fraction(0)

    def saw(self, start: Fraction, length: Fraction) -> None:
        """A picture, shown from ``start`` for ``length``, in seconds. Raises Unacceptable."""
        self.seconds = max(self.seconds, start + length)
        self.heard(start, length)
        self.frames += 1
        if self.frames > FRAMES:
            raise Unacceptable(
                "media.too_many_frames", f"The film has more than {FRAMES} pictures."
            )

    def heard(self, start: Fraction, length: Fraction) -> None:
        """As ``saw``, of sound."""
        self._first = min(self._first, start)  # a first one may tell a time that others are before
        self._last = max(self._last, start + length)
        if (seconds := self._last - self._first) > SECONDS + LEEWAY:
            raise too_long(float(seconds))


def too_long(seconds: float) -> Unacceptable:
    return Unacceptable(
        "media.too_long", f"The film lasts {seconds:.0f} seconds; at most {SECONDS:.0f}."
    )


@contextmanager
def _opened(source: int, format: str) -> Iterator[Any]:
    """From its beginning. Raises Unacceptable, av.FFmpegError."""
    os.lseek(source, 0, os.SEEK_SET)
    try:
        with io.FileIO(source, closefd=False) as file, _demuxed(file, format) as film:
            yield film
    except av.InvalidDataError:
        if format != "webm" and boxes.are_cut_off(source):
            raise copying.cut_off() from None
        raise


def _demuxed(file: Any, format: str) -> Any:
    try:
        return av.open(
            file, format=DEMUXERS[format], options=OPTIONS, metadata_errors="ignore", mode="r"
        )
    except MemoryError:  # also said of a track too many
        raise Unacceptable(
            "media.too_heavy",
            f"The film has more than {TRACKS} tracks, or takes too much memory to be opened.",
        ) from None


def _picture(film: Any) -> Any:
    found = [one for one in film.streams.video if not one.disposition & COVER]
    if not found:
        raise Unacceptable("media.not_a_video", "The file holds no moving picture.")
    large = found[0].width * found[0].height > LARGE
    found[0].codec_context.thread_count = 1 if large else 2  # each keeps pictures of its own
    found[0].codec_context.options = {"max_pixels": str(PIXELS)}
    return found[0]


def _check(film: Any, stream: Any, start: Fraction) -> None:
    seconds = copying.length_of(film, start)
    if seconds > SECONDS + LEEWAY:
        raise too_long(seconds)
    if stream.codec_context.name not in (*PICTURES, "libdav1d"):
        raise Unacceptable("media.unknown_codec", "The film is coded in a way not taken here.")
    if stream.width * stream.height > PIXELS:
        raise Unacceptable(
            "media.too_many_pixels",
            f"The film has {stream.width} x {stream.height} pixels; at most 4096 x 2304.",
        )


def _sample(film: Any, stream: Any, at: float) -> Any:
    """The picture for the poster: the one ``at`` so many seconds, or the last there is."""
    last = None
    for frame in film.decode(stream):
        last = frame
        if frame.time is not None and frame.time >= at:
            break
    if last is None:
        raise Unacceptable("media.truncated", "The file is not whole: it holds no picture.")
    return last


def pictured(frame: Any, look: Look) -> Any:
    """As an image of libvips, stretched and turned as the film says it is to be shown."""
    guessed = BT709 if look.matrix == UNTOLD and look.sides(LONGEST)[1] >= HIGH else None
    plane = frame.reformat(format="rgba", src_colorspace=guessed, threads=2).planes[0]
    whole = pyvips.Image.new_from_memory(
        bytes(plane), plane.line_size // 4, frame.height, 4, "uchar"
    ).copy(interpretation="srgb")
    image = whole.crop(0, 0, frame.width, frame.height).extract_band(0, n=3)
    if look.aspect != SQUARE:
        wide, high = look.squared
        image = image.thumbnail_image(wide, height=high, size="force")
    turned = {90: image.rot270, 180: image.rot180, 270: image.rot90}.get(frame.rotation % 360)
    return (turned() if turned else image).copy_memory()


def _draw(spool: Spool, poster: Any, crop: Box | None) -> None:
    part = poster.crop(*within(poster, crop)) if crop else poster
    images.draw(spool, part.thumbnail_image, (part.width, part.height))
    images.put(spool, "poster", poster.thumbnail_image(POSTER, height=POSTER, size="down"), 85)
