"""Stack files: YAML in, `headend.core.model.stack.Stack` out, or every problem with its place in the file."""

from headend.core.stackfile.load import load, load_settings, read_name
from headend.core.stackfile.secrets import secret_finder
from headend.core.stackfile.values import COMMAND_LINE, Ways

__all__ = ["COMMAND_LINE", "Ways", "load", "load_settings", "read_name", "secret_finder"]
