"""Colours of films: the copy's and the poster's are the source's, whatever it says of them."""

from pathlib import Path

import av
import pytest
import pyvips

from adapters.media.rendering import Job, render
from tests.media import corpus

FILM = Job("video", None, 100 * 1024**2)
ORANGE = 120, 80, 180  # of 255: how bright, how blue, how red
LEAF = 140, 40, 90  # of 255: green, blue and red
QUIET = {"x265-params": "log-level=none:pools=1:frame-threads=1"}
UNTOLD, BT709, BT601, BT2020 = 2, 1, 6, 9
PARTS = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114), BT2020: (0.2627, 0.0593)}
HLG = {"color_primaries": 9, "color_trc": 18}
FULL = {"color_range": 2}
SMALL, HIGH = (96, 64), (1280, 720)
SOURCES = [
    ("mp4", "libx265", "yuv420p", BT709, SMALL, {}),
    ("webm", "libvpx-vp9", "yuv420p", BT709, SMALL, {}),
    ("webm", "libvpx-vp9", "yuv420p", BT709, SMALL, FULL),
    ("mp4", "libx264", "yuv444p", BT709, SMALL, {}),
    ("mp4", "libx264", "yuv444p", BT709, SMALL, FULL),
    ("mov", "libx265", "yuv420p10le", BT2020, SMALL, HLG),
    ("mp4", "libx264", "yuv444p", BT601, SMALL, {}),
    ("mp4", "libx264", "yuv444p", UNTOLD, SMALL, {}),
    ("mp4", "libx264", "yuv444p", UNTOLD, HIGH, {}),
]
each_source = pytest.mark.parametrize(
    ("format", "codec", "pixels", "matrix", "size", "told"), SOURCES
)


def source(
    format: str,
    codec: str,
    pixels: str,
    matrix: int,
    size: tuple[int, int],
    told: dict[str, int],
    levels: tuple[int, int, int] = ORANGE,
) -> bytes:
    options = QUIET if codec == "libx265" else {}
    return corpus.grey(
        format, codec, size, pixels, 3, options, levels=levels, colorspace=matrix, **told
    )


async def rendered(folder: Path, content: bytes) -> Path:
    """Where it is."""
    (path := folder / "source").write_bytes(content)
    (made := folder / "made").mkdir()
    await render(path, made, FILM)
    return made


def first(made: Path) -> av.VideoFrame:
    """Picture of the copy."""
    with av.open(str(made / "video.mp4")) as film:
        return next(film.decode(video=0))


def levels(frame: av.VideoFrame) -> list[int]:
    return [bytes(plane)[0] for plane in frame.planes]


def limited(level: tuple[int, int, int]) -> list[float]:
    """What it is when black is 16, white is 235, and colours have 224 steps."""
    return [16 + level[0] * 219 / 255, *(128 + (one - 128) * 224 / 255 for one in level[1:])]


def shown(frame: av.VideoFrame) -> list[float]:
    """Its red, green and blue of 255, as players have it."""
    matrix = frame.colorspace
    if matrix == UNTOLD:
        matrix = BT709 if frame.height >= HIGH[1] else BT601
    red, blue = PARTS[matrix]
    y, u, v = levels(frame)
    bright, by_blue, by_red = (y - 16) / 219, (u - 128) / 112, (v - 128) / 112
    r, b = bright + by_red * (1 - red), bright + by_blue * (1 - blue)
    g = (bright - red * r - blue * b) / (1 - red - blue)
    return [max(0, min(255, one * 255)) for one in (r, g, b)]


@each_source
async def test_a_copy_has_the_colours_of_its_source(
    tmp_path: Path,
    format: str,
    codec: str,
    pixels: str,
    matrix: int,
    size: tuple[int, int],
    told: dict[str, int],
) -> None:
    made = await rendered(tmp_path, source(format, codec, pixels, matrix, size, told))
    copy = first(made)
    expected = limited(ORANGE) if told == FULL else ORANGE
    assert copy.format.name == "yuv420p", "made anew"
    assert levels(copy) == pytest.approx(expected, abs=2)
    assert copy.colorspace == matrix


@each_source
async def test_a_poster_has_the_colours_that_its_film_is_shown_with(
    tmp_path: Path,
    format: str,
    codec: str,
    pixels: str,
    matrix: int,
    size: tuple[int, int],
    told: dict[str, int],
) -> None:
    made = await rendered(tmp_path, source(format, codec, pixels, matrix, size, told))
    poster = pyvips.Image.new_from_file(str(made / "poster.jpeg"))
    assert poster(10, 10) == pytest.approx(shown(first(made)), abs=6)


async def test_a_film_of_red_green_and_blue_gets_a_matrix_and_says_so(tmp_path: Path) -> None:
    made = await rendered(tmp_path, source("webm", "libvpx-vp9", "gbrp", 0, SMALL, {}, levels=LEAF))
    poster = pyvips.Image.new_from_file(str(made / "poster.jpeg"))
    copy = first(made)
    green, blue, red = LEAF
    assert copy.colorspace == BT709
    assert shown(copy) == pytest.approx([red, green, blue], abs=4)
    assert poster(10, 10) == pytest.approx([red, green, blue], abs=6)
