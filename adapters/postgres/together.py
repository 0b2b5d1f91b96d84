"""What many ask of Postgres at once, asked together: whoever comes while one asking runs is in
the next."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Together(Generic[Q, A]):
    """Groups questions by ``tenant``; ``ask(tenant, questions)`` gives an answer for each.

    ``at_once``: askings that may run at the same time; ``most``: questions in one of them. An
    asking that raises fails all its questions; one whose caller hung up is asked all the same.
    """

    def __init__(
        self,
        ask: Callable[[str, Sequence[Q]], Awaitable[Sequence[A]]],
        at_once: int,
        most: int,
    ) -> None:
        self._ask, self._at_once, self._most = ask, at_once, most
        self._waiting: defaultdict[str, list[tuple[Q, asyncio.Future[A]]]] = defaultdict(list)
        self._askings: set[asyncio.Task[None]] = set()

    async def __call__(self, tenant: str, question: Q) -> A:
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting[tenant].append((question, answer))
        if len(self._askings) < self._at_once:
            self._askings.add(asyncio.create_task(self._run(), name="souk-together"))
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                tenant = next(iter(self._waiting))
                group = self._waiting.pop(tenant)
                if len(group) > self._most:
                    self._waiting[tenant] = group[self._most :]
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
