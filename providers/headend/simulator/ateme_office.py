"""The cloud catalogue, agreements and dashboard groups of the simulated Ateme+ Cloud API."""

from __future__ import annotations

from datetime import timedelta

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import NEEDED, Rule
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal, Reply, handles


class Agreements(Ateme):
    """Permanent schedule agreements: bought, assigned to outputs, released (A-256..258)."""

    switches = {
        "released_agreements": ("at_once", "after_tick", "finished"),  # free at once, later, or only until a tick
    }

    agreements = AtemeTable("agreement", serves=("list",), hidden=("releasing", "organisation_id"))

    def assign_agreement(self, call: Call, id: str | None) -> None:
        """An output takes one that is neither assigned nor finished (A-461)."""
        if id is None:
            return
        agreement = self.world["agreements"].get(id)
        if agreement is None or not self.agreements.owns(self, call, agreement):
            raise Refusal(404, {"message": f"no such agreement: {id}"})
        if agreement["is_assigned"] or agreement["is_finished"]:
            self.refuse({"permanent_schedule_agreement_id": "is assigned or finished"})
        agreement["is_assigned"] = True
        agreement.pop("releasing", None)

    def release_agreement(self, output: Row) -> None:
        """An output lets go of its agreement, at once unless a switch says otherwise (A-741, A-981)."""
        agreement = self.world["agreements"].get(output.get("permanent_schedule_agreement_id"))
        if agreement is None:
            return
        agreement["is_assigned"] = self.switch("released_agreements") == "after_tick"
        agreement["releasing"] = self.switch("released_agreements") != "at_once"

    def worker_tick(self) -> None:
        """Hook: the hourly worker runs, and is done with the agreements that were let go of."""
        for agreement in self.world["agreements"].values():
            if agreement.pop("releasing", False):
                agreement["is_assigned"] = False
                agreement["is_finished"] = self.switch("released_agreements") == "finished"

    @handles("agreement.create")
    async def buy_agreements(self, call: Call) -> Reply:
        """A purchase: up to ten at once, unassigned, with a date on which they end (A-257)."""
        self.need_role(call, "operator")
        body = self.body(call, {"number_of_agreements": Rule(int, 1, 10), "bitrate": Rule(int)})
        made = {"organisation_id": self.scope(call, "managing"), "bitrate": body.get("bitrate", 20)}
        made |= {"is_assigned": False, "is_finished": False}
        made |= {"expiry_date": (self.now() + timedelta(days=30)).isoformat()}
        bought = [
            {"agreement_id": self.new_id("agreement"), **made} for _ in range(body.get("number_of_agreements", 1))
        ]
        self.world["agreements"] |= {row["agreement_id"]: row for row in bought}
        shown = [self.agreements.shown(self, call, row) for row in bought]
        return Reply(201, self.many("agreements", shown).body)

    @handles("agreement.price_selectors")
    async def price_selectors(self, call: Call) -> Reply:
        """What an agreement may be for; anybody may ask (A-258)."""
        return Reply(200, {"bitrates": [5, 10, 20, 50]})


class Catalogue(Ateme):
    """What clouds there are (A-141..143)."""

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


class DashboardGroups(Ateme):
    """Groups of an organisation's dashboards (A-291..294)."""

    groups = AtemeTable(
        "dashboard_group",
        {"name": NEEDED, "group_type": Rule(required=True, choices=("source", "destination", "mv", "transcoder"))},
        changes={"name": NEEDED},
        world="groups",
        counter="group",
        hidden=(),
    )

    @groups.before("delete")
    def left_by_all(self, call: Call, row: Row, given: Row) -> None:
        for member in (*self.world["inputs"].values(), *self.world["outputs"].values()):
            if member.get("dashboard_group_id") == row["dashboard_group_id"]:
                member["dashboard_group_id"] = None
