"""How failures are looked at; apart from `host`, as not every test has any and MicroPython's heap is small."""


async def raised(kind, awaitable):
    """Await something that must fail; returns the exception."""
    try:
        await awaitable
    except kind as e:
        return e
    raise AssertionError("nothing was raised")


def contains(text, *parts):
    """Check that a text holds at least one of the parts."""
    if not any(part in text for part in parts):
        raise AssertionError("{!r} does not hold {!r}".format(text, parts))
