"""Contacts, hosts whose network paths are measured, and saved addresses of the simulated Ateme+ Cloud API
(A-280..284, A-295..301, A-307..311)."""

from __future__ import annotations

from typing import Any

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import NEEDED, TEXT, Rule
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call, Refusal, Reply, handles

_WRITTEN: dict[str, Any] = {"form": r"[\w .,\-@+!]*"}
_CONTACT = {
    "name": Rule(required=True, low=1, high=80, **_WRITTEN),
    "email": Rule(high=150, **_WRITTEN),
    "phone": Rule(high=150, **_WRITTEN),
}


class SharedContacts(Ateme):
    """Whom guests of an organisation can turn to."""

    switches = {
        "changed_contacts": ("any", "plain"),  # plain: no + and ! in a changed one
    }

    contacts = AtemeTable("shared_contact", _CONTACT, id_field="contact_id", counter="contact", partial=True)

    @contacts.before("update")
    def plainly_written(self, call: Call, row: Row, given: Row) -> None:
        if self.switch("changed_contacts") == "plain":
            self.refuse({n: "has signs that are not allowed" for n, v in given.items() if set(str(v)) & {"+", "!"}})

    @handles("shared_contact.with_me")
    async def contacts_with_me(self, call: Call) -> Reply:
        """Those of organisations that the caller is a guest of (A-284)."""
        hosts = {id for id, users in self.world["guests"].items() if self.scope(call, "user") in users}
        rows = [row for row in self.contacts.live(self) if row["organisation_id"] in hosts]
        return self.many("shared_contacts", [self.contacts.shown(self, call, row) for row in rows])


class MtrHosts(Ateme):
    """Hosts, each in any number of groups."""

    switches = {
        "ungrouped": ("text", "null", "missing"),  # the id of the group of hosts that are in none
        "mtr_groups": ("with_hosts", "alone"),  # whether the list of groups shows who is in them
    }

    mtr_hosts = AtemeTable(
        "mtr_host", serves=("list", "delete"), id_field="host_id", counter="host", hidden=("organisation_id", "groups")
    )
    mtr_groups = AtemeTable(
        "mtr_host_group",
        {"name": NEEDED, "hosts": Rule(list)},
        changes={"name": NEEDED},
        serves=("update", "delete"),
        id_field="group_id",
        counter="mtr-group",
    )

    @mtr_groups.before("delete")
    def with_all_hosts(self, call: Call, row: Row, given: Row) -> None:
        """Its hosts go, too (A-300)."""
        for id in [host["host_id"] for host in self._hosts_in(row["group_id"])]:
            del self.world["mtr_hosts"][id]

    @handles("mtr_host_group.list")
    async def list_mtr_groups(self, call: Call) -> Reply:
        """With their hosts, and with one more of the hosts that are in none (A-297)."""
        rows = [self._group(call, row) for row in self.mtr_groups.lists(self, call)]
        mine = self.mtr_hosts.lists(self, call)
        if alone := [self.mtr_hosts.shown(self, call, host) for host in mine if not host["groups"]]:
            ids: dict[str, Row] = {"text": {"group_id": "null"}, "null": {"group_id": None}, "missing": {}}
            rows.append({**ids[self.switch("ungrouped")], "name": None, "hosts": alone})
        if self.switch("mtr_groups") == "alone":
            rows = [{name: value for name, value in row.items() if name != "hosts"} for row in rows]
        return self.many("mtr_host_groups", rows)

    @handles("mtr_host_group.create")
    async def create_mtr_group(self, call: Call) -> Reply:
        self.need_role(call, "operator")
        body = self.body(call, self.mtr_groups.rules)
        row = {"group_id": self.new_id("mtr-group"), "name": body["name"]}
        row["organisation_id"] = self.scope(call, "managing")
        self.world["mtr_host_groups"][row["group_id"]] = row
        for host in body.get("hosts", ()):
            self._add(call, host, row["group_id"])
        return self.one("mtr_host_group", self._group(call, row), 201)

    @handles("mtr_host_group.add_host")
    async def add_mtr_host(self, call: Call) -> Reply:
        """An existing one by its id, a new one by name and address, or both at once (A-301)."""
        self.need_role(call, "operator")
        group = self.mtr_groups.found(self, call, "write")
        body = self.body(call, {"host_id": TEXT, "host_name": Rule(low=1), "host": Rule(low=1)})
        new = {"host_name", "host"} & body.keys()
        if len(new) == 1 or not body:
            self.refuse(dict.fromkeys({"host_name", "host"} - new, "is required"))
        if (id := body.get("host_id")) is not None:
            row = self.mtr_hosts.by_id(self, id)
            row["groups"] = sorted({*row["groups"], group["group_id"]})
        if new:
            row = self._add(call, body, group["group_id"])
        return self.mtr_hosts.answer(self, call, row, 201)

    def _add(self, call: Call, given: Row, group_id: str) -> Row:
        row: Row = {"host_id": self.new_id("host"), "host_name": given["host_name"], "host": given["host"]}
        row |= {"groups": [group_id], "organisation_id": self.scope(call, "managing")}
        self.world["mtr_hosts"][row["host_id"]] = row
        return row

    def _hosts_in(self, group_id: str) -> list[Row]:
        return [host for host in self.world["mtr_hosts"].values() if group_id in host["groups"]]

    def _group(self, call: Call, row: Row) -> Row:
        hosts = [self.mtr_hosts.shown(self, call, host) for host in self._hosts_in(row["group_id"])]
        return self.mtr_groups.shown(self, call, row) | {"hosts": hosts}


class SavedIps(Ateme):
    """Addresses of the organisation, which its admins manage."""

    switches = {
        "ip_holder": ("shown", "hidden"),  # whether the list says which environment has an address
    }

    saved_ips = AtemeTable(
        "saved_ip",
        {"ip_address": NEEDED, "name": TEXT, "cloud_provider": NEEDED, "region": NEEDED},
        counter="ip",
    )

    @saved_ips.before("create", "delete")
    def by_admins(self, call: Call, row: Row, given: Row) -> None:
        self.need_role(call, "admin")
        row.setdefault("target_c_env_id", None)

    @saved_ips.shows
    def ip_shown(self, call: Call, row: Row) -> Row:
        """What a deleted environment held is held by none."""
        if self.switch("ip_holder") == "hidden":
            return {name: value for name, value in row.items() if name != "target_c_env_id"}
        return row | {"target_c_env_id": self._holder(row)}

    @handles("saved_ip.rename")
    async def rename_ip(self, call: Call) -> Reply:
        self.need_role(call, "admin")
        row = self.saved_ips.found(self, call)
        row |= self.body(call, {"name": Rule(required=True)})
        return self.saved_ips.answer(self, call, row)

    @handles("saved_ip.move")
    async def move_ip(self, call: Call) -> Reply:
        """To an environment of the organisation; what has it now is named as the cloud calls it (A-310, A-847)."""
        self.need_role(call, "admin")
        row = self.saved_ips.found(self, call)
        body = self.body(call, {"target_c_env_id": NEEDED, "cloud_details": Rule(low=1)})
        target = self.row("environments", body["target_c_env_id"])
        if target["is_deleted"] or target["organisation_id"] != row["organisation_id"]:
            raise Refusal(404, {"message": "target_c_env_id: no such environment of the managing organisation"})
        if self._holder(row) and "cloud_details" not in body:
            self.refuse({"cloud_details": "is required while an environment has the address"})
        row["target_c_env_id"] = target["environment_id"]
        return self.saved_ips.answer(self, call, row)

    def _holder(self, row: Row) -> str | None:
        holder = self.world["environments"].get(row["target_c_env_id"])
        return None if holder is None or holder["is_deleted"] else row["target_c_env_id"]
