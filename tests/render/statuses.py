"""A status with all that there is to show, and one whose every text is hostile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from reconciler.azure.advisories import Advisory
from reconciler.course import Course, Ran
from reconciler.diagnosis.diagnose import Diagnosis
from reconciler.diagnosis.facts import Cause
from reconciler.model import Action, Address, Change, Decision, Diff, Health, Observed, Plan, Rule, Why
from reconciler.render.pace import JobView
from reconciler.render.status import Chart, Job, Node, Past, Pool, Resource, Round, Scaling, Shown, Slow, Spent, Status
from reconciler.serve import jobs
from tests.render.plans import COST

NOW = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)
STATES = ("running",) * 14 + ("idle", "idle", "creating", "starttaskfailed", "leavingpool", "unheardof")


def _resource(
    address: str, health: Health | None, action: Action, why: Why, reason: str, detail: str = "", held: str = ""
) -> Resource:
    where = Address.parse(address)
    changes = (Change("properties.x", "was", "will be", Rule.LIVE, "x"),) if why is Why.DRIFTED else ()
    live = Observed(where, f"/{address}", {}, health=health, detail=detail) if health else None
    return Resource(Decision(where, action, why, reason, Diff(changes)), live, held)


RESOURCES = (
    _resource("pool/odd", Health.FAILED, Action.UPDATE, Why.FAILED, "failed: 1 node", "1 node failed its start task"),
    _resource("pool/wide", None, Action.REFUSE, Why.OBSTACLE, "the quota has 4 cores left"),
    _resource("container/sa/x", Health.UNKNOWN, Action.UNKNOWN, Why.UNREADABLE, "AuthorizationFailure: closed"),
    _resource("storage_account/sa", Health.READY, Action.UPDATE, Why.DRIFTED, "was changed outside the spec"),
    _resource("identity/id", None, Action.CREATE, Why.ABSENT, "not there yet"),
    _resource("job/render", Health.READY, Action.UPDATE, Why.DIFFERS, "the spec has changed",
              held="paused until 2026-11-28 08:00 UTC by ann: the vendor looks at it"),
    _resource("pool/burst", Health.BUSY, Action.WAIT, Why.BUSY, "in progress", "resizing: 2 of 8 nodes"),
    _resource("resource_group/rg", Health.READY, Action.NONE, Why.AS_DESIRED, "as desired"),
)  # fmt: skip


def _job() -> Job:
    minute = timedelta(minutes=1)
    tasks = [
        Ran(f"frame-{n}", "completed", NOW - 30 * minute + n * minute, NOW - (29 - n) * minute, f"node-{n % 3}",
            "exit code 3: no such file" if n == 7 else "", NOW - 31 * minute)
        for n in range(20)
    ]  # fmt: skip
    running = [Ran("frame-20", "running", NOW - 10 * minute, None, "node-0", made=NOW - 31 * minute)]
    waiting = [Ran(f"frame-{n}", "active", made=NOW - 31 * minute) for n in range(21, 30)]
    return jobs.of("render", JobView(Course("render", (*tasks, *running, *waiting), NOW), "active"))


def _nodes(number: int) -> tuple[Node, ...]:
    came = NOW - timedelta(hours=2)
    return tuple(
        Node(f"tvm-{n:03}", STATES[n % len(STATES)], NOW - timedelta(minutes=n), came, n % 3, n == 5, n != 4,
             "StartTaskFailed: exit code 1" if n == 17 else "")
        for n in range(number)
    )  # fmt: skip


def pool(number: int = 20, more: int = 0) -> Pool:
    lines = {"target": [(0.0, 8), (600.0, 20)], "current": [(0.0, 8), (900.0, 20)], "usable": [(0.0, 7), (1000.0, 16)]}
    runs = (Scaling("2026-11-27T19:50:00Z", "$TargetDedicatedNodes=8"), Scaling("2026-11-27T19:55:00Z", "", "Error: x"))
    chart = Chart(NOW - timedelta(seconds=1800), 1800.0, lines)
    size = "Standard_D2s_v3"
    return Pool(
        "odd", "odd-g2", "steady", size, (number, 2), (number, 0), _nodes(number), more, runs, ("NoRoom: none",), chart
    )


CAUSE = Cause("start-task-failed", "the start task failed on 1 node", "correct startTask", ("cannot find it",))
ADVISORIES = (
    Advisory(
        "health",
        "batch_account/ba is degraded since 2026-11-27 19:40 UTC, platforminitiated: requests are slow",
        "wait: engineers are at work on it",
        ("batch_account/ba",),
        "https://portal.azure.com/#resource/subscriptions/s/resourceGroups/rg-demo/resourceHealth",
    ),
    Advisory(
        "incident", "Batch since 2026-11-27 19:31 UTC: Trouble in Italy North [T-1]", "", ("pool/odd", "job/render")
    ),
    Advisory("maintenance", "Storage since 2026-11-30 02:00 UTC: new racks [M-1]", "", ("storage_account/sa",)),
    Advisory(
        "retirement", "pools.odd.vmSize: the series Fsv2 ends on 2028-11-15", "use a size of Fasv6", ("pool/odd",)
    ),
)
RICH = Status(
    "demo",
    "rg-demo of subscription 00000000-0000-0000-0000-000000000000 (public)",
    NOW - timedelta(seconds=12),
    NOW,
    Plan("demo", tuple(one.decision for one in RESOURCES), (), {}, ("pool/odd: 3 of 20 cores of the quota are left",)),
    RESOURCES,
    (
        Past(NOW - timedelta(hours=1), "apply", "ann@build-7", "2 to create, 1 to update", "3 done", True),
        Past(NOW - timedelta(hours=3), "apply", "bob", "1 to update", "1 failed", False, "https://example.com/1"),
    ),
    (_job(), Job("large", "large", "active", {"waiting": 9000, "running": 4}, 12.0, 45000.0, whole=False), Job("none")),
    (pool(), Pool("burst", "burst", "resizing", "Standard_F4s_v2", (8, 0), (2, 0), unread="no connection")),
    COST,
    spent=(Spent("odd", NOW - timedelta(hours=2), 40.0, 1.5, Decimal("3.98")), Spent("burst", NOW, 1.0)),
    why=(Diagnosis("the pool odd", "the pool is steady", (CAUSE, replace(CAUSE, inferred=True)), {}),),
    left_out=("of 14 jobs the first 12 are shown",),
    advisories=ADVISORIES,
    unasked=("the health of services could not be read lately: AuthorizationFailed: not you",),
)
SHOWN = Shown("demo", RICH)
WATCHED = replace(
    SHOWN,
    rounds=(
        Round(NOW, "failed", False, 2.5, 40, "the round could not be made: no connection"),
        Round(NOW - timedelta(minutes=5), "changed", True, 61.0, 96, "update pool/odd done; 7 as desired, 1 pending"),
    ),
)
"""The same, as a watch shows it."""


def hostile(text: str) -> Shown:
    """What is shown where every text that others may have written is `text`."""
    text = text if text.strip() else "x"
    address = Address("pool", text)
    change = Change(f"tags.{text}", text, f"{text}!", Rule.LIVE, f"tags.{text}")
    drifted = Decision(address, Action.UPDATE, Why.DRIFTED, text, Diff((change,)), goes=text, disturbs=text)
    live = Observed(address, text, {}, health=Health.READY, detail=text)
    calm = Decision(Address("job", text), Action.NONE, Why.AS_DESIRED, text)
    resources = (Resource(drifted, live, text), Resource(calm, replace(live, address=calm.address), text))
    slow = (Slow(text, 3.0, text),)
    job = replace(_job(), name=text, id=f"{text}2", failures=((text, 1, text),), stuck=slow, slowest=slow, unread=text)
    node = Node(text, text, NOW, NOW, 1, said=text)
    hurt = replace(pool(), name=text, id=f"{text}2", nodes=(node,), errors=(text,), unread=text, size=text)
    hurt = replace(hurt, scalings=(Scaling(text, text, text),))
    status = replace(
        RICH,
        spec=text,
        place=text,
        plan=replace(RICH.plan, notes=(text,)),
        resources=resources,
        runs=(Past(NOW, text, text, text, text, True, f"javascript:{text}"),),
        jobs=(job,),
        pools=(hurt,),
        unpriced=text,
        spent=(Spent(text, NOW, 1.0),),
        why=(Diagnosis(text, text, (Cause(text, text, text, (text,), True),), {}),),
        left_out=(text,),
        advisories=(Advisory("incident", text, text, (text, f"{text}2"), f"javascript:{text}"),),
        unasked=(text,),
    )
    return Shown(text, status, text, rounds=(Round(NOW, text, True, 1.0, 1, text),))
