"""Ways to compare, without the participant library: drivers know nothing of it."""


def equal(found, expected):
    """Compare; MicroPython's assert would not say what was found."""
    if found != expected:
        raise AssertionError("{:.300} is not {:.300}".format(repr(found), repr(expected)))


def near(found, expected, within):
    """Compare numbers."""
    if not abs(found - expected) <= within:
        raise AssertionError("{} is not {} ± {}".format(found, expected, within))


async def refused(kind, awaitable, *parts):
    """Check that an awaitable raises an exception of this kind, whose text has all these parts."""
    try:
        found = await awaitable
    except kind as e:
        for part in parts:
            if part not in str(e):
                raise AssertionError("{!r} is not in {!r}".format(part, str(e)))
        return
    raise AssertionError("not refused: {!r}".format(found))
