"""Flash that was prepared once is kept for all workers of a test run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.firmware.boards import keeping


@pytest.fixture(scope="session", autouse=True)
def _flash_is_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with keeping(tmp_path_factory):
        yield
