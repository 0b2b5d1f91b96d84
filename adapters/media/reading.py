"""The bytes of an object as they come; where they break off, they go on from there."""

from collections.abc import Callable

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError


class Reading:
    """``begin``: asks for the bytes from there on; an object never changes under its key.
    ``again``: times that it is asked once more without that a byte came."""

    def __init__(self, begin: Callable[[int], BaseHTTPResponse], again: int) -> None:
        self._begin, self._again, self._left, self._at = begin, again, again, 0
        self._answer = begin(0)

    def read(self, size: int) -> bytes:
        """Raises HTTPError."""
        while True:
            try:
                data = self._answer.read(size)
            except HTTPError:
                if not self._left:
                    raise
                self._left -= 1
                self._answer.close()
                self._answer = self._begin(self._at)
            else:
                self._at, self._left = self._at + len(data), self._again
                return data

    def close(self) -> None:
        self._answer.close()
