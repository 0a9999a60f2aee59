"""Writes a reference of 100,000 bases and six samples of 3,000 reads into a folder: `python inputs.py FOLDER`.

Each sample differs from the reference in 20 places of its own, and its reads cover the beginning better than the end.
A read is named after where it comes from, so that it can be checked where it maps: `SAMPLE:NUMBER:POSITION:STRAND`.
"""

import csv
import gzip
import random
import sys
from pathlib import Path

LENGTH, READS, READ, VARIANTS = 100_000, 3_000, 500, 20
SAMPLES = [row["sample"] for row in csv.DictReader(Path(__file__).with_name("samples.csv").open())]
OPPOSITE = str.maketrans("ACGT", "TGCA")


def reference() -> str:
    return "".join(random.Random("reference").choices("ACGT", k=LENGTH))


def variants(sample: str, bases: str) -> dict[int, str]:
    """The places, counted from 0, in which a sample differs from the reference: place to its base."""
    luck = random.Random(f"variants of {sample}")
    places = sorted(luck.sample(range(1_000, LENGTH - 1_000), VARIANTS))
    return {place: luck.choice("ACGT".replace(bases[place], "")) for place in places}


def reads(sample: str, bases: str):
    """Reads of a sample with an error in each hundred bases, as lines of FASTQ."""
    own = list(bases)
    for place, base in variants(sample, bases).items():
        own[place] = base
    luck, own = random.Random(f"reads of {sample}"), "".join(own)
    for number in range(READS):
        place = luck.randrange(LENGTH - READ)
        if luck.random() < place / LENGTH / 3:  # fewer and fewer towards the end
            place //= 2
        strand = luck.choice("+-")
        read = own[place : place + READ]
        read = "".join(luck.choice("ACGT") if luck.random() < 0.01 else base for base in read)
        yield f"@{sample}:{number}:{place}:{strand}\n"
        yield f"{read if strand == '+' else read[::-1].translate(OPPOSITE)}\n+\n{'I' * READ}\n"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    bases = reference()
    lines = [bases[start : start + 80] for start in range(0, LENGTH, 80)]
    (folder / "reference.fa").write_text("\n".join([">chr1", *lines, ""]))
    for sample in SAMPLES:
        packed = gzip.compress("".join(reads(sample, bases)).encode(), mtime=0)
        (folder / f"{sample}.fastq.gz").write_bytes(packed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
