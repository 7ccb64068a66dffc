"""The key of a state's digests lies apart from them: where it may be, and what is told where it isn't."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headend.core.model.errors import StateError
from headend.core.model.record import NO_DIGEST, Digest, Record
from headend.core.reconcile.state import open_state, peek
from headend.core.reconcile.state.key import key_id

NUMBER = "+49 151 2345678"
KEY = bytes(range(32))
IN_BASE64 = base64.b64encode(KEY).decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.db"


def key_file(path: Path) -> Path:
    return Path(f"{path}.key")


def note(path: Path) -> Digest:
    """Records an object with a secret; returns the digest."""
    with open_state(path) as state:
        digest = state.digest(NUMBER)
        state.put(Record("a", "some.kind", "1", {"number": digest, "name": "x"}))
    return digest


def same(path: Path) -> bool:
    """Whether the state still knows the secret."""
    with open_state(path) as state:
        return bool(state.records()["a"].values["number"] == state.digest(NUMBER))


# --- the environment ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        KEY.hex(),
        KEY.hex().upper() + "\n",
        IN_BASE64,
        base64.urlsafe_b64encode(bytes([255]) * 32).decode().rstrip("="),
    ],
)
def test_a_given_key_is_used_and_kept_nowhere(path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HEADEND_STATE_KEY", text)
    note(path)
    assert same(path)
    assert not key_file(path).exists()
    for file in path.parent.iterdir():
        assert not any(form in file.read_bytes() for form in (KEY, KEY.hex().encode(), text.strip().encode()))


@pytest.mark.parametrize(
    "text", ["", "secret", KEY.hex()[:-2], KEY.hex() + "00", "ü" * 64, base64.b64encode(KEY[1:]), f"!!!!{IN_BASE64}"]
)
def test_what_is_no_key_is_refused_without_being_shown(
    path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes
) -> None:
    monkeypatch.setenv("HEADEND_STATE_KEY", text if isinstance(text, str) else text.decode())
    with pytest.raises(StateError, match="HEADEND_STATE_KEY holds no key: 64 hex digits, or") as caught:
        note(path)
    assert not text or str(text) not in str(caught.value)


def test_another_key_than_the_states_is_an_error_and_no_difference(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note(path)
    monkeypatch.setenv("HEADEND_STATE_KEY", KEY.hex())
    with pytest.raises(StateError, match=f"is the key {key_id(KEY)}. Unset it: headend finds the right one"):
        same(path)
    key_file(path).unlink()
    with pytest.raises(StateError, match="Set the right one; if it is lost, `headend state rekey STACK`"):
        same(path)


# --- a file of its own --------------------------------------------------------------------------------------
def test_a_key_is_made_beside_the_state_for_its_owner_alone(path: Path) -> None:
    Path(f"{key_file(path)}.part").write_text("left by a run that was killed")
    before = os.umask(0)
    try:
        note(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(key_file(path).stat().st_mode) == 0o600
    assert bytes.fromhex(key_file(path).read_text().strip())
    assert key_file(path).read_text().strip().encode() not in path.read_bytes()
    assert not Path(f"{key_file(path)}.part").exists()
    assert same(path)


def test_a_lost_key_is_told_and_what_needs_none_goes_on(path: Path) -> None:
    note(path)
    key_file(path).unlink()
    with pytest.raises(
        StateError, match=r"only with the key [0-9a-f]{16}: .* there is no .*day\.db\.key.* rekey STACK"
    ):
        same(path)
    assert not key_file(path).exists()
    seen = peek(path, "day")
    assert seen is not None
    assert seen["a"].id == "1"
    with open_state(path) as state:
        state.begin("b", "some.kind", "create")
        state.settle("b")
        state.drop("a")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_can_read_or_change_is_refused(path: Path, mode: int) -> None:
    note(path)
    key_file(path).chmod(mode)
    with pytest.raises(StateError, match=r"others may read it: `chmod 600 .*day\.db\.key`"):
        same(path)


def test_a_damaged_key_file_is_told(path: Path) -> None:
    note(path)
    key_file(path).write_text("0123\n")
    with pytest.raises(StateError, match=r"day\.db\.key holds no key"):
        same(path)
    key_file(path).write_bytes(b"\xff\xfe")
    with pytest.raises(StateError, match=r"day\.db\.key can't be read"):
        same(path)


# --- not in the repository ----------------------------------------------------------------------------------
def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(tmp_path, "init", "-q")
    return tmp_path


def test_a_key_that_a_repository_would_take_is_not_made_there(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repository / "state" / "day.db"
    with pytest.raises(StateError, match=r"git repository has it or would take it: name it in \.gitignore"):
        note(path)
    assert not key_file(path).exists()
    (repository / ".gitignore").write_text("*.key\n")
    note(path)
    assert same(path)
    monkeypatch.setenv("GIT_DIR", str(repository / "nowhere"))  # as in a hook of another repository
    assert same(path)


def test_a_key_that_a_repository_has_is_refused_although_it_is_ignored(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.key\n")
    path = repository / "day.db"
    note(path)
    git(repository, "add", "--force", "day.db.key")
    with pytest.raises(StateError, match="`git rm --cached` it"):
        same(path)
    git(repository, "rm", "-q", "--cached", "day.db.key")
    assert same(path)
    (repository / ".gitignore").unlink()
    with pytest.raises(StateError, match="would take it"):
        same(path)


def test_headends_own_folder_is_kept_out_of_the_repository(repository: Path) -> None:
    path = repository / ".headend" / "day.db"
    note(path)
    git(repository, "add", "--all")
    listed = subprocess.run(["git", "-C", str(repository), "ls-files"], check=True, capture_output=True, text=True)
    assert listed.stdout.split() == [".headend/.gitignore", ".headend/day.db", ".headend/day.db.lock"]
    assert same(path)


def test_where_there_is_no_git_no_repository_takes_the_key(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    note(repository / "day.db")
    assert same(repository / "day.db")


def test_what_git_cannot_say_is_refused(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / ".git" / "config").write_text("[core\n")
    with pytest.raises(StateError, match=r"git can't say whether it would take .*bad config"):
        note(repository / "day.db")
    (repository / ".git" / "config").unlink()
    (repository / ".git" / "HEAD").unlink()  # no repository at all
    note(repository / "day.db")


# --- the keyring --------------------------------------------------------------------------------------------
class Backend:
    """A keyring as the package `keyring` shows it."""

    def __init__(self, priority: float = 5, set_password: Callable[..., None] | None = None) -> None:
        self.priority = priority
        self.entries: dict[tuple[str, str], str] = {}
        self.set_password = set_password or (lambda service, name, text: self.entries.update({(service, name): text}))

    def get_keyring(self) -> Any:
        return SimpleNamespace(priority=self.priority)

    def get_password(self, service: str, name: str) -> str | None:
        return self.entries.get((service, name))


def test_a_keyring_keeps_the_key_wherever_the_state_goes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend()
    monkeypatch.setitem(sys.modules, "keyring", backend)
    note(path)
    assert not key_file(path).exists()
    ((service, name),) = backend.entries
    assert (service, len(name)) == ("headend", 16)
    moved = path.rename(path.with_name("moved.db"))
    assert same(moved)
    backend.entries.clear()
    with pytest.raises(StateError, match="no keyring has it"):
        same(moved)


def test_the_weakest_keyring_that_is_no_file_does(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend(priority=1)
    monkeypatch.setitem(sys.modules, "keyring", backend)
    note(path)
    assert backend.entries


def test_who_needs_the_key_is_told_that_it_is_lost(path: Path) -> None:
    note(path)
    key_file(path).unlink()
    with open_state(path) as state, pytest.raises(StateError, match="key"):
        state.need_key()


def test_a_digest_is_the_same_whatever_the_order(path: Path) -> None:
    with open_state(path) as state:
        assert state.digest({"a": 1, "b": {"c": 2, "d": 3}}) == state.digest({"b": {"d": 3, "c": 2}, "a": 1})


def test_a_key_with_a_character_too_many_is_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADEND_STATE_KEY", base64.b64encode(KEY).decode().replace("=", "*="))
    with pytest.raises(StateError, match="HEADEND_STATE_KEY holds no key"):
        note(path)


def test_a_key_in_a_file_stays_there_when_a_keyring_comes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note(path)
    backend = Backend()
    monkeypatch.setitem(sys.modules, "keyring", backend)
    assert same(path)
    assert not backend.entries


def refusing(*words: str) -> None:
    raise RuntimeError("no such collection")


@pytest.mark.parametrize(
    "backend",
    [Backend(set_password=refusing), Backend(set_password=lambda *words: None), Backend(priority=0.5)],
    ids=["raises", "keeps nothing", "is a file"],
)
def test_a_keyring_that_cannot_keep_the_key_leaves_it_to_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, backend: Backend
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", backend)
    note(path)
    assert key_file(path).exists()
    assert same(path)


def test_a_keyring_that_waits_for_a_person_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    never, ended = threading.Event(), list[bool]()
    monkeypatch.setitem(sys.modules, "keyring", Backend(set_password=lambda *words: ended.append(never.wait(20))))
    monkeypatch.setattr("headend.core.reconcile.state.key._PATIENCE", 0.01)
    note(path)
    assert key_file(path).exists()
    assert ended == []
    never.set()


# --- another key --------------------------------------------------------------------------------------------
def rekey(path: Path) -> int:
    with open_state(path) as state:
        return state.rekey()


def test_another_key_forgets_nothing_where_the_old_one_is_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = note(path)
    assert rekey(path) == 0
    assert same(path)
    monkeypatch.setenv("HEADEND_STATE_KEY", KEY.hex())
    assert rekey(path) == 0
    assert same(path)
    with open_state(path) as state:
        assert state.digest(NUMBER) != first
        assert state.digest("another") != state.records()["a"].values["number"]
    with pytest.raises(StateError, match=r"HEADEND_STATE_KEY is the key that .* has already"):
        rekey(path)
    old = key_file(path).read_text().split()
    assert len(old) == 2
    assert not any(key.encode() in path.read_bytes() for key in old)


def test_what_was_forgotten_stays_so_under_another_key(path: Path) -> None:
    note(path)
    with open_state(path) as state:
        state.put(Record("lost", "some.kind", "2", {"number": NO_DIGEST}))
    assert rekey(path) == 0
    with open_state(path) as state:
        assert state.records()["lost"].values == {"number": NO_DIGEST}


def test_another_key_forgets_what_only_the_lost_one_could_compare(path: Path) -> None:
    note(path)
    with open_state(path) as state:
        state.put(Record("sealed", "some.kind", "2", {"number": Digest("d", sealed="s"), "none": NO_DIGEST}))
        state.put(Record("plain", "some.kind", "3", {"name": "x"}))
    key_file(path).unlink()
    assert rekey(path) == 2
    with open_state(path) as state:
        records = state.records()
        assert records["a"].values == {"number": NO_DIGEST, "name": "x"}
        assert records["sealed"].values["number"].sealed == "s"  # deletion needs it
        assert state.digest(NUMBER) not in records["a"].values.values()


def test_another_key_leaves_the_state_with_one_key_or_the_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note(path)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headend.core.reconcile.state.digests._keep", killed)
    with pytest.raises(KeyboardInterrupt):
        rekey(path)
    assert len(key_file(path).read_text().split()) == 2
    assert same(path)


def test_a_state_without_a_key_gets_one_when_asked_for_another(path: Path) -> None:
    with open_state(path) as state:
        assert state.rekey() == 0
        state.put(Record("a", "some.kind", "1", {"number": state.digest(NUMBER)}))
    assert same(path)


def test_keys_differ_and_so_do_the_digests_of_two_states(tmp_path: Path) -> None:
    assert note(tmp_path / "one.db") != note(tmp_path / "two.db")
    assert key_id(KEY) != key_id(secrets.token_bytes(32))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM meta WHERE key = 'key_id'", "the id of its key is gone"),
        ("UPDATE meta SET value = 'x' WHERE key = 'older_keys'", "its older keys are damaged"),
    ],
)
def test_state_that_has_lost_what_it_knows_of_its_keys_is_told(path: Path, damage: str, told: str) -> None:
    note(path)
    rekey(path)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(damage)
    with pytest.raises(StateError, match=f"{told}; put a copy of it back"):
        same(path)
