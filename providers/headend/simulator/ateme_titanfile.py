"""TitanFile of the simulated Ateme+ Cloud API: deployments, and what is in them (A-312..344)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_machines import MachineTable
from headend.simulator.ateme_rules import NEEDED, TEXT, Rule
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal, Reply, handles

DOCUMENT = Rule(dict, required=True)
NAME = "Deployment-Id"
_S3 = {"protocol": NEEDED, "access_key": TEXT, "secret_key": TEXT, "buckets_creation_options": Rule(dict)}


class Deployments(Ateme):
    """Clusters, asynchronous: each look at the list brings a pending change one step on (A-721)."""

    switches = {
        "deployment_outcome": ("done", "failed"),  # how creating one ends
        "initial_deployment": ("running", "stopped"),
    }

    deployments = MachineTable(
        "tf_deployment",
        scope="managing",
        id_field="deployment_id",
        hidden=("polls", "organisation_id", "upgrade"),
    )

    @handles("tf.providers")
    async def titanfile_providers(self, call: Call) -> Reply:
        return self.many("cloud_providers", [{"cloud_provider": name} for name in self.world["catalogue"]])

    @handles("tf.regions")
    async def titanfile_regions(self, call: Call) -> Reply:
        regions = self.world["catalogue"].get(call.path["cloud_provider"])
        if regions is None:
            raise Refusal(404, {"message": "no such cloud provider"})
        return self.many("regions", [{"region": name} for name in regions])

    @handles("tf_deployment.list")
    async def list_deployments(self, call: Call) -> Reply:
        self.need_role(call, "monitor")
        for row in self.deployments.lists(self, call):
            was = self.deployments.arrives(row)
            if was == "creating":
                done = self.switch("deployment_outcome") == "done"
                row["status"] = self.switch("initial_deployment") if done else "failed"
            if was == "upgrading":
                row["version_id"] = row.pop("upgrade")
            if was == "deleting":
                self._emptied(row)
        return self.deployments.answer_all(self, call)

    @handles("tf_deployment.create")
    async def create_deployment(self, call: Call) -> Reply:
        self.need_role(call, "admin")
        named = Rule(required=True, low=1, high=100)
        body = self.body(call, {"name": named, "version_id": NEEDED, "cloud_provider": NEEDED, "region": NEEDED})
        if not re.fullmatch(r"[a-zA-Z0-9. _-]+", body["name"]):
            self.refuse({"name": "may hold letters, digits, spaces and . _ -"})
        if body["region"] not in self.world["catalogue"].get(body["cloud_provider"], {}):
            self.refuse({"region": "is not supported at this cloud provider"})
        id = self.new_id("deployment")
        row = {"deployment_id": id, "organisation_id": self.scope(call, "managing"), **body, "is_deleted": False}
        self.world["tf_deployments"][id] = row
        return self.deployments.pending(self, call, row, "creating")

    @handles("tf_deployment.start", "tf_deployment.stop")
    async def run_deployment(self, call: Call) -> Reply:
        row = self._deployment(call)
        start = call.op.key == "tf_deployment.start"
        if row["status"] != ("stopped" if start else "running"):
            raise Refusal(409, {"message": f"the deployment is {row['status']}"})
        return self.deployments.pending(self, call, row, "starting" if start else "stopping")

    @handles("tf_deployment.upgrade")
    async def upgrade_deployment(self, call: Call) -> Reply:
        row = self._deployment(call)
        version = self.body(call, {"version_id": NEEDED})["version_id"]
        if row["status"] not in {"running", "stopped"}:
            raise Refusal(409, {"message": f"the deployment is {row['status']}"})
        if [int(n) for n in version.split(".")] <= [int(n) for n in row["version_id"].split(".")]:
            self.refuse({"version_id": "is no higher version"})
        row["upgrade"] = version
        return self.deployments.pending(self, call, row, "upgrading")

    @handles("tf_deployment.delete")
    async def delete_deployment(self, call: Call) -> Reply:
        return self.deployments.removed(self, call, self._deployment(call))

    def _deployment(self, call: Call) -> Row:
        self.need_role(call, "admin")
        row = self.deployments.found(self, call)
        if row["is_deleted"]:
            raise self.deployments.missing(self, row["deployment_id"])
        return row

    def _emptied(self, row: Row) -> None:
        """What is in it goes with it."""
        for world in ("tf_credentials", "tf_templates", "tf_jobs"):
            rows = self.world[world]
            for id in [id for id, one in rows.items() if one.get("deployment_id") == row["deployment_id"]]:
                del rows[id]

    def deployment_of(self, call: Call) -> str | None:
        """The deployment that the call's header names, if it does (A-21, A-848)."""
        id = call.headers.get(NAME.lower())
        rule = call.op.rule("deployment_id")
        if id is None:
            if rule is not None and rule.needed:
                raise Refusal(400, {"message": f"the header {NAME} is missing"})
            return None
        row = self.deployments.by_id(self, id)
        if row["is_deleted"] or not self.deployments.owns(self, call, row):
            raise self.deployments.missing(self, id)
        return id


@dataclass(eq=False, kw_only=True)
class DeployedTable(AtemeTable):
    """What is in the deployment that the call's header names. named: the path has its name, not its id."""

    readers: str = "monitor"
    named: bool = False

    def owns(self, sim: Ateme, call: Call, row: Row) -> bool:
        assert isinstance(sim, Deployments)
        return bool(row["deployment_id"] == sim.deployment_of(call))

    def lists(self, sim: Ateme, call: Call) -> list[Row]:
        assert isinstance(sim, Deployments)
        here = sim.deployment_of(call)
        return [row for row in self.live(sim) if row["deployment_id"] == here]

    def by_name(self, sim: Ateme, call: Call, name: str) -> Row | None:
        return next((row for row in self.lists(sim, call) if row["name"] == name), None)

    def found(self, sim: Ateme, call: Call, verb: str = "get") -> Row:
        if not self.named:
            return super().found(sim, call, verb)
        row = self.by_name(sim, call, call.path["name"])
        if row is None:
            raise self.missing(sim, call.path["name"])
        return row

    def new(self, sim: Ateme, call: Call, given: Row) -> Row:
        assert isinstance(sim, Deployments)
        return super().new(sim, call, given) | {"deployment_id": sim.deployment_of(call)}


class Deployed(Deployments):
    """Credentials and jobs of a deployment, templates of all or of one, and job templates."""

    switches = {
        "template_lists": ("whole", "names"),  # whether lists show configurations
        "jobs": ("wait", "end"),  # whether a new job is pending, or ended at once
    }
    secrets = Ateme.secrets | {"access_key", "secret_key"}

    keys = DeployedTable(
        "tf_credentials",
        {"name": NEEDED, **_S3},
        world="tf_credentials",
        id_field="key",
        hidden=("key", "organisation_id", "deployment_id", "secret_key"),
        named=True,
    )
    templates = AtemeTable(
        "tf_template",
        {"name": NEEDED, "configuration": DOCUMENT, "local_only": Rule(bool, default=False)},
        changes={"name": NEEDED, "configuration": DOCUMENT},
        id_field="template_id",
        hidden=("organisation_id", "deployment_id"),
        partial=True,
        readers="monitor",
    )
    job_templates = AtemeTable(
        "tf_job_template",
        {"name": NEEDED, "configuration": DOCUMENT},
        id_field="job_template_id",
        partial=True,
        readers="monitor",
    )
    jobs = DeployedTable(
        "tf_job",
        {"name": NEEDED, "configuration": DOCUMENT},
        id_field="id",
        hidden=("organisation_id", "deployment_id"),
    )

    # --- credentials ---------------------------------------------------------------------------------------
    @keys.before("create")
    def unique_name(self, call: Call, row: Row, given: Row) -> None:
        """The name is their id (A-322)."""
        if self.keys.by_name(self, call, row["name"]) is not None:
            raise Refusal(409, {"message": "there are credentials of that name"})

    @handles("tf_credentials.put")
    async def put_credentials(self, call: Call) -> Reply:
        """Made where there are none (A-850)."""
        self.keys.admit(self, call, "update")
        given, name = self.body(call, _S3), call.path["name"]
        row = self.keys.by_name(self, call, name)
        if row is None:
            key = self.new_id("credentials")
            row = self.world["tf_credentials"][key] = {"key": key, **self.keys.new(self, call, {"name": name})}
        row |= given
        return self.keys.answer(self, call, row)

    # --- templates -----------------------------------------------------------------------------------------
    @templates.before("create")
    def within(self, call: Call, row: Row, given: Row) -> None:
        """Local ones are the header's deployment's (A-326)."""
        deployment = self.deployment_of(call)
        if row["local_only"] and deployment is None:
            self.refuse({"local_only": f"needs the header {NAME}"})
        row["deployment_id"] = deployment if row["local_only"] else None

    @handles("tf_template.list")
    async def list_templates(self, call: Call) -> Reply:
        """The global ones, and those of the header's deployment (A-325)."""
        self.templates.admit(self, call, "list")
        here = {None, self.deployment_of(call)}
        rows = [row for row in self.templates.lists(self, call) if row.get("deployment_id") in here]
        return self.templates.many(self, call, [self.templates.shown(self, call, row) for row in rows])

    @templates.shows
    def shown_template(self, call: Call, row: Row) -> Row:
        return self._listed(call, row)

    @job_templates.shows
    def shown_job_template(self, call: Call, row: Row) -> Row:
        return self._listed(call, row)

    def _listed(self, call: Call, row: Row) -> Row:
        short = call.op.key.endswith(".list") and self.switch("template_lists") == "names"
        return {name: value for name, value in row.items() if name != "configuration" or not short}

    # --- jobs ----------------------------------------------------------------------------------------------
    @jobs.before("create")
    def queued(self, call: Call, row: Row, given: Row) -> None:
        """A running deployment queues it (A-336, A-678)."""
        cluster = self.world["tf_deployments"][row["deployment_id"]]
        if cluster["status"] != "running":
            raise Refusal(409, {"message": f"the deployment is {cluster['status']}"})
        ended = self.switch("jobs") == "end"
        row |= {"tf_job_id": None, "priority": 1, "status": "finished" if ended else "pending"}

    @handles("tf_job.state")
    async def job_state(self, call: Call) -> Reply:
        row = self.jobs.found(self, call)
        return Reply(200, {name: row[name] for name in ("status", "state") if name in row})

    @handles("tf_job.priority")
    async def prioritise(self, call: Call) -> Reply:
        """Only what is pending (A-340)."""
        self.need_role(call, "operator")
        row = self.jobs.found(self, call)
        priority = self.body(call, {"new_priority": Rule(int, 1, required=True)})["new_priority"]
        if row["status"] != "pending":
            raise Refusal(409, {"message": f"the job is {row['status']}"})
        row["priority"] = priority
        return self.jobs.answer(self, call, row)

    @handles("tf_job.start", "tf_job.stop", "tf_job.restart")
    async def run_job(self, call: Call) -> Reply:
        """Start what isn't in TitanFile, restart only what crashed in it (A-341..343, A-987)."""
        self.need_role(call, "operator")
        row, verb = self.jobs.found(self, call), call.op.key.partition(".")[2]
        inside = row["tf_job_id"] is not None
        fits = {
            "start": not inside and row["status"] not in {"failed", "aborted"},
            "restart": inside and row["status"] == "crashed",
            "stop": row["status"] not in {"finished", "failed", "aborted"},
        }
        if not fits[verb]:
            raise Refusal(409, {"message": f"the job is {row['status']}"})
        row["status"] = "aborted" if verb == "stop" else "active"
        return self.jobs.answer(self, call, row, 202)
