"""One PDF of all statements below this folder: a page with a chart of the totals, and then all of them by name."""

import io
from decimal import Decimal
from pathlib import Path

from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

statements = sorted((PdfReader(path) for path in Path().rglob("*.pdf")), key=lambda one: one.metadata.title)
totals = {one.metadata.title: Decimal(one.metadata.subject) for one in statements}

page = FPDF()
page.add_page()
page.set_font("Helvetica", "B", 18)
page.cell(0, 12, f"{len(totals)} customers, EUR {sum(totals.values()):,.2f}", new_x="LMARGIN", new_y="NEXT")
page.set_font("Helvetica", size=9)
page.set_fill_color(68, 119, 170)
for customer, total in totals.items():
    y, wide = page.get_y(), 105 * float(total / max(totals.values()))
    page.cell(42, 5.8, customer)
    page.rect(54, y + 0.9, wide, 4, style="F")
    page.text(56 + wide, y + 4.2, f"{total:,.2f}")
    page.ln()

writer = PdfWriter()
for part in (PdfReader(io.BytesIO(page.output())), *statements):
    writer.append(part)
writer.write("overview.pdf")
