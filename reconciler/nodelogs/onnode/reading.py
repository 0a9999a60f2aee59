"""How busy a machine is, by the files of Linux, and its GPUs by nvidia-smi."""

import os
import subprocess
from typing import Any

SECTOR = 512
GPU = "--query-gpu=count,utilization.gpu,memory.used,memory.total"


class Meter:
    """Reads how busy the machine is; a rate is that since the reading before. `root`: where /proc and /sys are."""

    def __init__(self, root: str = "/", disks: Any = ()) -> None:
        self.root, self.disks = root, [open_to_us(path) for path in disks]
        self.before: dict[str, int] = {}
        self.at = 0.0
        self.gpus = Gpus()

    def lines(self, path: str) -> Any:
        with open(os.path.join(self.root, path)) as file:
            return file.read().splitlines()

    def read(self, now: float) -> Any:
        """One sample: shares of 1, bytes, bytes a second; `t` in seconds since 1970."""
        stat = [line.split() for line in self.lines("proc/stat") if line.startswith("cpu")]
        times = [int(text) for text in stat[0][1:9]]
        memory = {name: int(rest.split()[0]) * 1024 for name, rest in
                  (line.split(":", 1) for line in self.lines("proc/meminfo"))}  # fmt: skip
        sample = {"t": int(now), "cores": len(stat) - 1}
        sample["memory"] = memory["MemTotal"] - memory["MemAvailable"]
        sample["memoryTotal"] = memory["MemTotal"]
        sample.update(self.disk())
        counted = {"busy": sum(times) - times[3] - times[4], "all": sum(times)}
        counted.update(self.moved())
        sample.update(self.rates(counted, now))
        sample.update(self.gpus.read())
        return sample

    def rates(self, counted: Any, now: float) -> Any:
        """What has been counted since the reading before, as shares and rates; nothing the first time."""
        before, seconds = self.before, now - self.at
        self.before, self.at = counted, now
        if not before or seconds <= 0:
            return {}
        grown = {name: max(0, value - before.get(name, value)) for name, value in counted.items()}
        flows = ("read", "written", "received", "sent")
        rates: dict[str, Any] = {name: int(grown[name] / seconds) for name in flows if name in grown}
        rates["cpu"] = round(grown["busy"] / grown["all"], 4) if grown["all"] else 0.0
        if grown.get("killed"):
            rates["killed"] = grown["killed"]
        return rates

    def moved(self) -> Any:
        """Bytes that disks and networks have moved, and processes that were killed for want of memory, since boot."""
        moved = {}
        disks = os.listdir(os.path.join(self.root, "sys/block"))
        rows = [line.split() for line in self.lines("proc/diskstats")]
        ours = [row for row in rows if row[2] in disks and not row[2].startswith(("loop", "ram", "dm-", "md"))]
        moved["read"] = sum(int(row[5]) for row in ours) * SECTOR
        moved["written"] = sum(int(row[9]) for row in ours) * SECTOR
        nets = [line.replace(":", " ").split() for line in self.lines("proc/net/dev")[2:]]
        nets = [net for net in nets if not net[0].startswith(("lo", "docker", "veth", "br-"))]
        moved["received"] = sum(int(net[1]) for net in nets)
        moved["sent"] = sum(int(net[9]) for net in nets)
        counts = dict(line.split() for line in self.lines("proc/vmstat"))
        moved["killed"] = int(counts.get("oom_kill", 0))
        return moved

    def disk(self) -> Any:
        """The fullest of the disks."""
        fullest: dict[str, int] = {}
        for path in self.disks:
            try:
                there = os.statvfs(path)
            except OSError:
                continue
            total = there.f_blocks * there.f_frsize
            used = total - there.f_bfree * there.f_frsize
            if total and used / total >= fullest.get("disk", 0) / fullest.get("diskTotal", 1):
                fullest = {"disk": used, "diskTotal": total}
        return fullest


class Gpus:
    """What nvidia-smi says, where there is one: it runs all the time, as to begin it anew costs more than it tells."""

    def __init__(self) -> None:
        self.running: Any = None
        self.rest = b""
        self.rows: list[list[float]] = []

    def begin(self, every: int) -> None:
        command = ["nvidia-smi", GPU, "--format=csv,noheader,nounits", f"--loop={every}"]
        try:
            self.running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            os.set_blocking(self.running.stdout.fileno(), False)
        except OSError:
            self.running = None

    def read(self) -> Any:
        """`gpu` and `gpuMemory`: the mean share of all GPUs."""
        if self.running is None:
            return {}
        self.rest += self.running.stdout.read() or b""
        lines, _, self.rest = self.rest.rpartition(b"\n")
        return self.parsed(lines.decode("ascii", "replace").splitlines())

    def parsed(self, lines: Any) -> Any:
        for line in lines:
            try:
                self.rows.append([float(part) for part in line.split(",")])
            except ValueError:
                continue
        rows = self.rows[-int(self.rows[-1][0]) :] if self.rows else []
        self.rows = rows
        if not rows:
            return {}
        return {"gpu": round(sum(row[1] for row in rows) / len(rows) / 100, 4),
                "gpuMemory": round(sum(row[2] for row in rows) / sum(row[3] for row in rows), 4)}  # fmt: skip


def open_to_us(path: str) -> str:
    """The path, or what it is in, as far as this user may look: mostly on the same disk."""
    while path != "/" and not os.access(path, os.F_OK):
        path = os.path.dirname(path)
    return path
