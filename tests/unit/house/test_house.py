"""The house's shape: the folders there are, and that Mind and Heart cannot reach each other."""

from __future__ import annotations

import ast
import inspect
import subprocess
import typing
from pathlib import Path

from organs import _1_agi, _2_asi
from organs.bundles import HeartBundle, MindBundle, SoulBundle

REPO = Path(__file__).resolve().parents[3]
PACKAGES = (
    "trinity", "bots", "scheduler", "mirror", "notifications", "holds", "organs", "knowledge", "router", "adapters",
    "vault", "store", "manifest",
)  # fmt: skip
OTHERS = {"tests", "bench", "docs", ".ci"}


def test_the_root_folders_are_the_house() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in listed.splitlines() if "/" in line}
    assert folders == set(PACKAGES) | OTHERS


def test_every_package_says_what_it_is_for() -> None:
    for package in PACKAGES:
        text = (REPO / package / "__init__.py").read_text(encoding="utf-8")
        docstring = ast.get_docstring(ast.parse(text))
        assert docstring, package
        assert len(docstring.splitlines()) == 3, package


def _imports(module: str) -> set[str]:
    tree = ast.parse((REPO / "organs" / f"{module}.py").read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def test_mind_and_heart_import_nothing_of_each_other() -> None:
    assert not {n for n in _imports("_1_agi") if "_2_asi" in n or n.endswith("HeartBundle")}
    assert not {n for n in _imports("_2_asi") if "_1_agi" in n or n.endswith("MindBundle")}


def test_no_function_of_one_receives_the_bundle_of_the_other() -> None:
    for module, foreign in ((_1_agi, (HeartBundle, SoulBundle)), (_2_asi, (MindBundle, SoulBundle))):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__:
                hints = typing.get_type_hints(function)
                assert not set(hints.values()) & set(foreign), name
