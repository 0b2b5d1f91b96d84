"""Pictures: looked at and made anew by libvips, each with the one loader it was sniffed for."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import pyvips  # type: ignore[import-untyped]

from adapters.media.report import Made
from adapters.media.spool import Spool
from adapters.media.upright import Box, size_of, within
from adapters.media.verdict import Unacceptable

PIXELS = 50_000_000
FRAMES = 1000  # of an animation
PAGES = 100  # of a document
SIZES = ((1200, 90), (600, 85), (300, 80), (150, 80))  # the longer side in pixels, the quality
LEFT = 1.5  # times the size that is wanted: what a decoder leaves to shrink
CROPPED = 150  # the size that is a square, cut from the middle
EFFORT = 3  # of libwebp's 6: the time of a rendition is mostly this
AVIF = {1200: 67, 600: 62}  # the quality that looks like WebP's of that size
PAYS = 0.8  # an AVIF is kept when it has at most this part of the WebP's bytes
WHITE = [255, 255, 255]
LOADERS = {
    "jpeg": "VipsForeignLoadJpeg",
    "png": "VipsForeignLoadPng",
    "gif": "VipsForeignLoadNsgif",
    "webp": "VipsForeignLoadWebp",
    "avif": "VipsForeignLoadHeif",
    "tiff": "VipsForeignLoadTiff",
}
STRICT = {"access": "sequential", "fail_on": "error"}


def settle() -> None:
    """Once, before there are sources: no loader at all, and nothing is remembered."""
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set("VipsForeignLoad", True)
    pyvips.cache_set_max(0)


def make(source: int, spool: Spool, format: str, crop: Box | None) -> Made:
    """All renditions of the picture at a descriptor. Raises Unacceptable, pyvips.Error."""
    pyvips.operation_block_set(LOADERS[format], False)
    opened = pyvips.Source.new_from_descriptor(source)
    image = _load(opened, format)
    frames = int(image.get("n-pages")) if image.get_typeof("n-pages") else 1
    _check(image, frames, format)
    upright = size_of(image)
    box = within(image, crop) if crop else None
    del image  # an opened WebP has taken the memory of all its pixels
    if crop is None or box is None:
        draw(spool, _shrinking(opened, format, upright), upright)
    else:
        draw(spool, _of(_part(opened, format, box)), crop[2:])
    return Made(*upright, None, frames, spool.parts)


def _load(source: Any, format: str, **options: Any) -> Any:
    name = "heif" if format == "avif" else format
    return getattr(pyvips.Image, f"{name}load_source")(source, **STRICT, **options)


def _check(image: Any, frames: int, format: str) -> None:
    if image.width * image.height > PIXELS:
        raise Unacceptable(
            "media.too_many_pixels",
            f"The picture has {image.width} x {image.height} pixels; at most 50 megapixels.",
        )
    most = PAGES if format == "tiff" else FRAMES
    if frames > most:
        raise Unacceptable(
            "media.too_many_frames", f"The file holds {frames} pictures; at most {most}."
        )


def _shrinking(source: Any, format: str, upright: tuple[int, int]) -> Callable[..., Any]:
    """Of a load of its own each time; a JPEG and a WebP are shrunk while they are decoded.

    Not by ``thumbnail_source``: that forgives what is missing of a PNG or a GIF.
    """

    def shrink(width: int, **options: Any) -> Any:
        side = min if "crop" in options else max
        scale = min(side(upright) / width, LEFT * min(upright))  # a strip keeps a pixel's breadth
        image = _load(source, format, **_sooner(format, scale))
        return image.thumbnail_image(width, **options, **_colours(image))

    return shrink


def _sooner(format: str, scale: float) -> dict[str, Any]:
    """How a decoder shrinks, so that half again as much is left for a good filter."""
    if format == "jpeg":
        return {"shrink": next((block for block in (8, 4, 2) if scale >= LEFT * block), 1)}
    return {"scale": LEFT / scale} if format == "webp" and scale > LEFT else {}


def _part(source: Any, format: str, box: Box) -> Any:
    """What is within the box, in memory; of a WebP no more pixels than its sizes need."""
    if format != "webp":
        return _load(source, format).crop(*box).copy_memory()
    scale = min(max(box[2:]) / SIZES[0][0], min(box[2:]) / CROPPED)
    options = _sooner(format, scale)
    image = _load(source, format, **options)
    left, top, width, height = (round(side * options.get("scale", 1)) for side in box)
    width, height = min(width, image.width - left), min(height, image.height - top)
    return image.crop(left, top, width, height).copy_memory()


def _colours(image: Any) -> dict[str, Any]:
    """Converting costs as much as shrinking: only what isn't sRGB as it is."""
    plain = image.interpretation == "srgb" and not image.get_typeof("icc-profile-data")
    return {} if plain else {"output_profile": "srgb"}


def _of(image: Any) -> Callable[..., Any]:
    """As ``_shrinking``, of what is in memory."""
    return lambda width, **options: image.thumbnail_image(width, **options, **_colours(image))


def draw(spool: Spool, shrink: Callable[..., Any], upright: tuple[int, int]) -> None:
    """The four sizes: the source is decoded once, for the largest, which the others are of."""
    largest = _plain(shrink(SIZES[0][0], **_fit(SIZES[0][0])))
    begun = list[tuple[Encoding, Future[bytes]]]()
    with ThreadPoolExecutor(2) as threads:  # the slowest is the first
        for size, quality in SIZES:
            whole = size != CROPPED or min(largest.width, largest.height) >= min(size, *upright)
            image = largest if whole else _plain(shrink(size, **_fit(size)))
            if size < max(image.width, image.height):
                image = image.thumbnail_image(size, **_fit(size)).copy_memory()
            begun += [(e, threads.submit(e.encode)) for e in _encodings(image, size, quality)]
        _keep(spool, [(encoding, future.result()) for encoding, future in begun])


def _fit(size: int) -> dict[str, Any]:
    shape = {"crop": "centre"} if size == CROPPED else {}
    return {"height": size, "size": "down", **shape}


def _plain(image: Any) -> Any:
    """In memory, 8 bits of sRGB a channel, transparency kept, all else that it told dropped."""
    if image.interpretation != "srgb":
        image = image.colourspace("srgb")
    return image.cast("uchar").copy_memory()


class Encoding(NamedTuple):
    """A picture of one size, and what makes a file of it."""

    size: int
    image: Any
    format: str
    encode: Callable[[], bytes]


def _encodings(image: Any, size: int, quality: int) -> Iterator[Encoding]:
    yield Encoding(size, image, "webp", lambda: _webp(image, quality))
    if size in AVIF:
        yield Encoding(size, image, "avif", lambda: _avif(image, AVIF[size]))
    yield Encoding(size, image, "jpeg", lambda: _jpeg(image, quality))


def put(spool: Spool, name: str, image: Any, quality: int) -> None:
    """One picture, as WebP and as JPEG."""
    image = image.copy_memory()
    spool.put(name, "webp", image.width, image.height, _webp(image, quality))
    spool.put(name, "jpeg", image.width, image.height, _jpeg(image, quality))


def _webp(image: Any, quality: int) -> bytes:
    return bytes(image.webpsave_buffer(Q=quality, effort=EFFORT, keep="none"))


def _jpeg(image: Any, quality: int) -> bytes:
    flat = image.flatten(background=WHITE) if image.hasalpha() else image
    return bytes(flat.jpegsave_buffer(Q=quality, optimize_coding=True, keep="none"))


def _avif(image: Any, quality: int) -> bytes:
    return bytes(image.heifsave_buffer(Q=quality, compression="av1", effort=0, keep="none"))


def _keep(spool: Spool, made: list[tuple[Encoding, bytes]]) -> None:
    rival = 0
    for (size, image, format, _), content in made:
        rival = len(content) if format == "webp" else rival
        if format != "avif" or len(content) <= rival * PAYS:
            spool.put(str(size), format, image.width, image.height, content)
