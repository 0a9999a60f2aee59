"""Is a document a spec? Its shape by JSON Schema, then references and clashes, then what families of kinds know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.errors import Problem, SpecError
from reconciler.spec import references, shape
from reconciler.spec.build import built
from reconciler.spec.document import Document, dotted
from reconciler.spec.family import Sections
from reconciler.spec.spec import Spec


def checked(document: Document, sections: Sections, today: date | None = None, *, trying: bool = True) -> Spec:
    """The spec of a document. SpecError carries every problem of it at once. What the document means is checked only if
    its shape is right, and what takes time to try (if `trying`) only if there is no other problem.

    With `today`, what Azure has retired by then is a problem too.
    """
    if misshapen := shape.problems(document):
        raise SpecError(misshapen)
    spec = built(document, sections)
    problems = _problems(document, spec, sections, today)
    if trying and not problems:
        problems = [problem for section in sections for problem in section.trial(document, spec)]
    if problems:
        raise SpecError(problems)
    return spec


def _problems(document: Document, spec: Spec, sections: Sections, today: date | None) -> list[Problem]:
    problems = [*_subscription(document), *references.problems(document)]
    problems += [problem for section in sections for problem in section.check(document, spec)]
    problems += _ended(document, spec, sections, today) if today else ()
    return problems


def _subscription(document: Document) -> Iterator[Problem]:
    if "subscription" not in document.value["azure"]:
        yield document.problem(("azure",), "has no subscription, which is required", at_key=True)


def _ended(document: Document, spec: Spec, sections: Sections, today: date) -> Iterator[Problem]:
    """What the spec asks for although Azure has retired it by `today`."""
    for section in sections:
        for path, notice in section.retiring(spec):
            if notice.past(today):
                yield document.problem(path, f"{notice.sentence(today)}; {notice.remedy}")


def ending(spec: Spec, sections: Sections, today: date) -> Iterator[str]:
    """What the spec asks for that Azure will retire after `today`."""
    for section in sections:
        for path, notice in section.retiring(spec):
            if not notice.past(today):
                yield f"{dotted(path)}: {notice.sentence(today)}; {notice.remedy}"


def warnings(spec: Spec, sections: Sections, today: date) -> Iterator[str]:
    """What is allowed but not wise, then what is allowed for now but will be retired."""
    for section in sections:
        yield from section.advice(spec)
    yield from ending(spec, sections, today)
