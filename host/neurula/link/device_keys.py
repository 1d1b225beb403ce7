"""The keys of the boards that a person has provisioned: one file a board, which nobody else can read."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurula.errors import InvalidInput, UsageError
from neurula.link.udp_auth import KEY_BYTES
from neurula.link.udp_link import PORT

FILE_BYTES_MAX = 4096
SCHEMA = 1
NAME_MAX = 48


@dataclass(frozen=True, slots=True, repr=False)
class DeviceKey:
    """name: of the board in the network. host: where it is found, NAME.local by default. key: KEY_BYTES, not shown."""

    name: str
    key: bytes
    host: str
    port: int = PORT

    def __repr__(self) -> str:
        return f"DeviceKey({self.name!r}, {self.host}:{self.port})"


def key_folder() -> Path:
    """NEURULA_KEYS, or `neurula/keys` where this system keeps a person's settings."""
    chosen = os.environ.get("NEURULA_KEYS")
    if chosen:
        return Path(chosen)
    from platformdirs import user_config_path

    return user_config_path("neurula") / "keys"


def key_path(name: str, folder: Path | None = None) -> Path:
    """UsageError L116 for a name that a board cannot have."""
    fitting = 0 < len(name) <= NAME_MAX and name.isascii() and name.replace("-", "").isalnum() and name[0] != "-" != name[-1]
    if not fitting:
        raise UsageError("L116", f"{name[:80]!r} is no name for a board: 1 to {NAME_MAX} letters, digits and hyphens")
    return (key_folder() if folder is None else folder) / f"{name}.json"


def make_key(name: str, host: str = "", port: int = PORT) -> DeviceKey:
    return DeviceKey(name, secrets.token_bytes(KEY_BYTES), host or f"{name}.local", port)


def require_free(name: str, folder: Path | None = None, *, replace: bool = False) -> Path:
    """Where the key of a board goes. UsageError L117 if there is one and it shall stay."""
    path = key_path(name, folder)
    if path.exists() and not replace:
        raise UsageError("L117", f"the board {name} has a key already", where=str(path))
    return path


def write_key(device: DeviceKey, folder: Path | None = None, *, replace: bool = False) -> Path:
    """The file, mode 0600, in a folder of mode 0700; whole or not at all. UsageError L117 if there is one and it shall stay."""
    path = require_free(device.name, folder, replace=replace)
    told = {"schema": SCHEMA, "name": device.name, "host": device.host, "port": device.port, "key": device.key.hex()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)  # mode 0600 from its first moment
        with open(descriptor, "w", encoding="ascii") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as problem:
        raise InvalidInput("L118", f"the key cannot be kept: {problem.strerror}", where=str(path)) from None
    return path


def read_key(name: str, folder: Path | None = None) -> DeviceKey:
    """UsageError L119 for a board that was not provisioned, InvalidInput L118 for a file that others can read or that is damaged."""
    path = key_path(name, folder)
    try:
        with open(path, "rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                raise InvalidInput("L118", "others can read the key", where=str(path), remedy=f"chmod 600 {path}")
            told = json.loads(file.read(FILE_BYTES_MAX + 1))
    except FileNotFoundError:
        raise UsageError("L119", f"there is no key for a board called {name}", where=str(path)) from None
    except OSError as problem:
        raise InvalidInput("L118", f"the key cannot be read: {problem.strerror}", where=str(path)) from None
    except (ValueError, RecursionError):
        raise InvalidInput("L118", "the file of the key is damaged", where=str(path)) from None
    return checked(told, path)


def checked(told: Any, path: Path) -> DeviceKey:
    """The key that a file describes. InvalidInput L118."""
    try:
        key = bytes.fromhex(told["key"])
        name, host, port = told["name"], told["host"], told["port"]
        fitting = len(key) == KEY_BYTES and isinstance(host, str) and 0 < len(host) < 256 and type(port) is int and 0 < port < 65536
        if fitting and name == path.stem and told["schema"] == SCHEMA:
            return DeviceKey(name, key, host, port)
    except (TypeError, KeyError, ValueError):
        pass
    raise InvalidInput("L118", "the file of the key is damaged", where=str(path))


def list_keys(folder: Path | None = None) -> tuple[str, ...]:
    """Names of the boards that have a key here."""
    return tuple(sorted(path.stem for path in (key_folder() if folder is None else folder).glob("[!.]*.json")))
