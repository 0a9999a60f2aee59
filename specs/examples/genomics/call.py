"""Counts the reads of a sorted BAM file, how well they cover the genome, and where it differs from the reference.

`call.py aligned/SAMPLE.bam` prints JSON; reference.fa of the index must be beside it.
"""

import json
import subprocess
import sys
from pathlib import Path

WINDOW = 1_000
"""Bases over which coverage is averaged."""


CALL = ("--mode", "simple", "--min-depth", "4", "--call-fract", "0.7", "--show-del", "yes", "--show-ins", "no")
"""A base is called where there are four reads and seven of ten agree; each place of the genome is one of the result."""


def samtools(*arguments: str) -> str:
    return subprocess.run(["samtools", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def sequence(fasta: str) -> str:
    return "".join(fasta.split("\n")[1:]).upper()


def main(bam: str, reference: str) -> None:
    counts = json.loads(samtools("flagstat", "-O", "json", bam))["QC-passed reads"]
    depths = [int(line.split("\t")[2]) for line in samtools("depth", "-a", bam).splitlines()]
    called = sequence(samtools("consensus", "-a", *CALL, bam))
    bases = sequence(Path(reference).read_text())
    differs = [
        {"position": place + 1, "reference": base, "sample": own}
        for place, (base, own) in enumerate(zip(bases, called, strict=True))
        if own in "ACGT" and own != base
    ]
    result = {
        "sample": Path(bam).stem,
        "reads": counts["primary"],
        "mapped": counts["primary mapped"],
        "coverage": [round(sum(part) / len(part), 1) for part in windows(depths)],
        "variants": differs,
    }
    print(json.dumps(result))


def windows(depths: list[int]) -> list[list[int]]:
    return [depths[start : start + WINDOW] for start in range(0, len(depths), WINDOW)]


if __name__ == "__main__":
    main(*sys.argv[1:])
