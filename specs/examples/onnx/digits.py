"""Noisy pictures of digits, each somewhere else in its frame: what the model is trained on, and runs over."""

import random

SIZE = 12
SHAPES = """
.###. ..#.. .###. .###. ...#. ##### .###. ##### .###. .###.
#...# .##.. #...# #...# ..##. #.... #.... ....# #...# #...#
#..## ..#.. ....# ....# .#.#. ####. #.... ...#. #...# #...#
#.#.# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###. .####
##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....#
#...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ....#
.###. .###. ##### .###. ...#. .###. .###. .#... .###. .###.
"""


def picture(digit: int, luck: random.Random) -> bytes:
    """The pixels of a digit, row by row, 0 to 255."""
    down, right = luck.randrange(2, 4), luck.randrange(2, 6)
    pixels = [luck.randrange(120) for _ in range(SIZE * SIZE)]
    for y, line in enumerate(SHAPES.split("\n")[1:-1]):
        for x, mark in enumerate(line.split()[digit]):
            if mark == "#" and luck.random() > 0.08:
                pixels[(y + down) * SIZE + x + right] = luck.randrange(150, 256)
    return bytes(pixels)
