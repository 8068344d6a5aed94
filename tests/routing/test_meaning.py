"""What the encoder is made of, laid down in a folder: what is laid down wrongly costs time and nothing else."""

import os
import resource
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tracker.routing.laid_down import _EACH_WAY, _ONE, REST, TABLE, laid_down, lay_down


@pytest.fixture
def weights() -> Any:
    """Weights of the library's make, but small."""
    one = np.arange(6, dtype=np.float32)
    normalizer = SimpleNamespace(_units=tuple(range(2_000)), _normalized=b"oe\x00")
    pieces = SimpleNamespace(
        _prefixes={"a": 1, "an": 0, "ané": 2}, _scores=[-1.0, -2.5], _max_len=3, _normalizer=normalizer
    )
    return SimpleNamespace(
        table=np.arange(40_000, dtype=np.uint8).reshape(-1, 4), eps=1e-5, sp=pieces,
        **dict.fromkeys(_ONE, one), **{name: [one, one + 1, one + 2] for name in _EACH_WAY},
    )  # fmt: skip


@pytest.mark.parametrize("name", [TABLE, REST])
@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"no table", b"PK\x03\x04", b"\x80\x04N.", None])
def test_what_is_not_whole_is_not_used(weights: Any, tmp_path: Path, name: str, content: bytes | None) -> None:
    assert lay_down(weights, tmp_path)
    assert laid_down(tmp_path) is not None
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-900] if content is None else content)
    assert laid_down(tmp_path) is None


def test_a_table_of_another_version_is_not_used(weights: Any, tmp_path: Path) -> None:
    assert lay_down(weights, tmp_path)
    np.save(tmp_path / TABLE, weights.table + 1)
    assert laid_down(tmp_path) is None


def test_a_full_disk_leaves_nothing_behind(weights: Any, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, before[1]))
    try:
        assert not lay_down(weights, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
    assert lay_down(weights, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [TABLE, REST]


def test_one_process_writes_and_one_that_was_stopped_keeps_nobody_from_it(weights: Any, tmp_path: Path) -> None:
    unfinished = tmp_path / f"{TABLE}.part"
    unfinished.write_bytes(b"half")
    assert not lay_down(weights, tmp_path)
    os.utime(unfinished, (time.time() - 3600,) * 2)
    assert lay_down(weights, tmp_path)
