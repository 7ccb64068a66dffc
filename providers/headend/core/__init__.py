"""The engine-neutral heart: kinds, diff, plan, apply, state. Imports neither httpx nor pulumi."""
