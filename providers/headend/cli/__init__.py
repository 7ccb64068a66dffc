"""The command line: one file a command group; renderers read the plan document, never the engine."""
