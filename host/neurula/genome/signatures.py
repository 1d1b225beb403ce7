"""Signatures: 16 hexadecimal digits that say whether two genomes, or parts of them, are the same.

The hash is SHA-256 over JSON with sorted keys and no spaces, in UTF-8; whole numbers are written without a point. FEAGI's
own are not comparable: the older engine uses another hash, the newer one an order that changes from run to run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

HASH = "sha256"
_WHOLE_FLOAT = re.compile(r"\.0(?!\d)|e\+")  # also finds it inside text, which does no harm
DIGITS = 16
PARTS = {"blueprint": "blueprint", "morphologies": "neuron_morphologies", "physiology": "physiology"}


def signatures_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Part -> signature: the three sections, and `genome` over their signatures. A missing section counts as empty."""
    parts = {name: signature(document.get(section) or {}) for name, section in PARTS.items()}
    return {"genome": signature(parts)} | parts


def signature(part: Any) -> str:
    """Does not depend on the order of keys, nor on 1.0 or 1 being written."""
    text = _text(part)
    if _WHOLE_FLOAT.search(text):
        text = _text(_plain(part))
    return hashlib.new(HASH, text.encode("ascii")).hexdigest()[:DIGITS]


def _text(part: Any) -> str:
    return json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def sign(document: dict[str, Any]) -> None:
    """Writes the signatures into the document."""
    document["signatures"] = signatures_of(document)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
