"""Asking Azure a bounded number of times, side by side; what it does not give is noted with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.errors import AzureError
from reconciler.kind.unread import UNREADABLE, cause

T = TypeVar("T")
MOST = 12
"""The most requests of an explanation, retries and sign-in apart."""
AT_ONCE = 8
GONE = 404


class Asking:
    """The questions of one explanation. `left` is how many requests may still be made, `unread` what failed → why."""

    def __init__(self, cloud: Cloud, used: int = 0) -> None:
        self.cloud, self.left = cloud, MOST - used
        self.unread: dict[str, str] = {}

    def all(self, questions: Mapping[str, tuple[int, Callable[[], Any]]]) -> dict[str, Any]:
        """What is read → the answers. A question says how many requests it needs; None: nothing is there, or unread."""
        asked = {}
        for what, (requests, ask) in questions.items():
            if requests > self.left:
                self.unread[what] = f"{MOST} requests were made already"
                continue
            self.left -= requests
            asked[what] = ask
        if not asked:
            return {}
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="why") as threads:
            answers = {what: threads.submit(self._answer, what, ask) for what, ask in asked.items()}
            return {what: answer.result() for what, answer in answers.items()}

    def one(self, what: str, ask: Callable[[], T], requests: int = 1) -> T | None:
        """The answer to one question, None if there is none."""
        answer: T | None = self.all({what: (requests, ask)}).get(what)
        return answer

    def _answer(self, what: str, ask: Callable[[], T]) -> T | None:
        try:
            with reading(what):
                return ask()
        except UNREADABLE as error:
            if not (isinstance(error, AzureError) and error.status == GONE):
                self.unread[what] = cause(error)
            return None
