"""Where the product's source uses regular expressions, read from the syntax trees so that none is missed."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("agents", "billing", "channels", "config", "tenants", "usage")
"""The sandbox is left out: it runs on this machine and only its operator can reach it."""
OF_RE = {"compile", "match", "search", "fullmatch", "sub", "subn", "findall", "finditer", "split"}
OF_DJANGO = {"RegexValidator", "RegexField", "re_path"}
LOOK_UPS = ("__regex", "__iregex")


@dataclass(frozen=True)
class Site:
    """One use. name: module and the constant or function that contains it; line: for error messages."""

    name: str
    line: int


def sites() -> list[Site]:
    """Every place that creates or uses a regular expression."""
    paths = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return [site for path in paths if "migrations" not in path.parts for site in _sites_of(path)]


def _sites_of(path: Path) -> Iterator[Site]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    seen: Counter[str] = Counter()
    for place, node in _walk(ast.parse(path.read_text()), ""):
        if _is_pattern(node):
            name = f"{module}.{place}"
            seen[name] += 1
            yield Site(name if seen[name] == 1 else f"{name}#{seen[name]}", getattr(node, "lineno", 0))


def _walk(node: ast.AST, place: str) -> Iterator[tuple[str, ast.AST]]:
    """Each node with the name of the class, function or constant that contains it."""
    for child in ast.iter_child_nodes(node):
        name = _name(child)
        inner = f"{place}.{name}".strip(".") if name and (_is_scope(child) or not place or _is_scope(node)) else place
        yield inner, child
        yield from _walk(child, inner)


def _is_scope(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    name = targets[0].id if targets and isinstance(targets[0], ast.Name) else ""
    return name if name[:1].isupper() else ""


def _is_pattern(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "re"
    if not isinstance(node, ast.Call):
        return False
    if any(each.arg and (each.arg == "pattern" or each.arg.endswith(LOOK_UPS)) for each in node.keywords):
        return True
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re":
        return function.attr in OF_RE
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return called in OF_DJANGO
