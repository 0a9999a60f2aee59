"""Every frame is decoded and differs from the one before it, and the film shows them all."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

WIDTH, HEIGHT, FRAMES, RATE = 320, 180, 24, 12
PROBE = ("ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json")
NEAR = 6
"""How far a frame of the film may be from what was rendered, on average, of 255."""


def decoded(path: Path) -> bytes:
    """The luminance of all frames of a picture or film, a byte for each pixel."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def far(one: bytes, other: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


def main(folder: Path) -> None:
    frames = [decoded(folder / "frames" / f"{number}.png") for number in range(1, FRAMES + 1)]
    if any(len(frame) != WIDTH * HEIGHT for frame in frames):
        sys.exit(f"a frame is not of {WIDTH}x{HEIGHT}")
    if min(far(one, next_) for one, next_ in pairwise(frames)) < 0.1:
        sys.exit("nothing moves from one frame to the next")
    path = folder / "film" / "film.mp4"
    (stream,) = json.loads(subprocess.run([*PROBE, path], capture_output=True, check=True).stdout)["streams"]
    found = (stream["width"], stream["height"], int(stream["nb_read_frames"]), float(stream["duration"]))
    if found != (WIDTH, HEIGHT, FRAMES, FRAMES / RATE):
        sys.exit(f"the film is of {found}")
    film = decoded(path)
    shown = [film[start : start + WIDTH * HEIGHT] for start in range(0, len(film), WIDTH * HEIGHT)]
    worst = max(far(*pair) for pair in zip(shown, frames, strict=True))
    if worst > NEAR:
        sys.exit(f"a frame of the film is {worst:.1f} of 255 away from what was rendered")
    print(f"{FRAMES} frames that all differ, and a film of them: {found[3]} s, {WIDTH}x{HEIGHT}, in their order")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
