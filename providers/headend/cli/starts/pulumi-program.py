"""The Pulumi project: the stack file named after the selected Pulumi stack becomes live objects."""

from pathlib import Path

from headend.pulumi.program import declare

declare(Path(__file__).parent)
