"""The documented shapes of what TitanFile answers, as far as decisions hang on them."""

from headend.ateme.rows import Row
from headend.core.wire.decode import OpaqueId, named


class DeploymentRow(Row):
    id: OpaqueId = named("deployment_id", "id")
    name: str | None = None
    version_id: OpaqueId | None = None


class TemplateRow(Row):
    id: OpaqueId = named("template_id", "id")
    name: str | None = None
    local_only: bool | None = None


class JobTemplateRow(Row):
    id: OpaqueId = named("job_template_id", "id")
    name: str | None = None
