"""A secret of a key vault that a spec says must be there: who keeps it sets its value, and nothing here ever reads it.

It is seen by its name and its attributes, which Azure Resource Manager shows to whoever may read the vault, also where
the vault's network is closed. One that is missing holds up what needs it; there is nothing to change or delete.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.kind import Kind
from reconciler.kinds.key_vault import demanded
from reconciler.kinds.key_vault.key_vault import KeyVault
from reconciler.model import Desired
from reconciler.spec.spec import Spec
from reconciler.spec.vault_secrets import SECTION

NAME = "vault_secret"
SET = "az keyvault secret set --vault-name {vault} --name {name} --file /dev/stdin"
"""Its value comes from the terminal or a pipe, not from the command line, which others can read."""
PART = demanded.Part(NAME, "secrets", SET, ("attributes", "contentType", "value"))


IMPORT = "az keyvault certificate import --vault-name {vault} --name {name} --file {name}.pfx"
CERTIFICATE = replace(PART, makes=IMPORT, said="certificates")
"""A certificate is seen as the secret of its name, which has its private key.

That Azure Resource Manager lists these secrets, as the vault itself does, is inferred.
"""


def expand(spec: Spec) -> Iterable[Desired]:
    vaults = spec.section(SECTION, KeyVault)
    return (*demanded.expand(PART, spec, vaults), *demanded.expand(CERTIFICATE, spec, vaults))


KIND: Kind = demanded.kind(PART, expand)
