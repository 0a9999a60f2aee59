"""The secrets of user accounts on nodes."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from reconciler.kinds.pool.user_accounts import with_secrets


def key(account: dict[str, Any]) -> Any:
    return load_pem_private_key(account["linuxUserConfiguration"]["sshPrivateKey"].encode(), None).private_numbers()  # type: ignore[union-attr]


def test_each_account_has_a_password_and_a_key_of_its_own_where_nodes_reach_each_other() -> None:
    numbered = {"uid": 7, "gid": 8}
    first, second = with_secrets([{"name": "a"}, {"name": "b", "linuxUserConfiguration": numbered}], reachable=True)
    assert key(first) != key(second)
    assert first["password"] != second["password"]
    assert second["linuxUserConfiguration"] | numbered == second["linuxUserConfiguration"]
    assert set(numbered) == {"uid", "gid"}, "what the plan compares has no secret"


def test_there_is_no_key_where_none_is_of_use() -> None:
    (alone,) = with_secrets([{"name": "a"}], reachable=False)
    (windows,) = with_secrets([{"name": "a", "windowsUserConfiguration": {"loginMode": "Batch"}}], reachable=True)
    assert {*alone} == {"name", "password"}
    assert "linuxUserConfiguration" not in windows
