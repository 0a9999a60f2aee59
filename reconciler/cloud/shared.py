"""Lists that several kinds need while all of them look at once: the first one asks, the others get the same answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any


class Shared:
    """Answers by what was asked, as long as one look at everything lasts. What it hands out is not to be changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[list[dict[str, Any]]]] = {}

    def once(self, asked: Hashable, ask: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """The answer to `asked`; who comes while it is on its way waits for it, and raises what it raises."""
        with self._lock:
            answer = self._answers.get(asked)
            first = answer is None
            answer = self._answers.setdefault(asked, answer or Future())
        if first:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()
