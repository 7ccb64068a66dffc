"""Job templates of TitanFile."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from headend.ateme.fields import Document, Extra, check_extra
from headend.ateme.listed import ListedKind
from headend.ateme.rows_titanfile import JobTemplateRow
from headend.core.model.fields import Named, Spec


class TfJobTemplate(Spec):
    """One job template."""

    name: Annotated[str, Named(), Field(min_length=1, description="what it is called (A-675)")]
    configuration: Annotated[
        Document,
        Field(
            description="the job's configuration, as TitanFile's own documents have it; null counts as left out (A-676)"
        ),
    ]
    extra: Extra = None

    @model_validator(mode="after")
    def _extra_fits(self) -> Self:
        check_extra(self.extra, {"name", "configuration"})
        return self


class TfJobTemplateKind(ListedKind[TfJobTemplate]):
    """A job template of TitanFile. Experimental: the platform's document names its calls and says nothing of them
    (A-849).

    Its configuration is a document that headend doesn't read: it is sent as it stands, and compared by content.
    """

    name = "ateme.tf_job_template"
    noun = "tf_job_template"
    place = "job_template_id"
    shape = JobTemplateRow
    whole = "configuration"
    model = TfJobTemplate
    key = ("name",)
