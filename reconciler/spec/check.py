"""Is a document a spec? Its shape by JSON Schema, then references and clashes, then what families of kinds know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from reconciler.errors import Problem, SpecError
from reconciler.spec import existing, mending, references, reserved, secrets, shape, watch
from reconciler.spec.build import built
from reconciler.spec.document import Document
from reconciler.spec.family import Sections
from reconciler.spec.spec import Spec


def checked(document: Document, sections: Sections, today: date | None = None, *, trying: bool = True) -> Spec:
    """The spec of a document. SpecError carries every problem of it at once: of a part that has not the right shape,
    nothing else is said, but all other parts are judged. What takes time to try (if `trying`) is tried only if there is
    no other problem.

    With `today`, what Azure has retired by then is a problem too, and the spec has warnings.
    """
    exposed = secrets.problems(document)
    document = secrets.covered(document, exposed) if exposed else document
    faults = shape.faults(document.value)
    problems = [*document.problems, *shape.problems(document, faults), *_subscription(document)]
    nuls = list(reserved.nuls(document))
    problems += [*reserved.problems(document), *nuls]
    whole = None  # with a NUL, as no file can be looked for under such a name
    if not nuls:
        whole = mending.mended(document) if faults or problems else mending.Mended(document)
    if whole is not None:
        spec = built(whole.document, sections)
        problems += references.problems(whole.document, whole.tainted)
        problems += whole.judged(_meant(whole.document, spec, sections, today))
        if trying and not problems and not exposed:
            problems = [problem for section in sections for problem in section.trial(document, spec)]
    problems = secrets.beside(dict.fromkeys(problems), exposed)
    if problems or whole is None:
        raise SpecError(problems)
    return replace(spec, warnings=tuple(_warnings(document, spec, sections, today)) if today else ())


def _meant(document: Document, spec: Spec, sections: Sections, today: date | None) -> list[Problem]:
    """What families of kinds say about a document of the right shape."""
    problems = [*existing.problems(document), *watch.problems(document, spec.watch)]
    problems += [problem for section in sections for problem in section.check(document, spec)]
    return problems + list(_ended(document, spec, sections, today) if today else ())


def _subscription(document: Document) -> Iterator[Problem]:
    azure = document.value.get("azure")
    if isinstance(azure, dict) and "subscription" not in azure and ("azure",) not in document.partial:
        yield document.problem(("azure",), "has no subscription, which is required", at_key=True)


def _ended(document: Document, spec: Spec, sections: Sections, today: date) -> Iterator[Problem]:
    """What the spec asks for although Azure has retired it by `today`."""
    for section in sections:
        for path, notice in section.retiring(spec):
            if notice.past(today):
                yield document.problem(path, f"{notice.sentence(today)}; {notice.remedy}")


def _warnings(document: Document, spec: Spec, sections: Sections, today: date) -> Iterator[Problem]:
    """What is allowed but not wise, then what is allowed for now but will be retired."""
    for section in sections:
        for path, words in section.advice(spec):
            yield document.problem(path, words)
    for path, words in secrets.advice(spec):
        yield document.problem(path, words)
    for section in sections:
        for path, notice in section.retiring(spec):
            if not notice.past(today):
                yield document.problem(path, f"{notice.sentence(today)}; {notice.remedy}")
