"""Films: looked at and made anew by FFmpeg, with the one demuxer they were sniffed for."""

import io
import os
import pkgutil
from fractions import Fraction
from importlib import import_module
from typing import Any

import av
import pyvips  # type: ignore[import-untyped]

from adapters.media import copying, images
from adapters.media.report import Made
from adapters.media.spool import Spool
from adapters.media.upright import Box, within
from adapters.media.verdict import Unacceptable

SECONDS = 60.0
LEEWAY = 0.5  # seconds: the last frame is shown for a while
FRAMES = 7200  # 120 a second
PIXELS = 4096 * 2304
DEMUXERS = {"mp4": "mp4", "mov": "mov", "webm": "matroska"}
OPTIONS = {"protocol_whitelist": "none", "enable_drefs": "0", "max_streams": "8"}
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
    """Poster, its sizes and the copy. Raises Unacceptable, av.FFmpegError."""
    os.lseek(source, 0, os.SEEK_SET)
    with io.FileIO(source, closefd=False) as file, _opened(file, format) as film:
        stream = _picture(film)
        _check(film, stream)
        sample = _sample(film, stream)
        poster = pictured(sample)
    size = poster.width, poster.height
    _draw(spool, poster, crop)  # its decoder is closed by now, and the memory free
    os.lseek(source, 0, os.SEEK_SET)
    with io.FileIO(source, closefd=False) as file, _opened(file, format) as film:
        limit = Limit()
        copying.copy(film, _picture(film), sample, spool, limit)
        return Made(*size, float(limit.seconds), limit.frames, spool.parts)


class Limit:
    """Counts what really comes, whatever the header says."""

    def __init__(self) -> None:
        self._first: Fraction | None = None
        self.frames = 0
        self.seconds = Fraction(0)

    def saw(self, start: Fraction, length: Fraction) -> None:
        """A picture, shown from ``start`` for ``length``, in seconds. Raises Unacceptable."""
        self._first = start if self._first is None else min(self._first, start)
        self.seconds = max(self.seconds, start + length - self._first)
        self.frames += 1
        if self.seconds > SECONDS + LEEWAY:
            raise too_long(float(self.seconds))
        if self.frames > FRAMES:
            raise Unacceptable(
                "media.too_many_frames", f"The film has more than {FRAMES} pictures."
            )


def too_long(seconds: float) -> Unacceptable:
    return Unacceptable(
        "media.too_long", f"The film lasts {seconds:.0f} seconds; at most {SECONDS:.0f}."
    )


def _opened(file: Any, format: str) -> Any:
    return av.open(
        file, format=DEMUXERS[format], options=OPTIONS, metadata_errors="ignore", mode="r"
    )


def _picture(film: Any) -> Any:
    found = [one for one in film.streams.video if not one.disposition & COVER]
    if not found:
        raise Unacceptable("media.not_a_video", "The file holds no moving picture.")
    found[0].codec_context.thread_count = 2
    found[0].codec_context.options = {"max_pixels": str(PIXELS)}
    return found[0]


def _check(film: Any, stream: Any) -> None:
    if film.duration and film.duration / av.time_base > SECONDS + LEEWAY:
        raise too_long(film.duration / av.time_base)
    if stream.codec_context.name not in (*PICTURES, "libdav1d"):
        raise Unacceptable("media.unknown_codec", "The film is coded in a way not taken here.")
    if stream.width * stream.height > PIXELS:
        raise Unacceptable(
            "media.too_many_pixels",
            f"The film has {stream.width} x {stream.height} pixels; at most 4096 x 2304.",
        )


def _sample(film: Any, stream: Any) -> Any:
    """The picture for the poster: of the first second's end or of the last there is."""
    last = None
    for frame in film.decode(stream):
        last = frame
        if frame.time is not None and frame.time >= POSTER_AT:
            break
    if last is None:
        raise Unacceptable("media.truncated", "The file is not whole: it holds no picture.")
    return last


def pictured(frame: Any) -> Any:
    """As an image of libvips, turned as the film says it is to be shown."""
    plane = frame.reformat(format="rgba").planes[0]
    whole = pyvips.Image.new_from_memory(
        bytes(plane), plane.line_size // 4, frame.height, 4, "uchar"
    ).copy(interpretation="srgb")
    image = whole.crop(0, 0, frame.width, frame.height).extract_band(0, n=3)
    turned = {90: image.rot270, 180: image.rot180, 270: image.rot90}.get(frame.rotation % 360)
    return (turned() if turned else image).copy_memory()


def _draw(spool: Spool, poster: Any, crop: Box | None) -> None:
    part = poster.crop(*within(poster, crop)) if crop else poster
    images.draw(spool, part.thumbnail_image, (part.width, part.height))
    images.put(spool, "poster", poster.thumbnail_image(POSTER, height=POSTER, size="down"), 85)
