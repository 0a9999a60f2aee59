"""What a node is sent of `onnode/`: the same program, as short as it gets, for a Python as old as 3.6. Pure."""

from __future__ import annotations

import ast
import base64
import zlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("onnode")
LOGS = ("writing", "keeping", "main")
ALL = ("writing", "keeping", "reading", "measuring", "main")


@cache
def packed(*, measures: bool) -> str:
    """The program as one word: base64 of its packed source. Its bytes differ between versions of zlib and Python.

    `measures`: with all that a node needs to be measured.
    """
    return base64.b64encode(zlib.compress(text(measures=measures).encode(), 9)).decode()


def text(*, measures: bool) -> str:
    """The source of the program, in one file."""
    modules = ALL if measures else LOGS
    return "\n".join(slim((FOLDER / f"{module}.py").read_text(encoding="utf-8")) for module in modules)


def slim(source: str) -> str:
    """The source of a program that does the same without annotations, docstrings and comments."""
    tree = _Slim().visit(ast.parse(source))
    return ast.unparse(ast.fix_missing_locations(tree))


class _Slim(ast.NodeTransformer):
    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._body(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._body(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in node.args.args + [arg for arg in (node.args.vararg,) if arg]:
            argument.annotation = None
        return self._body(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """Its own modules come before it; what only types need goes."""
        return None if (node.module or "").startswith(("typing", "reconciler")) else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        assert node.value is not None
        return ast.Assign([node.target], node.value)

    def _body(self, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> ast.AST:
        if ast.get_docstring(node) is not None:
            del node.body[0]
        return self.generic_visit(node)
