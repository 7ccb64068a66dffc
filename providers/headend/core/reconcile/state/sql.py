"""What a database needs before the first state can be in it."""

SQL = """\
-- Once, by who may: a schema for headend, and what a run needs of it. Put the name of the runs' role for headend_runs.
CREATE SCHEMA IF NOT EXISTS headend;
CREATE TABLE IF NOT EXISTS headend.meta (
    stack text NOT NULL, key text NOT NULL, value text NOT NULL, PRIMARY KEY (stack, key));
CREATE TABLE IF NOT EXISTS headend.entries (
    stack text NOT NULL, address text NOT NULL, kind text NOT NULL, id text NOT NULL, spec text NOT NULL,
    computed text NOT NULL, depends text NOT NULL, incomplete integer NOT NULL, protect integer,
    retain integer NOT NULL, applied text NOT NULL, secrets text NOT NULL, PRIMARY KEY (stack, address));
CREATE TABLE IF NOT EXISTS headend.intents (
    stack text NOT NULL, address text NOT NULL, kind text NOT NULL, action text NOT NULL, begun text NOT NULL,
    PRIMARY KEY (stack, address));
CREATE TABLE IF NOT EXISTS headend.holders (stack text PRIMARY KEY, holder text NOT NULL);
GRANT USAGE ON SCHEMA headend TO headend_runs;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headend TO headend_runs;
"""
