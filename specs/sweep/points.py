"""How many of some random points of the unit square are inside the circle: `points.py SEED NUMBER`."""

import random
import sys

seed, number = map(int, sys.argv[1:])
draw = random.Random(seed).random
inside = sum(draw() ** 2 + draw() ** 2 <= 1 for _ in range(number))
print(inside, number)
