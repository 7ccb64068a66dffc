"""Stack files: YAML in, `headend.core.desired.Stack` out, or every problem with its place in the file."""

from headend.core.stack.load import load, warnings
from headend.core.stack.schema import json_schema
from headend.core.stack.secrets import lookup

__all__ = ["json_schema", "load", "lookup", "warnings"]
