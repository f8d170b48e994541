"""Names of components that should lead nowhere but into the component folder."""

from __future__ import annotations

MAIN = "default/main"
NAMES = [
    "..", ".", "../Evil", "home/../Evil", "home/../../Evil", "/Evil", "//Evil", "/dev/null", "/etc/passwd", "home//Evil",
    "home/.Hidden", ".Hidden", "home/.git/hooks/post-commit", "home/away/Evil", "away/Evil", "home/Link", "home/Gone",
    "home/deep/Evil", "home\\..\\Evil", "..\\Evil", "C:\\Evil", "\\\\host\\share", "%2e%2e/Evil", "home/..%2fEvil",
    "home/Evil\x00", "home/Evil\x00.py", "home/Evil\n", " ", "", "home/", "/", "~/Evil", "home/~root", "$HOME/Evil",
    "home/Evil.py", "home/Evil;touch evil", "home/`touch evil`", "home/-c", "-c", "home/" + "x" * 300, "x" * 100_000,
    "home/é", "home/\u202eliv\u2024py", "home/" + "../" * 5_000 + "etc/passwd", "core/Repeat", MAIN, "home/msgflo", "home/os",
]  # fmt: skip
