"""A customer's statement: `statement.py CUSTOMER.csv` writes statement.pdf, which knows its customer and its total."""

import csv
import sys
from decimal import Decimal
from pathlib import Path

from fpdf import FPDF

with Path(sys.argv[1]).open(newline="") as file:
    rows = list(csv.DictReader(file))
customer = rows[0]["customer"]
total = sum((int(row["quantity"]) * Decimal(row["price"]) for row in rows), Decimal())

page = FPDF()
page.set_title(customer)
page.set_subject(f"{total:.2f}")
page.add_page()
page.set_font("Helvetica", "B", 18)
page.cell(0, 12, customer, new_x="LMARGIN", new_y="NEXT")
page.set_font("Helvetica", size=11)
page.cell(0, 10, "Statement of November 2026", new_x="LMARGIN", new_y="NEXT")
page.ln(4)
with page.table(col_widths=(28, 82, 24, 28, 28), text_align=("LEFT", "LEFT", "RIGHT", "RIGHT", "RIGHT")) as table:
    table.row(("Day", "What", "Quantity", "Price", "Amount"))
    for row in rows:
        amount = int(row["quantity"]) * Decimal(row["price"])
        table.row((row["day"], row["what"], row["quantity"], row["price"], f"{amount:,.2f}"))
page.ln(4)
page.set_font("Helvetica", "B", 12)
page.cell(0, 10, f"Total EUR {total:,.2f}", align="R")
page.output("statement.pdf")
