from stores.conftest import servers

__all__ = ["servers"]
