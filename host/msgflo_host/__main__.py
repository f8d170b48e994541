"""``python -m msgflo_host``: the command ``msgflo``."""

from .cli import main

main()
