"""TitanFile of the simulated Ateme+ Cloud API: templates of jobs (A-325..334)."""

from __future__ import annotations

from headend.simulator.ateme import Ateme, Row
from headend.simulator.ateme_rules import NEEDED, Rule
from headend.simulator.ateme_table import AtemeTable
from headend.simulator.base import Call

DOCUMENT = Rule(dict, required=True)


class Templates(Ateme):
    """Templates of all deployments or of one, and job templates."""

    switches = {
        "template_lists": ("whole", "names"),  # whether lists show configurations
    }

    templates = AtemeTable(
        "tf_template",
        {"name": NEEDED, "configuration": DOCUMENT, "local_only": Rule(bool, default=False)},
        changes={"name": NEEDED, "configuration": DOCUMENT},
        id_field="template_id",
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

    @templates.shows
    def shown_template(self, call: Call, row: Row) -> Row:
        return self._listed(call, row)

    @job_templates.shows
    def shown_job_template(self, call: Call, row: Row) -> Row:
        return self._listed(call, row)

    def _listed(self, call: Call, row: Row) -> Row:
        short = call.op.key.endswith(".list") and self.switch("template_lists") == "names"
        return {name: value for name, value in row.items() if name != "configuration" or not short}
