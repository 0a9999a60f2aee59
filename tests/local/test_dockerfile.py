"""What a build can know without running anything: the Dockerfile's grammar, its stages, and what it copies."""

from __future__ import annotations

from pathlib import Path

import pytest

from azure_local.registry import context, dockerfile
from tests.local.registries import archive

BUILDKIT = "option requires BuildKit"


def read(folder: Path, files: dict[str, str], **limits: int) -> context.Context:
    path = folder / "context.tar.gz"
    path.write_bytes(archive(files))
    return context.read(path, "Dockerfile", **limits)


def walk(folder: Path, text: str, files: dict[str, str], target: str = "", **arguments: str) -> dockerfile.Walk:
    found = read(folder, {"Dockerfile": text, **files})
    steps = dockerfile.until(dockerfile.parse(text, "Dockerfile"), target)
    walked = dockerfile.Walk(found, arguments, lambda image: f"digest of {image}")
    walked.through(steps)
    return walked


@pytest.mark.parametrize(
    ("text", "step", "said"),
    [
        ("# nothing\n", 0, "the Dockerfile (Dockerfile) cannot be empty"),
        ("FROM a\n\nCOPPY a b\n", 0, "dockerfile parse error line 3: unknown instruction: COPPY"),
        ("FROM a\nRUN <<EOF\ntrue\nEOF\n", 0, "line 3: unknown instruction: TRUE"),
        ("FROM a b\n", 0, "FROM requires either one or three arguments"),
        ("FROM a\nWORKDIR\n", 0, "WORKDIR requires at least one argument"),
        ("FROM a\nCOPY a\n", 0, "COPY requires at least two arguments"),
        ("FROM a\nCOPY --form=a b c\n", 0, "unknown flag: form"),
        ("FROM a\nRUN --mount=type=cache,target=/x true\n", 0, BUILDKIT),
        ("FROM a\nCOPY --chmod=755 x /\n", 0, BUILDKIT),
        ("RUN true\n", 1, "No build stage in current context"),
        ("FROM $BASE\n", 1, "base name ($BASE) should not be blank"),
        ("FROM a\nCOPY main.py /\n", 2, "stat main.py: file does not exist"),
        ("FROM a\nADD *.py /\n", 2, "ADD failed: no source files were specified"),
        ("FROM a\nCOPY f*/x.txt /\n", 2, "no source files were specified"),
        ("FROM a\nCOPY ../x /\n", 2, "forbidden path outside the build context: ../x"),
        ("FROM a\nCOPY one.txt two.txt /x\n", 2, "must be a directory and end with a /"),
        ("FROM a\nCOPY --from=0 /x /\n", 2, "refers to current build block"),
        ("FROM a\nENV A\n", 2, "ENV must have two arguments"),
    ],
)
def test_a_dockerfile_is_refused_where_docker_would_and_at_the_same_step(
    tmp_path: Path, text: str, step: int, said: str
) -> None:
    files = {"one.txt": "", "two.txt": "", "folder/deep/x.txt": ""}
    with pytest.raises(dockerfile.Refused) as refused:
        walk(tmp_path, text, files)
    assert said in str(refused.value)
    assert refused.value.step == step


def test_stages_arguments_globs_lists_and_long_lines_are_read(tmp_path: Path) -> None:
    text = (
        "# syntax=docker/dockerfile:1\nARG BASE=python:3.12\nFROM --platform=linux/amd64 ${BASE} AS build\nARG DIR\n"
        "ENV SUB=sub\nCOPY $DIR/${SUB} [a-c]?.txt \\\n  # a comment\n  /src/\nRUN make && \\\n\n  make install\n"
        "FROM build AS test\nFROM scratch\nCOPY --from=build /src /src\nCOPY --from=tools:1 /t /t\n"
        'ADD https://example.com/x /x\ncopy ["a b", "/c"]\nCOPY ${NONE:-folder} . /d/\n'
    )
    walked = walk(tmp_path, text, {"./code/sub/x.c": "", "b1.txt": "", "a b": "", "folder/x": ""}, DIR="code", MORE="1")
    assert walked.bases == {"python:3.12": "digest of python:3.12", "tools:1": "digest of tools:1"}
    assert {"DIR", "MORE"} - walked.consumed == {"MORE"}


def test_a_target_ends_the_build_at_its_stage(tmp_path: Path) -> None:
    text = "FROM a AS one\nFROM b AS two\nCOPY nothing /\n"
    assert list(walk(tmp_path, text, {}, "one").bases) == ["a"]
    with pytest.raises(dockerfile.Refused, match="failed to reach build target three"):
        walk(tmp_path, text, {}, "three")


def test_what_dockerignore_excludes_cannot_be_copied_and_does_not_count(tmp_path: Path) -> None:
    ignore = "# all\n**/*.log\n/secret\n!keep.log\n"
    files = {".dockerignore": ignore, "a/b.log": "1", "keep.log": "", "secret/key": "1", "main.py": ""}
    found = read(tmp_path, files)
    assert [found.number(name) for name in ("a/b.log", "keep.log", "secret", "secret/key", "main.py")] == [
        0,
        1,
        0,
        0,
        1,
    ]
    assert read(tmp_path, {**files, "a/b.log": "2", "secret/key": "2"}).digest() == found.digest()
    assert read(tmp_path, {**files, "main.py": "2"}).digest() != found.digest()


@pytest.mark.parametrize(
    ("files", "limits", "said"),
    [
        ({"a": "", "b": "", "c": ""}, {"members": 2}, "more than 2 entries"),
        ({"a": "0" * 5_000_000}, {"size": 1_000_000}, "more than 1000000 bytes"),
        ({"Dockerfile": "#" * 2_000_000}, {}, "Dockerfile has more than"),
        ({"/etc/passwd": ""}, {}, "outside of itself"),
        ({"a/../../b": ""}, {}, "outside of itself"),
    ],
)
def test_a_context_beyond_the_limits_is_not_read(
    tmp_path: Path, files: dict[str, str], limits: dict[str, int], said: str
) -> None:
    with pytest.raises(context.Unreadable, match=said):
        read(tmp_path, files, **limits)


def test_what_is_no_archive_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for data in (b"", b"text", archive({"a": "b" * 100})[:40]):
        path.write_bytes(data)
        with pytest.raises(context.Unreadable, match="not a readable tar"):
            context.read(path, "Dockerfile")
