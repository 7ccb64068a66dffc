"""What things are: kinds, fields, stacks, records, findings, errors.

Values and interfaces only: nothing here reads a file, sends a request or knows an engine. Everybody may import it.
"""
