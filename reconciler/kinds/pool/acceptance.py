"""The trial of a new generation of a pool: it is verified before jobs come to it, by the job that verifies any pool.

That it has passed is kept in its own metadata, as the nodes that ran the checks may be gone before all jobs have come.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.errors import ReconcileError
from reconciler.kinds.pool import handover, trial
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import Handover, state_of
from reconciler.kinds.pool.trial import Trial, Verdict
from reconciler.model import STAGE, Desired, Health, Mark, Observed

STAGES = {
    Verdict.ABSENT: "is to be verified",
    Verdict.BEGUN: "is to be verified: its checks are to be added",
    Verdict.RUNNING: "is being verified",
    Verdict.PASSED: "is verified",
}
"""How a trial that goes well is told."""


def pending(cloud: Cloud, desired: Desired, pool: Observed) -> Observed | None:
    """`pool`, with how far its trial is; None if it needs none any more."""
    wanted = trial.asked(desired)
    if wanted is None or state_of(pool).marks.get(marks.VERIFIED) == wanted.digest:
        return None
    run = trial.read(cloud, wanted, live_id(pool))
    told = f": {run.detail}" if run.detail else ""
    words = f"{live_id(pool)} {STAGES.get(run.verdict, 'is not verified')}{told}"
    health = Health.BUSY if run.verdict is Verdict.RUNNING else Health.READY if run.verdict in STAGES else Health.FAILED
    state = replace(state_of(pool), handover=Handover(handover.NONE, (), run))
    return replace(pool, health=health, detail=words, body={**pool.body, STAGE: words}, state=state)


def advance(cloud: Cloud, pool: Observed, run: Trial) -> None:
    """The next step of a trial. One that failed in an earlier run is made again.

    Raises ReconcileError for one that failed in this run: to make it again would say the same.
    """
    if run.verdict is Verdict.ABSENT:
        trial.make(cloud, run.asked, live_id(pool), Mark(cloud.owner, run.asked.digest))
    elif run.verdict is Verdict.BEGUN:
        trial.fill(cloud, run)
    elif run.verdict is Verdict.PASSED:
        _accept(cloud, pool, run)
    elif run.verdict in (Verdict.FAILED, Verdict.VOID) and not trial.made_here(cloud, run):
        batch_jobs.delete(cloud, run.asked.job)
    else:
        raise ReconcileError(f"{pool.address}: {pool.detail}")


def _accept(cloud: Cloud, pool: Observed, run: Trial) -> None:
    """Keep in the pool's metadata that it has passed."""
    from azure.core import MatchConditions

    metadata = pairs.listed({**state_of(pool).marks, marks.VERIFIED: run.asked.digest})
    body: Any = {"properties": {"metadata": metadata}}
    where = (*cloud.account_place, live_id(pool))
    cloud.batch_management.pool.update(*where, body, etag=pool.etag, match_condition=MatchConditions.IfNotModified)


def failed(cloud: Cloud, desired: Desired, pool: Observed) -> bool:
    """Whether the pool was verified and did not pass."""
    wanted = trial.asked(desired)
    if wanted is None or state_of(pool).marks.get(marks.VERIFIED) == wanted.digest:
        return False
    return trial.read(cloud, wanted).verdict in (Verdict.FAILED, Verdict.VOID)
