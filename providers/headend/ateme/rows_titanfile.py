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


class CredentialsRow(Row):
    id: OpaqueId = named("name")
    name: str


class JobRow(Row):
    id: OpaqueId = named("id", "job_id")  # tf_job_id is another one's word
    tf_job_id: OpaqueId | None = None
    name: str | None = None
