"""Why a job or a pool is not there at all: it was not made yet, or a quota of its account keeps it from being made."""

from __future__ import annotations

from reconciler.diagnosis.facts import Facts, Found, ids

OPEN = ("active", "disabling", "disabled", "enabling", "terminating")
"""States in which a job or a schedule counts as active. Inferred for all but `active`: only completed ones do not."""

NO_TRACE = "no trace of a deletion in the activity log, which has those over ARM only, not those of the Batch API"


def _crowd(facts: Facts) -> tuple[int, int]:
    """How many active jobs and schedules the account has, and how many it may have; (0, 1) if that is not known."""
    limit = (facts.account or {}).get("activeJobAndJobScheduleQuota")
    if limit is None or facts.jobs is None:
        return 0, 1
    return sum(item.get("state") in OPEN for item in (*facts.jobs, *(facts.schedules or ()))), int(limit)


def spent(facts: Facts) -> Found | None:
    """Source of the quota: Batch service, quotas and limits; completed jobs do not count."""
    use, limit = _crowd(facts)
    done = [job for job in facts.jobs or () if job.get("spent") and job.get("state") in OPEN]
    if not (facts.missing and facts.work and use >= limit and done):
        return None
    what = f"the account has {use} of {limit} active jobs and schedules, and some of these have nothing left to do"
    return Found(what, (f"all tasks have ended of {ids(done)}",))


def jobs_quota(facts: Facts) -> Found | None:
    use, limit = _crowd(facts)
    if not (facts.missing and facts.work and use >= limit):
        return None
    return Found(f"the account has {use} of {limit} active jobs and schedules, so that no other can be made")


def pools_quota(facts: Facts) -> Found | None:
    limit, use = (facts.account or {}).get("poolQuota"), (facts.account or {}).get("pools", 0)
    if not facts.missing or facts.work or limit is None or use < limit:
        return None
    return Found(f"the account has {use} of {limit} pools, so that no other can be made")


def deleted(facts: Facts) -> Found | None:
    if not facts.missing or facts.deed is None or not facts.deed.gone:
        return None
    return Found(f"{facts.about} was {facts.deed.sentence}")


def missing(facts: Facts) -> Found | None:
    return Found(f"{facts.about} is in the spec, and not in the account", trace(facts)) if facts.missing else None


def trace(facts: Facts) -> tuple[str, ...]:
    """What the activity log says of a deletion, if it was read."""
    if facts.deed and facts.deed.gone:
        return (facts.deed.sentence,)
    return (NO_TRACE,) if facts.logged else ()
