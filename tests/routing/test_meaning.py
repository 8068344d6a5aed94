"""The table that the processes of a machine share: what is laid down wrongly costs memory and nothing else."""

import resource
from pathlib import Path

import numpy as np
import pytest

from tracker.routing.meaning import LAID_DOWN, _shared

TABLE = np.arange(40_000, dtype=np.float32).reshape(-1, 4)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"no table", b"PK\x03\x04", b"\x80\x04N."])
def test_what_is_no_table_is_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LAID_DOWN).write_bytes(content)
    assert _shared(TABLE, tmp_path / LAID_DOWN) is TABLE


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        assert _shared(TABLE, tmp_path / LAID_DOWN) is TABLE
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
    assert (_shared(TABLE, tmp_path / LAID_DOWN) == TABLE).all()
    assert [path.name for path in tmp_path.iterdir()] == [LAID_DOWN]
