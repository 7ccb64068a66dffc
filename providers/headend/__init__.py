"""headend as code: broadcast set-ups as YAML, diffed against the live APIs and applied."""

__version__ = "0.1.0"
