"""Objects in an S3 bucket: uploads that go there directly, and what was made of them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import BinaryIO, TypeVar, cast
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree.ElementTree import ParseError

import urllib3
from minio import Minio
from minio.datatypes import PostPolicy
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, S3Error, ServerError
from msgspec import Struct

from adapters.media.reading import Reading
from adapters.media.sending import pools
from application.ports import Unavailable

BUCKET, REGION = "souk", "us-east-1"  # unless the URL names others
THREADS = 8  # calls at once; more wait
TURN = 2.0  # seconds that a request waits for one of them
CHUNK = 256 * 1024  # bytes
AWAY = (urllib3.exceptions.HTTPError, ServerError, InvalidResponseError, ParseError, OSError)
GONE = ("NoSuchKey", "NoSuchObject", "NoSuchBucket", "ResourceNotFound")
R = TypeVar("R")


class Gone(Exception):
    """There is no object of that key."""


class TooLarge(Exception):
    """It has more bytes than are wanted."""


class Form(Struct, frozen=True):
    """Where to POST an upload as multipart/form-data: these fields, and then ``file``."""

    url: str
    fields: dict[str, str]


class Kept(Struct, frozen=True):
    size: int  # bytes
    etag: str


class Objects:
    """``url``: http(s)://access:secret@host[:port][/bucket][?region=…&token=…]; empty: every call
    is Unavailable. ``public``: scheme and host that signed addresses name, where clients reach the
    server by others. Its certificates are the system's. ``again``: times that what fails is tried
    once more; for work of hours, which one failure would end. ``turn``: seconds that a call waits
    for others to end, until it is Unavailable; None: however long that takes."""

    def __init__(
        self, url: str, public: str = "", again: int = 0, turn: float | None = None
    ) -> None:
        parts = urlsplit(url)
        self._away = not url
        self._bucket = parts.path.strip("/") or BUCKET
        self._base = (public or f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}").rstrip("/")
        self._over = Event()
        self._again, self._turn = again, turn
        self._client = _client(url, "", self._over, again)
        self._signer = _client(url, public, self._over)
        self._threads = ThreadPoolExecutor(THREADS, "souk-s3")
        self._made = False

    def close(self) -> None:
        self._over.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def form(self, key: str, largest: int, lasts: int) -> Form:
        """Signed for exactly this key and for 1 to ``largest`` bytes. ``lasts``: seconds."""
        self._check()
        until = datetime.now(UTC) + timedelta(seconds=lasts)
        policy = PostPolicy(self._bucket, until)
        policy.add_equals_condition("key", key)
        policy.add_content_length_range_condition(1, largest)
        signed = self._signer.presigned_post_policy(policy)
        return Form(f"{self._base}/{self._bucket}", {"key": key, **signed})

    def link(self, key: str, lasts: int, kind: str) -> str:
        """A signed address to read it at; always as a download of that kind, so that what users
        sent is no page."""
        self._check()
        said = {"response-content-type": kind, "response-content-disposition": "attachment"}
        lasting = timedelta(seconds=lasts)
        return self._signer.presigned_get_object(
            self._bucket, key, lasting, response_headers={**said}
        )

    async def there(self) -> bool:
        """Whether the bucket is; nothing is made."""
        return await self._call(lambda: self._client.bucket_exists(self._bucket))

    async def ready(self) -> None:
        """Make the bucket, unless it is there."""
        if not self._made:
            await self._call(self._make)

    def _make(self) -> None:
        if not self._client.bucket_exists(self._bucket):
            try:
                self._client.make_bucket(self._bucket)
            except S3Error as error:
                if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise
        self._made = True

    async def stat(self, key: str) -> Kept:
        """Raises Gone."""
        found = await self._call(lambda: self._client.stat_object(self._bucket, key))
        return Kept(found.size or 0, (found.etag or "").strip('"'))

    async def put(self, key: str, data: bytes, kind: str) -> None:
        await self.ready()
        client, bucket = self._client, self._bucket
        await self._call(lambda: client.put_object(bucket, key, BytesIO(data), len(data), kind))

    async def put_file(self, key: str, path: Path, kind: str) -> None:
        client, bucket = self._client, self._bucket
        await self._call(lambda: client.fput_object(bucket, key, str(path), kind))

    async def put_stream(self, key: str, stream: BinaryIO, part: int) -> None:
        """As much as there is, ``part`` bytes at once; what the stream raises leaves nothing."""
        client, bucket = self._client, self._bucket
        await self._call(
            lambda: client.put_object(
                bucket, key, stream, -1, part_size=part, num_parallel_uploads=1
            )
        )

    async def take(self, key: str, work: Callable[[BinaryIO], R]) -> R:
        """What ``work`` makes of its bytes, as they come. Raises Gone."""
        return await self._call(lambda: self._take(key, work))

    def _take(self, key: str, work: Callable[[BinaryIO], R]) -> R:
        reading = Reading(partial(self._client.get_object, self._bucket, key), self._again)
        try:
            return work(cast(BinaryIO, reading))
        finally:
            reading.close()

    async def fetch(self, key: str, path: Path, largest: int) -> None:
        """Into a file. Raises Gone, TooLarge."""

        def copy(stream: BinaryIO) -> None:
            with path.open("wb") as file:
                while chunk := stream.read(CHUNK):
                    file.write(chunk)
                    if file.tell() > largest:
                        raise TooLarge

        await self.take(key, copy)

    async def read(self, key: str, start: int = 0, length: int = 0) -> AsyncGenerator[bytes, None]:
        """Its bytes from ``start``, ``length`` of them or all; Raises Gone before the first."""
        answer = await self._call(lambda: self._client.get_object(self._bucket, key, start, length))
        try:
            while chunk := await self._call(lambda: answer.read(CHUNK)):
                yield chunk
        finally:
            answer.close()
            answer.release_conn()

    async def remove(self, *keys: str) -> None:
        await self._call(lambda: self._remove(keys))

    async def under(self, prefix: str) -> list[str]:
        """The keys of all that is there."""
        return await self._call(lambda: self._under(prefix))

    async def etags(self, prefix: str) -> dict[str, str]:
        """Of all that is there, by key."""
        return await self._call(lambda: self._etags(prefix))

    async def folders(self, prefix: str = "") -> list[str]:
        """The first words of all keys: tenants; or those that come after a prefix."""
        return await self._call(lambda: self._folders(prefix))

    async def remove_under(self, prefix: str) -> None:
        await self._call(lambda: self._remove(self._under(prefix)))

    def _folders(self, prefix: str) -> list[str]:
        found = self._client.list_objects(self._bucket, prefix)
        names = [str(each.object_name) for each in found if each.is_dir]
        return [name.removeprefix(prefix).rstrip("/") for name in names]

    def _etags(self, prefix: str) -> dict[str, str]:
        found = self._client.list_objects(self._bucket, prefix, recursive=True)
        return {str(each.object_name): (each.etag or "").strip('"') for each in found}

    def _under(self, prefix: str) -> list[str]:
        found = self._client.list_objects(self._bucket, prefix, recursive=True)
        return [str(each.object_name) for each in found]

    def _remove(self, keys: Iterable[str]) -> None:
        wanted = [DeleteObject(key) for key in keys]
        for failed in self._client.remove_objects(self._bucket, wanted):
            raise Unavailable(f"s3 ({failed.code})")

    async def _call(self, work: Callable[[], R]) -> R:
        """What does not get a thread in its turn is not done later."""
        self._check()
        begun = self._threads.submit(work)
        done = asyncio.wrap_future(begun)
        with _told():
            try:
                await asyncio.wait([done], timeout=self._turn)
                if begun.cancel():  # which a thread that has taken it does not heed
                    raise Unavailable("s3")
                return await done
            finally:
                done.cancel()

    def _check(self) -> None:
        if self._away:
            raise Unavailable("s3")


def _client(url: str, public: str, over: Event, again: int = 0) -> Minio:
    parts, shown = urlsplit(url or "http://a:b@nowhere"), urlsplit(public or url)
    return Minio(
        shown.netloc.rpartition("@")[2] or "nowhere",
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parse_qs(parts.query).get("token", [None])[0],
        secure=shown.scheme == "https",
        region=parse_qs(parts.query).get("region", [REGION])[0],
        http_client=pools(THREADS, over, again),
    )


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the client as ours."""
    try:
        yield
    except S3Error as error:
        if error.code in GONE:
            raise Gone(error.code) from error
        raise Unavailable(f"s3 ({error.code})") from error
    except AWAY as error:
        raise Unavailable("s3") from error
    except ValueError as error:
        if not str(error).startswith("XML element"):  # of a page that is no server of objects
            raise
        raise Unavailable("s3") from error
