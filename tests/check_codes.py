"""Which codes the rules about a course can give to their findings, read from the rules themselves."""

import ast
from collections.abc import Iterable
from itertools import product
from typing import TypeGuard


def codes_in(texts: Iterable[str]) -> set[str]:
    """The codes that rules give to their findings, as patterns: what a name may hold is looked up in its function."""
    found: set[str] = set()
    for function in (node for text in texts for node in ast.walk(ast.parse(text))):
        if isinstance(function, ast.FunctionDef):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            for call in calls:
                if isinstance(call.func, ast.Name) and call.func.id in ("ask", "doubt", "refuse"):
                    found |= _patterns(call.args[2], function)
    return found


def _patterns(code: ast.expr, function: ast.FunctionDef) -> set[str]:
    if isinstance(code, ast.Constant):
        return {str(code.value)}
    if isinstance(code, ast.JoinedStr):
        parts = [_patterns(part, function) for part in code.values]
        return {"".join(chosen) for chosen in product(*parts)}
    if isinstance(code, ast.FormattedValue):
        return _patterns(code.value, function)
    if isinstance(code, ast.IfExp):
        return _patterns(code.body, function) | _patterns(code.orelse, function)
    assigned = [node.value for node in ast.walk(function) if _assigns(node, code)]
    listed = [
        row.elts[0]
        for node in ast.walk(function)
        if isinstance(node, ast.For)
        and isinstance(node.target, ast.Tuple)
        and isinstance(node.iter, ast.Tuple)
        if ast.unparse(node.target.elts[0]) == ast.unparse(code)
        for row in node.iter.elts
        if isinstance(row, ast.Tuple)
    ]
    return {pattern for value in (*assigned, *listed) for pattern in _patterns(value, function)} or {
        "[a-z_]+"
    }


def _assigns(node: ast.AST, name: ast.expr) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == ast.unparse(name)
