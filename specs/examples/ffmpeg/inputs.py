"""Three uncompressed clips of a colour each: python inputs.py FOLDER"""

import sys
from collections.abc import Iterator
from pathlib import Path

WIDTH, HEIGHT, RATE, FRAMES = 320, 180, 12, 24
CLIPS = {"a-sunrise.y4m": (90, 180), "b-noon.y4m": (170, 100), "c-dusk.y4m": (150, 190)}
"""The name of a clip and its colour, Cb and Cr."""


def frames(clip: str) -> Iterator[bytes]:
    """The frames of a clip as planes of Y, Cb and Cr: a slope of light that moves to the left."""
    for number in range(FRAMES):
        line = bytes(16 + abs((x + 6 * number) % 400 - 200) for x in range(WIDTH))
        yield line * HEIGHT + b"".join(bytes([part]) * (WIDTH * HEIGHT // 4) for part in CLIPS[clip])


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for clip in CLIPS:
        with (folder / clip).open("wb") as file:
            file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
            for frame in frames(clip):
                file.write(b"FRAME\n" + frame)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
