"""What many ask of Postgres at once, asked together: whoever comes while one asking runs is in
the next."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from application.ports import Unavailable

Q = TypeVar("Q")
A = TypeVar("A")
CROWD = 16  # askings' worth of questions that may wait for each asking that runs


class Together(Generic[Q, A]):
    """Groups questions by ``tenant``; ``ask(tenant, questions)`` gives an answer for each.

    ``at_once``: askings that may run at the same time; ``most``: questions in one of them. An
    asking that raises fails all its questions; one whose caller hung up is asked all the same.

    Raises Unavailable ``patience`` seconds after a question was put, and at once for one more than
    may wait.
    """

    def __init__(
        self,
        ask: Callable[[str, Sequence[Q]], Awaitable[Sequence[A]]],
        at_once: int,
        most: int,
        patience: float,
    ) -> None:
        self._ask, self._at_once, self._most, self._patience = ask, at_once, most, patience
        self._room = CROWD * at_once * most
        self._waiting: defaultdict[str, list[tuple[Q, asyncio.Future[A]]]] = defaultdict(list)
        self._askings: set[asyncio.Task[None]] = set()

    async def __call__(self, tenant: str, question: Q) -> A:
        if self._room <= 0:
            raise Unavailable("postgres")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting[tenant].append((question, answer))
        self._room -= 1
        if len(self._askings) < self._at_once:
            self._askings.add(asyncio.create_task(self._run(), name="souk-together"))
        late = loop.call_later(self._patience, _give_up, answer)
        try:
            return await answer
        finally:
            late.cancel()

    async def _run(self) -> None:
        try:
            while self._waiting:
                tenant = next(iter(self._waiting))
                group = self._waiting.pop(tenant)
                self._room += len(group)
                group = [each for each in group if not _given_up(each[1])]
                if rest := group[self._most :]:
                    self._waiting[tenant] = rest
                    self._room -= len(rest)
                if group:
                    await self._answer(tenant, group[: self._most])
        finally:  # not in a callback: whoever asks before that would wait for nobody
            if (task := asyncio.current_task()) is not None:
                self._askings.discard(task)

    async def _answer(self, tenant: str, group: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._ask(tenant, [question for question, _ in group])
        except BaseException as error:
            for _, waiting in group:
                if not waiting.done():
                    waiting.set_exception(error)
                    waiting.exception()  # who hung up will not ask
            if not isinstance(error, Exception):
                raise
        else:
            for (_, waiting), answer in zip(group, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)


def _give_up(waiting: asyncio.Future[A]) -> None:
    if not waiting.done():
        waiting.set_exception(Unavailable("postgres"))


def _given_up(waiting: asyncio.Future[A]) -> bool:
    return waiting.done() and not waiting.cancelled()
