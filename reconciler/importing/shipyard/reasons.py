"""Why a key of Batch Shipyard is not in a spec: what it stood for, and what does that now. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from reconciler.spec.schema import Path_

NOBODY = "nothing in a spec stands for it"
_SSH = "nodes have no login; `reconcile logs` shows what they say, and networkConfiguration opens ports to them"
_MONITOR = "reconcile runs no monitoring on nodes; a startTask can"
_SCRATCH = "there is no file system over the disks of all nodes; tasks pass files on by outputs and inputs"
_SCENARIO = "the formula of reconcile's scenario goes its own way; write a formula where this matters"
_READ = "keep the secret in a Key Vault, where the task fetches it as an identity of the pool (docs/secrets.md)"

KEYS = {
    # pool.yaml
    "ssh": _SSH,
    "rdp": _SSH,
    "remote_access_control": _SSH,
    "prometheus": _MONITOR,
    "batch_insights_enabled": _MONITOR,
    "gpu": "the image brings NVIDIA's driver",
    "certificates": "Batch certificates ended on 2024-02-29; use Key Vault as an identity of the pool",
    "reboot_on_start_task_failed": "apply reboots broken nodes, and replaces them if that does not help",
    "attempt_recovery_on_unusable": "apply reboots broken nodes, and replaces them if that does not help",
    "upload_diagnostics_logs_on_unusable": "`reconcile logs` fetches what nodes have written",
    "block_until_all_global_resources_loaded": "Batch pulls the images of a pool before its nodes take tasks",
    "transfer_files_on_pool_creation": "reconcile moves no files when it makes a pool",
    "public_ips": "addresses of your own go into networkConfiguration.publicIPAddressConfiguration, by their ids",
    "per_job_auto_scratch": _SCRATCH,
    "maximum_vm_increment_per_evaluation": _SCENARIO,
    "node_deallocation_option": _SCENARIO,
    "sample_lookback_interval": _SCENARIO,
    "required_sample_percentage": _SCENARIO,
    "bias_last_sample": _SCENARIO,
    "bias_node_type": _SCENARIO,
    "rebalance_preemption_percentage": _SCENARIO,
    "time_ranges": _SCENARIO,
    "create_nonexistant": "reconcile makes no virtual networks",
    "address_space": "reconcile makes no virtual networks",
    "address_prefix": "reconcile makes no virtual networks",
    # jobs.yaml
    "auto_scratch": _SCRATCH,
    "auto_pool": "the pool stands in the spec, and lives as long as it does",
    "federation_constraints": "reconcile has no federations; a job names its pool",
    "allow_run_on_missing_image": "Batch pulls an image that a task needs and its node lacks",
    "environment_variables_keyvault_secret_id": _READ,
    "restrict_default_bind_mounts": "containers see what containerHostBatchBindMounts of containerSettings says",
    "name": "Batch names containers itself",
    "monitor_task_completion": "the job ends with its manager",
    "azure_batch": "files of other tasks come by way of a container: outputs there, inputs here",
    "exclude": "a spec takes all that match, and excludes none",
    "blobxfer_extra_options": "files come and go without blobxfer",
    "singularity_execution": "Batch runs Docker images only",
    "additional_singularity_options": "Batch runs Docker images only",
    # config.yaml
    "batch_shipyard": "reconcile keeps no tables, queues or containers of its own",
    "data_replication": "Batch pulls images itself",
    "files": "reconcile moves no data into storage; az storage blob upload-batch does",
    "remote_fs": "reconcile makes no file servers; a pool mounts NFS by mountConfiguration",
    "monitoring": "reconcile makes no monitoring servers",
    "federation": "reconcile has no federations",
    "slurm": "reconcile makes no Slurm clusters",
}


def why(path: Path_, key: str, known: Iterable[str]) -> str:
    """Why the key at a path is left out, where keys of the names `known` are not."""
    if path[-1:] == ("batch_shipyard",):
        return KEYS["batch_shipyard"]
    if key in KEYS:
        return KEYS[key]
    near = difflib.get_close_matches(key, sorted({*known, *KEYS}), n=1, cutoff=0.8)
    return f"{NOBODY}; did you mean {near[0]}?" if near else NOBODY
