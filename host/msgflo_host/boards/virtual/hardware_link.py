"""The socket between a virtual board's program and its hardware: a line of text for each call, and one for its answer.

The other end is `virtual/machine.py`. It keeps no objects, only their numbers: 0 is the module `machine`, 1 is `network`.
A call is `NUMBER NAME LENGTH [ARGUMENTS],{KEYWORDS}`, then LENGTH bytes of the argument that is a buffer. Answers are JSON,
`@NUMBER` for an object, `#LENGTH` and as many bytes, `>LENGTH` and bytes for the buffer where the name of the function ends
in "into", or `!` and an exception to raise.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import errno
import inspect
import json
import re
import socket
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ...util.python_source import parse_expression

__all__ = ["Link", "Reference"]

_RAISED = (OSError, ValueError, TypeError, AttributeError, MemoryError, NotImplementedError)
_FIRST_OTHER = 256  # what can have interrupts gets a number that fits a byte
_BUFFER = object()


class Reference:
    """An object by its number, among arguments."""

    def __init__(self, number: int) -> None:
        self.number = number


class Link:
    """Answers the calls of one start of the program; `modules` are the objects 0 and 1.

    Objects whose class has `interrupts` can be given to `edge`, which has the program call its handler.
    """

    def __init__(self, modules: tuple[Any, Any]) -> None:
        self._here, there = socket.socketpair()
        self._edges, edges = socket.socketpair()
        self._there = (there, edges)
        self._objects: dict[int, Any] = dict(enumerate(modules))
        self._numbers: dict[Any, int] = {each: number for number, each in self._objects.items()}
        self._received = bytearray()
        self._waiting: asyncio.Task[None] | None = None
        for each in (self._here, self._edges):
            each.setblocking(False)

    @property
    def descriptors(self) -> tuple[int, int]:
        """The ends for the program: calls, and edges."""
        first, second = self._there
        return first.fileno(), second.fileno()

    def start(self) -> None:
        """Answer from now on; the program's ends were inherited by it."""
        asyncio.get_running_loop().add_reader(self._here, self._readable)
        for each in self._there:
            each.close()

    def close(self) -> None:
        """Answer no more."""
        asyncio.get_running_loop().remove_reader(self._here)
        if self._waiting is not None:
            self._waiting.cancel()
        for each in (self._here, self._edges, *self._there):
            each.close()

    def edge(self, thing: Any) -> None:
        """Have the program call the handler of an object; more than it can take are lost, as on a chip."""
        number = self._numbers.get(thing)
        if number is not None:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                self._edges.send(bytes((number,)))

    def _readable(self) -> None:
        try:
            received = self._here.recv(1 << 16)
        except BlockingIOError:
            return
        except ConnectionResetError:
            received = b""
        if not received:  # the program has ended
            asyncio.get_running_loop().remove_reader(self._here)
            return
        self._received += received
        self._work()

    def _work(self) -> None:
        """Do the next call, if it is there whole; there is never more than one."""
        head, newline, _ = self._received.partition(b"\n")
        if not newline:
            return
        number, name, length, arguments = head.decode(errors="replace").split(" ", 3)
        size = len(head) + 1 + int(length)
        if len(self._received) < size:
            return
        buffer = bytes(self._received[len(head) + 1 : size])
        del self._received[:size]
        try:
            result = self._do(int(number), name, arguments, buffer)
        except Exception as error:
            self._send(_raised(error))
            return
        if inspect.isawaitable(result):
            self._waiting = asyncio.ensure_future(self._later(result))
        else:
            self._send(self._answer(result))

    async def _later(self, result: Any) -> None:
        try:
            answer = self._answer(await result)
        except Exception as error:
            answer = _raised(error)
        self._send(answer)

    def _do(self, number: int, name: str, arguments: str, buffer: bytes) -> Any:
        thing = self._objects[number]
        if name == "()":
            found = thing
        elif name.startswith("_"):
            raise AttributeError(name)
        else:
            found = getattr(thing, name)
        plain, keywords = _parse(arguments)
        if number < 2 or name[0].isupper():
            return found
        resolved = [self._resolve(each, buffer) for each in plain]
        result = found(*resolved, **{key: self._resolve(each, buffer) for key, each in keywords.items()})
        into = getattr(found, "__name__", "").endswith("into")
        return _fill(result) if into else result

    def _resolve(self, value: Any, buffer: bytes) -> Any:
        if value is _BUFFER:
            return buffer
        return self._objects[value.number] if isinstance(value, Reference) else value

    def _answer(self, result: Any) -> bytes:
        if isinstance(result, _Filled):
            return b">%d\n" % len(result.data) + result.data
        if isinstance(result, bytes | bytearray):
            return b"#%d\n" % len(result) + bytes(result)
        if result is None or isinstance(result, bool | int | float | str | list | tuple | dict):
            return json.dumps(result).encode() + b"\n"
        number = self._numbers.get(result)
        if number is None:
            used = [each for each in self._objects if (each < _FIRST_OTHER) == hasattr(result, "interrupts")]
            number = max(used, default=_FIRST_OTHER - 1) + 1
            self._objects[number] = result
            self._numbers[result] = number
        return b"@%d\n" % number

    def _send(self, answer: bytes) -> None:
        with contextlib.suppress(OSError):
            self._here.setblocking(True)  # an answer is small, or waited for
            self._here.sendall(answer)
            self._here.setblocking(False)


class _Filled:
    """Content for the program's buffer."""

    def __init__(self, data: bytes) -> None:
        self.data = data


def _fill(result: Any) -> Any:
    if not inspect.isawaitable(result):
        return _Filled(result)

    async def later() -> _Filled:
        return _Filled(await result)

    return later()


def _raised(error: Exception) -> bytes:
    """Return the answer that makes the program raise this."""
    kind = next((each for each in _RAISED if isinstance(error, each)), RuntimeError)
    number = error.errno if isinstance(error, OSError) else None
    return f"!{kind.__name__}({(number or errno.EIO) if kind is OSError else ascii(str(error))})\n".encode()


@lru_cache(4096)
def _parse(text: str) -> tuple[list[Any], dict[str, Any]]:
    """Read what MicroPython's repr has made of arguments; what it has no literal for (`<function>`) becomes None."""
    try:
        tree = parse_expression(f"({text})")
    except SyntaxError:
        tree = parse_expression("(" + re.sub(r"<[^<>]*>", "None", text) + ")")
    plain, keywords = _value(tree.body)
    return plain, keywords


def _value(node: ast.expr) -> Any:
    builders: dict[type[ast.expr], Callable[[Any], Any]] = {
        ast.Constant: lambda node: node.value,
        ast.List: lambda node: [_value(each) for each in node.elts],
        ast.Tuple: lambda node: tuple(_value(each) for each in node.elts),
        ast.Dict: lambda node: {_value(key): _value(each) for key, each in zip(node.keys, node.values, strict=True)},
        ast.UnaryOp: lambda node: -_value(node.operand),
        ast.Call: lambda node: Reference(_value(node.args[0])),
        ast.Name: lambda node: _BUFFER if node.id == "Ellipsis" else float(node.id),  # inf, nan
    }
    return builders[type(node)](node)
