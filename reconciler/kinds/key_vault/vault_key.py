"""A key of a key vault that a spec says must be there: with it, services encrypt what they keep.

It is seen by its name and its attributes, which Azure Resource Manager shows. One that is missing holds up what needs
it; there is nothing to change or delete, as what was encrypted with a key is lost without it.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.kind import Kind
from reconciler.kinds.key_vault import demanded
from reconciler.kinds.key_vault.key_vault import KeyVault
from reconciler.model import Desired
from reconciler.spec.spec import Spec
from reconciler.spec.vault_secrets import SECTION

NAME = "vault_key"
MAKE = "az keyvault key create --vault-name {vault} --name {name} --kty RSA --size 3072"
OF_ONE = ("attributes", "curveName", "keyOps", "keySize", "kty", "release_policy", "rotationPolicy")
PART = demanded.Part(NAME, "keys", MAKE, OF_ONE)


def expand(spec: Spec) -> Iterable[Desired]:
    return demanded.expand(PART, spec, spec.section(SECTION, KeyVault))


KIND: Kind = demanded.kind(PART, expand)
