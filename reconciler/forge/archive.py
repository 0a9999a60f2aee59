"""The one file in a zip that others may have written: nothing of it is unpacked to where it says."""

from __future__ import annotations

import io
import zipfile
import zlib

from reconciler.errors import Refused
from reconciler.words import count, size

MOST = 50_000_000
"""How many bytes a saved plan may have, packed or not; one of ten thousand resources has some ten million."""
_ENTRIES = 20
"""How many entries of an archive are looked at: one file, and folders around it."""


def packed(data: bytes) -> bytes:
    """What is in the only file of a zip, whatever its name is. Refused if there is not just one, or it is too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            files = [entry for entry in entries if not entry.is_dir()]
            if len(files) != 1 or len(entries) > _ENTRIES:
                raise Refused(f"the artifact of the plan has {count(len(files), 'file')}; it must have the plan only")
            if files[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise zipfile.BadZipFile
            with archive.open(files[0]) as file:
                content = file.read(MOST + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise Refused(
            "the artifact of the plan is no zip that can be read; let the pull request be planned anew"
        ) from None
    if len(content) > MOST:
        raise Refused(f"the artifact of the plan is larger than {size(MOST)}, which no plan is")
    return content
