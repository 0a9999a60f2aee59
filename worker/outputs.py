"""The outputs of a job: who made them stands in their metadata, and what others have made is not overwritten."""

from __future__ import annotations

from urllib.parse import quote

from worker.blobs import Container
from worker.failure import Failure
from worker.shard import Item

ETAG, NAME, MAKER = "source_etag", "source_name", "made_by"
"""The metadata of an output: the ETag and the (percent-encoded) name of its input, and the job that made it."""
ATTEMPTS = 3


class Outputs:
    """The output container as one job sees it. `maker` is SPEC/JOB, empty for a conversion by hand."""

    def __init__(self, container: Container, maker: str, *, overwrites: bool) -> None:
        self._container = container
        self._maker = maker
        self._overwrites = overwrites

    def up_to_date(self, item: Item) -> bool:
        """Whether the output was made from this content of the input."""
        blob = self._container.look(item.output)
        return blob is not None and blob.metadata.get(ETAG) == item.etag

    def write(self, item: Item, png: bytes) -> None:
        """Write the output of an input; Failure `foreign` where that would overwrite what this job has not made.

        Each write has a condition, so that nothing that comes between is lost either.
        """
        # Metadata is ASCII; a blob's name need not be.
        metadata = {ETAG: item.etag, NAME: quote(item.name, safe="")} | ({MAKER: self._maker} if self._maker else {})
        content = (item.output, png, "image/png", metadata)
        if not item.replaces and self._container.create(*content):
            return
        for _ in range(ATTEMPTS):
            blob = self._container.look(item.output)
            if blob is None:
                if self._container.create(*content):
                    return
                continue
            if blob.metadata == metadata:  # it was written, but the answer was lost
                return
            self._check(item, blob.metadata.get(MAKER, ""), ours=ETAG in blob.metadata)
            if self._container.replace(*content, blob.etag):
                return
        raise Failure("unavailable", f"{item.output} was replaced by others {ATTEMPTS} times meanwhile")

    def _check(self, item: Item, maker: str, *, ours: bool) -> None:
        """Outputs that name no job are of a time when none did."""
        if not self._overwrites and not (ours and maker in ("", self._maker)):
            raise Failure("foreign", f"{item.output} is there and was made by {maker or 'others'}")
