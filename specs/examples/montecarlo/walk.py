"""What a European call pays at the end of random walks of its share: `walk.py STRIKE SEED NUMBER`.

Prints the strike, the number of walks, and the sums of what they pay, in today's money, and of its square.
"""

import math
import random
import sys

SHARE, RATE, VOLATILITY, YEARS = 100.0, 0.03, 0.2, 1.0


def main(strike: float, seed: int, number: int) -> None:
    gauss = random.Random(f"{strike} {seed}").gauss
    drift, spread = (RATE - VOLATILITY**2 / 2) * YEARS, VOLATILITY * math.sqrt(YEARS)
    today = math.exp(-RATE * YEARS)
    paid = [today * max(0.0, SHARE * math.exp(drift + spread * gauss(0, 1)) - strike) for _ in range(number)]
    print(strike, number, math.fsum(paid), math.fsum(value * value for value in paid), sep=",")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
