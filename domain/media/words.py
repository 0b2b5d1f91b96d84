"""Media: what is asked for, and what happened."""

from domain.kernel import Command, Event, Value


class Crop(Value):
    """In pixels of the upright picture."""

    left: int
    top: int
    width: int
    height: int


class Rendition(Value):
    """One file made of the upload; ``sha256`` is of its own bytes."""

    name: str
    format: str
    width: int
    height: int
    size: int  # bytes
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.name}.{self.format}"


class RequestUpload(Command):
    owner: str
    kind: str
    largest: int  # bytes
    sha256: str | None = None  # what the bytes must be, if that is known


class Confirm(Command):
    size: int  # bytes


class Render(Command):
    """What a worker made of the bytes that it found."""

    sha256: str
    format: str
    width: int
    height: int
    size: int
    duration: float | None  # seconds
    crop: Crop | None
    renditions: tuple[Rendition, ...]


class Reject(Command):
    reason: str  # a code
    detail: str = ""


class SetCrop(Command):
    crop: Crop | None


class Attach(Command):
    to: str  # catalog/<product>, or whatever else shows it


class Withhold(Command):
    """Show it there no longer, but keep it: it may be shown there again."""

    of: str


class Release(Command):
    of: str


class Purge(Command):
    pass


class UploadRequested(Event, tag="media.upload_requested"):
    owner: str
    kind: str
    largest: int
    sha256: str | None


class Stored(Event, tag="media.stored"):
    size: int


class Rendered(Event, tag="media.rendered"):
    sha256: str
    format: str
    width: int
    height: int
    size: int
    duration: float | None
    crop: Crop | None
    renditions: tuple[Rendition, ...]


class Rejected(Event, tag="media.rejected"):
    reason: str
    detail: str


class CropSet(Event, tag="media.crop_set"):
    crop: Crop | None


class Attached(Event, tag="media.attached"):
    to: str


class Withheld(Event, tag="media.withheld"):
    of: str


class Released(Event, tag="media.released"):
    of: str


class Purged(Event, tag="media.purged"):
    sha256: str | None


COMMANDS = RequestUpload | Confirm | Render | Reject | SetCrop | Attach | Withhold | Release | Purge
EVENTS = (
    UploadRequested
    | Stored
    | Rendered
    | Rejected
    | CropSet
    | Attached
    | Withheld
    | Released
    | Purged
)
