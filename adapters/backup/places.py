"""s3://bucket/prefix: where that is, and who may write there."""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from minio.helpers import check_bucket_name
from msgspec import Struct

from adapters.media.objects import BUCKET, REGION

SCHEME = "s3://"
AMAZON = "https://s3.amazonaws.com"
NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z", re.ASCII)


class NoPlace(Exception):
    """Nobody says where that bucket is, or it is not one for backups."""


class Place(Struct, frozen=True):
    """``url``: as Objects takes it; ``prefix``: empty, or with a slash at its end; ``name``: of
    one backup there, or empty."""

    url: str
    prefix: str
    name: str = ""


def is_away(text: str) -> bool:
    """Whether it is a bucket, not a directory. Raises NoPlace for any other address."""
    if "://" in text and not text.startswith(SCHEME):
        raise NoPlace(f"{text} is neither a directory nor {SCHEME}bucket/prefix")
    return text.startswith(SCHEME)


def placed(text: str, own: str, env: Mapping[str, str]) -> Place:
    """By the variables that every S3 client reads, else with the instance's ``own`` server and
    credentials. Raises NoPlace."""
    bucket, _, rest = text.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise NoPlace(f"{text} names no bucket; s3://bucket/prefix does")
    try:
        check_bucket_name(bucket, strict=True)
    except ValueError as error:
        raise NoPlace(f"{text}: {error}") from error
    *folders, last = [part for part in rest.split("/") if part] or [""]
    if not NAME.fullmatch(last):
        folders, last = [*folders, last], ""
    url = _theirs(bucket, env) if env.get("AWS_ACCESS_KEY_ID") else _ours(bucket, own)
    if own and _same(url, own):
        raise NoPlace(f"{bucket} has the instance's own files; take another bucket")
    return Place(url, "".join(f"{folder}/" for folder in folders if folder), last)


def _theirs(bucket: str, env: Mapping[str, str]) -> str:
    at = urlsplit(env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or AMAZON)
    if at.scheme not in ("http", "https") or not at.hostname or at.path.strip("/"):
        raise NoPlace("AWS_ENDPOINT_URL is http(s)://host, and no more")
    if not env.get("AWS_SECRET_ACCESS_KEY"):
        raise NoPlace("set AWS_SECRET_ACCESS_KEY, too")
    said = {
        "region": env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or REGION,
        "token": env.get("AWS_SESSION_TOKEN") or "",
    }
    key, secret = (
        quote(env.get(f"AWS_{n}") or "", "") for n in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
    )
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{at.scheme}://{key}:{secret}@{at.netloc}/{bucket}?{query}"


def _ours(bucket: str, own: str) -> str:
    if not own:
        raise NoPlace("set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL")
    parts = urlsplit(own)
    return parts._replace(path=f"/{bucket}").geturl()


def _same(url: str, own: str) -> bool:
    one, other = urlsplit(url), urlsplit(own)
    return (one.hostname, one.port, one.path.strip("/")) == (
        other.hostname,
        other.port,
        other.path.strip("/") or BUCKET,
    )
