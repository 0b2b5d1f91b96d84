"""Cells as values: ids, whole centavos, and times, which are taken as UTC."""

import re
from datetime import UTC, datetime

from domain.money import MAX_MINOR
from entrypoints.olist.tables import Damaged

ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
AMOUNT = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,2})0*)?", re.ASCII)
WORD = re.compile(r"[a-z_]{1,40}", re.ASCII)
TIME = "%Y-%m-%d %H:%M:%S"


def id_of(text: str, column: str) -> str:
    if not ID.fullmatch(text):
        raise Damaged(f"{column} is no id: {text[:64]!r}")
    return text


def cents(text: str, column: str) -> int:
    match = AMOUNT.fullmatch(text)
    value = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else -1
    if not 0 <= value <= MAX_MINOR:
        raise Damaged(f"{column} is no amount: {text[:64]!r}")
    return value


def count(text: str, column: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 9):
        raise Damaged(f"{column} is no whole number: {text[:64]!r}")
    return int(text)


def word(text: str, column: str) -> str:
    if not WORD.fullmatch(text):
        raise Damaged(f"{column} is no word of a-z and _: {text[:64]!r}")
    return text


def time(text: str, column: str) -> datetime:
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=UTC)
    except ValueError:
        raise Damaged(f"{column} is no time: {text[:64]!r}") from None


def time_if_any(text: str, column: str) -> datetime | None:
    return time(text, column) if text else None
