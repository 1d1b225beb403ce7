"""The two arrays of the synapses while they grow: what is kept stays at the front, the next ones are written right behind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Places = tuple[NDArray[np.int32], NDArray[np.int32]]  # views: source and target neurons of as many synapses


class SynapseArrays:
    """int32 source and target. They are as long as expected and grow when that was too little; pages that are never written
    take no memory."""

    def __init__(self, expected: int) -> None:
        self._source, self._target = np.empty(expected, np.int32), np.empty(expected, np.int32)
        self.kept = 0

    def places(self, count: int) -> Places:
        """Room for `count` synapses behind those that are kept. Valid until the next call."""
        stop = self.kept + count
        if stop > len(self._source):
            longer = max(stop, len(self._source) + len(self._source) // 4)
            self._source.resize(longer, refcheck=False)
            self._target.resize(longer, refcheck=False)
        return self._source[self.kept : stop], self._target[self.kept : stop]

    def keep(self, count: int) -> None:
        """The first `count` of the places that were asked for last are synapses."""
        self.kept += count

    def finished(self) -> Places:
        """All that is kept, read-only; nothing can be written afterwards."""
        source, target = self._source, self._target
        self._source = self._target = np.empty(0, np.int32)
        source.resize(self.kept, refcheck=False)
        target.resize(self.kept, refcheck=False)
        source.flags.writeable = target.flags.writeable = False
        return source, target
