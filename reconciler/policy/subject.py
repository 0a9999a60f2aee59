"""What is judged: a plan, with what its spec asks for and what that uses and costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from reconciler.azure.retired import Retired
from reconciler.cost import Cost, Uses
from reconciler.kind import Kind
from reconciler.model import Address, Decision, Desired, Plan
from reconciler.spec.schema import Path_


@dataclass(frozen=True, slots=True)
class Subject:
    """A plan and all that rules ask about.

    desired   what the spec asks for; nothing if all is to be deleted
    uses      what costs by time, now and after the plan
    unread    why something that costs is not known, if so
    cost      what that costs; None if nobody has asked for prices, and `unpriced` why they could not be had
    retiring  what the spec uses that Azure retires, each with its place
    labels    those of the pull request, as the pipeline says
    today     in UTC
    """

    plan: Plan
    kinds: Mapping[str, Kind]
    today: date
    desired: Mapping[Address, Desired] = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)
    unread: tuple[str, ...] = ()
    cost: Cost | None = None
    unpriced: str = ""
    retiring: tuple[tuple[Path_, Retired], ...] = ()
    labels: frozenset[str] = frozenset()

    @property
    def asked(self) -> Iterator[tuple[Decision, Desired]]:
        """What the plan is about and the spec asks for; what it only uses is the business of others."""
        for decision in self.plan.decisions:
            want = self.desired.get(decision.address)
            if want is not None and not want.existing:
                yield decision, want

    def kind(self, address: Address) -> Kind | None:
        """None for what is no resource of a spec, such as the registration of a provider."""
        return self.kinds.get(address.kind)
