"""Files that the embedded Mosquitto writes into its folder: its log and its database."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from pathlib import Path

__all__ = ["Files"]

log = logging.getLogger("msgflo")

_LOG_LIMIT = 1_000_000


class Files:
    """The files of a Mosquitto in a folder: `log` and `state`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.log = folder / "mosquitto.log"
        self.state = folder / "mosquitto.db"
        self._saves = True  # as far as is known

    def log_size(self) -> int:
        """Return the size of the log in bytes."""
        return self.log.stat().st_size if self.log.exists() else 0

    def shorten_log(self) -> None:
        """Keep at most twice a megabyte: this file and the one before."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > _LOG_LIMIT:
                shutil.copyfile(self.log, self.log.with_name("mosquitto.log.old"))
                os.truncate(self.log, 0)  # it goes on writing to the same file

    def last_error(self, start: int) -> str:
        """Return the first error in the log after so many bytes; the others result from it."""
        errors = [line.partition("Error: ")[2] for line in self._log_since(start) if "Error: " in line]
        return errors[0].rstrip(".") if errors else ""

    def note_saved(self, saved: bool) -> None:
        """Log that it cannot save what it retains, or can again.

        Mosquitto reports that only in its own log, which a full disk does not take either.
        """
        if not saved and self._saves:
            log.error(
                "Mosquitto cannot save what it retains in %s, where %d KiB are free; it goes on without. Its log: %s",
                self._folder, _free(self._folder) // 1024, self.log,
            )  # fmt: skip
        elif saved and not self._saves:
            log.info("Mosquitto saves what it retains again")
        self._saves = saved

    def set_damaged_state_aside(self, log_start: int) -> bool:
        """Rename a database that Mosquitto cannot read; returns False where it can."""
        if not any("open database" in line for line in self._log_since(log_start)):
            return False
        damaged = self._folder / f"mosquitto.db.damaged-{time.strftime('%Y%m%dT%H%M%S')}"
        self.state.rename(damaged)
        log.error("Mosquitto cannot read what it has saved; it starts empty. The file is now %s", damaged)
        return True

    def _log_since(self, start: int) -> list[str]:
        with self.log.open("rb") as file:
            file.seek(start)
            return file.read(100_000).decode(errors="replace").splitlines()


def _free(folder: Path) -> int:
    """Return the bytes that are free where a folder is; 0 where it is gone."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
