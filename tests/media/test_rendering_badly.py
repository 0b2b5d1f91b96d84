"""Bad media: each is refused with a reason, or is taken and what is made of it can be shown."""

import re
from pathlib import Path

import av
import pytest
import pyvips

from adapters.media import boxes
from adapters.media.rendering import Job, Unacceptable, Verdict, render
from adapters.media.sniffing import FILMS
from tests.media import corpus

PICTURES = 36  # damaged ones of each kind of picture
MOVING = 12  # and of each kind of film: 252 in all
DAMAGED = {"media.damaged", "media.truncated", "media.not_an_image", "media.not_a_video"}
ASKS = ("avif", "media.too_heavy")  # a bit that was flipped asks for more than libheif gives


async def outcome(folder: Path, content: bytes, job: Job) -> Verdict | Unacceptable:
    source = folder / "source"
    source.write_bytes(content)
    made = folder / "made"
    made.mkdir(exist_ok=True)
    try:
        return await render(source, made, job)
    except Unacceptable as refused:
        assert not list(made.iterdir()), "nothing is left of what was refused"
        return refused


async def refusal(folder: Path, content: bytes, job: Job | None = None) -> str:
    answer = await outcome(folder, content, job or Job("image", None, 100 * 1024**2))
    assert isinstance(answer, Unacceptable), answer
    assert re.fullmatch(r"media\.[a-z_]+", answer.code)
    assert answer.detail[0].isupper()
    assert answer.detail.endswith(".")
    return answer.code


def check(folder: Path, verdict: Verdict) -> None:
    """What was made is what it says, down to its last pixel."""
    for one in verdict.renditions:
        path = folder / "made" / one.file
        assert path.stat().st_size == one.size
        if one.format == "mp4":
            with av.open(str(path)) as film:
                assert sum(1 for _ in film.decode(video=0)) > 0
        else:
            image = pyvips.Image.new_from_file(str(path), fail_on="error")
            assert (image.width, image.height) == (one.width, one.height)
            image.avg()
        path.unlink()


@pytest.mark.parametrize("format", [*corpus.SAVERS, *corpus.FILMS])
async def test_damaged_files_are_refused_or_shown(tmp_path: Path, format: str) -> None:
    moving = format in FILMS
    whole = corpus.film(format) if moving else corpus.encoded(format)
    refused = 0
    for seed in range(MOVING if moving else PICTURES):
        job = Job("video" if moving else "image")
        answer = await outcome(tmp_path, corpus.damaged(whole, seed), job)
        if isinstance(answer, Verdict):
            check(tmp_path, answer)
        else:
            assert answer.code in DAMAGED or (format, answer.code) == ASKS, (seed, answer)
            refused += 1
    assert refused > 0


@pytest.mark.parametrize(
    ("format", "code"),
    [
        ("jpeg", "media.truncated"),
        ("png", "media.damaged"),  # libpng does not say why it could not read on
        ("gif", "media.truncated"),
        ("webp", "media.damaged"),
        ("avif", "media.truncated"),
        ("tiff", "media.damaged"),
    ],
)
async def test_a_picture_without_its_end_is_told_so(tmp_path: Path, format: str, code: str) -> None:
    whole = corpus.encoded(format)
    assert await refusal(tmp_path, whole[: len(whole) // 2]) == code


async def test_a_jpeg_that_lacks_its_last_bytes_is_not_whole(tmp_path: Path) -> None:
    assert await refusal(tmp_path, corpus.encoded("jpeg")[:-10]) == "media.truncated"


@pytest.mark.parametrize("format", ["png", "gif", "webp", "avif"])
async def test_a_picture_with_other_bytes_in_its_middle_is_damaged(
    tmp_path: Path, format: str
) -> None:
    whole = corpus.encoded(format)
    middle = len(whole) // 2
    turned = bytes(byte ^ 0xFF for byte in whole[middle : middle + 40])
    content = whole[:middle] + turned + whole[middle + 40 :]
    assert await refusal(tmp_path, content) == "media.damaged"


async def test_a_picture_of_too_many_pixels_is_refused_by_its_header(tmp_path: Path) -> None:
    assert len(bomb := corpus.huge_png()) < 1024**2
    assert await refusal(tmp_path, bomb) == "media.too_many_pixels"


async def test_too_many_frames_or_pages_are_refused(tmp_path: Path) -> None:
    codes = {"media.too_many_frames", "media.too_heavy", "media.too_slow", "media.damaged"}
    assert await refusal(tmp_path, corpus.long_gif()) in codes
    assert await refusal(tmp_path, corpus.long_tiff()) in codes


async def test_a_picture_that_is_also_a_script_or_an_archive_is_made_anew(tmp_path: Path) -> None:
    script = b"*/=1;alert(document.domain)//"
    gif = b"GIF89a" + corpus.encoded("gif")[6:] + script
    archive = corpus.encoded("jpeg") + b"PK\x03\x04" + bytes(26) + b"evil.txt"
    for content in (gif, archive):
        verdict = await outcome(tmp_path, content, Job("image"))
        assert isinstance(verdict, Verdict)
        for one in verdict.renditions:
            made = (tmp_path / "made" / one.file).read_bytes()
            assert b"alert" not in made
            assert b"evil" not in made
        check(tmp_path, verdict)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7\n",
        b"PK\x03\x04" + bytes(60),
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"\x1aE\xdf\xa3" + b"\x42\x82\x88matroska",
        b"x",
    ],
)
async def test_what_is_neither_is_refused_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    assert await refusal(tmp_path, content) == "media.not_an_image"
    assert await refusal(tmp_path, content, Job("video")) == "media.not_a_video"


async def test_nothing_at_all_or_too_much_is_refused(tmp_path: Path) -> None:
    assert await refusal(tmp_path, b"") == "media.empty"
    large = corpus.encoded("png")
    assert await refusal(tmp_path, large, Job("image", None, len(large) - 1)) == "media.too_large"


async def test_a_film_is_no_picture_and_a_picture_no_film(tmp_path: Path) -> None:
    assert await refusal(tmp_path, corpus.film("mp4")) == "media.not_an_image"
    assert await refusal(tmp_path, corpus.encoded("png"), Job("video")) == "media.not_a_video"


async def test_a_film_that_ends_early_is_told_so(tmp_path: Path) -> None:
    content = corpus.film("webm", 4.0)
    assert await refusal(tmp_path, content[: len(content) // 2], Job("video")) in (
        "media.truncated",
        "media.damaged",
    )


@pytest.mark.parametrize("format", ["mp4", "mov"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
async def test_a_film_cut_off_before_or_within_its_index_is_told_so(
    tmp_path: Path, format: str, part: float
) -> None:
    content = corpus.film(format, 4.0)
    cut = content[: int(len(content) * part)]
    assert await refusal(tmp_path, cut, Job("video")) == "media.truncated"


async def test_a_film_with_other_bytes_in_its_middle_is_not_told_to_be_cut_off(
    tmp_path: Path,
) -> None:
    content = corpus.film("mp4", 4.0)
    begin, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    turned = bytes(byte ^ 0xFF for byte in content[begin:end])
    whole = content[:begin] + turned + content[end:]
    assert await refusal(tmp_path, whole, Job("video")) == "media.damaged"


@pytest.mark.parametrize(
    ("content", "cut"),
    [
        (b"", True),
        (b"\0\0\0\x08free\0\0\0", True),
        (b"\0\0\0\x08moov", False),
        (b"\0\0\0\x09moov", True),
        (b"\0\0\0\x08moov\0\0\0\0mdat and on to the end", False),
        (b"\0\0\0\x08moov\0\0\0\x01mdat" + (18).to_bytes(8, "big") + b"12", False),
        (b"\0\0\0\x08moov\0\0\0\x01mdat" + (18).to_bytes(8, "big") + b"1", True),
        (b"\0\0\0\x08moov\0\0\0\x01mdat\0\0\0", True),
        (b"\0\0\0\x08free\0\0\0\x04mdat", False),
        (b"\0\0\0\x08free\0\0\xff\xff\xfe\x01\0\x02", False),
    ],
)
def test_boxes_tell_whether_a_file_ends_too_early(
    tmp_path: Path, content: bytes, cut: bool
) -> None:
    (path := tmp_path / "film").write_bytes(content)
    with path.open("rb") as file:
        assert boxes.are_cut_off(file.fileno()) is cut
