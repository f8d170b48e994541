"""One module per command of ``msgflo``; each has a `command`."""
