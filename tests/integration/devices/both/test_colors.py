"""What is a colour, and what is none."""

from check import equal
from devices.colors import rgb
from devices.errors import DeviceError


def test_colours():
    for value, expected in (
        ("#0a1Bfe", (10, 27, 254)),
        ("#FFFFFF", (255, 255, 255)),
        ("#18f", (17, 136, 255)),
        ([1, 2, 3], (1, 2, 3)),
        ("red", (255, 0, 0)),
        ("Green", (0, 128, 0)),
        ("grey", (128, 128, 128)),
        ("black", (0, 0, 0)),
        ("Warm White", (255, 167, 87)),
        ("warmwhite", (255, 167, 87)),
    ):
        equal(tuple(rgb(value)), expected)


def test_what_is_no_colour_is_refused_with_what_is():
    for value in (
        "", "#", "#12", "#1234", "#12345", "#12345g", "#+12345", "#1_2", "#12345678", "# 123",
        "#12 34 ", "# 12 34", "#12345\n", " ", "red ", "red silver", "123456", "0x123456",
        "blu", "red=", "=", "red=ff0000", "ff0000", "re", "r e d", " red", "white maroon",
        "a" * 1000, "rot\n", "#\u0661\u0661\u0661",
        None, True, 5, 0.5, [], {}, [1, 2], [1, 2, 3, 4], [256, 0, 0], [-1, 0, 0], [1.5, 0, 0], [True, 0, 0],
        ["1", 0, 0], [None, 0, 0], [[1], 0, 0], {"r": 1}, {"r": 1, "g": 2, "b": 3}, [float("nan"), 0, 0], b"\xff",
    ):  # fmt: skip
        try:
            found = rgb(value)
        except DeviceError as e:
            text = str(e)
            assert text.startswith("color {:.60}: allowed: ".format(repr(value))), text
            assert '"#rrggbb", "#rgb", [red, green, blue] from 0 to 255, black, silver, gray' in text, text
            assert text.endswith(", warmwhite"), text
            assert len(text) < 400, text
        else:
            raise AssertionError("{!r} is {!r}".format(value, found))
