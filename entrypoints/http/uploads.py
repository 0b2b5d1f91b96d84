"""What uploads are sent with, and answered."""

import base64
import binascii
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from domain import media
from domain.kernel import Rejected
from entrypoints.http.names import END

LARGEST = 5_000_000  # bytes of an image within JSON
Pixels = Annotated[int, Meta(ge=0, le=1_000_000)]
Sha256 = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{64}}{END}", description="hexadecimal")]


class NewUpload(Struct, forbid_unknown_fields=True):
    """``size``: bytes, if they are known: what is too large is then refused at once, and more is
    not taken. ``sha256``: of them; other bytes are rejected."""

    kind: Literal["image", "video"]
    size: Annotated[int, Meta(ge=1, le=1_000_000_000_000)] | None = None
    sha256: Sha256 | None = None


class NewImage(Struct, forbid_unknown_fields=True):
    """``data``: a data URL in base64, of at most 5 MB. What it says that it is does not count."""

    data: Annotated[str, Meta(min_length=1, max_length=LARGEST // 3 * 4 + 200)]

    def decoded(self) -> bytes:
        """Rejects what is no such URL."""
        front, comma, text = self.data.partition(",")
        said = front.lower()
        if not comma or not said.startswith("data:") or not said.endswith(";base64"):
            raise Rejected("media.data_url_malformed", "data:<type>;base64,<bytes>")
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise Rejected("media.data_url_malformed", "that is not base64") from None
        if not data:
            raise Rejected("media.empty", "there are no bytes in it")
        return data


class Upload(Struct, frozen=True):
    """Send a multipart/form-data POST to ``url``: all ``fields``, and then the bytes as ``file``.
    ``largest``: bytes; ``expires_in``: seconds."""

    id: str
    version: int
    position: int
    url: str
    fields: dict[str, str]
    largest: int
    expires_in: int


class Rectangle(Struct, forbid_unknown_fields=True):
    """The part of a picture that is shown, in pixels of the picture the right way up."""

    left: Pixels
    top: Pixels
    width: Annotated[int, Meta(ge=1, le=1_000_000)]
    height: Annotated[int, Meta(ge=1, le=1_000_000)]


class WantedCrop(Struct, forbid_unknown_fields=True):
    """In pixels of the upright picture; null: the whole of it."""

    crop: Rectangle | None

    def value(self) -> media.Crop | None:
        it = self.crop
        return media.Crop(it.left, it.top, it.width, it.height) if it else None


class Link(Struct, frozen=True):
    """Where a file can be fetched."""

    name: str
    format: str
    url: str


class Links(Struct, frozen=True):
    """Signed addresses, good for ``expires_in`` seconds, for whoever has them."""

    source: str | None
    renditions: list[Link]
    expires_in: int


class Place(Struct, forbid_unknown_fields=True):
    """``product``: one of the caller's own."""

    product: UUID
