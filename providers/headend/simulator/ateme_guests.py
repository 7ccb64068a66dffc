"""Source invitations and what guests are allowed in the simulated Ateme+ Cloud API (A-268..279)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import NEEDED, Rule
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal, Reply, handles

_TERMS: Mapping[str, Rule] = {
    "show_all_channels": Rule(bool),
    "show_all_events": Rule(bool),
    "billing_source": Rule(choices=("source_owner", "destination_taker")),
    "global_max_destinations": Rule(int, 1, 10),
    "registered": Rule(bool),
}
_NEW = {"show_all_channels": False, "show_all_events": False, "billing_source": "source_owner", "registered": False}
_MAPS = ("environment_visibility", "environment_max_destinations")


class Guests(Ateme):
    """Organisations that are let in. Their token is what they are addressed by (A-844)."""

    switches = {
        "invitation_ids": ("shown", "hidden"),  # whether the list has an id beside the token
        "invitation_maps": ("shown", "hidden"),  # whether it has what was said of single environments
    }

    invitations = AtemeTable(
        "source_invitation",
        {"destination_temporary_name": Rule(required=True, low=1, high=30)},
        changes=_TERMS,
        id_field="source_invitation_token",
        hidden=("organisation_id", "guest_organisation_id"),
        partial=True,
    )

    @invitations.shows
    def invitation_shown(self, call: Call, row: Row) -> Row:
        hidden = {"source_invitation_id"} if self.switch("invitation_ids") == "hidden" else set()
        hidden |= {*_MAPS} if self.switch("invitation_maps") == "hidden" else set()
        return {name: value for name, value in row.items() if name not in hidden}

    @handles("source_invitation.create")
    async def invite(self, call: Call) -> Reply:
        """For the managing organisation, by its admins (A-271)."""
        self.need_role(call, "admin")
        body = self.body(call, self.invitations.rules)
        id = self.new_id("invitation")
        token = f"invited.{hashlib.sha256(id.encode()).hexdigest()[:24]}"
        row = {"source_invitation_token": token, "source_invitation_id": id, **body, **_NEW}
        row |= {"organisation_id": self.scope(call, "managing"), "guest_organisation_id": None}
        row |= {"input_ids": [], "label_ids": [], **{name: {} for name in _MAPS}}
        self.world["source_invitations"][token] = row
        return self.invitations.answer(self, call, row, 201)

    @handles("source_invitation.accept")
    async def accept_invitation(self, call: Call) -> Reply:
        """By an admin of the guest, into its managing organisation (A-274)."""
        self.need_role(call, "admin")
        row = self.invitations.by_id(self, call.path["token"])
        row |= {"registered": True, "guest_organisation_id": self.scope(call, "managing")}
        users = self.world["guests"].setdefault(row["organisation_id"], [])
        users.append(self.scope(call, "user"))
        return self.one("source_invitation", {"registered": True})

    @invitations.before("update")
    def put_out(self, call: Call, row: Row, given: Row) -> None:
        """Who is not registered any more has no channels and events (A-985)."""
        if given.get("registered") is False:
            row |= {"input_ids": [], "label_ids": []}

    @invitations.before("delete")
    def leave_nothing(self, call: Call, row: Row, given: Row) -> None:
        """Destinations, schedules and alerts of the guest go along (A-273)."""
        self._evict(row, None)

    @handles("source_invitation.visibility")
    async def set_visibility(self, call: Call) -> Reply:
        return self._set_for(call, "environment_visibility", {"visible": Rule(bool, required=True)})

    @handles("source_invitation.max_destinations")
    async def set_max_destinations(self, call: Call) -> Reply:
        return self._set_for(
            call, "environment_max_destinations", {"max_destinations": Rule(int, 1, 10, required=True)}
        )

    @handles("source_invitation.delete_destinations")
    async def delete_destinations(self, call: Call) -> Reply:
        """Those in one environment, with the alerts on them (A-279, A-984)."""
        row, environment = self._of_environment(call)
        self._evict(row, environment)
        return Reply(204)

    @handles("input_grant.create", "label_grant.create")
    async def grant(self, call: Call) -> Reply:
        row, noun = self.invitations.found(self, call), call.op.key.partition("_")[0]
        self.need_role(call, "operator")
        id = self.body(call, {f"{noun}_id": NEEDED})[f"{noun}_id"]
        thing = self.row(f"{noun}s", id)
        if thing.get("is_deleted") or thing["organisation_id"] != row["organisation_id"]:
            raise Refusal(404, {"message": f"no such {noun}: {id}"})
        if id not in row[f"{noun}_ids"]:
            row[f"{noun}_ids"].append(id)
        return self.one("permission", {f"{noun}_id": id}, 201)

    @handles("input_grant.delete", "label_grant.delete")
    async def revoke(self, call: Call) -> Reply:
        row, noun = self.invitations.found(self, call), call.op.key.partition("_")[0]
        self.need_role(call, "operator")
        id = call.path[f"{noun}_id"]
        if id not in row[f"{noun}_ids"]:
            raise Refusal(404, {"message": f"the guest has no such {noun}: {id}"})
        row[f"{noun}_ids"].remove(id)
        return Reply(204)

    def _of_environment(self, call: Call) -> tuple[Row, str]:
        self.need_role(call, "admin")
        row = self.invitations.found(self, call)
        place = self.row("environments", call.path["environment_id"])
        if place["organisation_id"] != row["organisation_id"]:
            raise Refusal(404, {"message": "no such environment of the managing organisation"})
        return row, place["environment_id"]

    def _set_for(self, call: Call, field: str, rules: Mapping[str, Rule]) -> Reply:
        row, environment = self._of_environment(call)
        (row[field][environment],) = self.body(call, rules).values()
        return self.one("source_invitation", {field: row[field]})

    def _evict(self, row: Row, environment: str | None) -> None:
        """Deletes what the guest has here: destinations, what is scheduled for them, and alerts on them."""
        for output in self.world["outputs"].values():
            here = output["organisation_id"] == row["organisation_id"] and environment in {
                None,
                output["environment_id"],
            }
            if here and output["taker_organisation_id"] == row["guest_organisation_id"]:
                output["is_deleted"] = True
                for table in ("schedules", "alerts"):
                    rows = self.world[table].values()
                    for one in [one for one in rows if one.get("output_id") == output["output_id"]]:
                        one["is_deleted"] = True
