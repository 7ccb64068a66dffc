"""Stack files: YAML in, `headend.core.model.stack.Stack` out, or every problem with its place in the file."""

from headend.core.stackfile.load import load
from headend.core.stackfile.schema import json_schema
from headend.core.stackfile.secrets import lookup

__all__ = ["json_schema", "load", "lookup"]
