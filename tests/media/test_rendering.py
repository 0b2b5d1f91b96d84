"""Real pictures and films, made here, rendered, and looked at again."""

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import pytest
import pyvips

from adapters.media.rendering import Job, Unacceptable, Verdict, render
from tests.media import corpus

SIZES = ("1200", "600", "300", "150")


async def rendered(folder: Path, content: bytes, job: Job | None = None) -> Verdict:
    source = folder / "source"
    source.write_bytes(content)
    made = folder / "made"
    made.mkdir(exist_ok=True)
    return await render(source, made, job or Job("image"))


def opened(folder: Path, name: str, format: str) -> pyvips.Image:
    return pyvips.Image.new_from_file(str(folder / "made" / f"{name}.{format}"))


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "made").iterdir()}


@pytest.mark.parametrize("format", corpus.SAVERS)
async def test_every_kind_of_picture_is_made_anew(tmp_path: Path, format: str) -> None:
    content = corpus.encoded(format, corpus.picture(1500, 1000))
    verdict = await rendered(tmp_path, content)
    assert (verdict.format, verdict.width, verdict.height) == (format, 1500, 1000)
    assert verdict.sha256 == hashlib.sha256(content).hexdigest()
    assert {(one.name, one.format) for one in verdict.renditions} >= {
        (size, kind) for size in SIZES for kind in ("webp", "jpeg")
    }
    sizes = {one.name: (one.width, one.height) for one in verdict.renditions}
    assert sizes == {"1200": (1200, 800), "600": (600, 400), "300": (300, 200), "150": (150, 150)}
    for one in verdict.renditions:
        image = opened(tmp_path, one.name, one.format)
        assert (image.width, image.height) == (one.width, one.height)
        left, right = image(2, image.height // 2), image(image.width - 3, image.height // 2)
        assert left[0] < right[0], "red still rises to the right"
        stored = (tmp_path / "made" / one.file).read_bytes()
        assert (len(stored), hashlib.sha256(stored).hexdigest()) == (one.size, one.sha256)
    assert files(tmp_path) == {one.file for one in verdict.renditions}


async def test_small_ones_are_never_enlarged(tmp_path: Path) -> None:
    verdict = await rendered(tmp_path, corpus.encoded("png", corpus.picture(200, 100)))
    sizes = {one.name: (one.width, one.height) for one in verdict.renditions}
    assert sizes == {"1200": (200, 100), "600": (200, 100), "300": (200, 100), "150": (150, 100)}


async def test_a_long_strip_is_cropped_from_the_source(tmp_path: Path) -> None:
    verdict = await rendered(tmp_path, corpus.encoded("jpeg", corpus.picture(4000, 200)))
    sizes = {one.name: (one.width, one.height) for one in verdict.renditions}
    assert (sizes["1200"], sizes["150"]) == ((1200, 60), (150, 150))


@pytest.mark.parametrize("format", ["jpeg", "webp", "png"])
@pytest.mark.parametrize("breadth", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("lies", [True, False])
async def test_a_strip_of_few_pixels_is_rendered(
    tmp_path: Path, format: str, breadth: int, lies: bool
) -> None:
    shape = (16383, breadth) if lies else (breadth, 16383)
    verdict = await rendered(tmp_path, corpus.encoded(format, corpus.picture(*shape)))
    sizes = {one.name: (one.width, one.height) for one in verdict.renditions}
    assert (verdict.width, verdict.height) == shape
    assert sizes["1200"] == ((1200, 1) if lies else (1, 1200))
    assert sizes["150"] == ((150, breadth) if lies else (breadth, 150))


@pytest.mark.parametrize("turned", range(1, 9))
async def test_pictures_stand_upright_and_tell_nothing_of_where(
    tmp_path: Path, turned: int
) -> None:
    image = corpus.picture(400, 300).copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", turned)
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd3-GPSLatitude", "48/1 51/1 0/1")
    source = pyvips.Image.new_from_buffer(corpus.encoded("jpeg", image), "")
    assert any(field.startswith("exif") for field in source.get_fields())
    upright = source.autorot()
    verdict = await rendered(tmp_path, corpus.encoded("jpeg", image))
    assert (verdict.width, verdict.height) == (upright.width, upright.height)
    for format in ("webp", "jpeg"):
        made = opened(tmp_path, "600", format)
        assert (made - upright).abs().avg() < 4
        assert not [name for name in made.get_fields() if name.startswith(("exif", "xmp", "icc"))]


@pytest.mark.parametrize("turned", range(1, 9))
async def test_a_crop_is_of_the_upright_picture(tmp_path: Path, turned: int) -> None:
    image = corpus.picture(400, 300).copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", turned)
    content = corpus.encoded("jpeg", image)
    expected = pyvips.Image.new_from_buffer(content, "").autorot().crop(30, 60, 200, 120)
    verdict = await rendered(tmp_path, content, Job("image", (30, 60, 200, 120)))
    assert {(one.width, one.height) for one in verdict.renditions if one.name == "600"} == {
        (200, 120)
    }
    assert (opened(tmp_path, "600", "jpeg") - expected).abs().avg() < 5
    assert (verdict.width, verdict.height) != (200, 120), "the verdict is of the whole"


async def test_a_crop_beyond_the_picture_is_refused(tmp_path: Path) -> None:
    for crop in ((0, 0, 321, 10), (-1, 0, 10, 10), (0, 0, 0, 10), (10, 239, 5, 2)):
        with pytest.raises(Unacceptable) as refused:
            await rendered(tmp_path, corpus.encoded("png"), Job("image", crop))
        assert refused.value.code == "media.crop_outside"


async def test_what_is_transparent_stays_so_and_is_white_in_jpeg(tmp_path: Path) -> None:
    glass = corpus.picture(300, 300).bandjoin(0)
    await rendered(tmp_path, corpus.encoded("png", glass))
    assert opened(tmp_path, "300", "webp")(150, 150)[3] == 0
    assert min(opened(tmp_path, "300", "jpeg")(150, 150)) > 250


async def test_cmyk_grey_and_sixteen_bits_become_plain_colours(tmp_path: Path) -> None:
    grey = corpus.picture().colourspace("b-w")
    for image in (
        grey,
        corpus.picture().colourspace("rgb16"),
        corpus.picture().colourspace("cmyk"),
    ):
        format = "jpeg" if image.bands == 4 else "png"
        await rendered(tmp_path, corpus.encoded(format, image))
        made = opened(tmp_path, "300", "webp")
        assert (made.bands, made.format, made.interpretation) == (3, "uchar", "srgb")


@pytest.mark.parametrize("crop", [None, (0, 0, 6000, 4000)])
async def test_a_webp_of_a_good_camera_is_rendered(
    tmp_path: Path, crop: tuple[int, int, int, int] | None
) -> None:
    content = large().webpsave_buffer(effort=0)
    verdict = await rendered(tmp_path, content, Job("image", crop))
    assert (verdict.width, verdict.height) == (6000, 4000)
    sizes = {one.name: (one.width, one.height) for one in verdict.renditions}
    assert sizes == {"1200": (1200, 800), "600": (600, 400), "300": (300, 200), "150": (150, 150)}


async def test_an_avif_of_a_good_camera_is_rendered(tmp_path: Path) -> None:
    content = large(6240, 4160).heifsave_buffer(compression="av1", effort=0)
    verdict = await rendered(tmp_path, content)
    assert (verdict.width, verdict.height) == (6240, 4160)


def large(width: int = 6000, height: int = 4000) -> pyvips.Image:
    """One colour only: soon encoded, and no less to decode."""
    return pyvips.Image.black(width, height, bands=3).copy(interpretation="srgb")


async def test_a_crop_of_a_large_webp_is_where_it_was_asked_for(tmp_path: Path) -> None:
    content = halves().webpsave_buffer(effort=0)
    verdict = await rendered(tmp_path, content, Job("image", (1000, 500, 2000, 1000)))
    assert verdict.width == 4000
    made = opened(tmp_path, "600", "webp")
    assert (made.width, made.height) == (600, 300)
    assert made(290, 150)[0] < 40
    assert made(310, 150)[0] > 215


def halves() -> pyvips.Image:
    """Black to the left, white to the right."""
    half = pyvips.Image.black(2000, 2000, bands=3)
    return half.join(half.invert(), "horizontal").copy(interpretation="srgb")


async def test_an_animation_is_counted_and_its_first_picture_shown(tmp_path: Path) -> None:
    pages = [corpus.picture(), corpus.picture().invert(), corpus.picture()]
    whole = pyvips.Image.arrayjoin(pages, across=1).copy()
    whole.set_type(pyvips.GValue.gint_type, "page-height", 240)
    for format in ("gif", "webp"):
        verdict = await rendered(tmp_path, corpus.encoded(format, whole))
        assert (verdict.frames, verdict.width, verdict.height) == (3, 320, 240)
        made = opened(tmp_path, "300", "webp")
        assert made.height == 225
        assert (made - corpus.picture().thumbnail_image(300)).abs().avg() < 12


@pytest.mark.parametrize("format", corpus.FILMS)
async def test_every_kind_of_film_gets_a_poster_and_a_copy_for_browsers(
    tmp_path: Path, format: str
) -> None:
    verdict = await rendered(tmp_path, corpus.film(format, 2.0), Job("video"))
    assert (verdict.format, verdict.width, verdict.height) == (format, 96, 96)
    assert (verdict.duration, verdict.frames) == (pytest.approx(2.0, abs=0.1), 50)
    assert opened(tmp_path, "poster", "webp").width == 96
    assert {one.name for one in verdict.renditions} == {*SIZES, "poster", "video"}
    copy = tmp_path / "made" / "video.mp4"
    content = copy.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "it starts before it is all there"
    with av.open(str(copy)) as film:
        assert [stream.codec_context.name for stream in film.streams] == ["h264", "aac"]
        assert sum(1 for _ in film.decode(video=0)) == 50


async def test_a_film_that_fits_is_taken_as_it_is_without_its_place(tmp_path: Path) -> None:
    source = tmp_path / "place.mp4"
    with av.open(str(source), "w", format="mp4") as target:
        target.metadata["location"] = "+48.8577+002.295/"
        stream = target.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(25):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    assert b"loci" in source.read_bytes()
    await rendered(tmp_path, source.read_bytes(), Job("video"))
    copy = tmp_path / "made" / "video.mp4"
    assert b"loci" not in copy.read_bytes()
    with av.open(str(source)) as one, av.open(str(copy)) as other:
        packets = [[bytes(part) for part in film.demux(video=0)] for film in (one, other)]
    assert packets[0] == packets[1]


@pytest.mark.parametrize("turned", [90, -90, 180])
async def test_the_copy_of_a_film_that_was_held_upright_has_the_size_it_is_shown_in(
    tmp_path: Path, turned: int
) -> None:
    """As telephones film: pictures that lie, and how to turn them."""
    source = tmp_path / "turned.mp4"
    with av.open(str(source), "w", format="mp4") as target:
        stream = target.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.set_display_rotation(turned)
        for number in range(10):
            frame = av.VideoFrame(320, 180, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    verdict = await rendered(tmp_path, source.read_bytes(), Job("video"))
    shown = (320, 180) if turned == 180 else (180, 320)
    assert (verdict.width, verdict.height) == shown
    sizes = {o.name: (o.width, o.height) for o in verdict.renditions}
    assert (sizes["video"], sizes["poster"]) == (shown, shown)
    with av.open(str(tmp_path / "made" / "video.mp4")) as copy:
        assert abs(next(copy.decode(video=0)).rotation) == abs(turned)


async def test_a_film_of_more_than_a_minute_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unacceptable) as refused:
        await rendered(tmp_path, corpus.film("mp4", 62.0, 32, 5), Job("video"))
    assert refused.value.code == "media.too_long"
