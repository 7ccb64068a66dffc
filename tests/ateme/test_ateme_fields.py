"""Every field of inputs and outputs: bounds, defaults, its way onto the wire and back, in creation and update."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from ateme.ateme_specs import FIELDS, GOOD, KINDS, F, build
from headend.ateme.api import Ateme
from headend.core.model.errors import Refused
from headend.core.model.fields import Immutable, Secret, mark
from headend.core.model.findings import Level
from headend.core.model.observed import Change
from headend.core.model.record import Digest
from headend.core.reconcile.difference import differences

ROWS = [pytest.param(row, id=f"{row.name}-{row.field}", marks=pytest.mark.contract(row.number)) for row in FIELDS]


def rows(*wanted: str) -> list[Any]:
    """The fields with one of these marks."""
    return [param for param, row in zip(ROWS, FIELDS, strict=True) if set(wanted) & set(row.marks.split())]


def no_digest(value: Any) -> Digest:
    return Digest(repr(value))


@pytest.mark.contract("A-56", "A-813", "A-814")
@pytest.mark.parametrize("row", ROWS)
def test_values_are_taken_refused_or_wondered_at(row: F) -> None:
    kind = KINDS[row.noun]
    for value in row.good:
        spec = row.build(value)
        assert getattr(spec, row.field) == value
        found = [p.message for p in kind.check(spec, {}) if "is in milliseconds" not in p.message]
        assert found == [], value
    for value in row.odd:
        spec = row.build(value)
        (problem,) = [p for p in kind.check(spec, {}) if p.message.startswith(f"{row.field} is probably")]
        assert problem.level is Level.WARNING
        assert "secret" not in row.marks or str(value) not in problem.message
    for value in row.bad:
        with pytest.raises(ValidationError, match=row.field):
            row.build(value)


async def raw(simulator: Any, row: F) -> dict[str, Any]:
    """The one object of the simulated platform, as it keeps it."""
    (found,) = simulator.sims["ateme"].world[f"{row.noun}s"].values()
    return dict(found)


async def created(api: Ateme, row: F, env: str, spec: Any) -> str:
    return str((await KINDS[row.noun].create(api, spec)).id)


@pytest.mark.contract("A-49", "A-50", "A-412", "A-459", "A-811")
@pytest.mark.parametrize("row", ROWS)
def test_creation_sends_what_is_set_under_its_name(opened: Any, environment: Any, row: F) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            simulator.reset_journal()
            await created(api, row, env, row.build(row.good[-1], environment=env))
            (write,) = simulator.writes()
            assert write.key == f"{row.noun}.create.{row.name.partition('.')[2]}"
            assert row.wire in write.body
            assert {"environment", "environment_id", "variant"}.isdisjoint(write.body)
            assert (await raw(simulator, row))[row.wire] == row.good[-1]
            if "secret" in row.marks:
                assert write.body[row.wire] == "(secret)", "the journal masks it"

    async def unset() -> None:
        async with opened() as (api, simulator):
            env = await environment(api)
            simulator.reset_journal()
            await created(api, row, env, build(row.name, environment=env, **{**(row.also or {}), **beside}))
            (write,) = simulator.writes()
            assert write.body.get(row.wire, ...) == row.default

    beside = {"encryption_type": None} if row.field == "password" and row.noun == "output" and row.also else {}
    asyncio.run(run())
    needs_it = row.field == "encryption_type" and row.noun == "output"  # its password can't go without it
    if not row.required and not needs_it:
        asyncio.run(unset())


@pytest.mark.contract("A-434", "A-771", "A-805")
@pytest.mark.parametrize("row", ROWS)
def test_an_update_sends_it_or_the_object_is_replaced(opened: Any, environment: Any, row: F) -> None:
    async def run() -> None:
        async with opened() as (api, simulator):
            env, kind = await environment(api), KINDS[row.noun]
            first = row.build(row.good[0], environment=env)
            id = await created(api, row, env, first)
            then = row.build(row.good[-1], environment=env)
            live = await kind.observe(api, id, first, fresh=True)
            found = differences(then, live, None, digest=no_digest)
            if "fixed" in row.marks:
                assert mark(type(then), row.field, Immutable)
                assert found.replaces == (row.field,)
                return
            if "hidden" in row.marks:
                assert row.field in found.unverifiable
                assert row.field not in live.values
            else:
                assert (row.field, row.good[0]) in [(change.field, change.before) for change in found.changes]
            simulator.reset_journal()
            await kind.update(api, id, then, [Change((row.field,), row.good[0], row.good[-1])])
            (write,) = simulator.writes()
            assert write.key == f"{row.noun}.update.{row.name.partition('.')[2]}"
            assert row.wire in write.body
            listed = row.noun == "input" and row.name != "input.zixi_pull"
            assert write.body.get("id") == (then.stream_name if listed else None)
            assert (await raw(simulator, row))[row.wire] == row.good[-1]
            after = await kind.observe(api, id, then, fresh=True)
            left = differences(then, after, None, digest=no_digest).changes
            assert [change.field for change in left if change.field != "state"] == []

    asyncio.run(run())


@pytest.mark.contract("A-51")
@pytest.mark.parametrize("row", rows("kept"))
def test_an_update_keeps_what_the_stack_does_not_name(opened: Any, environment: Any, row: F) -> None:
    async def run() -> None:
        # with full updates a cipher can't be kept: that needs its password, which nobody can read
        how = "partial" if row.field == "encryption_type" else "full"
        async with opened({"updates": how}) as (api, simulator):
            env, kind = await environment(api), KINDS[row.noun]
            spec = build(row.name, environment=env)
            id = await created(api, row, env, spec)
            simulator.sims["ateme"].world[f"{row.noun}s"][id] |= {**(row.also or {}), row.wire: row.good[-1]}
            other = next(name for name in GOOD[row.name] if name != "stream_name")
            await kind.update(api, id, spec, [Change((other,), None, GOOD[row.name][other])])
            assert (await raw(simulator, row))[row.wire] == row.good[-1]

    asyncio.run(run())


@pytest.mark.contract("A-56")
@pytest.mark.parametrize("row", ROWS)
def test_the_simulator_holds_what_is_documented_and_nothing_else(opened: Any, environment: Any, row: F) -> None:
    async def run() -> None:
        async with opened() as (api, _):
            env = await environment(api)
            key = f"{row.noun}.create.{row.name.partition('.')[2]}"
            body = {("id" if n == "stream_name" else n): v for n, v in {**GOOD[row.name], **(row.also or {})}.items()}
            for number, value in enumerate(row.odd):
                given = body | {row.wire: value} | ({"id": f"in-{number}"} if "id" in body else {})
                await api.call(key, scope=env, body=given)
            for value in row.bad:
                if row.number == "A-470":
                    continue  # the limit is printed for push outputs only
                with pytest.raises(Refused, match=rf"400.*{row.wire}"):  # the server's own words come through
                    await api.call(key, scope=env, body=body | {row.wire: value})

    asyncio.run(run())


@pytest.mark.contract("A-22", "A-486")
@pytest.mark.parametrize("row", rows("secret"))
def test_secrets_are_marked(row: F) -> None:
    assert mark(type(row.build(row.good[0])), row.field, Secret)


@pytest.mark.contract("A-446")
def test_what_is_no_field_of_a_variant_is_refused() -> None:
    for name, field in (("input.srt_push", "bitrate"), ("input.zixi_push", "bitrate"), ("output.rtmp", "latency")):
        with pytest.raises(ValidationError, match=field):
            build(name, **{field: 1})
