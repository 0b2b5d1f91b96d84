"""Every command that was sent, and what came of it."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faults.ground import Ground

ACKNOWLEDGED, REFUSED, UNKNOWN = "acknowledged", "refused", "unknown"
PATIENCE = 8.0  # seconds for one answer
BOUND = 180.0  # seconds in which a retry must be answered once all is well again


@dataclass
class Sent:
    tenant: str
    user: str
    role: str
    path: str
    body: Any
    key: str
    outcome: str = UNKNOWN
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return self.outcome == ACKNOWLEDGED


class Mail:
    """Sends commands to any of the APIs, and knows what it does not know."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._clients = [httpx.AsyncClient(base_url=url, timeout=PATIENCE) for url in ground.urls]
        self._tokens: dict[tuple[str, str, str], str] = {}
        self.sent: list[Sent] = []
        self.count: Counter[str] = Counter()
        self.violations: list[str] = []
        self.full = False  # the disk is: an answer may be 500

    @property
    def acknowledged(self) -> int:
        """Of those that were sent in this round."""
        return sum(sent.done for sent in self.sent)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def send(
        self,
        who: tuple[str, str, str],
        path: str,
        body: Any = None,
        hang_up: float | None = None,
        api: int = 0,
        twice: bool = False,
    ) -> Sent:
        """``who``: tenant, user, role. ``hang_up``: seconds until the client has gone.
        ``twice``: to both APIs at once, with one key."""
        sent = Sent(who[0], who[1], who[2], path, body, str(uuid.uuid4()))
        self.sent.append(sent)
        tries = [self._try(sent, api, hang_up)]
        if twice:
            tries.append(self._try(sent, api + 1))
        await asyncio.gather(*tries)
        return sent

    async def _try(self, sent: Sent, api: int, hang_up: float | None = None) -> None:
        try:
            async with asyncio.timeout(hang_up or PATIENCE + 2):
                answer = await self._post(sent, api)
        except (httpx.HTTPError, TimeoutError):
            return
        code = answer.json().get("code") if answer.content[:1] == b"{" else None
        if answer.status_code < 300:
            self._acknowledged(sent, answer.json())
        elif answer.status_code < 500 and code != "idempotency_key_in_flight":
            sent.outcome = REFUSED
        elif answer.status_code != 503 and not self.full:
            self.violations.append(f"{sent.path} was answered {answer.status_code}: {answer.text}")

    def _acknowledged(self, sent: Sent, answer: dict[str, Any]) -> None:
        if sent.done and sent.answer != answer:
            self.violations.append(f"{sent.path} answered {sent.answer}, then {answer}")
        sent.outcome, sent.answer = ACKNOWLEDGED, answer

    async def _post(self, sent: Sent, api: int) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._token(sent)}", "idempotency-key": sent.key}
        extra = {} if sent.body is None else {"json": sent.body}
        client = self._clients[api % len(self._clients)]
        return await client.post(f"/api/v1{sent.path}", headers=headers, **extra)

    def _token(self, sent: Sent) -> str:
        who = (sent.role, sent.user, sent.tenant)
        if who not in self._tokens:
            self._tokens[who] = self._ground.token(*who)
        return self._tokens[who]

    async def read(self, who: tuple[str, str, str], path: str, api: int = 0) -> httpx.Response:
        """A query. Raises httpx.HTTPError."""
        token = self._token(Sent(*who, path, None, ""))
        headers = {"authorization": f"Bearer {token}"}
        client = self._clients[api % len(self._clients)]
        return await client.get(f"/api/v1{path}", headers=headers)

    async def look(self, who: tuple[str, str, str], path: str) -> httpx.Response:
        """The same where nothing is broken: again, when the machine was too slow for it."""
        return await _surely(lambda: self.read(who, path))

    async def upload(self, who: tuple[str, str, str], video: bytes) -> dict[str, Any]:
        """Into the bucket; where it went. No command to be sent again: it is signed anew."""
        wish = Sent(*who, "/media", {"kind": "video"}, str(uuid.uuid4()))
        asked = await _surely(lambda: self._post(wish, 0))
        place: dict[str, Any] = asked.raise_for_status().json()
        async with httpx.AsyncClient(timeout=BOUND) as client:
            sent = await client.post(place["url"], data=place["fields"], files={"file": video})
            sent.raise_for_status()
        return place

    async def resolve(self) -> int:
        """Send again, with their keys, all whose fate is unknown; how many there were."""
        unknown = [sent for sent in self.sent if sent.outcome == UNKNOWN]
        free = asyncio.Semaphore(8)

        async def settle(sent: Sent, api: int) -> None:
            async with free:
                until = asyncio.get_running_loop().time() + BOUND
                while sent.outcome == UNKNOWN:
                    await self._try(sent, api)
                    if asyncio.get_running_loop().time() > until:
                        self.violations.append(f"{sent.path} stays unknown: {sent.key}")
                        return

        await asyncio.gather(*(settle(sent, number) for number, sent in enumerate(unknown)))
        return len(unknown)

    async def repeat(self, some: list[Sent]) -> None:
        """What was acknowledged is answered in the same words again."""
        for number, sent in enumerate(some):
            await self._try(sent, number)

    def settle(self) -> list[Sent]:
        """Count a round's commands and forget them."""
        done, self.sent = self.sent, []
        self.count.update(sent.outcome for sent in done)
        return done


async def _surely(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    async with asyncio.timeout(BOUND):
        while True:
            with suppress(httpx.HTTPError):
                if (answer := await ask()).status_code != 503:
                    return answer
            await asyncio.sleep(0.1)
