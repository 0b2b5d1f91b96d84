"""How the pictures of a film are stored, and how they are to be shown."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

PIXELS = 4096 * 2304
SQUARE = Fraction(1)
NARROWEST, WIDEST = Fraction(1, 4), Fraction(4)  # of what is filmed; all else is nonsense
FULL = 2  # the range of a picture whose black is 0 and whose white is 255
RGB = 0  # the matrix of colours that are none of brightness and difference
BT709, UNTOLD = 1, 2  # matrices
HIGH = 720  # pixels, upright: from here on players take colours whose matrix is untold for BT.709's


@dataclass(frozen=True)
class Look:
    """``aspect``: of one pixel, its width by its height; ``rotation``: degrees, counter-clockwise.

    ``primaries``, ``transfer`` and ``matrix``: what the colours mean, as FFmpeg counts.
    """

    width: int
    height: int
    format: Any
    time_base: Fraction
    aspect: Fraction
    rotation: int
    is_full: bool
    primaries: int
    transfer: int
    matrix: int

    @property
    def lies(self) -> bool:
        """It is shown turned to its side."""
        return abs(self.rotation) == 90

    @property
    def squared(self) -> tuple[int, int]:
        """Its size with square pixels, not yet turned, and within the limits."""
        wide = max(1, round(self.width * self.aspect))
        if wide * self.height <= PIXELS:
            return wide, self.height
        return self.width, max(1, round(self.height / self.aspect))

    @property
    def shown(self) -> tuple[int, int]:
        """Its size as it is looked at: upright."""
        wide, high = self.squared
        return (high, wide) if self.lies else (wide, high)

    def sides(self, longest: int) -> tuple[int, int]:
        """Upright, at most ``longest``, even: H.264 has colours for pairs of pixels only."""
        scale = min(1.0, longest / max(self.shown))
        wide, high = (max(2, round(side * scale) // 2 * 2) for side in self.shown)
        return wide, high


def look_of(frame: Any, stream: Any) -> Look:
    """As one of its pictures tells."""
    full = frame.color_range == FULL or frame.format.name.startswith("yuvj")
    matrix = RGB if frame.format.is_rgb else frame.colorspace or UNTOLD
    return Look(
        frame.width, frame.height, frame.format, frame.time_base,
        aspect_of(stream), frame.rotation, full,
        frame.color_primaries, frame.color_trc, matrix,
    )  # fmt: skip


def aspect_of(stream: Any) -> Fraction:
    told = stream.sample_aspect_ratio
    return told if told and NARROWEST <= told <= WIDEST else SQUARE
