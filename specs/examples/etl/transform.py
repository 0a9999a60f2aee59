"""Cleans the orders of a month: `transform.py ORDERS PARQUET` keeps each paid order that has a price, once."""

import sys

import duckdb

source, target = sys.argv[1:]
orders = duckdb.sql(
    """
    SELECT DISTINCT "order", day::DATE AS day, upper(trim(country)) AS country, product,
        quantity::INTEGER AS quantity, price::DECIMAL(12, 2) AS price,
        quantity::INTEGER * price::DECIMAL(12, 2) AS total
    FROM read_csv($source, all_varchar = true, hive_partitioning = false)
    WHERE status = 'paid' AND coalesce(price, '') <> ''
    ORDER BY "order"
    """,
    params={"source": source},
)
orders.write_parquet(target)
print(f"{len(orders):,} orders")
