"""A part of the query language of Log Analytics (KQL): one table, and operators behind bars.

Operators  where, extend, project, project-away, summarize … by, distinct, order by, top, take, count
Values     texts, numbers, true and false, datetime(…), spans such as 5m, dynamic(…), members of dynamic values
Tests      == != < <= > >= =~ !~ in between has contains startswith endswith, `matches regex`, and, or, not()
Functions  those of `functions.py`, aggregates those of `aggregates.py`

All else is refused by name. A query is checked with the types of its columns before a row is read, as on Azure. Pure:
what time it is, and what is in the tables, is given. Source: learn.microsoft.com, Kusto Query Language.
"""
