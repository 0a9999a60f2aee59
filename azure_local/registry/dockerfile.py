"""Reads a Dockerfile as the builder of container registries does: without BuildKit, and with docker's messages.

Nothing is run. What can be known without running is checked: the grammar, the stages, the flags, the base images and
whether the sources of COPY and ADD are in the context.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from azure_local.registry.context import Context, is_glob

KNOWN = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip
FLAGS = {
    "ADD": {"chown"},
    "COPY": {"chown", "from"},
    "FROM": {"platform"},
    "HEALTHCHECK": {"interval", "timeout", "start-period", "start-interval", "retries"},
}
MODERN = {
    "ADD": {"chmod", "link", "checksum", "keep-git-dir", "exclude"},
    "COPY": {"chmod", "link", "parents", "exclude"},
    "RUN": {"mount", "network", "security"},
}
"""Flags that need BuildKit."""
REMOTE = ("http://", "https://", "git@", "git://")


class Refused(Exception):
    """The build fails at `step` (0: before the first), with docker's message."""

    def __init__(self, message: str, step: int = 0) -> None:
        super().__init__(message)
        self.step = step


@dataclass(frozen=True, slots=True)
class Instruction:
    line: int
    name: str
    text: str
    """The text after the name, including flags, on one line."""

    def flags(self) -> dict[str, str]:
        match = re.match(r"(--\S+\s+)*", self.text + " ")
        words = match[0].split() if match else []
        return {name: value for name, _, value in (word[2:].partition("=") for word in words)}

    def rest(self) -> str:
        return re.sub(r"^(--\S+\s+)*", "", self.text).strip()

    def words(self) -> list[str]:
        """The arguments, from words or from a JSON list."""
        rest = self.rest()
        if rest.startswith("["):
            try:
                listed = json.loads(rest)
            except ValueError:
                return rest.split()
            if isinstance(listed, list) and all(isinstance(word, str) for word in listed):
                return listed
        return rest.split()


def parse(text: str, name: str) -> list[Instruction]:
    """The instructions. Refused if docker cannot read them."""
    directive = re.match(r"(?:\s*#[^\n]*\n)*?\s*#\s*escape\s*=\s*(`|\\)", text, re.IGNORECASE)
    escape = directive[1] if directive else "\\"
    instructions: list[Instruction] = []
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        start = start if pending else number
        pending += line
        if pending.rstrip().endswith(escape):
            pending = pending.rstrip()[:-1]
            continue
        instructions.append(_instruction(pending.strip(), start))
        pending = ""
    if pending.strip():
        instructions.append(_instruction(pending.strip(), start))
    if not instructions:
        raise Refused(f"the Dockerfile ({name}) cannot be empty")
    return instructions


def _instruction(text: str, line: int) -> Instruction:
    name, _, rest = re.sub(r"\s+", " ", text).partition(" ")
    name = name.upper()
    where = f"dockerfile parse error line {line}"
    if name not in KNOWN:
        raise Refused(f"{where}: unknown instruction: {name}")
    instruction = Instruction(line, name, rest.strip())
    if not instruction.text:
        raise Refused(f"{where}: {name} requires at least one argument")
    for flag in instruction.flags() if name in FLAGS or name in MODERN else ():
        if flag in MODERN.get(name, ()):
            text = (
                f"the --{flag} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to "
            )
            raise Refused(f"{text}build images with BuildKit enabled")
        if flag not in FLAGS.get(name, ()):
            raise Refused(f"{where}: unknown flag: {flag}")
    if name in ("COPY", "ADD") and len(instruction.words()) < 2:
        text = (
            f"{name} requires at least two arguments, but only one was provided. Destination could not be determined."
        )
        raise Refused(f"{where}: {text}")
    if name == "FROM" and not re.fullmatch(r"\S+( as \S+)?", instruction.rest(), re.IGNORECASE):
        raise Refused(f"{where}: FROM requires either one or three arguments")
    return instruction


@dataclass
class Walk:
    """One pass over the instructions; `pull` returns an image's digest or raises Refused."""

    context: Context
    arguments: Mapping[str, str]
    pull: Callable[[str], str]
    globals: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)
    bases: dict[str, str] = field(default_factory=dict)
    """Image as written → digest, in the order of their first use."""
    consumed: set[str] = field(default_factory=set)

    def through(self, instructions: Iterable[Instruction]) -> None:
        """Go through the instructions. Refused, with the step, where the build would fail."""
        for step, instruction in enumerate(instructions, 1):
            if not self.stages and instruction.name not in ("FROM", "ARG"):
                raise Refused("No build stage in current context", step)
            act = getattr(self, f"_{instruction.name.lower()}", None)
            try:
                if act is not None:
                    act(instruction)
            except Refused as refused:
                raise Refused(str(refused), step) from None

    def _from(self, instruction: Instruction) -> None:
        image, _, stage = instruction.rest().partition(" ")
        image = expanded(image, self.globals)
        if not image:
            raise Refused(f"base name ({instruction.rest().split()[0]}) should not be blank")
        if image.lower() not in self.stages and image != "scratch":
            self.bases.setdefault(image, self.pull(image))
        self.stages.append(stage.split()[-1].lower() if stage else "")
        self.values = {}

    def _arg(self, instruction: Instruction) -> None:
        scope = self.values if self.stages else self.globals
        for word in instruction.words():
            name, assigned, default = word.partition("=")
            default = expanded(default.strip("\"'"), scope) if assigned else self.globals.get(name, "")
            self.consumed.add(name)
            scope[name] = self.arguments.get(name, default)

    def _env(self, instruction: Instruction) -> None:
        pairs = re.findall(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)", instruction.text)
        if not pairs:
            name, _, value = instruction.text.partition(" ")
            if not value:
                raise Refused("ENV must have two arguments")
            pairs = [(name, value)]
        for name, value in pairs:
            self.values[name] = expanded(value.strip("\"'"), self.values)

    def _copy(self, instruction: Instruction) -> None:
        stage = instruction.flags().get("from")
        if stage is None:
            self._sources(instruction)
        elif stage.isdigit():
            if int(stage) >= len(self.stages) - 1:
                raise Refused(f"invalid from flag value {stage}: refers to current build block")
        elif stage.lower() not in self.stages:
            self.bases.setdefault(stage, self.pull(stage))

    def _add(self, instruction: Instruction) -> None:
        self._sources(instruction)

    def _sources(self, instruction: Instruction) -> None:
        *sources, target = (expanded(word, self.values) for word in instruction.words())
        number = sum(self._number(instruction, source) for source in sources)
        if number > 1 and not target.endswith(("/", "/.")) and target != ".":
            text = f"When using {instruction.name} with more than one source file, the destination must be a directory "
            raise Refused(f"{text}and end with a /")

    def _number(self, instruction: Instruction, source: str) -> int:
        """How many files and folders a source names. Refused if there are none."""
        if instruction.name == "ADD" and source.startswith(REMOTE):
            return 1
        if ".." in source.split("/"):
            raise Refused(f"{instruction.name} failed: forbidden path outside the build context: {source} ()")
        number = self.context.number(source)
        if not number and is_glob(source):
            raise Refused(f"{instruction.name} failed: no source files were specified")
        if not number:
            text = f"{instruction.name} failed: file not found in build context or excluded by .dockerignore: "
            raise Refused(f"{text}stat {source.strip('/')}: file does not exist")
        return number


def until(instructions: list[Instruction], target: str) -> list[Instruction]:
    """The instructions up to the end of the stage `target`. Refused if there is no such stage."""
    if not target:
        return instructions
    shown: list[Instruction] = []
    stages, reached = -1, False
    for instruction in instructions:
        if instruction.name == "FROM":
            if reached:
                break
            stages += 1
            reached = target.lower() in (instruction.rest().lower().partition(" as ")[2], str(stages))
        shown.append(instruction)
    if not reached:
        raise Refused(f"failed to reach build target {target} in Dockerfile")
    return shown


def expanded(text: str, values: Mapping[str, str]) -> str:
    """`$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` replaced."""

    def value(match: re.Match[str]) -> str:
        name, sign, other = match["name"] or match["plain"], match["sign"], match["other"] or ""
        known = values.get(name, "")
        if sign == ":+":
            return other if known else ""
        return known or (other if sign else "")

    return re.sub(r"\$(?:\{(?P<name>\w+)(?:(?P<sign>:[-+])(?P<other>[^}]*))?\}|(?P<plain>\w+))", value, text)
