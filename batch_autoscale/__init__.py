"""Azure Batch's autoscale formulas, read, checked, evaluated and tried out offline.

Batch sizes a pool by a formula over samples of its own metrics, and only the service can evaluate one, on a pool that
already has autoscale. Here the language is a library, pure and without Azure:

- `parse` and `show`: text to a tree and back; `typecheck`: every syntax and type error with line and column;
- `evaluate`: formula + samples + now -> targets, deallocation option and variables, and Azure's `results` string;
- `lint`: what is valid but will cause trouble; `scenarios.formula`: formulas made from a few parameters;
- `simulate`, `fixed` and `compare`: a formula, or a fixed pool, against a `Trace` of tasks (`constant`, `burst`,
  `diurnal`, `read_csv`): nodes, queue times, node-hours and money; `check`: which expectations it did not meet;
- `size`: the fewest nodes with which tasks end by a deadline, beside the least node-hours that are possible.

A wrong formula raises FormulaError, which holds all problems with their places; a formula that has no value now raises
EvaluationError with Azure's code and words. A wrong parameter raises ValueError. Times have a zone; durations are ISO
8601 (PT5M) or seconds; prices are for a node hour, and costs are in the same currency.

Source of the language: learn.microsoft.com/azure/batch/batch-automatic-scaling. What the page leaves open is in
docs/decisions/0006-autoscale.md.
"""

from __future__ import annotations

from batch_autoscale import scenarios
from batch_autoscale.checker import typecheck
from batch_autoscale.errors import EvaluationError, FormulaError, Place, Problem
from batch_autoscale.evaluator import Evaluation, Pool, evaluate
from batch_autoscale.expectations import Miss, check, missed
from batch_autoscale.linter import Finding, lint
from batch_autoscale.parser import parse
from batch_autoscale.report import Result
from batch_autoscale.samples import Series, every
from batch_autoscale.simulator import Setting, TooLong, compare, fixed, simulate
from batch_autoscale.sizing import Sized, optimum, size
from batch_autoscale.syntax import Formula, show
from batch_autoscale.traces import Task, Trace, burst, constant, diurnal, read_csv, write_csv

__all__ = [
    "Evaluation",
    "EvaluationError",
    "Finding",
    "Formula",
    "FormulaError",
    "Miss",
    "Place",
    "Pool",
    "Problem",
    "Result",
    "Series",
    "Setting",
    "Sized",
    "Task",
    "TooLong",
    "Trace",
    "burst",
    "check",
    "compare",
    "constant",
    "diurnal",
    "evaluate",
    "every",
    "fixed",
    "lint",
    "missed",
    "optimum",
    "parse",
    "read_csv",
    "scenarios",
    "show",
    "simulate",
    "size",
    "typecheck",
    "write_csv",
]
