"""One byte changed in a bundle, by accident or on purpose: it is found, and where."""

import json
import random
import zipfile

import pytest

from adapters.bundle.container import COMMENT, SMALL, seal
from adapters.bundle.manifest import EVENTS, FIGURES, KEYS, MANIFEST, ROOTS
from tests.tamper.packing import files_of, line, packed, with_line

AT = 3  # a line in the middle: an order that is placed
FLIPS = 100


@pytest.fixture
async def bundle(ground):
    return await ground.bundle()


@pytest.fixture
def forged(ground, bundle, tmp_path):
    """Checks the bundle with some of its files changed, the manifest made to fit."""
    files = files_of(bundle)

    def forge(changed, honest=False, **brought):
        path = packed(tmp_path / "forged.zip", {**files, **changed}, honest)
        try:
            return ground.check(path, **brought)
        finally:
            path.unlink()

    forge.files = files
    return forge


async def test_any_byte_of_the_file_that_flips_is_found(ground, bundle, tmp_path):
    content, flipped = bundle.read_bytes(), tmp_path / "flipped.zip"
    step = max(1, len(content) // FLIPS)
    for at in range(0, len(content), step):
        changed = bytearray(content)
        changed[at] ^= 1 << (at % 8)
        flipped.write_bytes(changed)
        assert not ground.check(flipped).whole, at


async def test_a_flip_that_is_sealed_again_is_found_where_it_is_or_changes_nothing(
    ground, bundle, tmp_path
):
    content, flipped, whole = bundle.read_bytes(), tmp_path / "flipped.zip", files_of(bundle)
    chosen = random.Random(7).sample(range(len(content) - COMMENT), FLIPS)
    for at in chosen:
        changed = bytearray(content)
        changed[at] ^= 1 << (at % 8)
        flipped.write_bytes(changed)
        seal(flipped)
        report = ground.check(flipped)
        if report.whole:
            assert files_of(flipped) == whole, at
        else:
            assert all(fault.file for fault in report.found)


@pytest.mark.parametrize("cut", [1, 40, 700])
async def test_a_file_that_is_cut_is_found(ground, bundle, tmp_path, cut):
    short = tmp_path / "short.zip"
    short.write_bytes(bundle.read_bytes()[:-cut])
    assert {fault.file for fault in ground.check(short).found} == {"bundle"}


def test_every_field_of_an_event_counts(forged):
    """Characters of every kind: digits, letters, signs of times, hexadecimal, escapes."""
    text = line(forged.files, EVENTS, AT)
    for name, value in json.loads(text).items():
        for at in {0, len(str(value)) // 2, len(str(value)) - 1}:
            start = text.index(f'"{name}":'.encode()) + len(name) + 3
            place = start + at + (text[start : start + 1] == b'"')
            other = b"7" if text[place : place + 1] != b"7" else b"8"
            changed = text[:place] + other + text[place + 1 :]
            report = forged(with_line(forged.files, EVENTS, AT, changed))
            assert AT + 1 in {fault.line for fault in report.found}, (name, at)


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: text.replace(b'"version":1', b'"version": 1'),
        lambda text: text.replace(b"{", b'{"extra":1,', 1),
        lambda text: text.replace(b'"version"', b'"Version"'),
        lambda text: text.replace(b"Z", b"+00:00", 1),
        lambda text: text.replace(b"Z", b"", 1),
        lambda text: text.replace(b'"hash":"', b'"hash":"A'),
        lambda text: text[:-2] + b"\n",
        lambda text: text.replace(b'"data":', b'"data_base64":'),
        lambda text: text.replace(b'"version":1', b'"version":18446744073709551615'),
        lambda text: text.replace(b"a", b"\xff", 1),
        lambda text: b"\n",
        lambda text: b"",
        lambda text: text + text,
    ],
    ids=range(13),
)
def test_an_event_that_is_written_otherwise_is_found(forged, changed):
    text = line(forged.files, EVENTS, AT)
    assert changed(text) != text
    report = forged(with_line(forged.files, EVENTS, AT, changed(text)))
    assert {fault.line for fault in report.found} & {AT + 1, AT + 2}


def test_events_in_another_order_are_found(forged):
    one, other = (line(forged.files, EVENTS, at) for at in (AT, AT + 1))
    swapped = with_line(with_line(forged.files, EVENTS, AT, other), EVENTS, AT + 1, one)
    fields = {(fault.line, fault.field) for fault in forged(swapped).found}
    assert {(AT + 1, "hash"), (AT + 2, "hash"), (AT + 2, "position")} <= fields


def test_the_last_events_cannot_be_left_out(ground, forged):
    cut = b"".join(forged.files[EVENTS].splitlines(keepends=True)[:-2])
    found = {(fault.file, fault.field) for fault in forged({EVENTS: cut}).found}
    assert {(MANIFEST, "last"), (MANIFEST, "end"), (ROOTS, "size")} <= found


@pytest.mark.parametrize(
    ("kind", "field", "other"),
    [
        ("order", "status", "shipped"),
        ("order", "total", {"amount": "1.00", "currency": "DZD"}),
        ("reel", "likes", 99),
        ("reel", "comments", 99),
        ("reel", "views", 99),
        ("seller", "revenue", [{"amount": "1.00", "currency": "DZD"}]),
    ],
)
def test_a_figure_that_the_events_do_not_come_to_is_found(forged, kind, field, other):
    lines = [json.loads(text) for text in forged.files[FIGURES].splitlines()]
    number = next(n for n, figure in enumerate(lines) if figure["kind"] == kind)
    text = json.dumps(lines[number] | {field: other}, separators=(",", ":")).encode() + b"\n"
    (fault,) = forged(with_line(forged.files, FIGURES, number, text)).found
    assert (fault.file, fault.line, fault.field) == (FIGURES, number + 1, field)
    assert lines[number]["id"] in fault.stream


def test_a_figure_that_is_left_out_or_told_twice_is_found(forged):
    texts = forged.files[FIGURES].splitlines(keepends=True)
    for number in range(len(texts)):
        less, more = with_line(forged.files, FIGURES, number, b""), texts[number] * 2
        assert [fault.what for fault in forged(less).found] == ["is not told"]
        twice = with_line(forged.files, FIGURES, number, more)
        assert [fault.what for fault in forged(twice).found] == ["told twice"]


def test_every_field_of_a_root_counts(ground, forged):
    text = line(forged.files, ROOTS, 0)
    for name, value in json.loads(text).items():
        said = json.loads(text)
        said[name] = value + 1 if isinstance(value, int) else f"{value[:-3]}7{value[-2:]}"
        if said[name] == value or not value:
            continue
        changed = json.dumps(said, separators=(",", ":")).encode() + b"\n"
        report = forged(with_line(forged.files, ROOTS, 0, changed), trusted=[ground.public])
        assert (ROOTS, 1) in {(fault.file, fault.line) for fault in report.found}, name


def test_another_key_is_found(forged):
    keys = forged.files[KEYS]
    at = keys.index(b'"x":"') + 9
    report = forged(
        {KEYS: keys[:at] + (b"A" if keys[at : at + 1] != b"A" else b"B") + keys[at + 1 :]}
    )
    assert (KEYS, "") in {(fault.file, fault.field) for fault in report.found}


def test_every_word_of_the_manifest_counts(forged):
    """Who wrote it and when are not held against anything: only a digest keeps them."""
    said = json.loads(forged.files[MANIFEST])
    for name, other in {
        "format": 2,
        "tenant": "zenith",
        "first": 2,
        "last": 3,
        "end": None,
        "files": {},
        "figures": {},
        "extra": 1,
    }.items():
        text = json.dumps(said | {name: other}, separators=(",", ":")).encode() + b"\n"
        assert not forged({MANIFEST: text}, honest=name == "files").whole, name
    for name in (EVENTS, ROOTS, KEYS, FIGURES):
        for field in ("lines", "bytes", "sha256"):
            changed = json.loads(forged.files[MANIFEST])
            changed["files"][name][field] = "0" * 64 if field == "sha256" else 5
            text = json.dumps(changed, separators=(",", ":")).encode() + b"\n"
            report = forged({MANIFEST: text}, honest=True)
            assert {fault.file for fault in report.found} == {name}, (name, field)


def test_a_file_too_few_or_too_many_is_found(forged, ground, tmp_path):
    for name in (EVENTS, ROOTS, KEYS, FIGURES, MANIFEST):
        less = {each: text for each, text in forged.files.items() if each != name}
        report = ground.check(packed(tmp_path / f"{name}.zip", less, honest=True))
        assert name in {fault.file for fault in report.found}
    assert {fault.file for fault in forged({"more.txt": b"1"}).found} == {"bundle"}


@pytest.mark.parametrize("name", [EVENTS, ROOTS, FIGURES, KEYS, MANIFEST])
def test_what_is_nested_without_end_is_a_fault_like_any_other(forged, name):
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    assert forged({name: deep}, honest=name == MANIFEST).faults


def test_data_that_is_nested_without_end_is_a_fault_too(forged):
    said = json.loads(line(forged.files, EVENTS, AT))
    said["data"] = said["data"][:-1] + ',"more":' + "[" * 100_000 + "]" * 100_000 + "}"
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    report = forged(with_line(forged.files, EVENTS, AT, text))
    assert {"hash", "data"} <= {fault.field for fault in report.found if fault.line == AT + 1}


@pytest.mark.parametrize("name", [KEYS, MANIFEST])
def test_a_small_file_that_unpacks_to_a_huge_one_is_not_read_to_its_end(forged, name):
    bomb = b" " * (SMALL // 2) + b"\n"
    report = forged({name: bomb * 40}, honest=name == MANIFEST)
    assert "larger than such a file may be" in " ".join(fault.what for fault in report.found)


def test_what_is_no_bundle_is_said_to_be_none(ground, tmp_path):
    for content in (b"", b"PK", b"x" * 1000):
        path = tmp_path / "no.zip"
        path.write_bytes(content)
        assert {fault.file for fault in ground.check(path).found} == {"bundle"}
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as zip:
        zip.writestr("readme", "hello")
    assert not ground.check(tmp_path / "other.zip").whole
