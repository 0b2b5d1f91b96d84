"""What is asked about a source and what is answered: a job, and a verdict with its renditions."""

from typing import Literal

from msgspec import Struct

Kind = Literal["image", "video"]
CONTENT_TYPES = {
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
    "mp4": "video/mp4",
}


class Job(Struct, frozen=True):
    """``crop``: left, top, width and height in pixels of the upright source; ``largest``: bytes."""

    kind: Kind
    crop: tuple[int, int, int, int] | None = None
    largest: int = 5 * 1024 * 1024


class Rendition(Struct, frozen=True):
    """One made picture or film. ``name``: "150", "300", "600", "1200", "poster" or "video".

    ``format``: a key of CONTENT_TYPES; ``size``: bytes; ``file``: its name inside the folder.
    """

    name: str
    format: str
    width: int
    height: int
    size: int
    sha256: str
    file: str


class Verdict(Struct, frozen=True):
    """What an accepted source is. ``format``: as sniffed: "jpeg", "png", "mp4", …

    ``width`` and ``height``: pixels of it upright; ``duration``: seconds, of films only;
    ``frames``: how many pictures it holds; ``sha256``: of the source.
    """

    format: str
    width: int
    height: int
    duration: float | None
    frames: int
    sha256: str
    renditions: tuple[Rendition, ...]


class Unacceptable(Exception):
    """The source cannot be taken. ``code``: "media.truncated", …; ``detail``: for who sent it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
