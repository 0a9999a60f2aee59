"""A program that judges expressions in a process of its own, so that none can take more time or memory than it gets.

It reads one JSON document, `{"plan": ..., "asked": [...], "bytes": N}`, and writes a line of JSON for each thing asked
as soon as it is judged: `{"results": [...]}`, each empty or how the rule is broken, or `{"error": "..."}`. It is asked

    {"pattern": REGEX, "texts": [...]}           a result for each text
    {"cel": EXPRESSION, "about": "decision"}     a result for each decision, or for the plan
    {"schema": SCHEMA, "about": "plan"}
    {"compile": EXPRESSION}                      no result, if that is CEL
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MISSING = "missing"
"""What is said in place of a result where no package for CEL is installed."""
LONGEST = 300
"""The most characters of what is said about a result."""


def main() -> None:
    asked = json.load(sys.stdin)
    _limit(asked["bytes"])
    for task in asked["asked"]:
        print(json.dumps(answer(asked["plan"], task)), flush=True)  # noqa: T201


def answer(plan: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of one task."""
    try:
        return {"results": list(_judged(plan, task))}
    except ModuleNotFoundError as error:
        return {MISSING: str(error.name)}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # whatever a library makes of an expression, a panic in it too
        return {"error": (str(error) or type(error).__name__)[:LONGEST]}


def _judged(plan: Mapping[str, Any], task: Mapping[str, Any]) -> Iterator[str]:
    if "pattern" in task:
        pattern = re.compile(task["pattern"])
        yield from ("" if pattern.fullmatch(text) else "false" for text in task["texts"])
    elif "compile" in task:
        _program(task["compile"])
    else:
        judge = _cel(plan, task["cel"]) if "cel" in task else _schema(task["schema"])
        whole = task["about"] == "plan"
        yield from map(judge, [plan] if whole else plan["decisions"])


def _cel(plan: Mapping[str, Any], expression: str) -> Callable[[Any], str]:
    program = _program(expression)

    def judge(about: Any) -> str:
        try:
            result = program.execute({"plan": plan, "decision": about})
        except KeyError as error:
            raise ValueError(f"there is no {error} here; ask with has() first") from None
        if not isinstance(result, bool):
            raise ValueError(f"gives {str(result)[:60]!r}, and must give true or false")
        return "" if result else "false"

    return judge


def _program(expression: str) -> Any:
    import cel

    return cel.compile(expression)


def _schema(schema: Mapping[str, Any]) -> Callable[[Any], str]:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    validator = Draft202012Validator(schema)

    def judge(about: Any) -> str:
        error = best_match(validator.iter_errors(about))
        return "" if error is None else f"{error.json_path}: {error.message}"[:LONGEST]

    return judge


def _limit(most: int) -> None:
    """At most so many bytes of memory, where the system can see to it."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main()
