"""Why an input was not converted: every code there is, and which of them a later attempt may cure."""

from __future__ import annotations

# The content is to blame: the same bytes fail again, so the input is marked and left alone until it changes.
OF_CONTENT = {
    "not_jpeg": "the content is of another format, whatever the name says",
    "corrupt": "a JPEG that is truncated, damaged, too short for its size, or crashes the decoder",
    "too_large": "more pixels or bytes than a node is asked to hold, or longer than the time limit",
    "unsupported": "a JPEG of a kind that the decoder does not read: 12-bit, two components",
    "empty": "no bytes at all",
}
# The circumstances are to blame: the next run tries again.
OF_CIRCUMSTANCE = {
    "changed": "the input was replaced after the shard was made",
    "missing": "the input was deleted after the shard was made",
    "unavailable": "storage did not answer, or answered with an error of its own",
    "denied": "the identity may not read the input or write the output",
    "leased": "others hold a lease on the output",
    "foreign": "the output would overwrite a file that this job has not made",
    "no_memory": "the node has too little memory for it; a larger node has enough",
}
# Of those, what may be otherwise a moment later on the same node, with the same inputs.
PASSING = frozenset({"unavailable", "denied", "leased"})


class Failure(Exception):
    """One input that could not be converted: a code of this module and a reason for people."""

    def __init__(self, code: str, reason: str) -> None:
        assert code in OF_CONTENT or code in OF_CIRCUMSTANCE
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason

    @property
    def lasting(self) -> bool:
        """Whether the same content fails again."""
        return self.code in OF_CONTENT
