"""Splits a CSV of orders by month: `partition.py ORDERS` writes month=2026-01/data_0.csv and so on."""

import sys

import duckdb

duckdb.execute("SET threads = 1")  # a file for each month
duckdb.execute(
    """
    COPY (SELECT *, strftime(day::DATE, '%Y-%m') AS month FROM read_csv($orders, all_varchar = true) ORDER BY "order")
    TO '.' (FORMAT csv, PARTITION_BY month, OVERWRITE_OR_IGNORE true)
    """,
    {"orders": sys.argv[1]},
)
