"""Makes specs of configurations of Batch Shipyard: config.yaml, pool.yaml and jobs.yaml.

`finding` reads them with the places of their keys, and tells which belong together. A `part` is a map of them that is
asked for what it says; what nobody asks for is told. `machines`, `pools`, `volumes`, `jobs`, `tasks`, `factories`,
`commands`, `containers`, `data` and `storage` each say one thing of it in the words of a spec; `whole` puts these
together and leaves out what `validate` would refuse. Source of what the keys mean: the documentation and schemas of
github.com/Azure/batch-shipyard, version 3.9.
"""

from reconciler.importing.shipyard.finding import Configuration, configurations, name
from reconciler.importing.shipyard.whole import Made, Where, made

__all__ = ["Configuration", "Made", "Where", "configurations", "made", "name"]
