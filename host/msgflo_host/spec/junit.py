"""Results as a JUnit file, which CI systems and editors show."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from ..errors import SpecError
from .suite_runner import Result

__all__ = ["write"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, §2.2


def write(path: str | os.PathLike[str], results: Sequence[Result]) -> None:
    """Write the results of a run to a JUnit XML file; SpecError if that cannot be written."""
    root = ElementTree.Element("testsuites")
    groups: dict[int, list[Result]] = {}
    for result in results:
        groups.setdefault(id(result.suite), []).append(result)
    for group in groups.values():
        _suite(root, group)
    ElementTree.indent(root)
    try:
        Path(path).write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    except OSError as wrong:
        raise SpecError(f"cannot be written: {wrong.strerror}", file=os.fspath(path)) from None


def _suite(root: ElementTree.Element, results: Sequence[Result]) -> None:
    suite = results[0].suite
    element = ElementTree.SubElement(
        root,
        "testsuite",
        name=_clean(suite.name),
        file=_clean(suite.file),
        tests=str(len(results)),
        failures=str(sum(result.status == "failed" for result in results)),
        errors="0",
        skipped=str(sum(result.status == "skipped" for result in results)),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        _case(element, result)


def _case(parent: ElementTree.Element, result: Result) -> None:
    case = result.case
    element = ElementTree.SubElement(
        parent,
        "testcase",
        classname=_clean(result.suite.name),
        name=_clean(f"{case.name}: {case.assertion}"),
        file=_clean(result.suite.file),
        line=str(case.line),
        time=f"{result.seconds:.3f}",
    )
    if result.status != "passed":
        kind = "failure" if result.status == "failed" else "skipped"
        ElementTree.SubElement(element, kind, message=_clean(result.text)).text = _clean(result.text)
    if result.output:
        ElementTree.SubElement(element, "system-out").text = _clean("\n".join(result.output))


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", text)
