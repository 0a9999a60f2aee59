"""The film is decoded, and every frame compared with that of the clip that it was made from."""

import subprocess
import sys
from pathlib import Path

from inputs import CLIPS, HEIGHT, RATE, WIDTH, frames

NEAR = 3
"""How far a pixel may be from its source, on average, of 255."""


def main(folder: Path) -> None:
    film = folder / "film" / "film.mp4"
    decoded = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", film, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"],
        capture_output=True,
        check=True,
    ).stdout
    wanted = [frame for clip in sorted(CLIPS) for frame in frames(clip)]
    size = len(wanted[0])
    found = [decoded[start : start + size] for start in range(0, len(decoded), size)]
    if len(found) != len(wanted):
        sys.exit(f"the film has {len(found)} frames and not {len(wanted)}")
    far = max(sum(abs(a - b) for a, b in zip(*pair, strict=True)) / size for pair in zip(found, wanted, strict=True))
    if far > NEAR:
        sys.exit(f"a frame of the film is {far:.1f} of 255 away from its source")
    if not (folder / "film" / "sheet.png").read_bytes().startswith(b"\x89PNG"):
        sys.exit("sheet.png is no PNG")
    said = f"a film of {len(found)} frames, {len(found) / RATE:g} s, {WIDTH}x{HEIGHT}"
    print(f"{said}, none further than {far:.1f} of 255 from its source")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
