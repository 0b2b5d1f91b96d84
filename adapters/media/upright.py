"""Pixels of a picture as one looks at it, and the same pixels as they are stored."""

from typing import Any

from adapters.media.verdict import Unacceptable

Box = tuple[int, int, int, int]  # left, top, width, height


def orientation(image: Any) -> int:
    """As EXIF counts: 1 is upright, from 5 on width and height are exchanged."""
    return int(image.get("orientation")) if image.get_typeof("orientation") else 1


def size_of(image: Any) -> tuple[int, int]:
    """Width and height, upright."""
    size = image.width, image.height
    return size[::-1] if orientation(image) >= 5 else size


def within(image: Any, crop: Box) -> Box:
    """Where the upright box ``crop`` is stored. Raises Unacceptable when it isn't inside."""
    left, top, width, height = crop
    right, bottom = (
        whole - start - extent
        for whole, start, extent in zip(size_of(image), crop[:2], crop[2:], strict=True)
    )
    if min(left, top, right, bottom) < 0 or min(width, height) < 1:
        raise Unacceptable("media.crop_outside", "The crop reaches beyond the picture.")
    stored = {
        1: (left, top), 2: (right, top), 3: (right, bottom), 4: (left, bottom),
        5: (top, left), 6: (top, right), 7: (bottom, right), 8: (bottom, left),
    }  # fmt: skip
    turned = orientation(image)
    extent = (height, width) if turned >= 5 else (width, height)
    return (*stored.get(turned, (left, top)), *extent)
