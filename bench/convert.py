"""Images per second of the worker against the sequential design with Pillow's defaults, in the same run, turn by turn.

    python -m bench.convert DIRECTORY_OF_JPEGS [--rounds 3]

Both are whole processes that list, download, convert and upload through one Azurite on this machine, which costs both
the same; CPU is that of the processes alone. Then one thread converts the same files in memory, without blobs.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import BlobServiceClient
from PIL import Image

from azure_local.storage import azurite
from worker.convert import convert
from worker.failure import Failure
from worker.task import MAX_PIXELS

CHECKOUT = Path(__file__).parents[1]
ACCOUNT, KEY = "devaccount", "Zm9yIGJlbmNobWFya3M="


@dataclass(frozen=True)
class Run:
    seconds: float
    cpu_seconds: float
    bytes_out: int


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds; CPU in ms per megapixel of output."""

    images: int
    megapixels: float
    worker: Run
    sequential: Run
    convert_cpu: float
    pillow_cpu: float

    def lines(self) -> list[str]:
        """For people."""
        mine, theirs, area = self.worker, self.sequential, self.megapixels
        return [
            f"conversion of {self.images} photographs, {area:.0f} megapixels, through Azurite on this machine",
            *(
                f"  {name:<11} {self.images / run.seconds:6.1f} images/s  {1e3 * run.cpu_seconds / area:6.1f} ms CPU/MP"
                for name, run in (("worker", mine), ("sequential", theirs))
            ),
            f"  {theirs.seconds / mine.seconds:.1f}x as fast, {theirs.cpu_seconds / mine.cpu_seconds:.1f}x less CPU,"
            f" {mine.bytes_out / theirs.bytes_out:.2f}x the bytes",
            f"  decode + encode alone: {self.convert_cpu:.1f} ms CPU/MP, Pillow {self.pillow_cpu:.1f}",
        ]


def measure(directory: Path, rounds: int) -> Figures:
    """Runs both designs `rounds` times in turn over the JPEGs of a directory."""
    contents = {path.name: path.read_bytes() for path in sorted(directory.glob("*.jpg"))}
    with _blob_service() as connection_string:
        os.environ["AZURE_STORAGE_CONNECTION_STRING"] = connection_string
        with BlobServiceClient.from_connection_string(connection_string) as service:
            images = service.create_container("images")
            for name, content in contents.items():
                images.upload_blob(name, content)
            worker = [str(CHECKOUT / "worker" / "convert_image.py"), "--task-id", "0", "--total-tasks", "1", "--to"]
            sequential = [str(CHECKOUT / "bench" / "sequential.py"), "images"]
            turns = [
                (_process(service, [*worker, f"worker-{turn}"]), _process(service, [*sequential, f"sequential-{turn}"]))
                for turn in range(rounds)
            ]
            converted = len(list(service.get_container_client("worker-0").list_blob_names()))
    convertible, megapixels = _convertible(contents.values())
    return Figures(
        converted,
        megapixels,
        _median([mine for mine, _ in turns]),
        _median([theirs for _, theirs in turns]),
        1e3 * _cpu(lambda: [convert(content, MAX_PIXELS) for content in convertible]) / megapixels,
        1e3 * _cpu(lambda: [_pillow(content) for content in convertible]) / megapixels,
    )


def _process(service: BlobServiceClient, command: list[str]) -> Run:
    """One design as one process; its last argument is the container it fills."""
    target = service.create_container(command[-1])
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *command], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, cpu, sum(blob.size for blob in target.list_blobs()))


def _median(runs: Sequence[Run]) -> Run:
    return Run(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.cpu_seconds for run in runs),
        runs[0].bytes_out,
    )


def _convertible(contents: Iterable[bytes]) -> tuple[list[bytes], float]:
    """Those that both designs convert, and their megapixels."""
    found, pixels = [], 0
    for content in contents:
        try:
            convert(content, MAX_PIXELS)
        except Failure:
            continue
        with Image.open(io.BytesIO(content)) as image:
            if image.mode != "CMYK":
                found.append(content)
                pixels += image.width * image.height
    return found, pixels / 1e6


def _pillow(content: bytes) -> bytes:
    png = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.save(png, "PNG")
    return png.getvalue()


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


@contextmanager
def _blob_service() -> Iterator[str]:
    """An Azurite in memory; its connection string."""
    options = ["--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
    with tempfile.TemporaryDirectory() as directory:
        command = [*azurite.command(), *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=directory) as server:
            assert server.stdout is not None
            told = next(line for line in server.stdout if "successfully listens" in line)
            endpoint = re.sub(r".*(http://\S+)\n", rf"\1/{ACCOUNT}", told)
            try:
                yield (f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};")
            finally:
                server.kill()


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.convert", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    sys.stdout.write("\n".join(measure(options.directory, options.rounds).lines()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
