"""Adds up the clean orders of all months: writes totals.csv, by month and country, and totals.svg, a chart of it."""

from pathlib import Path

import duckdb

COLOURS = ("#4477aa", "#228833", "#aa3377", "#cc6633", "#008b8b")
WIDE, HIGH, LEFT, TOP = 50, 240, 10, 50


def main() -> None:
    totals = duckdb.sql(
        """
        SELECT strftime(day, '%Y-%m') AS month, country, count(*) AS orders, sum(total) AS total
        FROM read_parquet('**/*.parquet', hive_partitioning = false) GROUP BY ALL ORDER BY ALL
        """
    )
    totals.write_csv("totals.csv")
    Path("totals.svg").write_text(chart(totals.fetchall()))


def chart(rows: list[tuple]) -> str:
    """A bar for each month, with a part for each country."""
    months = sorted({month for month, *_ in rows})
    countries = sorted({country for _, country, *_ in rows})
    sums = {month: sum(total for of, _, _, total in rows if of == month) for month in months}
    scale, parts, height = HIGH / float(max(sums.values())), [], dict.fromkeys(months, 0.0)
    for month, country, _, total in rows:
        size, colour = float(total) * scale, COLOURS[countries.index(country) % len(COLOURS)]
        height[month] += size
        x, y = LEFT + months.index(month) * WIDE, TOP + HIGH - height[month]
        parts.append(f'<rect x="{x}" y="{y:.1f}" width="{WIDE - 8}" height="{size:.1f}" fill="{colour}"/>')
    for number, month in enumerate(months):
        x = LEFT + number * WIDE + WIDE / 2 - 4
        parts.append(f'<text x="{x}" y="{TOP + HIGH + 16}" text-anchor="middle">{month[5:]}</text>')
        y, amount = TOP - 4 + HIGH - height[month], f"{sums[month] / 1_000_000:.2f} M"
        parts.append(f'<text x="{x}" y="{y:.1f}" text-anchor="middle">{amount}</text>')
    for number, country in enumerate(countries):
        x, colour = LEFT + number * 60, COLOURS[number % len(COLOURS)]
        parts.append(f'<rect x="{x}" y="{TOP + HIGH + 28}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17}" y="{TOP + HIGH + 39}">{country}</text>')
    size = f'width="{LEFT + WIDE * len(months) + 10}" height="{TOP + HIGH + 50}"'
    style = '<rect width="100%" height="100%" fill="white"/><g font-family="sans-serif" font-size="12">'
    head = f'<text x="{LEFT}" y="18">Sales by month and country, EUR</text>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{head}{"".join(parts)}</g></svg>\n'


main()
