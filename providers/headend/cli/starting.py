"""The files that a team begins with. None that is there already is touched."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata, resources
from pathlib import Path
from urllib.parse import urlsplit

from headend.cli.files import write_out
from headend.core.model.errors import InputError
from headend.core.model.fields import Secret, mark
from headend.core.model.frozen import frozen_dataclass
from headend.core.stackfile.fmt import formatted
from headend.core.wire.registry import platforms, variable_of
from headend.core.wire.session import needed_variables
from headend.pipelines.render import Wanted, render

STACKS = Path("stacks")
SCHEMA = STACKS / "headend.schema.json"
EXAMPLES = ("first", "match-day")
REVIEW = "review"
IGNORED = """\
# State, its key, and simulated worlds
.headend/
*.headend.db*
*.key
*.world.json
# Secrets, and plans
secrets.yaml
*.secrets.*
*-plan/
*.plan.json
plan.json
"""
HEAD = """\
# yaml-language-server: $schema={schema}
#
# The first stack. `headend plan {file}` shows what it would make, and nothing is made before `headend apply`.
# `headend explain ateme.input` tells what may stand in a kind, docs/stack-files.md everything else.
headend: 1
"""
_SCHEMA_LINE = re.compile(r"\A# yaml-language-server: .*\n")


def first_stack(names: Iterable[str], file: Path) -> str:
    """A commented stack of these platforms that validates."""
    blocks = [_start(f"{name}.yaml") for name in names]
    return formatted("\n".join([HEAD.format(schema=_schema(file), file=file), *blocks]))


def example(name: str, file: Path) -> str:
    return with_schema(_start(f"example-{name}.yaml"), file)


def with_schema(text: str, file: Path) -> str:
    """The text with the line by which editors find the schema."""
    return f"# yaml-language-server: $schema={_schema(file)}\n{_SCHEMA_LINE.sub('', text)}"


def _schema(file: Path) -> str:
    return SCHEMA.name if file.parent == STACKS else str(SCHEMA)


def _start(name: str) -> str:
    return resources.files("headend.cli").joinpath("starts", name).read_text(encoding="utf-8")


def pulumi_project() -> dict[Path, str]:
    """What makes the stacks a Pulumi project."""
    return {STACKS / "Pulumi.yaml": _start("pulumi-project.yaml"), STACKS / "__main__.py": _start("pulumi-program.py")}


def schema_text() -> str:
    from headend.core.stackfile.schema import json_schema

    return json.dumps(json_schema(), indent=1) + "\n"


@frozen_dataclass
class Ci:
    """host: "github" or "gitlab". action: where it gets headend. review: a stack of which pull requests get copies.
    pulumi: the stack that Pulumi's command is to bring up; None: headend's own engine."""

    host: str
    action: str
    branch: str
    review: Path | None = None
    pulumi: str | None = None

    def files(self, names: Iterable[str], secrets: Iterable[str]) -> dict[Path, str]:
        """The pipelines. names: of the platforms. secrets: those that the stacks ask for."""
        found = dict(_settings(names))
        wanted = Wanted(
            self.action,
            self.branch,
            review=str(self.review or ""),
            stack=self.pulumi or "",
            variables=[variable for variable, secret in found.items() if not secret],
            secrets=[*(variable for variable, secret in found.items() if secret), *secrets],
        )
        if self.host == "gitlab":
            return {Path(".gitlab-ci.yml"): render("gitlab-pulumi.yml" if self.pulumi else "gitlab.yml", wanted)}
        home = Path(".github/workflows")
        if self.pulumi:
            return {home / "headend-pulumi.yml": render("github-pulumi.yml", wanted)}
        made = {home / "headend.yml": render("github.yml", wanted)}
        return made | ({home / "headend-review.yml": render("github-review.yml", wanted)} if self.review else {})


def _settings(names: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """(variable, whether it is secret) of what the platforms need."""
    for name in names:
        model = platforms()[name].settings
        secret = {variable_of(model, field): bool(mark(model, field, Secret)) for field in model.model_fields}
        yield from ((variable, secret[variable]) for group in needed_variables(model) for variable in group)


def keep(files: Mapping[Path, str]) -> Iterator[str]:
    """Writes what isn't there, and says of each file what became of it."""
    for path, text in files.items():
        if not path.exists():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"{path.parent}: {error.strerror}") from None
            write_out(path, [text.encode()], name="init")
            yield f"{path}: written"
        elif path.read_bytes() == text.encode():
            yield f"{path}: is there already"
        else:
            lacking = _lacking(path, text)
            yield f"{path}: is there, and stays as it is" + ("; add to it:" if lacking else "")
            yield from (f"  {line}" for line in lacking)


def _lacking(path: Path, text: str) -> list[str]:
    """The lines that a file lacks to which others of the team's belong, too."""
    there = path.read_text(errors="replace").splitlines()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    if path.name == ".gitignore":
        return [line for line in lines if line not in there]
    return lines if path.name == ".gitlab-ci.yml" and not {*lines} <= {*there} else []


# --- what the folder tells -------------------------------------------------------------------------------------
def find_host(folder: Path) -> str | None:
    """The CI that the folder has, or the host that its remotes are at; None where that is none, or both."""
    there = {"github": (folder / ".github").is_dir(), "gitlab": (folder / ".gitlab-ci.yml").exists()}
    if not any(there.values()):
        remotes = git(folder, "config", "--get-regexp", r"^remote\..*\.url$")
        there = {host: host in remotes for host in there}
    found = [host for host, is_there in there.items() if is_there]
    return found[0] if len(found) == 1 else None


def find_branch(folder: Path) -> str:
    """The one that pull requests are merged into."""
    return git(folder, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").rpartition("/")[2] or "main"


def find_root(folder: Path) -> Path:
    """Of the repository that the folder is in; the folder itself where it is in none."""
    return Path(git(folder, "rev-parse", "--show-toplevel") or folder)


def find_headend() -> str | None:
    """OWNER/NAME@REVISION that this headend was installed from, if that was a repository."""
    text = metadata.distribution("headend").read_text("direct_url.json")
    told = json.loads(text) if text else {}
    version = told.get("vcs_info", {})
    revision = version.get("requested_revision") or version.get("commit_id")
    path = urlsplit(told.get("url", "")).path.strip("/").removesuffix(".git")
    return f"{path}@{revision}" if revision and "/" in path else None


def git(folder: Path, *words: str) -> str:
    """What Git says; nothing where it doesn't."""
    try:
        ran = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except OSError:
        return ""
    return "" if ran.returncode else ran.stdout.strip()
