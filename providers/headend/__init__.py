"""headend as code: broadcast set-ups as YAML, diffed against the live APIs and applied."""

try:
    from headend._version import __version__ as __version__  # made of the tag when headend is built
except ImportError:  # run from a folder that nobody built
    __version__ = "0.0.0"
