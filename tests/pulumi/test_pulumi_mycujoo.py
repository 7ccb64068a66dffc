"""What is rarer about mycujoo's kinds, over Pulumi's wire: generated passwords, adoption by fields, lookups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import pytest

from cli.harness import NO_WAIT, serve
from headend.core.model.errors import InputError
from headend.core.stackfile import load
from headend.simulator import Simulator
from pulumi_wire import provider

ADA = {"email": "ada@example.com"}


def stack(folder: Path, **collections: Any) -> Any:
    file = folder / "all.yaml"
    file.write_text(json.dumps({"headend": 1, "mycujoo": collections}))
    return load(file)


@pytest.mark.contract("M-125")
def test_a_generated_password_is_an_output_that_stays_and_a_lost_one_is_told(tmp_path: Path) -> None:
    simulator = Simulator()
    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as engine:
        engine.up(stack(tmp_path, accounts={"ada": ADA}))
        live = engine.state["mycujoo.accounts.ada"]
        rows = simulator.sims["mycujoo"].world["accounts"].values()
        (password,) = (row["password"] for row in rows if row["email"] == ADA["email"])
        assert (live.id, live.outputs["handed_out"]) == (ADA["email"], {"password": password})
        changed = stack(tmp_path, accounts={"ada": ADA | {"first_name": "Ada"}})
        kept = engine.update(live.kind, live.id, live.outputs, live.inputs | {"first_name": "Ada"})
        assert kept["handed_out"] == {"password": password}
        del engine.state["mycujoo.accounts.ada"]  # killed before the engine recorded it
        engine.up(changed)
        again = engine.state["mycujoo.accounts.ada"]
        assert (again.id, again.outputs.get("handed_out")) == (live.id, None)
        told = "\n".join(engine.said)
        assert "its password was shown to the run that was killed" in told
        assert password not in told


@pytest.mark.contract("M-137", "M-161")
def test_a_payment_method_is_taken_over_by_what_is_on_its_card(tmp_path: Path) -> None:
    simulator = Simulator()
    methods = simulator.sims["mycujoo"].world["payment_methods"]
    (id,) = methods
    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as engine:
        wrong = {"visa": {"lifecycle": {"adopt": {"lookup": {"last_digits": "0000"}}}}}
        with pytest.raises(InputError, match=r"lifecycle\.adopt: there is no .*last_digits 4242"):
            engine.up(stack(tmp_path, payment_methods=wrong))
        right = {"visa": {"is_default": True, "lifecycle": {"adopt": {"lookup": {"last_digits": "4242"}}}}}
        engine.up(stack(tmp_path, payment_methods=right))
        assert engine.state["mycujoo.payment_methods.visa"].id == id
        simulator.reset_journal()
        assert engine.up(stack(tmp_path, payment_methods=right)) == {"same": 1}
        assert simulator.writes() == []
    assert list(methods) == [id]


@pytest.mark.contract("M-150", "M-161")
def test_an_action_is_found_by_its_title_or_the_preview_lists_what_there_is(tmp_path: Path) -> None:
    simulator = Simulator()
    goal = {"group_id": "derby", "title": "Goal"}
    with serve(simulator) as url, provider(simulator.settings(url) | NO_WAIT) as engine:
        for title, said in (
            ("Goal replay", None),
            ("Corner", r"there is no mycujoo\.action .*act-1 \(title Goal replay"),
        ):
            found = stack(tmp_path, action_configurations={"goal": goal | {"action_id": {"lookup": {"title": title}}}})
            if said is None:
                engine.up(found)
                assert engine.state["mycujoo.action_configurations.goal"].inputs["action_id"] == "act-1"
                continue
            with pytest.raises(grpc.RpcError, match=said):
                engine.up(found)
