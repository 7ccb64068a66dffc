"""Sessions, organisations and environments of the simulated Ateme+ Cloud API."""

from __future__ import annotations

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_machines import MachineTable
from headend.simulator.ateme_office import Agreements
from headend.simulator.ateme_rules import NEEDED, Rule
from headend.simulator.base import Call, Refusal, Reply, handles

_ENVIRONMENT = {
    "name": Rule(required=True, low=1, high=255),
    "cloud_provider": NEEDED,
    "region": NEEDED,
    "instance_type_id": NEEDED,
}


class Sessions(Ateme):
    """Login, the three switches of scope, and who I am (A-101..106, A-112, A-116, A-121)."""

    @handles("session.login")
    async def login(self, call: Call) -> Reply:
        body = self.body(call, {"email": NEEDED, "password": NEEDED})
        for user_id, user in self.world["users"].items():
            if user["email"] == body["email"] and user["password"] == body["password"]:
                return Reply(200, {"jwt_token": self.issue(user_id)})
        return Reply(401, {"message": "wrong email or password"})

    @handles("session.switch_environment")
    async def switch_environment(self, call: Call) -> Reply:
        environment = self.row("environments", self.body(call, {"environment_id": NEEDED})["environment_id"])
        organisation_id = environment["organisation_id"]
        if environment["is_deleted"]:
            raise Refusal(404, {"message": "the environment is deleted"})
        guest = self.scope(call, "user") in self.world["guests"].get(organisation_id, ())
        if not self.role(call, organisation_id) and not guest:
            raise Refusal(403, {"message": "neither a member nor a guest of the environment's organisation"})
        return self._moved(call, {"organisation": organisation_id, "environment": environment["environment_id"]})

    @handles("session.switch_organisation")
    async def switch_organisation(self, call: Call) -> Reply:
        organisation_id = self.body(call, {"organisation_id": NEEDED})["organisation_id"]
        member = bool(self.role(call, organisation_id))
        if not member and self.scope(call, "user") not in self.world["guests"].get(organisation_id, ()):
            raise Refusal(403, {"message": "neither a member nor an accepted guest of the organisation"})
        reply = self._moved(call, {"organisation": organisation_id, "environment": None})
        reply.body["is_member_of_active_org"] = member
        if not self.switch("organisation_token"):
            del reply.body["jwt_token"]
        return reply

    @handles("session.switch_managing")
    async def switch_managing(self, call: Call) -> Reply:
        organisation_id = self.body(call, {"organisation_id": NEEDED})["organisation_id"]
        if not self.role(call, organisation_id):
            raise Refusal(403, {"message": "no permission in the organisation"})
        return self._moved(call, {"managing": organisation_id, "organisation": organisation_id, "environment": None})

    def _moved(self, call: Call, to: Row) -> Reply:
        """Writes the user's row and answers a JWT for it; what isn't named in `to` stays as in the call's scope."""
        user_id = call.state["scope"]["user"]
        kept = {key: call.state["scope"][key] for key in ("managing", "organisation", "environment")}
        self.world["users"][user_id] |= kept | to
        return Reply(200, {"jwt_token": self.issue(user_id, switch=True)} | self._where(user_id))

    def _where(self, user_id: str) -> Row:
        user = self.world["users"][user_id]
        names = {"managing": "managing_organisation_id", "organisation": "active_organisation_id"}
        return {wire: user[key] for key, wire in names.items()} | {"active_environment_id": user["environment"]}

    @handles("user.me")
    async def me(self, call: Call) -> Reply:
        scope = call.state["scope"]
        where = {
            "managing_organisation_id": scope["managing"],
            "active_organisation_id": scope["organisation"],
            "active_environment_id": scope["environment"],
        }
        email = self.world["users"][scope["user"]]["email"]
        member = bool(self.role(call, scope["organisation"]))
        row = {"user_id": scope["user"], "email": email, "is_invitation_suspended": None}
        return self.one("user", row | where | {"is_member_of_active_org": member})

    @handles("organisation.list")
    async def organisations(self, call: Call) -> Reply:
        """The managing organisation first, then those that the caller is a guest of."""
        guest = [id for id, users in self.world["guests"].items() if self.scope(call, "user") in users]
        return self.many("organisations", map(self._organisation, [call.state["scope"]["managing"], *guest]))

    def _organisation(self, id: str) -> Row:
        return {"organisation_id": id, "name": self.world["organisations"][id]["name"]}


class Environments(Agreements):
    """Environments, asynchronous: each read brings a pending change one step on (A-126..133, A-721)."""

    switches = {
        "outcome": ("done", "failed"),  # how creating an environment ends
        "initial_environment": ("running", "stopped"),
        "system_user": (True, False),  # creating an environment adds one
    }

    environments = MachineTable(
        "environment", scope="organisation", listed="organisation", hidden=("polls", "token_due")
    )

    @handles("environment.create")
    async def create_environment(self, call: Call) -> Reply:
        self.need_role(call, "admin", self.scope(call, "organisation"))
        if isinstance(call.body, dict) and isinstance(call.body.get("instance_type_id"), int):
            call.body["instance_type_id"] = str(call.body["instance_type_id"])  # str or int
        body = self.body(call, _ENVIRONMENT)
        regions = self.world["catalogue"].get(body["cloud_provider"], {})
        if body["cloud_provider"] not in self.world["catalogue"]:
            self.refuse({"cloud_provider": "is not supported"})
        if body["region"] not in regions:
            self.refuse({"region": "is not supported at this cloud provider"})
        if body["instance_type_id"] not in regions[body["region"]]:
            self.refuse({"instance_type_id": "is not supported in this region"})
        id = self.new_id("env")
        organisation_id = call.state["scope"]["organisation"]
        row = {"environment_id": id, "organisation_id": organisation_id, **body}
        self.world["environments"][id] = row = row | {"is_deleted": False, "token_due": True}
        if self.switch("system_user"):
            user_id = self.new_id("system-user")
            self.world["users"][user_id] = {"email": f"{user_id}@cenv.example.com", "password": None}
            self.world["organisations"][organisation_id]["roles"][user_id] = "admin"
        return self.environments.pending(self, call, row, "creating")

    @handles("environment.get")
    async def get_environment(self, call: Call) -> Reply:
        """The first read after creation has finished carries a JWT and moves the user there (A-15)."""
        row = self._environment(call)
        was = self.environments.arrives(row)
        if was == "creating":
            row["status"] = self.switch("initial_environment") if self.switch("outcome") == "done" else "failed"
        if was == "deleting":
            self._gone(row)
        shown = self.environments.shown(self, call, self.row("environments", row["environment_id"]))
        if row["token_due"] and row["status"] in {"running", "stopped"}:
            row["token_due"] = False
            user_id = call.state["scope"]["user"]
            place = {"organisation": row["organisation_id"], "environment": row["environment_id"]}
            self.world["users"][user_id] |= {"managing": self.scope(call, "managing")} | place
            shown["jwt_token"] = self.issue(user_id)
        return self.one("environment", shown)

    @handles("environment.list_running")
    async def running_environments(self, call: Call) -> Reply:
        rows = [row for row in self.environments.lists(self, call) if row["status"] == "running"]
        return self.many("environments", [self.environments.shown(self, call, row) for row in rows])

    @handles("environment.dropdown")
    async def environment_dropdown(self, call: Call) -> Reply:
        """Active and deleted ones of the managing organisation (A-129)."""
        rows = [r for r in self.world["environments"].values() if r["organisation_id"] == self.scope(call, "managing")]
        names = ("environment_id", "name", "status", "is_deleted")
        return self.many("environments", [{name: row[name] for name in names} for row in rows])

    @handles("environment.start", "environment.stop", "environment.soft_restart")
    async def run_environment(self, call: Call) -> Reply:
        row = self._environment(call)
        self.need_role(call, "admin", row["organisation_id"])
        start = call.op.key == "environment.start"
        if row["status"] != ("stopped" if start else "running"):
            raise Refusal(409, {"message": f"the environment is {row['status']}"})
        return self.environments.pending(
            self, call, row, "stopping" if call.op.key == "environment.stop" else "starting"
        )

    @handles("environment.delete")
    async def delete_environment(self, call: Call) -> Reply:
        row = self._environment(call)
        self.need_role(call, "admin", row["organisation_id"])
        if row["is_deleted"]:
            raise Refusal(404, {"message": "the environment is deleted"})
        return self.environments.removed(self, call, row)

    def _environment(self, call: Call) -> Row:
        """The environment of the path. 404 outside the active organisation, 403 for its guests (A-16)."""
        row = self.row("environments", call.path["environment_id"])
        if not row["is_deleted"]:
            if row["organisation_id"] != self.scope(call, "organisation"):
                raise Refusal(404, {"message": "no such environment in the active organisation"})
            self.need_role(call, "monitor", row["organisation_id"])
        return row

    def _gone(self, row: Row) -> None:
        """Everything in it goes with it, and its agreements are released."""
        for child in self.everything():
            if child.get("environment_id") == row["environment_id"]:
                child["is_deleted"] = True
                self.release_agreement(child)
