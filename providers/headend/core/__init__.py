"""The engine-neutral core, in four packages. `reconcile` and `stackfile` stand on `wire`, and `wire` on `model`."""
