"""With a canary in every secret: it occurs nowhere in output, plan files, state (its journal included) or logs."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.harness import Ran, World, serve
from headend.core.model.fields import Secret, marked
from headend.core.stackfile import load
from headend.core.wire.registry import kinds
from headend.reports.write import RENDERERS
from headend.simulator import Simulator
from headend.simulator.app import Entry
from headend.simulator.mycujoo import TOKEN

NAMES = ("ZIXI_PULL", "ZIXI_PUSH", "SRT_PULL", "SRT_PUSH", "PUSH", "OUT_SRT_PULL", "OUT_SRT_PUSH", "STREAM_KEY")
NAMES += ("OVERLAY", "HOST", "SLACK", "PERSON", "GENDER", "INTENT", "TF_ACCESS", "TF_SECRET", "TF_SESSION")
TELLING = ("4315550", "192.0.2.2", "1971-11-23", "1972-11-23", "1973-11-23")  # values that can't hold a canary
STACK = """\
headend: 1
stack: vault
ateme:
  alert_methods:
    noc: {alert_type: slack, notification_parameters: [{secret: SLACK}]}
  recording_buckets:
    vault: {bucket_path: vault/matches, access_key: {secret: BUCKET}, secret_key: {secret: BUCKET}}
  tf_deployments:
    cluster:
      version_id: 2.13.4
      cloud_provider: aws
      region: eu-west-1
      tf_credentials:
        store: {protocol: s3, access_key: {secret: TF_ACCESS}, secret_key: {secret: TF_SECRET}}
        other: {protocol: azure, settings: {account: {secret: TF_SESSION}}}
  environments:
    matchday:
      cloud_provider: aws
      region: eu-west-1
      instance_type_id: large
      inputs:
        a: {variant: zixi_pull, pull_host: {secret: HOST}, pull_port: 2077, password: {secret: ZIXI_PULL}}
        b: {variant: zixi_push, port: 2088, password: {secret: ZIXI_PUSH}}
        c: {variant: srt_pull, host: x.example.com, port: 5001, encryption_type: 1, password: {secret: SRT_PULL}}
        d: {variant: srt_push, port: 5002, encryption_type: 1, password: {secret: SRT_PUSH}}
        e: {variant: srt_push, port: 5003, encryption_type: 1, password: canary-LITERAL-0}
      outputs:
        f: {variant: push, host: y.example.com, port: 2088, password: {secret: PUSH}}
        g: {variant: rtmp, url: {secret: URL}, backup_url: {secret: BACKUP_URL}, stream_key: {secret: STREAM_KEY}}
        h: {variant: srt_pull, port: 6002, latency: 500, encryption_type: 1, password: {secret: OUT_SRT_PULL}}
        i: {variant: srt_push, host: z.example.com, port: 6003, latency: 500, encryption_type: 1,
            password: {secret: OUT_SRT_PUSH}}
mycujoo:
  action_configurations:
    replay: {action_id: act-9, group_id: derby, title: Replay, fields: {text: {secret: OVERLAY}}}
  payment_methods:
    card: {setup_intent_id: {secret: INTENT}}
rights_locker:
  stream_limits:
    viewer: {account_id: viewer-17, limit: 3}
  account_categories:
    viewer: {account_id: viewer-17, categories: [sport]}
straas:
  members:
    viewer: {id: viewer-17, email: canary-viewer@example.com}
just:
  profiles:
    viewer: {name: {secret: PERSON}, gender: {secret: GENDER}, ip: {secret: IP}, birth_date: {secret: BIRTH}}
  email_subscriptions:
    viewer: {juid: viewer, email: {secret: EMAIL}}
  sms_subscriptions:
    viewer: {juid: viewer, number: {secret: NUMBER}}
  utm_metrics:
    guest: {channel: email, email: {secret: GUEST}, refid: a}
    phone: {channel: sms, number: {secret: PHONE}, refid: a}
"""


def secrets(turn: int) -> dict[str, str]:
    """Values with all that needs escaping somewhere; "canary" survives every way of escaping."""
    values = {name: f"canary-{name}-{turn}-ä\"/+ '&" for name in NAMES}
    values |= {name: f"rtmp://canary-{name}-{turn}.example.com/live" for name in ("URL", "BACKUP_URL")}
    values |= {name: f"canary-{name}-{turn}@example.com" for name in ("EMAIL", "GUEST")}
    values["BUCKET"] = "canary-BUCKET"  # nothing changes a bucket
    values["HOST"] = f"canary-HOST-{turn}-ä.example.com"
    values |= {"NUMBER": f"4315550{turn}17", "PHONE": f"4315550{turn}18"}
    values |= {"IP": f"192.0.2.2{turn}", "BIRTH": f"197{turn + 1}-11-23"}
    return values


class Vault(World):
    """A world that looks for canaries wherever something was said or written, also while commands run."""

    def __init__(self, simulator: Simulator, home: Path, url: str, log: pytest.LogCaptureFixture) -> None:
        super().__init__(simulator, home, url)
        self.log = log
        credentials = ("PASSWORD", "KEY", "SECRET", "TOKEN")
        self.words = {value for name, value in simulator.settings().items() if name.endswith(credentials)}
        self.words |= {"canary", TOKEN, *TELLING}
        self.looks = 0
        simulator.observers.append(self.look)

    def look(self, entry: Entry | None = None) -> None:
        """Searches every file that a command left or is writing."""
        for path in self.home.rglob("*"):
            if path.is_file():
                try:
                    self.clean(path.read_bytes().decode("latin-1"), str(path))
                except FileNotFoundError:  # between two moments of SQLite's
                    continue
                self.looks += path.suffix == ".db"

    def clean(self, text: str, where: str) -> None:
        tokens = [token for sim in self.simulator.sims.values() for token in sim.world.get("tokens", ())]
        for word in [*self.words, *tokens]:
            assert word not in text, f"{where} holds a secret"

    def __call__(self, *words: str, **env: str) -> Ran:
        ran = super().__call__(*words, **env)
        self.clean(ran.out, f"stdout of {words}")
        self.clean(ran.err, f"stderr of {words}")
        ours = [record for record in self.log.records if not record.name.startswith("uvicorn")]
        self.clean("\n".join(record.getMessage() + str(record.exc_info or "") for record in ours), "the log")
        self.look()
        return ran


@pytest.fixture(params=["first", "second"])
def vault(request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Vault]:
    """Both ways of proving oneself, with the platforms showing what they can."""
    second = request.param == "second"
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "aiohttp", "asyncio", "headend"):
        caplog.set_level(logging.DEBUG, logger=name)
    locker = {"auth": "api_key"} if second else {"auth": "signed"}
    simulator = Simulator({"ateme": {"secrets_shown": second, "unknown_keys": "accepted"}, "rights_locker": locker})
    field = {"name": "text", "value_type": "VALUE_TYPE_STRING"}
    simulator.sims["mycujoo"].add_action("act-9", "Overlay", [field])
    for turn in range(3):
        simulator.sims["mycujoo"].add_setup_intent(secrets(turn)["INTENT"])
    home = tmp_path / "home"
    home.mkdir()
    with serve(simulator) as url:
        made = Vault(simulator, home, url, caplog)
        made.env |= {
            "HEADEND_SECRETS_FILE": str(keep(tmp_path, 0)),
            "COLUMNS": "200",
            "HEADEND_STATE": f"{home}/.headend/",
        }
        if second:
            made.env |= {"HEADEND_MYCUJOO_API_KEY": "", "HEADEND_RIGHTS_LOCKER_API_SECRET": ""}
            made.env["HEADEND_MYCUJOO_TOKEN"] = TOKEN
        (tmp_path / "vault.yaml").write_text(STACK)
        yield made


def keep(place: Path, turn: int) -> Path:
    file = place / "secrets.json"
    file.write_text(json.dumps(secrets(turn)))
    return file


def test_no_secret_is_told(vault: Vault, tmp_path: Path) -> None:
    file = str(tmp_path / "vault.yaml")
    ateme: dict[str, Any] = vault.simulator.sims["ateme"].world
    assert vault("validate", file).code == 0
    reports = [f"--report={form}=report.{form}" for form in RENDERERS]
    assert vault("plan", file, "--out", "plan.json", *reports, "--report=github", "--full").code == 2
    assert vault("plan", file, "--format", "json").code == 2
    applied = vault("apply", "plan.json", "--yes")
    assert applied.code == 0, applied.err
    assert vault("plan", file).code == 0
    keep(tmp_path, 1)
    changed = vault("plan", file, "--out", "plan.json", *reports)
    assert changed.code == 2
    assert changed.out.count("(secret) -> (secret)") == 25, changed.out
    assert vault("apply", file, "--yes").code == 0
    for row in ateme["outputs"].values():
        row |= {"url": "rtmp://canary-elsewhere.example.com/"} if row["variant"] == "rtmp" else {}
    drifted = vault("drift", file)
    assert (drifted.code, "changed outside headend" in drifted.out) == (2, True)
    assert vault("apply", file, "--yes").code == 0
    address = "ateme.environments.matchday.outputs.g"
    assert address in vault("state", "list", file).out
    assert "$digest" in vault("state", "show", file, address).out
    refused(vault, tmp_path)
    assert vault("destroy", file, "--yes").code == 0
    assert vault.looks > 20


def refused(vault: Vault, tmp_path: Path) -> None:
    """A platform that quotes what it refuses: the whole body, once as an object and once as text."""
    keep(tmp_path, 2)
    said = [*secrets(2).values(), "canary-LITERAL-0"]
    for body in ({"message": "not accepted", "errors": [{"value": value} for value in said]}, "; ".join(said)):
        vault.simulator.fail("*.update*", times=8, status=400, body=body)
        failed = vault("apply", str(tmp_path / "vault.yaml"), "--yes")
        assert failed.code in {1, 7}
        assert "(secret)" in failed.err
    vault.simulator.faults.clear()


def test_the_stack_has_every_secret_field_there_is(tmp_path: Path) -> None:
    """`extra` and `fields` of kinds aside, which are one field with anything in it."""
    file = tmp_path / "vault.yaml"
    file.write_text(STACK)
    stack = load(file, secret=secrets(0).get)
    held = {
        (r.kind.name, getattr(r.spec, "variant", "") if r.kind.variants else "", name)
        for r in stack.resources.values()
        for name in marked(type(r.spec), Secret)
        if r.spec.set_fields().get(name) is not None
    }
    fields = {
        (kind.name, variant, name)
        for kind in kinds().values()
        for variant, model in (kind.variants or {"": kind.model}).items()
        for name in marked(model, Secret)
        if name != "extra"
    }
    assert fields - held == set()


@pytest.mark.parametrize("variable", ["ATEME_PASSWORD", "MYCUJOO_API_KEY", "RIGHTS_LOCKER_API_KEY", "STRAAS_SECRET"])
def test_a_refused_credential_is_not_told(vault: Vault, tmp_path: Path, variable: str) -> None:
    wrong = {"HEADEND_MYCUJOO_TOKEN": "", f"HEADEND_{variable}": "canary-wrong"}
    refused = vault("plan", str(tmp_path / "vault.yaml"), **wrong)
    assert refused.code == 4


def test_a_secret_that_somebody_set_is_not_told_of_what_goes(tmp_path: Path) -> None:
    head, outputs, _ = STACK.partition("      outputs:\n")
    inside = head[head.index("  environments:") : head.index("      inputs:")]
    environment = f"headend: 1\nstack: vault\nateme:\n{inside}"
    output = '        g: {variant: rtmp, url: "rtmp://a.example.com/live"}\n'
    simulator = Simulator({"ateme": {"secrets_shown": True}})
    with serve(simulator) as url:
        world = World(simulator, tmp_path, url)
        world.write("vault.yaml", environment + outputs + output)
        assert world("apply", "vault.yaml", "--yes").code == 0
        (row,) = simulator.sims["ateme"].world["outputs"].values()
        row["backup_url"] = "rtmp://canary.example.com/live"
        world.write("vault.yaml", environment)
        told = world("plan", "vault.yaml", "--full", "--allow-deletions", "--report=md", "--report=json")
    assert (told.code, "was backup_url: (secret)" in told.out, "canary" in told.out) == (2, True, False), told.out
