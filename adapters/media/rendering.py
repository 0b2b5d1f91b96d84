"""Rendering: what is made of an uploaded source, in a process that may be killed."""

import asyncio
import hashlib
import os
import signal
from functools import cache
from io import BufferedRandom, BufferedReader
from pathlib import Path
from tempfile import TemporaryFile

from adapters.media import sniffing
from adapters.media.report import Ended, Limits, Made, Order, Part, Refusal
from adapters.media.verdict import Job, Kind, Rendition, Unacceptable, Verdict
from adapters.media.workshop import Workshop

__all__ = ["Job", "Kind", "Rendition", "Unacceptable", "Verdict", "render"]

FILM = Limits(memory=448 * 1024**2, cpu=400, wall=1200.0, written=256 * 1024**2)
LIMITS: dict[str, Limits] = {"image": Limits(), "video": FILM}
NAMES = ("1200", "600", "300", "150", "poster", "video")
PIECE = 256 * 1024  # bytes
MADE = {"webp": "webp", "jpeg": "jpeg", "avif": "avif", "mp4": "mp4"}
KINDS = {
    "image": ("JPEG, PNG, GIF, WebP, AVIF or TIFF", sniffing.IMAGES),
    "video": ("mp4, webm or mov", sniffing.FILMS),
}


@cache
def workshop() -> Workshop:
    """The one of this process; it ends with it."""
    return Workshop()


async def render(source: Path, folder: Path, job: Job) -> Verdict:
    """Look at ``source`` and write its renditions into ``folder``, which exists.

    Raises Unacceptable with a reason for who sent it; also when its child dies or takes too
    much memory or time. Files are in the folder only when a verdict is given. What happens to
    be wrong with this machine is an OSError: nothing is said of the source then.
    """
    return await render_in(workshop(), source, folder, job)


async def render_in(place: Workshop, source: Path, folder: Path, job: Job) -> Verdict:
    """As ``render``, by the processes of a workshop of one's own."""
    with source.open("rb") as file, TemporaryFile(dir=folder) as spool:
        format = await asyncio.to_thread(_sniffed, file, job)
        order = Order(job.kind, format, job.crop, LIMITS[job.kind])
        # Most pictures are decoded by one thread: whoever reads along meanwhile costs no time.
        digesting = asyncio.ensure_future(asyncio.to_thread(_digest, file.fileno()))
        try:
            report = await place.work(order, file.fileno(), spool.fileno())
        finally:
            digest = await digesting
        if not isinstance(report, Made):
            raise _unacceptable(report)
        return await asyncio.to_thread(_verdict, format, report, digest, spool, folder)


def _sniffed(file: BufferedReader, job: Job) -> str:
    size = file.seek(0, 2)
    file.seek(0)
    if size == 0:
        raise Unacceptable("media.empty", "The file is empty.")
    if size > job.largest:
        most = job.largest / 1024**2
        raise Unacceptable("media.too_large", f"The file is larger than {most:.4g} MB.")
    format = sniffing.sniff(file.read(sniffing.HEAD))
    wanted, formats = KINDS[job.kind]
    if format is None or format not in formats:
        code = "media.not_an_image" if job.kind == "image" else "media.not_a_video"
        raise Unacceptable(code, f"By its content the file is not {wanted}.")
    return format


def _unacceptable(report: Refusal | Ended) -> Unacceptable:
    """Raises OSError for a job that was killed in time: memory beyond its own is refused to it, so
    it was this machine that had no more."""
    if isinstance(report, Refusal):
        return Unacceptable(report.code, report.detail)
    if report.late:
        return Unacceptable("media.too_slow", "The file takes too long to be read.")
    if report.status == -signal.SIGKILL:
        raise OSError("the process that renders was killed, by none of its own limits")
    return Unacceptable("media.damaged", "The file is damaged and cannot be read.")


def _digest(file: int) -> str:
    """SHA-256 in hex. The place in the file is the job's, who reads it too: it stays."""
    digest, at = hashlib.sha256(), 0
    while piece := os.pread(file, PIECE, at):
        digest.update(piece)
        at += len(piece)
    return digest.hexdigest()


def _verdict(format: str, made: Made, digest: str, spool: BufferedRandom, folder: Path) -> Verdict:
    written: list[Path] = []
    try:
        renditions = tuple(_kept(part, spool, folder, written) for part in made.parts)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return Verdict(format, made.width, made.height, made.duration, made.frames, digest, renditions)


def _kept(part: Part, spool: BufferedRandom, folder: Path, written: list[Path]) -> Rendition:
    """What a job says of its parts is believed only as far as it can be checked."""
    spool.seek(part.offset)
    content = spool.read(part.size)
    if part.name not in NAMES or len(content) != part.size or not _is(part.format, content):
        raise Unacceptable("media.damaged", "The file is damaged and cannot be read.")
    path = folder / f"{part.name}.{part.format}"
    written.append(path)
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Rendition(part.name, part.format, part.width, part.height, part.size, digest, path.name)


def _is(format: str, content: bytes) -> bool:
    return format in MADE and sniffing.sniff(content[: sniffing.HEAD]) == format
