"""Checks what the pipeline has made, without its tools: `check.py FOLDER`, with results/ in FOLDER.

Each read must map to the place and strand that its name tells, and each sample must have the variants that were put in.
"""

import gzip
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import inputs

NEAR = 20
"""Bases by which the beginning of a read may be off: ends that do not fit are clipped."""


def main(results: Path) -> str:
    bases, right, found, table = inputs.reference(), 0, 0, (results / "samples.tsv").read_text().splitlines()[1:]
    for sample in inputs.SAMPLES:
        mapped = list(alignments(results / "aligned" / f"{sample}.bam"))
        assert len(mapped) == inputs.READS, f"{sample} has {len(mapped)} reads, not {inputs.READS}"
        right += sum(fits(*one) for one in mapped)
        called = json.loads((results / "called" / f"{sample}.json").read_text())
        expected = {place + 1: base for place, base in inputs.variants(sample, bases).items()}
        there = {one["position"]: one["sample"] for one in called["variants"]}
        assert there == expected, f"{sample}: variants at {sorted(there)}, not at {sorted(expected)}"
        assert called["mapped"] == inputs.READS, f"{sample}: {called['mapped']} reads map"
        found += len(there)
        assert any(line.split("\t")[0] == sample for line in table), f"samples.tsv has no line for {sample}"
    total = inputs.READS * len(inputs.SAMPLES)
    assert right >= 0.999 * total, f"only {right:,} of {total:,} reads map to where they came from"
    assert (results / "coverage.svg").read_text().count("<polygon") == len(inputs.SAMPLES), "the plot lacks a sample"
    return f"{right:,} of {total:,} reads map to where they came from; {len(inputs.SAMPLES)} samples, {found} variants"


def fits(name: str, place: int, flag: int) -> bool:
    came, strand = name.split(":")[2:]
    return abs(int(came) - place) <= NEAR and (flag & 16 != 0) == (strand == "-") and not flag & 4


def alignments(bam: Path) -> Iterator[tuple[str, int, int]]:
    """Name, place from 0, and flag of each primary alignment. Source: the SAM/BAM format specification, 4.2."""
    data = gzip.decompress(bam.read_bytes())
    (text,) = struct.unpack_from("<i", data, 4)
    at = 8 + text
    (sequences,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(sequences):
        at += 8 + struct.unpack_from("<i", data, at)[0]
    while at < len(data):
        size, _, place, long = struct.unpack_from("<iiiB", data, at)
        (flag,) = struct.unpack_from("<H", data, at + 18)
        if not flag & 0x900:
            yield data[at + 36 : at + 35 + long].decode(), place, flag
        at += 4 + size


if __name__ == "__main__":
    print(main(Path(sys.argv[1]) / "results"))
