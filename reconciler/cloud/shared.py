"""Lists that several kinds need while all of them look at once: the first one asks, the others get the same answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

Items = list[dict[str, Any]]


class Shared:
    """Answers by what was asked, as long as one look at everything lasts. What it hands out is not to be changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[Items]] | None = None

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """While it lasts, whoever lists the same gets the same: nothing is written meanwhile."""
        self._answers = {}
        try:
            yield
        finally:
            self._answers = None

    @property
    def lasts(self) -> bool:
        """Whether lists are shared now."""
        return self._answers is not None

    def listed(self, asked: Hashable, ask: Callable[[], Iterator[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
        """The items that `ask` lists, page by page; while lists are shared, those that were listed before."""
        answers = self._answers
        yield from ask() if answers is None else self._once(answers, asked, lambda: list(ask()))

    def _once(self, answers: dict[Hashable, Future[Items]], asked: Hashable, ask: Callable[[], Items]) -> Items:
        """The answer to `asked`; who comes while it is on its way waits for it, and raises what it raises."""
        with self._lock:
            first = asked not in answers
            answer = answers.setdefault(asked, Future())
        if first:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()
