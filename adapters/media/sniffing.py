"""What bytes are, by their first ones: never by a name or a header that came with them."""

HEAD = 4096  # bytes that are looked at
IMAGES = ("jpeg", "png", "gif", "webp", "avif", "tiff")
FILMS = ("mp4", "webm", "mov")
STARTS = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)
BRANDS = {b"avif": "avif", b"avis": "avif", b"qt  ": "mov"} | dict.fromkeys(
    (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V "),
    "mp4",
)
BOXES = (b"moov", b"mdat", b"wide", b"skip", b"free")  # films older than the brand begin so


def sniff(head: bytes) -> str | None:
    """One of IMAGES or FILMS, or None."""
    for start, format in STARTS:
        if head.startswith(start):
            return format
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _branded(head)
    if head[:4] == b"\x1aE\xdf\xa3":
        return "webm" if b"\x42\x82\x84webm" in head[:64] else None
    return "mov" if head[4:8] in BOXES else None


def _branded(head: bytes) -> str | None:
    """The main brand; of those that go with it when that one says nothing (mif1, 3gp4)."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[at : at + 4] for at in (8, *range(16, length - 3, 4))]
    return next((BRANDS[brand] for brand in brands if brand in BRANDS), None)
