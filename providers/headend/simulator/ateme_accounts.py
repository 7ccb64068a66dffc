"""Sessions, organisations, environments, the cloud catalogue and dashboard groups of the simulated Ateme+ Cloud API."""

from __future__ import annotations

from datetime import timedelta

from headend.simulator.ateme_base import AtemeBase, Row
from headend.simulator.ateme_rules import NEEDED, Rule
from headend.simulator.base import Call, Refusal, Reply, handles

_ENVIRONMENT = {
    "name": Rule(required=True, low=1, high=255),
    "cloud_provider": NEEDED,
    "region": NEEDED,
    "instance_type_id": NEEDED,
}
_GROUP = {"name": NEEDED, "group_type": Rule(required=True, choices=("source", "destination", "mv", "transcoder"))}
_DONE = {"creating": "running", "starting": "running", "stopping": "stopped", "deleting": "deleted"}


class Sessions(AtemeBase):
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
        environment = self.row(
            "environments", self.body(call, {"environment_id": NEEDED})["environment_id"], "environment"
        )
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

    @handles("organisation.manageable")
    async def manageable(self, call: Call) -> Reply:
        mine = [id for id in self.world["organisations"] if self.role(call, id)]
        return self.many("organisations", map(self._organisation, mine))

    def _organisation(self, id: str) -> Row:
        return {"organisation_id": id, "name": self.world["organisations"][id]["name"]}

    @handles("org_user.list")
    async def users(self, call: Call) -> Reply:
        """All for admins, only oneself for others (A-121)."""
        roles = self.world["organisations"][self.scope(call, "managing")]["roles"]
        me, is_admin = self.scope(call, "user"), self.role(call, self.scope(call, "managing")) == "admin"
        rows = [
            {"user_id": id, "email": self.world["users"].get(id, {}).get("email"), "permission_type": role}
            for id, role in roles.items()
            if is_admin or id == me
        ]
        return self.many("users", rows)


class Environments(AtemeBase):
    """Environments, asynchronous: each read brings a pending change one step on (A-126..133, A-721)."""

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
        row = {"environment_id": id, "organisation_id": organisation_id, **body, "status": "creating"}
        self.world["environments"][id] = row | {"is_deleted": False, "polls": self.switch("polls"), "token_due": True}
        if self.switch("system_user"):
            user_id = self.new_id("system-user")
            self.world["users"][user_id] = {"email": f"{user_id}@cenv.example.com", "password": None}
            self.world["organisations"][organisation_id]["roles"][user_id] = "admin"
        return self.one("environment", self._shown(self.world["environments"][id]), 202)

    @handles("environment.get")
    async def get_environment(self, call: Call) -> Reply:
        """The first read after creation has finished carries a JWT and moves the user there (A-15)."""
        row = self._environment(call)
        self._advance(row)
        shown = self._shown(row)
        if row["token_due"] and row["status"] in {"running", "stopped"}:
            row["token_due"] = False
            user_id = call.state["scope"]["user"]
            place = {"organisation": row["organisation_id"], "environment": row["environment_id"]}
            self.world["users"][user_id] |= {"managing": self.scope(call, "managing")} | place
            shown["jwt_token"] = self.issue(user_id)
        return self.one("environment", shown)

    @handles("environment.list_running")
    async def running_environments(self, call: Call) -> Reply:
        rows = [row for row in self.live("environments") if row["organisation_id"] == self.scope(call, "organisation")]
        return self.many("environments", [self._shown(row) for row in rows if row["status"] == "running"])

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
        row["status"] = "stopping" if call.op.key == "environment.stop" else "starting"
        row["polls"] = self.switch("polls")
        return self.one("environment", self._shown(row), 202)

    @handles("environment.delete")
    async def delete_environment(self, call: Call) -> Reply:
        row = self._environment(call)
        self.need_role(call, "admin", row["organisation_id"])
        if not row["is_deleted"] and row["status"] != "deleting":
            row |= {"status": "deleting", "polls": self.switch("polls")}
        return self.one("environment", self._shown(row), 202)

    def _environment(self, call: Call) -> Row:
        """The environment of the path. 404 outside the active organisation, 403 for its guests (A-16)."""
        row = self.row("environments", call.path["environment_id"], "environment")
        if not row["is_deleted"]:
            if row["organisation_id"] != self.scope(call, "organisation"):
                raise Refusal(404, {"message": "no such environment in the active organisation"})
            self.need_role(call, "monitor", row["organisation_id"])
        return row

    def _advance(self, row: Row) -> None:
        if row["status"] not in _DONE:
            return
        row["polls"] -= 1
        if row["polls"] > 0:
            return
        done = _DONE[row["status"]]
        if row["status"] == "creating":
            done = self.switch("initial_environment") if self.switch("outcome") == "done" else "failed"
        row["status"] = done
        if done == "deleted":
            self._gone(row)

    def _gone(self, row: Row) -> None:
        """Everything in it goes with it, and its agreements are released."""
        row["is_deleted"] = True
        for table in ("inputs", "outputs", "transcoders", "multi_viewers", "schedules", "events", "alerts"):
            for child in self.world[table].values():
                if child["environment_id"] == row["environment_id"]:
                    child["is_deleted"] = True
                    self.release_agreement(child)
        if self.switch("deleted") == "gone":
            raise Refusal(404, {"message": f"no such environment: {row['environment_id']}"})

    def _shown(self, row: Row) -> Row:
        return {name: value for name, value in row.items() if name not in {"polls", "token_due"}}

    # --- agreements -------------------------------------------------------------------------------------------
    def release_agreement(self, output: Row) -> None:
        """An output lets go of its agreement; when it is free again is a switch (A-741)."""
        agreement = self.world["agreements"].get(output.get("permanent_schedule_agreement_id"))
        if agreement is None:
            return
        if self.switch("released_agreements") == "at_once":
            agreement["is_assigned"] = False
        else:
            agreement["releasing"] = True

    def worker_tick(self) -> None:
        """Hook: the hourly worker runs, and finishes releasing agreements."""
        for agreement in self.world["agreements"].values():
            if agreement.pop("releasing", False):
                agreement["is_assigned"] = False
                agreement["is_finished"] = self.switch("released_agreements") == "finished"

    @handles("agreement.list")
    async def agreements(self, call: Call) -> Reply:
        mine = [a for a in self.world["agreements"].values() if a["organisation_id"] == self.scope(call, "managing")]
        return self.many("agreements", map(self._agreement, mine))

    @handles("agreement.create")
    async def buy_agreements(self, call: Call) -> Reply:
        """A purchase: up to ten at once, unassigned, with a date on which they end (A-257)."""
        self.need_role(call, "operator")
        body = self.body(call, {"number_of_agreements": Rule(int, 1, 10), "bitrate": Rule(int)})
        bought = [self.new_id("agreement") for _ in range(body.get("number_of_agreements", 1))]
        for id in bought:
            row = {
                "agreement_id": id,
                "organisation_id": self.scope(call, "managing"),
                "bitrate": body.get("bitrate", 20),
            }
            row |= {"is_assigned": False, "is_finished": False}
            self.world["agreements"][id] = row | {"expiry_date": (self.now() + timedelta(days=30)).isoformat()}
        return Reply(
            201, self.many("agreements", [self._agreement(self.world["agreements"][id]) for id in bought]).body
        )

    @handles("agreement.price_selectors")
    async def price_selectors(self, call: Call) -> Reply:
        """What an agreement may be for; anybody may ask (A-258)."""
        return Reply(200, {"bitrates": [5, 10, 20, 50]})

    def _agreement(self, row: Row) -> Row:
        return {name: value for name, value in row.items() if name not in {"releasing", "organisation_id"}}


class Office(AtemeBase):
    """The cloud catalogue and dashboard groups (A-141..143, A-291..294)."""

    @handles("cloud.providers")
    async def providers(self, call: Call) -> Reply:
        return self.many("cloud_providers", [{"cloud_provider": name} for name in self.world["catalogue"]])

    @handles("cloud.regions")
    async def regions(self, call: Call) -> Reply:
        regions = self.world["catalogue"].get(call.path["cloud_provider"])
        if regions is None:
            raise Refusal(404, {"message": "no such cloud provider"})
        return self.many("regions", [{"region": name} for name in regions])

    @handles("cloud.instance_types")
    async def instance_types(self, call: Call) -> Reply:
        types = self.world["catalogue"].get(call.path["cloud_provider"], {}).get(call.path["region"])
        if types is None:
            raise Refusal(404, {"message": "no such region"})
        return self.many("instance_types", [{"instance_type_id": name} for name in types])

    @handles("dashboard_group.list")
    async def groups(self, call: Call) -> Reply:
        mine = [row for row in self.world["groups"].values() if row["organisation_id"] == self.scope(call, "managing")]
        return self.many("dashboard_groups", mine)

    @handles("dashboard_group.create")
    async def create_group(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        body = self.body(call, _GROUP)
        id = self.new_id("group")
        row = {"dashboard_group_id": id, "organisation_id": self.scope(call, "managing"), **body}
        self.world["groups"][id] = row
        return self.one("dashboard_group", row, 201)

    @handles("dashboard_group.update", "dashboard_group.delete")
    async def change_group(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        row = self.world["groups"].get(call.path["group_id"])
        if row is None or row["organisation_id"] != self.scope(call, "managing"):
            raise Refusal(404, {"message": "no such dashboard group"})
        if call.op.key == "dashboard_group.delete":
            del self.world["groups"][call.path["group_id"]]
            for member in (*self.world["inputs"].values(), *self.world["outputs"].values()):
                if member.get("dashboard_group_id") == call.path["group_id"]:
                    member["dashboard_group_id"] = None
            return Reply(204)
        row |= self.body(call, {"name": NEEDED})
        return self.one("dashboard_group", row)
