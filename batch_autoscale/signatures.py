"""The types that each operator takes, and the arguments of each function and method."""

from __future__ import annotations

from collections.abc import Sequence

from batch_autoscale.names import Type

D, V, S, T, TI, U = Type.DOUBLE, Type.VECTOR, Type.STRING, Type.TIMESTAMP, Type.INTERVAL, Type.UNKNOWN
ARITHMETIC = {
    **{(D, sign, D): D for sign in "+-*/"},
    **{(V, sign, D): V for sign in "+-*/"},
    **{(V, sign, V): V for sign in "+-*/"},
    (D, "*", TI): TI,
    (TI, "*", D): TI,
    (TI, "/", D): TI,
    (TI, "+", TI): TI,
    (TI, "-", TI): TI,
    (TI, "+", T): T,
    (T, "+", TI): T,
    (T, "-", T): TI,
}
COMPARED = (D, S, T, TI)
REMEDIES = {
    (T, "-", TI): "add the negative: timestamp + (-1 * interval)",
    (TI, "/", TI): "divide by a double instead",
    (D, "+", V): "put the vector first: vector + double",
    (D, "*", V): "put the vector first: vector * double",
}

FUNCTIONS = {
    "rand": ((), D),
    "stop": ((), Type.NOTHING),
    "percentile": ((V, D), D),
    "val": ((V, D), D),
    "time": ((S,), T),
}
"""Functions with fixed arguments; time() may also have none."""
FORMS = {
    "GetSample": "it takes (count), (start), (start, percent), (start, end) or (start, end, percent), "
    "start and end being a timeinterval such as 5 * TimeInterval_Minute or a timestamp",
    "GetSamplePercent": "it takes (start) or (start, end), each a timeinterval or a timestamp",
    "GetSamplePeriod": "it takes nothing",
    "Count": "it takes nothing",
    "HistoryBeginTime": "it takes nothing",
}


def fits(method: str, kinds: list[Type]) -> bool:
    shape = "".join("d" if kind is D else "t" if kind in (T, TI) else "x" for kind in kinds)
    shapes = {"GetSample": ("d", "t", "td", "tt", "ttd"), "GetSamplePercent": ("t", "tt")}
    return shape in shapes.get(method, ("",))


def listed(types: Sequence[Type]) -> str:
    return "(" + ", ".join(kind.value for kind in types) + ")"
