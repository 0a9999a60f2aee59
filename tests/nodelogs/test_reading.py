"""How busy a machine is, from texts of /proc as Linux writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.nodelogs.onnode.reading import Gpus, Meter

STAT = """cpu  {busy} 0 100 {idle} 50 0 10 0 0 0
cpu0 1 2 3 4 5 6 7 8 9 10
cpu1 1 2 3 4 5 6 7 8 9 10
intr 12345 0 9
ctxt 99
"""
MEMORY = """MemTotal:        8000000 kB
MemFree:          100000 kB
MemAvailable:    2000000 kB
HugePages_Total:       0
"""
DISKS = """   8       0 sda 100 0 {read} 50 200 0 {written} 60 0 70 80
   8       1 sda1 100 0 {read} 50 200 0 {written} 60 0 70 80
   7       0 loop0 5 0 999999 0 0 0 0 0 0 0 0
"""
NETWORK = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls
    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0
  eth0:{received} 1 0 0 0 0 0 0 {sent} 1 0 0 0 0 0 0
docker0: 7777 1 0 0 0 0 0 0 7777 1 0 0 0 0 0 0
"""
VMSTAT = "pgfault 1\noom_kill {killed}\n"


def write(root: Path, **counted: int) -> None:
    texts = {"stat": STAT, "meminfo": MEMORY, "diskstats": DISKS, "net/dev": NETWORK, "vmstat": VMSTAT}
    for name, text in texts.items():
        path = root / "proc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if name == "meminfo" else text.format(**counted))
    for disk in ("sda", "loop0"):
        (root / "sys/block" / disk).mkdir(parents=True, exist_ok=True)


def test_two_readings_tell_shares_and_rates(tmp_path: Path) -> None:
    meter = Meter(str(tmp_path), (str(tmp_path), "/no/such/disk"))
    before = {"busy": 1000, "idle": 9000, "read": 10, "written": 20, "received": 1000, "sent": 2000, "killed": 3}
    write(tmp_path, **before)
    first: dict[str, Any] = meter.read(100.0)
    assert "cpu" not in first
    assert (first["cores"], first["memory"], first["memoryTotal"]) == (2, 6_000_000 * 1024, 8_000_000 * 1024)
    assert 0 < first["disk"] < first["diskTotal"]
    write(tmp_path, busy=1300, idle=9700, read=110, written=220, received=6000, sent=3000, killed=4)
    second: dict[str, Any] = meter.read(110.0)
    assert second["cpu"] == 0.3
    assert (second["read"], second["written"]) == (100 * 512 // 10, 200 * 512 // 10)
    assert (second["received"], second["sent"], second["killed"]) == (500, 100, 1)
    write(tmp_path, **before)
    assert meter.read(120.0)["cpu"] == 0.0  # counters that went back, as after a live migration, are no rate


def test_this_machine_can_be_read() -> None:
    meter = Meter()
    meter.read(1.0)
    assert 0 <= meter.read(2.0)["cpu"] <= 1


def test_gpus_are_told_by_their_last_rows() -> None:
    gpus = Gpus()
    assert gpus.read() == {}
    assert gpus.parsed(["2, 100, 8000, 16000", "2, 0, 0, 16000"]) == {"gpu": 0.5, "gpuMemory": 0.25}
    assert gpus.parsed(["2, 50, 0, 16000", "[N/A], broken", "2, 30, 0, 16000"]) == {"gpu": 0.4, "gpuMemory": 0.0}


def test_a_machine_without_nvidia_smi_has_no_gpu(monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")
    gpus = Gpus()
    gpus.begin(10)
    assert gpus.read() == {}
