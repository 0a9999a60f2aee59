"""Signing in from a workflow of GitHub: asked for when a job may ask, and anew each time that Entra wants it."""

from __future__ import annotations

import pytest

from reconciler.cloud import workflow
from reconciler.errors import SignedOut
from tests.pipelines.tokens import serving

SOMEBODY = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"}


def test_it_is_asked_for_where_a_job_may_ask_and_nothing_else_says_who_signs_in() -> None:
    with serving("a.b.c") as tokens:
        given = SOMEBODY | tokens.variables
        assert workflow.credential(given) is not None
        for name in given:
            assert workflow.credential(given | {name: ""}) is None
        for name in workflow.OTHERS:
            assert workflow.credential(given | {name: "x"}) is None
        assert tokens.asked == 0


def test_it_is_told_anew_each_time() -> None:
    with serving("a.b.c") as tokens:
        url, bearer = tokens.variables.values()
        assert [workflow._told(url, bearer) for _ in range(2)] == ["a.b.c", "a.b.c"]
        assert tokens.asked == 2
        tokens.value = ""
        with pytest.raises(SignedOut, match=r"GitHub gives no token for this workflow \(HTTP 403\); run it again"):
            workflow._told(url, bearer)
    with pytest.raises(SignedOut, match="ConnectError"):
        workflow._told(url, bearer)
