"""An async integration test runs in the event loop of the coordinator, or in that of the supervisor and of commands."""

from __future__ import annotations

import asyncio
import functools
import inspect

import pytest

from event_loop import run_within

PATIENCE_S = 60  # a guard against hanging, on a slow machine


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    test = functools.partial(pyfuncitem.obj, **arguments)
    if pyfuncitem.get_closest_marker("asyncio_loop"):
        asyncio.run(asyncio.wait_for(test(), PATIENCE_S))
    else:
        run_within(PATIENCE_S, test)
    return True
