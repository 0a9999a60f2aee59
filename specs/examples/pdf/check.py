"""Reads the PDFs and compares them with what was bought: `check.py FOLDER`, with statements/ and overview/."""

import re
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import inputs

STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


def main(folder: Path) -> str:
    bought = inputs.customers()
    totals = {name: sum(many * cents for *_, many, cents in lines) for name, lines in bought.items()}
    files = {path.stem: path for path in (folder / "statements").rglob("*.pdf")}
    assert len(files) == len(bought), f"{len(files)} statements and not {len(bought)}"
    for customer, lines in bought.items():
        _, text = read(files[inputs.file_name(customer)])
        for wanted in (customer, f"Total EUR {totals[customer] / 100:,.2f}", *{what for _, what, *_ in lines}):
            assert wanted in text, f"the statement of {customer} does not say {wanted}"
    pages, text = read(folder / "overview" / "overview.pdf")
    for wanted in (f"{len(bought)} customers, EUR {sum(totals.values()) / 100:,.2f}", *bought):
        assert wanted in text, f"overview.pdf does not say {wanted}"
    assert pages == 1 + len(bought), f"overview.pdf has {pages} pages and not {1 + len(bought)}"
    whole = f"EUR {sum(totals.values()) / 100:,.2f}"
    return f"{len(files)} statements and an overview of {pages} pages say what was bought: {whole}"


def read(path: Path) -> tuple[int, str]:
    """How many pages a PDF has, and the text on them, which is in the clear as its fonts are those of every reader."""
    data = path.read_bytes()
    assert data.startswith(b"%PDF-"), f"{path.name} is no PDF"
    streams = b"\n".join(_unpacked(one) for one in STREAM.findall(data))
    shown = re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", streams)
    text = "\n".join(re.sub(rb"\\(.)", rb"\1", one).decode("latin-1") for one in shown)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", data)), text


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
