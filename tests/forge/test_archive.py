"""A zip that others have written: its one file, or a refusal."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Refused
from reconciler.forge import archive


def zipped(*names: str, data: bytes = b"plan", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as made:
        for name in names:
            made.writestr(name, data)
    return packed.getvalue()


def test_its_only_file_is_read_whatever_it_is_called() -> None:
    assert archive.packed(zipped("plan.json")) == b"plan"
    assert archive.packed(zipped("folder/", "folder/plan.json")) == b"plan"
    assert archive.packed(zipped("/etc/passwd")) == b"plan"


@pytest.mark.parametrize("names", [(), ("folder/",), ("a", "b"), (*(f"{n}/" for n in range(30)), "a")])
def test_more_or_less_than_one_file_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match="it must have the plan only"):
        archive.packed(zipped(*names))


def test_what_no_forge_packs_with_is_refused() -> None:
    with pytest.raises(Refused, match="is no zip that can be read; let the pull request be planned anew"):
        archive.packed(zipped("plan.json", method=zipfile.ZIP_LZMA))


def test_what_swells_is_refused() -> None:
    bomb = zipped("plan.json", data=b"0" * (archive.MOST + 1))
    assert len(bomb) < archive.MOST / 100
    with pytest.raises(Refused, match=r"is larger than 50\.0 MB, which no plan is"):
        archive.packed(bomb)


@given(st.binary(max_size=200), st.integers(0, 200), st.binary(max_size=20))
def test_anything_else_is_refused(other: bytes, at: int, patch: bytes) -> None:
    whole = zipped("plan.json", data=b"plan " * 20)
    for data in (other, whole[:at], whole[:at] + patch + whole[at + len(patch) :]):
        try:
            archive.packed(data)
        except Refused:
            continue
