"""Environments: the machines that everything else runs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from headend.ateme.airtime import airtimes
from headend.ateme.answers import desired_word, hint, text_id
from headend.ateme.fields import Extra, check_extra, one_of
from headend.ateme.machines import is_going, remove
from headend.ateme.rows import EnvironmentRow
from headend.ateme.running import FAILURES, NEW_POLLS, restart_in_vain, running
from headend.core.model.capabilities import Catalogued, Container, OnAir, Selection, SelectsChanges, note_down
from headend.core.model.errors import ApiError, DecodeError, NotFound, Refused, Timeout
from headend.core.model.fields import Immutable, Impact, Interrupts, Named, OwnCall, Same, Spec, Trigger
from headend.core.model.findings import Level, Problem, warning
from headend.core.model.kind import Kind, Report
from headend.core.model.listed import Listed, Live
from headend.core.model.observed import Airtime, Change, Observed, Status
from headend.core.wire.decode import readable

if TYPE_CHECKING:
    from headend.ateme.api import Ateme

CREATED = ("name", "cloud_provider", "region", "instance_type_id")


class Environment(Spec):
    """A customer environment. Nothing of it can be renamed or resized: all but the state replaces it (A-410)."""

    name: Annotated[
        str,
        Named(),
        Immutable(),
        Field(
            min_length=1,
            max_length=255,
            examples=["matchday-eu"],
            description="what it is called, 1 to 255 characters (A-401)",
        ),
    ]
    cloud_provider: Annotated[
        str, Immutable(), Field(examples=["aws"], description="one of the supported cloud providers (A-402)")
    ]
    region: Annotated[
        str, Immutable(), Field(examples=["eu-west-1"], description="one of the provider's regions (A-403)")
    ]
    instance_type_id: Annotated[
        str | int,
        Immutable(),
        Same(str),
        Field(examples=["medium"], description="a supported instance type of that region (A-404)"),
    ]
    state: Annotated[
        Literal["started", "stopped"],
        OwnCall(),
        Interrupts(Impact.INTERRUPTS),
        Field(description="whether it is to run (A-405)"),
    ] = "started"
    restart_trigger: Annotated[
        str | None,
        Trigger(),
        Interrupts(Impact.RESTART),
        Field(examples=["2035-12-01"], description="any change of the text restarts the environment softly (A-406)"),
    ] = None
    extra: Annotated[Extra, Immutable()] = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, set(CREATED))
        return self


class EnvironmentKind(
    Kind[Environment, "Ateme"],
    Container,
    Catalogued[Environment, "Ateme"],
    SelectsChanges[Environment],
    OnAir[Environment, "Ateme"],
    Listed["Ateme"],
):
    """A customer environment in the cloud: inputs, outputs and schedules live in it.

    Creating and deleting take minutes and cost money. No rename and no resize exist, so a change of anything but
    the state replaces the environment and destroys all it holds; headend refuses that unless it is told to.
    """

    name = "ateme.environment"
    read_together = True
    model = Environment
    key = ("name",)
    create_before_delete = False

    async def observe(self, api: Ateme, id: str, spec: Environment, *, fresh: bool = False) -> Observed | None:
        row = await api.environment(id, fresh=fresh)
        return None if row is None else observed(row, spec)

    async def find(self, api: Ateme, spec: Environment) -> list[Observed]:
        """By name in the list that holds stopped ones too, without the deleted (A-768)."""
        rows = await api.listed("environment.dropdown", None, EnvironmentRow, fresh=True)
        same = [await api.environment(row.id, fresh=True) for row in rows if row.name == spec.name]
        return [observed(row, spec) for row in same if row is not None]

    async def list_live(self, api: Ateme, within: str | None) -> Sequence[Live]:
        rows = await api.listed("environment.dropdown", None, EnvironmentRow)
        return [Live(row.id) for row in rows if not is_going(row)]

    async def on_air(self, api: Ateme, id: str, spec: Environment, *, fresh: bool = False) -> Sequence[Airtime]:
        return await airtimes(api, environment=id, fresh=fresh)

    async def status(self, api: Ateme, seen: Observed, spec: Environment, parent: Spec | None) -> Status:
        return running(seen, spec, parent)

    def select_changes(self, live: Observed, spec: Environment, changes: Sequence[Change]) -> Selection:
        return note_down(changes, restart_in_vain(live, spec, changes))

    async def check_catalogue(self, api: Ateme, spec: Environment) -> Sequence[Problem]:
        """The catalogue must name provider, region and instance type (A-402..404); unreadable is a warning."""
        provider, region = {"cloud_provider": spec.cloud_provider}, {"region": spec.region}
        return await offered(
            api,
            ("cloud.providers", {}, spec.cloud_provider, "cloud_provider"),
            ("cloud.regions", provider, spec.region, "region"),
            ("cloud.instance_types", provider | region, spec.instance_type_id, "instance_type_id"),
        )

    async def create(self, api: Ateme, spec: Environment) -> Observed:
        body = {name: getattr(spec, name) for name in CREATED} | (spec.extra or {})
        answer = await api.call("environment.create", scope=None, body=body)
        api.changed("environment.dropdown", "environment.list_running")
        find = partial(self.find, api, spec)
        return Observed(await api.made_id("environment.create", answer.body, EnvironmentRow, find), incomplete=True)

    async def complete(self, api: Ateme, id: str, spec: Environment, report: Report) -> Observed:
        row = await settled(api, id, spec.name, report, api.settings.environment_timeout)
        if desired_word(row.word) != spec.state:
            action = "start" if spec.state == "started" else "stop"
            await api.call(f"environment.{action}", scope=None, path={"environment_id": id})
            row = await settled(api, id, spec.name, report, api.settings.state_timeout, until=spec.state)
        # What lives in it may have changed state with it.
        api.changed("input.list", "output.list", "output.states")
        return observed(row, spec)

    async def update(self, api: Ateme, id: str, spec: Environment, changes: Sequence[Change]) -> None:
        """Only a restart is a request of its own; the state is brought about by `complete` (A-734).

        What is stopped, or to be stopped, isn't restarted: its next start is as good.
        """
        asked = any(change.field == "restart_trigger" and change.after is not None for change in changes)
        api.changed("environment.get")
        if asked and spec.state == "started" and await api.status(id) in {"running", "started"}:
            await api.call("environment.soft_restart", scope=None, path={"environment_id": id}, repeat=False)
        api.changed("environment.get")

    async def delete(self, api: Ateme, id: str, last: Environment, report: Report) -> None:
        look = partial(api.environment, id, fresh=True)
        await remove(api, "environment.delete", None, {"environment_id": id}, await look(), look)
        async for _ in api.polls(api.settings.environment_timeout, f"deleting environment {id}"):
            row = await api.environment(id, fresh=True)
            if row is None:
                break
            word = row.word
            if word in FAILURES:
                raise Refused(f"ateme: deleting environment {id}: its status is {word}")
            report(f"waiting for environment {last.name}: {word}")
        api.tokens.drop(id)
        api.client.reads.drop("ateme")


NAMES: Mapping[str, tuple[str, ...]] = {
    "cloud.providers": ("cloud_provider", "name", "id"),
    "cloud.regions": ("region", "name", "id"),
    "cloud.instance_types": ("instance_type_id", "id", "name"),
    "multi_viewer.layouts": ("layout_id", "id"),
    "tf.providers": ("cloud_provider", "name", "id"),
    "tf.regions": ("region", "name", "id"),
}
"""What the id of a catalogue's row may be called; a row may also be the id itself."""


async def offered(api: Ateme, *looks: tuple[str, dict[str, str], str | int, str]) -> Sequence[Problem]:
    """What catalogues say against the values of fields: (catalogue, its path, value, field). One that can't be read is
    a warning."""
    import asyncio  # only where requests are made: `validate` spares it

    if api.settings.validation == "off":
        return ()
    level = Level.WARNING if api.settings.validation == "warn" else Level.ERROR
    rows = await asyncio.gather(*(catalogue(api, key, path) for key, path, *_ in looks), return_exceptions=True)
    for (_, _, value, field), listed in zip(looks, rows, strict=True):
        if isinstance(listed, ApiError):
            return (warning(f"{field} can't be checked: {listed}"),)
        if isinstance(listed, BaseException):
            raise listed
        if listed and not one_of(listed, value):
            return (Problem(f"{field}: {value} is not offered", remedy="look at the cloud catalogue", level=level),)
    return ()


async def catalogue(api: Ateme, key: str, path: dict[str, str]) -> list[Any]:
    """The rows of a catalogue (ids or objects), shared for the run. Raises DecodeError for any other shape, and for a
    row without a usable id: it must not pass for one that isn't offered."""

    async def read() -> list[Any]:
        body = (await api.call(key, scope=None, path=path)).body
        arrays = [value for value in body.values() if isinstance(value, list)] if isinstance(body, Mapping) else [body]
        if len(arrays) != 1 or not isinstance(arrays[0], list):
            raise DecodeError(f"ateme: {key}: the answer is no list")
        for number, row in enumerate(arrays[0], 1):
            name = next((name for name in NAMES[key] if name in row), "") if isinstance(row, Mapping) else ""
            if text_id(row.get(name) if isinstance(row, Mapping) else row) is None:
                raise DecodeError(f"ateme: {key}: row {number}: {name or NAMES[key][0]}: no usable id")
        return arrays[0]

    return await api.client.reads.get(("ateme", key, *path.values()), read)


async def settled(
    api: Ateme, id: str, name: str, report: Report, limit: float, until: str | None = None
) -> EnvironmentRow:
    """Waits until the environment runs or has stopped (`until`: which of both) and returns its details.

    Raises Refused for a failure state, NotFound for one that stays unknown, Timeout naming the last status: a word
    that nobody knows is waited on (A-723).
    """
    word: str | None = None
    try:
        async for number in api.polls(limit, f"environment {name}"):
            row = await api.environment(id, fresh=True)
            if row is None and number >= NEW_POLLS:
                raise NotFound(f"ateme: environment {name} ({id}) does not exist", status=404)
            if row is not None:
                word = row.word
                if word in FAILURES:
                    raise Refused(f"ateme: environment {name} ({id}): its status is {word}")
                now = desired_word(word)
                if now is not None and until in {None, now}:
                    return row
            report(f"waiting for environment {name}: {word or 'not there yet'}")
    except Timeout as error:
        raise hint(error, f"its status is {word or 'unknown'}") from None
    raise AssertionError("polling ends by itself")


def observed(row: EnvironmentRow, spec: Environment) -> Observed:
    values, wrong = readable(Environment, CREATED, row.given)
    word = row.word
    unverifiable = {name: wrong.get(name, "the answer does not show it") for name in CREATED if name not in values}
    state = desired_word(word)
    if state is None:
        unverifiable["state"] = f"the status is {word}"
    else:
        values["state"] = state
    warnings = (f"its status is {word}",) if word in FAILURES or row.gone else ()
    return Observed(
        id=row.id,
        values=values,
        computed={"environment_id": row.id, **row.told},
        unverifiable=unverifiable,
        incomplete=word == "creating",
        leaving=is_going(row),
        warnings=warnings,
    )
