"""What a client signs in with, and when it is to sign in anew."""

import time
from collections.abc import Callable

from entrypoints.live.messages import Authenticate
from entrypoints.live.told import Refused

RENEWED = 0.8  # of a token's time, after which a new one is sent
LEAST = 5.0  # seconds until then, also where this machine's clock is ahead
Token = str | Callable[[], str]


class Credentials:
    """``renewable``: the token is made anew each time that it is asked for."""

    def __init__(self, token: Token) -> None:
        self._token = token
        self._until = 0  # when what was sent last over this connection expires
        self.renewable = not isinstance(token, str)

    def headers(self) -> dict[str, str]:
        """Of a new connection. Raises Refused for a token that no header can hold, and what making
        one raises."""
        token = self._made()
        if not token.isprintable():
            raise Refused(400, "malformed", "a token is one line of printable characters")
        self._until = 0
        return {"Authorization": f"Bearer {token}"}

    def anew(self) -> Authenticate:
        return Authenticate(self._made())

    def due(self, expires_at: int) -> float | None:
        """In how many seconds to send a new one. None: never, since there is but one, or the new
        one was good for no longer: once it has expired, one is asked for to connect again."""
        later, self._until = expires_at > self._until, expires_at
        if not (self.renewable and later):
            return None
        return max(LEAST, (expires_at - time.time()) * RENEWED)

    def _made(self) -> str:
        return self._token if isinstance(self._token, str) else self._token()
