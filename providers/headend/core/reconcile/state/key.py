"""The key of a state's digests, which lies apart from them: in the environment, in the keyring of the operating system,
or in a file of its own that only its owner can read and that no repository takes.

State knows a key by its id alone. So a wrong key, or a lost one, is an error and never a difference.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import importlib
import os
import secrets
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headend.core.model.errors import StateError
from headend.core.model.frozen import frozen_dataclass
from headend.core.reconcile.state.places import Place, StoreUrl

VARIABLE = "HEADEND_STATE_KEY"
OLD = "HEADEND_STATE_OLD_KEY"  # the one before the key was changed, for as long as something is sealed with it
SERVICE = "headend"  # what the keyring lists its entries under
_LENGTH = 32
_PATIENCE = 15.0  # s; a keyring may ask a person who isn't there
_GIT_VARIABLES = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}  # set in hooks; they would name another repository


@frozen_dataclass
class Keys:
    """Where the keys of the state file `state` are."""

    state: Path

    @property
    def file(self) -> Path:
        return Path(f"{self.state}.key")

    def of(self, id: str) -> bytes:
        """The key of this id. Raises StateError where it can't be found, or another one is given."""
        found, given = self.find(id), environment_key()
        if found is not None and (given is None or given == found):
            return found
        if given is not None:
            why = f"{VARIABLE} is the key {key_id(given)}"
            why += ". Unset it: headend finds the right one" if found else ". Set the right one"
        else:
            there = f"{self.file} holds another one" if self._in_file() else f"there is no {self.file}"
            why = f"{VARIABLE} is not set, {there}, and no keyring has it. Bring it back"
        way = "" if found else "; if it is lost, `headend state rekey STACK` goes on without it"
        raise StateError(f"what {self.state} keeps of secrets can be compared only with the key {id}: {why}{way}")

    def find(self, id: str) -> bytes | None:
        """The key of this id; None where no place has it."""
        given = environment_key()
        for key in ([] if given is None else [given]) + self._in_file():
            if key_id(key) == id:
                return key
        return _from_keyring(id)

    def make(self, but: str | None = None) -> bytes:
        """The key for a state that has none yet: the given one, one that is there already, or a new one, which outlives
        a power cut once this returns. but: the id of one that won't do."""
        if (given := environment_key()) is not None:
            if key_id(given) == but:
                raise StateError(f"{VARIABLE} is the key that {self.state} has already; set a new one, or unset it")
            return given
        there = self._in_file()
        if there and key_id(there[-1]) != but:
            return there[-1]
        key = secrets.token_bytes(_LENGTH)
        if not there and _into_keyring(key):
            return key
        self._write([*there, key])
        return key

    def _in_file(self) -> list[bytes]:
        """The keys in the file, the newest last."""
        try:
            with self.file.open() as lines:
                _raise_if_shared(self.file, os.fstat(lines.fileno()).st_mode)
                return [parse_key(line, str(self.file)) for line in lines.read().split()]
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise StateError(f"{self.file} can't be read: {error}") from None

    def _write(self, keys: list[bytes]) -> None:
        folder, part = self.file.parent, Path(f"{self.file}.part")
        try:
            if folder.name == ".headend" and not (folder / ".gitignore").exists():
                (folder / ".gitignore").write_text("*.key\n*.key.part\n")
            _raise_if_shared(self.file)
            part.unlink(missing_ok=True)  # of a run that was killed here
            with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write("".join(f"{key.hex()}\n" for key in keys))
                out.flush()
                os.fsync(out.fileno())
            part.replace(self.file)
            place = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(place)
            finally:
                os.close(place)
        except OSError as error:
            raise StateError(f"the key of {self.state} can't be kept in {self.file}: {error}") from None


@frozen_dataclass
class TeamKeys:
    """The key of a state that a team shares: each machine is given the same one. place: of the state."""

    place: StoreUrl

    def of(self, id: str) -> bytes:
        """The key of this id. Raises StateError where that isn't the one that is given."""
        found = self.find(id)
        if found is not None:
            return found
        given = environment_key()
        said = f"{VARIABLE} is the key {key_id(given)}" if given else f"{VARIABLE} is not set"
        way = "if it is lost, `headend state rekey STACK` goes on without it"
        raise StateError(f"what {self.place} keeps of secrets can be compared only with the key {id}: {said}; {way}")

    def find(self, id: str) -> bytes | None:
        given, old = environment_key(), os.environ.get(OLD)
        known = [given, parse_key(old.strip(), OLD) if old else None]
        return next((key for key in known if key is not None and key_id(key) == id), None)

    def make(self, but: str | None = None) -> bytes:
        """The given one. but: the id of one that won't do."""
        given = environment_key()
        if given is None:
            made = "`openssl rand -hex 32` makes one"
            raise StateError(f"{self.place} is shared, and so is its key: set {VARIABLE}; {made}")
        if key_id(given) == but:
            raise StateError(f"{VARIABLE} is the key that {self.place} has already; set a new one, and {OLD} to this")
        return given


def keys_of(place: Place) -> Keys | TeamKeys:
    """Where the keys of that state are."""
    return TeamKeys(place) if isinstance(place, StoreUrl) else Keys(place)


def key_id(key: bytes) -> str:
    """What a key is called where anyone may read it."""
    return hmac.new(key, b"headend.state-key/1", hashlib.sha256).hexdigest()[:16]


def environment_key() -> bytes | None:
    """The key that HEADEND_STATE_KEY gives, None without one. Raises StateError for what is no key."""
    text = os.environ.get(VARIABLE)
    return None if text is None else parse_key(text.strip(), VARIABLE)


def parse_key(text: str, where: str) -> bytes:
    """32 bytes, written as 64 hex digits or in base64."""
    with contextlib.suppress(ValueError):
        return _whole(bytes.fromhex(text))
    with contextlib.suppress(ValueError, binascii.Error):
        plain = text.replace("-", "+").replace("_", "/").rstrip("=")
        return _whole(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    raise StateError(
        f"{where} holds no key: 64 hex digits, or base64 of 32 bytes, are needed; `openssl rand -hex 32` makes one"
    )


def _whole(key: bytes) -> bytes:
    if len(key) != _LENGTH:
        raise ValueError
    return key


# --- a file of its own --------------------------------------------------------------------------------------
def _raise_if_shared(file: Path, mode: int = 0o600) -> None:
    """Raises StateError for a key file that others may read, or that a repository has or would take."""
    instead = f"or set {VARIABLE} to the key, and delete the file"
    if mode & 0o077:
        raise StateError(f"{file} holds the key of the state, and others may read it: `chmod 600 {file}`, {instead}")
    if _git_takes(file):
        raise StateError(
            f"{file} holds the key of the state, and the git repository has it or would take it: name it in .gitignore"
            f" (and `git rm --cached` it, if it was added), {instead}"
        )


def _git_takes(file: Path) -> bool:
    """Whether the file is tracked, or `git add` would take it. Where there is no git, nothing is taken."""
    file = file.resolve()
    if not any((folder / ".git").exists() for folder in file.parents):
        return False
    env = {name: value for name, value in os.environ.items() if name not in _GIT_VARIABLES} | {"LC_ALL": "C"}
    command = ["git", "-C", str(file.parent), "check-ignore", "--quiet", "--", file.name]
    try:
        asked = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return False
    if asked.returncode in (0, 1):  # ignored and not tracked, or not so
        return asked.returncode == 1
    if "not a git repository" in asked.stderr:
        return False
    raise StateError(f"git can't say whether it would take {file}, the key of the state: {asked.stderr.strip()}")


# --- the keyring of the operating system --------------------------------------------------------------------
def _from_keyring(id: str) -> bytes | None:
    text = _ask_keyring(lambda keyring: keyring.get_password(SERVICE, id))
    return parse_key(text, f"the keyring's entry {SERVICE} {id}") if text else None


def _into_keyring(key: bytes) -> bool:
    """Whether the keyring keeps it from now on: some only seem to."""

    def keep(keyring: Any) -> bool:
        keyring.set_password(SERVICE, key_id(key), key.hex())
        return bool(keyring.get_password(SERVICE, key_id(key)) == key.hex())

    return bool(_ask_keyring(keep))


def _ask_keyring(ask: Callable[[Any], Any]) -> Any:
    """What the keyring answers. None where the extra `keyring` isn't installed, no system keyring works, or none
    answers in time."""
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None
    answers: list[Any] = []

    def run() -> None:
        with contextlib.suppress(Exception):  # each backend has its own
            if keyring.get_keyring().priority >= 1:  # below are files, and those that keep nothing
                answers.append(ask(keyring))

    asking = threading.Thread(target=run, daemon=True)  # one that hangs ends with the process
    asking.start()
    asking.join(_PATIENCE)
    return answers[0] if answers else None
