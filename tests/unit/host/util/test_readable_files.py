"""No pipe holds up who reads the files of a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from msgflo_host.components.config_file import is_configured
from msgflo_host.components.foreign.foreign_file import load as load_foreign
from msgflo_host.components.library import load as load_library
from msgflo_host.errors import ForeignError, LibraryError
from msgflo_host.util.readable_files import open_readable


def test_a_file_is_opened_and_what_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text")
    with open_readable(tmp_path / "file") as file:
        assert file.read() == b"text"
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (("pipe", "it is no regular file"), (".", "Is a directory"), ("none", "No such file")):
        with pytest.raises(OSError, match=reason):
            open_readable(tmp_path / name)


def test_a_pipe_that_has_the_name_of_a_file_is_logged_to_be_none(tmp_path: Path) -> None:
    for name in ("msgflo.yaml", "package.json", "lamp.yml"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(LibraryError, match=r"msgflo\.yaml: cannot be read: it is no regular file"):
        load_library(tmp_path)
    (tmp_path / "msgflo.yaml").unlink()
    assert not is_configured(tmp_path)
    with pytest.raises(ForeignError, match=r"lamp\.yml: cannot be read: it is no regular file"):
        load_foreign(tmp_path / "lamp.yml")
