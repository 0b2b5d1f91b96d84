"""What films tell of themselves: how large, how bright, how wide, from when and how long."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest
import pyvips
from msgspec.structs import replace

from adapters.media import copying, rendering
from adapters.media.films import Limit
from adapters.media.rendering import Job, Unacceptable, Verdict, render
from tests.media import corpus

FILM = Job("video", None, 100 * 1024**2)
HLG = {"color_primaries": 9, "color_trc": 18, "colorspace": 9}  # as telephones film
BT601 = {"color_primaries": 6, "color_trc": 6, "colorspace": 6}
SMALL = "log-level=none:pools=1:frame-threads=1"
HEAVY = {"preset": "ultrafast", "refs": "5", "bf": "3"}


async def rendered(folder: Path, content: bytes) -> Verdict:
    (source := folder / "source").write_bytes(content)
    (made := folder / "made").mkdir()
    return await render(source, made, FILM)


async def refusal(folder: Path, content: bytes) -> Unacceptable:
    with pytest.raises(Unacceptable) as refused:
        await rendered(folder, content)
    return refused.value


def first(folder: Path) -> av.VideoFrame:
    """Picture of the copy."""
    with av.open(str(folder / "made" / "video.mp4")) as film:
        return next(film.decode(video=0))


@pytest.mark.parametrize(
    ("codec", "pixels", "options"),
    [
        ("libx264", "yuv420p", HEAVY),
        ("libx265", "yuv420p10le", {"preset": "ultrafast", "x265-params": SMALL}),
    ],
)
async def test_a_film_of_a_good_telephone_is_rendered(
    tmp_path: Path, codec: str, pixels: str, options: dict[str, str]
) -> None:
    content = corpus.grey("mp4", codec, (3840, 2160), pixels, 10, options)
    verdict = await rendered(tmp_path, content)
    assert (verdict.width, verdict.height, verdict.frames) == (3840, 2160, 10)
    assert (first(tmp_path).width, first(tmp_path).height) == (1920, 1080)


async def test_a_film_for_which_the_encoder_lacks_memory_is_too_heavy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """x264 says nothing of memory."""
    limits = replace(rendering.LIMITS["video"], memory=200 * 1024**2)
    monkeypatch.setitem(rendering.LIMITS, "video", limits)
    content = corpus.grey("mov", "mjpeg", (1920, 1080), "yuvj420p", 30)
    assert (await refusal(tmp_path, content)).code == "media.too_heavy"


@pytest.mark.parametrize(
    ("format", "codec", "pixels", "range"),
    [
        ("mp4", "libx264", "yuvj420p", 2),
        ("mp4", "libx264", "yuv444p", 1),
        ("webm", "libvpx-vp9", "yuv420p", 2),
        ("webm", "libvpx-vp9", "yuv420p", 1),
    ],
)
async def test_a_copy_is_as_bright_as_its_source(
    tmp_path: Path, format: str, codec: str, pixels: str, range: int
) -> None:
    content = corpus.grey(format, codec, pixels=pixels, color_range=range)
    await rendered(tmp_path, content)
    made = first(tmp_path)
    brightness = bytes(made.planes[0])[0]
    expected = 16 + corpus.GREY * 219 / 255 if range == 2 else corpus.GREY
    assert made.format.name == "yuv420p"
    assert brightness == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("told", [HLG, BT601])
async def test_a_copy_tells_what_its_colours_mean(tmp_path: Path, told: dict[str, int]) -> None:
    wide = {"x265-params": f"{SMALL}:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"}
    content = (
        corpus.grey("mov", "libx265", pixels="yuv420p10le", options=wide, **told)
        if told is HLG
        else corpus.grey("mp4", "libx264", pixels="yuv444p", **told)
    )
    await rendered(tmp_path, content)
    made = first(tmp_path)
    assert {name: getattr(made, name) for name in told} == told


async def test_sound_of_more_than_a_minute_is_refused_as_pictures_are(tmp_path: Path) -> None:
    content = corpus.film("webm", 1.0, 32, silent=70.0, options={"live": "1"})
    with av.open(str(_written(tmp_path / "film", content))) as film:
        assert film.duration is None, "only what comes tells how long it is"
    assert (await refusal(tmp_path, content)).code == "media.too_long"


def test_what_comes_before_the_told_beginning_counts_too() -> None:
    limit = Limit()
    limit.saw(Fraction(0), Fraction(1))
    with pytest.raises(Unacceptable):
        limit.heard(Fraction(-100), Fraction(1))


@pytest.mark.parametrize("format", corpus.FILMS)
async def test_the_copy_of_a_film_that_was_cut_out_of_another_begins_at_once(
    tmp_path: Path, format: str
) -> None:
    verdict = await rendered(tmp_path, corpus.film(format, 2.0, begin=3000))
    assert verdict.duration == pytest.approx(2.0, abs=0.1)
    copy = tmp_path / "made" / "video.mp4"
    assert lasts(copy.read_bytes()) == pytest.approx(2.0, abs=0.1)
    with av.open(str(copy)) as film:
        begins = [packet.pts * packet.time_base for packet in firsts(film)]
    assert begins == pytest.approx([0, 0], abs=0.05), "pictures and sound"


@pytest.mark.parametrize("format", corpus.FILMS)
async def test_what_is_shown_before_anything_is_heard_is_in_the_copy(
    tmp_path: Path, format: str
) -> None:
    verdict = await rendered(tmp_path, corpus.film(format, 3.0, late=2))
    assert verdict.duration == pytest.approx(3.0, abs=0.1)
    with av.open(str(tmp_path / "made" / "video.mp4")) as film:
        begins = [packet.pts * packet.time_base for packet in firsts(film)]
        film.seek(0)
        assert sum(1 for _ in film.decode(video=0)) == 75
    assert begins == pytest.approx([0, 2], abs=0.05), "pictures and sound"


@pytest.mark.parametrize("format", corpus.FILMS)
async def test_a_film_cut_out_of_another_is_held_to_the_length_that_is_told(
    tmp_path: Path, format: str
) -> None:
    with av.open(str(_written(tmp_path / "film", corpus.film(format, 2.0, begin=30)))) as film:
        start = copying.start_of(film, film.streams.video[0])
        assert copying.length_of(film, start) == pytest.approx(2.0, abs=0.2)


def firsts(film: av.container.InputContainer) -> list[av.Packet]:
    """The first packet of each stream."""
    found: dict[int, av.Packet] = {}
    for packet in film.demux():
        found.setdefault(packet.stream_index, packet)
    return list(found.values())


def lasts(content: bytes) -> float:
    """Seconds, as a player is told first: with whatever comes before the pictures."""
    at = content.index(b"mvhd")
    scale, length = struct.unpack(">II", content[at + 16 : at + 24])
    return length / scale


@pytest.mark.parametrize(("codec", "stored"), [("libx264", (96, 64)), ("libvpx-vp9", (128, 64))])
async def test_a_film_whose_pixels_are_wide_is_shown_so(
    tmp_path: Path, codec: str, stored: tuple[int, int]
) -> None:
    content = corpus.grey("mp4", codec, sample_aspect_ratio=Fraction(4, 3))
    verdict = await rendered(tmp_path, content)
    sizes = {one.name: (one.width, one.height) for one in verdict.renditions}
    assert (verdict.width, verdict.height) == (128, 64)
    assert (sizes["poster"], sizes["video"], sizes["1200"]) == ((128, 64),) * 3
    poster = pyvips.Image.new_from_file(str(tmp_path / "made" / "poster.webp"))
    assert (poster.width, poster.height) == (128, 64)
    with av.open(str(tmp_path / "made" / "video.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height) == stored
        assert stream.width * (stream.sample_aspect_ratio or 1) == 128


async def test_pixels_that_are_told_to_be_absurdly_wide_are_taken_for_square(
    tmp_path: Path,
) -> None:
    content = corpus.grey("mp4", "libx264", sample_aspect_ratio=Fraction(40))
    verdict = await rendered(tmp_path, content)
    assert (verdict.width, verdict.height) == (96, 64)
    with av.open(str(tmp_path / "made" / "video.mp4")) as film:
        assert (film.streams.video[0].sample_aspect_ratio or 1) == 1


@pytest.mark.parametrize("number", [9, 32])
async def test_a_film_of_many_tracks_is_rendered(tmp_path: Path, number: int) -> None:
    verdict = await rendered(tmp_path, tracks(tmp_path, number))
    assert verdict.frames == 10


async def test_a_film_of_too_many_tracks_is_told_so(tmp_path: Path) -> None:
    refused = await refusal(tmp_path, tracks(tmp_path, 33))
    assert refused.code == "media.too_heavy"
    assert "more than 32 tracks" in refused.detail


def tracks(folder: Path, number: int) -> bytes:
    """The same pictures again and again."""
    source = _written(folder / "one.mp4", corpus.grey("mp4", "libx264"))
    with av.open(str(folder / "many.mp4"), "w") as target, av.open(str(source)) as film:
        copies = [target.add_stream_from_template(film.streams.video[0]) for _ in range(number)]
        packets = [packet for packet in film.demux(video=0) if packet.size]
        for copy in copies:
            for packet in packets:
                again = av.Packet(bytes(packet))
                again.pts, again.dts = packet.pts, packet.dts
                again.time_base, again.is_keyframe = packet.time_base, packet.is_keyframe
                again.stream = copy
                target.mux(again)
    return (folder / "many.mp4").read_bytes()


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
