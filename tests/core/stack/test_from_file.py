"""Rows of files: each a resource, or an entry of a field, checked by itself and told of at its own line."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from stack_kinds import KINDS

from headend.core.model.errors import InputError
from headend.core.model.fields import Secret, marked
from headend.core.model.record import recorded
from headend.core.model.references import Reference
from headend.core.model.uploads import MOST
from headend.core.stackfile import load, rows
from headend.core.stackfile.schema import json_schema

HEAD = "headend: 1\nfake:\n  members:\n    all: "
MEMBERS = HEAD + "{from_file: m.csv, key: number, columns: {account: number, streams: limit, mail: contact}}\n"
OPEN = HEAD + "{from_file: m.csv, key: account}\n"
STEPS = "headend: 1\nfake:\n  rules:\n    r: {account: a, steps: {from_file: s.csv, loud: true}}\n"
WINDOWS = STEPS.replace("steps: {from_file: s.csv,", "windows: {from_file: s.csv, key: day, columns: {duration: d},")
FRIENDS = "headend: 1\nfake:\n  members:\n    m: {friends: {from_file: f.csv}}\n"


def specs(stack: Any) -> dict[str, dict[str, Any]]:
    """By row: what each resource is, without what isn't set."""
    return {a.removeprefix("fake.members."): r.spec.set_fields() for a, r in stack.resources.items()}


# --- rows become resources ---------------------------------------------------------------------------------------
def test_each_row_is_a_resource_with_its_place(read: Any, tmp_path: Path) -> None:
    stack = read({"test.yaml": MEMBERS, "m.csv": "number,limit,contact,more\n007,2,a@b,x\n\njane.d@x,,,y\n"})
    assert specs(stack) == {
        "all[007]": {"account": "007", "streams": 2, "mail": "a@b"},
        "all[jane.d@x]": {"account": "jane.d@x"},
    }
    last = stack.resources["fake.members.all[jane.d@x]"]
    assert str(last.source) == f"{tmp_path}/m.csv:4:1"
    assert last.key == "all[jane.d@x]"
    assert last.secret_fields == {"mail", "friends"}


def test_without_a_map_columns_are_called_like_fields_and_the_name_is_the_rows_key(read: Any) -> None:
    stack = read({"test.yaml": OPEN.replace("key: account", "key: id"), "m.csv": "id,streams\na,1\nb,2\n"})
    assert specs(stack) == {"all[a]": {"account": "a", "streams": 1}, "all[b]": {"account": "b", "streams": 2}}
    assert stack.resources["fake.members.all[b]"].defaulted == {"account"}


def test_what_stands_beside_is_for_all_rows_that_say_nothing_else(read: Any) -> None:
    text = MEMBERS.replace("}}", "}, streams: 3, tags: [a], mail: {secret: M}}")
    stack = read({"test.yaml": text, "m.csv": "number,limit,contact\na,2,\nb,,x@y\n"}, {"M": "m@m"})
    assert specs(stack) == {
        "all[a]": {"account": "a", "streams": 2, "tags": ["a"], "mail": "m@m"},
        "all[b]": {"account": "b", "streams": 3, "tags": ["a"], "mail": "x@y"},
    }


TYPED = HEAD + (
    "{from_file: m.csv, key: account, columns: {account: account, streams: streams, share: share, active: active,\n"
    '     tags: {column: tags, separator: "|"}, levels: {column: levels, separator: ";"}, note: note}}\n'
)


def test_text_becomes_what_the_field_is(read: Any) -> None:
    row = 'account,streams,share,active,tags,levels,note\n1.10,0x10,1e3,true,"b| 2 |on",1;-2,17\n'
    (spec,) = specs(read({"test.yaml": TYPED, "m.csv": row})).values()
    wanted = {"account": "1.10", "streams": 16, "share": 1000.0, "active": True, "note": "17"}
    assert spec == wanted | {"tags": ["b", "2", "on"], "levels": (1, -2)}
    assert spec["active"] is True


JSON = [
    {"account": "a", "streams": 2, "share": 0.5, "active": False, "tags": ["x"], "levels": [1], "extra": {"b": [1]}},
    {"account": "b", "note": 5, "streams": None, "mail": "${vars.x}"},
]


@pytest.mark.parametrize("file", ["m.json", "m.jsonl"])
def test_json_has_types_of_its_own(read: Any, tmp_path: Path, file: str) -> None:
    text = json.dumps(JSON, indent=1) if file == "m.json" else "\n".join(map(json.dumps, JSON))
    stack = read({"test.yaml": OPEN.replace("m.csv", file), file: text})
    a, b = specs(stack).values()
    assert a == {**JSON[0], "levels": (1,)}
    assert b == JSON[1]
    assert stack.resources["fake.members.all[b]"].source.line == (19 if file == "m.json" else 2)


def test_nothing_in_a_row_is_interpolated_or_asked_for(read: Any, refused: Any) -> None:
    stack = read({"test.yaml": OPEN, "m.csv": "account,note\na,${vars.x}\nb,$${\n"})
    assert [spec["note"] for spec in specs(stack).values()] == ["${vars.x}", "$${"]
    files = {"test.yaml": OPEN.replace("m.csv", "m.json"), "m.json": '[{"account": "a", "mail": {"secret": "M"}}]'}
    assert refused(files, {"M": "m@m"}) == [
        "m.json:1:1: fake.members.all[a]: `mail`: a secret can't stand in a file of rows"
    ]


def test_the_path_is_seen_from_the_file_that_gives_it_and_may_hold_variables(read: Any) -> None:
    base = "headend: 1\nvars: {x: m}\nfake: {members: {all: {from_file: '${vars.x}.csv', key: account}}}\n"
    over = "headend: 1\nextends: data/base.yaml\nfake: {members: {all: {streams: 4}}}\n"
    stack = read({"test.yaml": over, "data/base.yaml": base, "data/m.csv": "account\na\n"})
    assert specs(stack) == {"all[a]": {"account": "a", "streams": 4}}


def test_rows_refer_to_others_and_are_referred_to(read: Any) -> None:
    text = (
        HEAD + "{from_file: m.csv, key: account, columns: {account: account, input: where}}\n"
        "    out: {from_file: m.csv, key: account, columns: {account: {column: alias}, input: {id: where}}}\n"
        "  environments: {eu: {inputs: {feeds: {from_file: f.csv, key: name, variant: rtmp, url: u}}}}\n"
    )
    files = {"test.yaml": text, "m.csv": "account,alias,where\na,b,eu/feeds[x.1]\n", "f.csv": "name\nx.1\n"}
    found = read(files).resources
    address = "fake.environments.eu.inputs.feeds[x.1]"
    assert found["fake.members.all[a]"].spec.input == Reference(address)
    assert found["fake.members.out[a]"].spec.input == "eu/feeds[x.1]"
    assert found[address].spec.environment == Reference("fake.environments.eu")
    assert found[address].spec.name == "x.1"


def test_rows_may_have_variants_of_their_own(read: Any, refused: Any) -> None:
    text = "headend: 1\nfake:\n  environments: {eu: {inputs: {feeds: {from_file: f.csv, key: name}}}}\n"
    table = "name,variant,url,port\na,rtmp,17,\nb,srt,,5001\n"
    a, b = list(read({"test.yaml": text, "f.csv": table}).resources.values())[1:]
    assert (a.spec.url, b.spec.port) == ("17", 5001)
    assert refused({"test.yaml": text, "f.csv": table + "c,srt,u,5002\nd,stt,,1\ne,,,1\n"}) == [
        "f.csv:4:1: fake.environments.eu.inputs.feeds[c]: unknown key `url` (only these variants have it: `rtmp`)",
        "f.csv:5:1: fake.environments.eu.inputs.feeds[d]: `variant`: unknown variant `stt` (did you mean `srt`?)",
        "f.csv:6:1: fake.environments.eu.inputs.feeds[e]: `variant` is missing (one of: `rtmp`, `srt`)",
    ]
    shared = text.replace("key: name}", "key: name, variant: '${vars.v}'}") + "vars: {v: srt}\n"
    (found,) = list(read({"test.yaml": shared, "f.csv": "name,port\na,5001\n"}).resources.values())[1:]
    assert found.spec.port == 5001


def test_lifecycle_is_that_of_all_rows(read: Any, refused: Any) -> None:
    files = {"test.yaml": OPEN[:-2] + ", lifecycle: LIFE}\n", "m.csv": "account\na\nb.c\n"}

    def lives(text: str) -> Any:
        return read({**files, "test.yaml": files["test.yaml"].replace("LIFE", text)}).resources.values()

    a, b = lives("{protect: true, retain: true, adopt: match}")
    assert a.lifecycle is b.lifecycle
    assert a.lifecycle.protect
    assert [r.lifecycle.renamed_from for r in lives("{renamed_from: old}")] == [
        "fake.members.old[a]",
        "fake.members.old[b.c]",
    ]
    assert next(r.lifecycle.renamed_from for r in lives("{renamed_from: fake.members.o}")) == "fake.members.o[a]"
    for life, said in [
        ("{adopt: {id: x}}", "`adopt`: one id can't be that of all rows (write `match`)"),
        ("{renamed_from: all}", "`renamed_from`: `all` still stands in the stack (rename it, or drop this)"),
        ("{ignore_changes: [strems]}", "`ignore_changes`: there is no field `strems` (did you mean `streams`?)"),
    ]:
        (problem,) = refused({**files, "test.yaml": files["test.yaml"].replace("LIFE", life)})
        assert problem.endswith(said)
        assert problem.startswith("4:")
    said = refused({**files, "test.yaml": files["test.yaml"].replace("LIFE", "{adopt: {lookup: {account: x}}}")})
    assert any("`adopt`: one id can't be that of all rows" in problem for problem in said)


# --- entries of a field ------------------------------------------------------------------------------------------
def test_a_file_fills_a_list_and_a_mapping(read: Any) -> None:
    files = {"test.yaml": STEPS, "s.csv": "duration,loud\n1,\n2.5,false\n"}
    (rule,) = read(files).resources.values()
    assert [(s.duration, s.loud) for s in rule.spec.steps] == [(1.0, True), (2.5, False)]
    (rule,) = read({"test.yaml": WINDOWS, "s.csv": "day,d\nmon,1\ntue,2\n"}).resources.values()
    assert {day: w.duration for day, w in rule.spec.windows.items()} == {"mon": 1, "tue": 2}
    (rule,) = read(STEPS.replace("{from_file: s.csv, loud: true}", "[{duration: 1}]")).resources.values()
    assert rule.spec.steps[0].duration == 1


def test_entries_are_told_of_at_their_lines(refused: Any) -> None:
    assert refused({"test.yaml": STEPS, "s.csv": "duration,loud\n1,maybe\n2,true\nlong,yes\n"}) == [
        "s.csv:2:1: fake.rules.r.steps: `loud`: must be true or false",
        "s.csv:4:1: fake.rules.r.steps: `duration`: must be a number, without a unit",
    ]
    many = "day,d\n" + "".join(f"d{n},{n}\n" for n in range(4))
    (problem,) = refused({"test.yaml": WINDOWS, "s.csv": many})
    assert problem.startswith("4:30: fake.rules.r: `windows`: ")
    assert "at most 3 items" in problem
    assert refused({"test.yaml": WINDOWS, "s.csv": "day,d\nmon,1\nmon,2\n"}) == [
        "s.csv:3:1: fake.rules.r.windows: `mon` is given twice, first in line 2 (keep one of them)"
    ]
    (problem,) = refused({"test.yaml": STEPS.replace("loud: true", "loud: 5"), "s.csv": "duration\n1\n2\n"})
    assert problem == "4:53: fake.rules.r.steps: `loud`: must be true or false"


def test_secret_entries_are_never_quoted(read: Any, refused: Any) -> None:
    files = {"test.yaml": FRIENDS, "f.csv": "mail,weight\ncanary,1\ncanary@canary.example,2\nx@y,canary\n"}
    for problem in (said := refused(files)):
        assert "canary" not in problem
    assert [problem.split(":")[1] for problem in said] == ["2", "3", "4"]
    (member,) = read({"test.yaml": FRIENDS, "f.csv": "mail\na@b\n"}).resources.values()
    assert member.spec.friends[0].mail == "a@b"
    assert "friends" in member.secret_fields


# --- personal data -----------------------------------------------------------------------------------------------
def test_a_secret_column_is_secret_as_usual(read: Any, refused: Any) -> None:
    stack = read({"test.yaml": MEMBERS, "m.csv": "number,limit,contact\na,2,c@n.ary\n"})
    (member,) = stack.resources.values()
    kept = recorded(member.spec, member.secret_fields, lambda value: {"$digest": "d"})
    assert kept == {"account": "a", "streams": 2, "mail": {"$digest": "d"}}
    (problem,) = refused({"test.yaml": MEMBERS, "m.csv": "number,limit,contact\na,2,canary@too.long\n"})
    assert problem.startswith("m.csv:2:1: fake.members.all[a]: `mail` (column `contact`): ")
    assert "canary" not in problem


def test_what_rows_are_called_by_may_not_be_secret(refused: Any) -> None:
    said = "4:34: fake.members.all: `key`: `contact` fills `mail`, which is secret"
    files = {"test.yaml": MEMBERS.replace("key: number", "key: contact"), "m.csv": "number,limit,contact\na,2,b@c\n"}
    assert [problem.split(" (")[0] for problem in refused(files)] == [said]
    (problem,) = refused({"test.yaml": OPEN.replace("key: account", "key: mail"), "m.csv": "mail\na@b\n"})
    assert "`key`: `mail` fills `mail`, which is secret" in problem
    assert set(marked(KINDS["fake.member"].model, Secret)) == {"mail", "friends"}


# --- what is refused ---------------------------------------------------------------------------------------------
ROWS = "number,limit,contact\n"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (ROWS + "a,0,\n", "2:1: fake.members.all[a]: `streams` (column `limit`): must be greater than or equal to 1"),
        (
            ROWS + "a,x,\n",
            "2:1: fake.members.all[a]: `streams` (column `limit`): must be a whole number, without a unit",
        ),
        (
            ROWS + "a,yes,\n",
            "2:1: fake.members.all[a]: `streams` (column `limit`): must be a whole number, without a unit",
        ),
        (ROWS + "a, 5,\n", "2:1: fake.members.all[a]: `streams` (column `limit`): must be a number"),
        (ROWS + "a,true,\n", "2:1: fake.members.all[a]: `streams` (column `limit`): must be a number"),
        (
            ROWS + "a,1e999,\n",
            "2:1: fake.members.all[a]: `streams` (column `limit`): a number that is not",
        ),
        (ROWS + "a,1,,\n", "2:1: has 4 values; the first line names 3 columns"),
        (ROWS + "a\n", "2:1: has 1 values; the first line names 3 columns"),
        (ROWS + "a,1,\n'b\nc',1,\n", "3:1: has 1 values; the first line names 3 columns"),
        (ROWS + '"b\n",1,\na,1,\n', "2:1: fake.members.all: `b\\n` can't be a row's name"),
        (ROWS + 'x,1,"a\nb"\na,0,\n', "4:1: fake.members.all[a]: `streams` (column `limit`): must be greater"),
        (ROWS + "a/b,1,\n", "2:1: fake.members.all: `a/b` can't be a row's name"),
        (ROWS + " a,1,\n", "2:1: fake.members.all: ` a` can't be a row's name"),
        (ROWS + "a[0],1,\n", "2:1: fake.members.all: `a[0]` can't be a row's name"),
        (ROWS + "a" * 256 + ",1,\n", "2:1: fake.members.all: `aaaa"),
        (ROWS + ",1,\n", "2:1: fake.members.all: a row without `number`, which it is called by"),
        (ROWS + "a,1,\nb,2,\na,3,\n", "4:1: fake.members.all: `a` is given twice, first in line 2 (keep one of them)"),
        (ROWS + 'a,1,"x\n', "2:1: not valid CSV: unexpected end of data"),
        (ROWS + 'a,1,"x"y\n', "2:1: not valid CSV: "),
        (ROWS + "a,1,x\rb,2,y\n", "2:1: not valid CSV: "),
        (ROWS + "a,1," + "x" * 140_000 + "\n", "2:1: not valid CSV: field larger than field limit"),
        ("number,limit,limit\n", "1:1: two columns are called `limit` (rename one of them)"),
        ('number,"a\nb"\n', "1:1: a column with an unprintable character in its name"),
        ("number,,contact\n", "1:1: a column without a name (the first line names the columns)"),
        ("\n\n", "1:1: the file is empty (its first line names the columns)"),
    ],
)
def test_a_slip_in_csv_is_told_with_its_line(refused: Any, table: str, said: str) -> None:
    (problem,) = refused({"test.yaml": MEMBERS, "m.csv": table})
    assert problem.startswith(f"m.csv:{said}"), problem


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("m.json", '[{"account": "a"},\n{"account": 5.5}]', "2:1: fake.members.all: a row without `account`"),
        ("m.json", '[{"account": "a"},\n{"account": "b",\n"streams": 0}]', "2:1: fake.members.all[b]: `streams`: must"),
        ("m.json", '[{"account": "a"},\n{"account": "b",\n"streams": }]', "3:1: not valid JSON: Expecting value"),
        ("m.json", '[\n{"account": "a", "account": "b"}]', "2:1: key `account` is given twice"),
        ("m.json", '[{"account": "a", "share": NaN}]', "1:1: a number that is not finite"),
        ("m.json", '[{"account": "a", "share": 1e999}]', "1:1: a number that is not finite"),
        ("m.json", '[{"account": "a", "share": 1' + "0" * 5000 + "}]", "1:1: a number that is too long"),
        ("m.json", '[{"account": "a", "streams": "5"}]', "1:1: fake.members.all[a]: `streams`: must be a number"),
        ("m.json", '[{"account": "a", "active": "yes"}]', "1:1: fake.members.all[a]: `active`: must be true or false"),
        ("m.json", '[{"account": "a"},\n\n{"acount": "b"}]', "3:1: fake.members.all: unknown column `acount` (did"),
        ("m.json", "[" * 5000, "1:1: nested too deeply"),
        (
            "m.json",
            '[{"account": "a", "extra": {"x": ' + "[" * 60 + "]" * 60 + "}}]",
            "1:1: fake.members.all[a]: `extra`",
        ),
        ("m.json", '[\n{"account": "a", "x\\u001b": 1}]', "2:1: a key with an unprintable character"),
        ("m.json", "[1]", "1:1: a row is an object, {column: value}"),
        ("m.json", '[{"account": "a"} {"account": "b"}]', "1:1: not valid JSON: expected `,` or `]`"),
        ("m.json", '[{"account": "a"},\n', "2:1: not valid JSON: Expecting value"),
        ("m.json", '[{"account": "a"}]\nx', "2:1: not valid JSON: something follows the list"),
        ("m.json", '{"account": "a"}', "1:1: not a list of objects (one object a line is .jsonl)"),
        ("m.json", " \n", "1:1: the file is empty"),
        ("m.jsonl", '{"account": "a"}\n{"account": "b"} {}\n', "2:1: not valid JSON: more than one object in the line"),
        ("m.jsonl", '{"account": "a"}\n[]\n', "2:1: a row is an object"),
    ],
)
def test_a_slip_in_json_is_told_with_its_line(refused: Any, file: str, text: str, said: str) -> None:
    problems = refused({"test.yaml": OPEN.replace("m.csv", file), file: text})
    assert problems[-1].startswith(f"{file}:{said}"), problems


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{from_file: none.csv, key: a}", "`from_file`: none.csv: there is no such file (it is looked for in "),
        ('{from_file: "nul\\0.csv", key: a}', "`from_file`: nul\0.csv: there is no such file"),
        (f"{{from_file: {'n' * 300}.json, key: a}}", "can't be read: File name too long"),
        ("{from_file: ., key: a}", "`from_file`: .: is none of .csv, .json, .jsonl"),
        ("{from_file: sub.csv, key: a}", "`from_file`: sub.csv: is not a file"),
        ("{from_file: m.xlsx, key: a}", "`from_file`: m.xlsx: is none of .csv, .json, .jsonl"),
        ("{from_file: big.csv, key: a}", "`from_file`: big.csv: has more than 32 MiB"),
        ("{from_file: [m.csv], key: a}", "`from_file` takes a word, not a list"),
        ("{from_file: {secret: A}, key: a}", "a secret can't stand here"),
        ("{from_file: '${vars.y}', key: a}", "unknown variable `${vars.y}`"),
        (
            "{from_file: m.csv, columns: {streams: limit}}",
            "`key` is missing (name the column, or list the columns, that tell the rows apart)",
        ),
        (
            "{from_file: m.csv, key: acount, columns: {streams: limit}}",
            "`key`: m.csv has no column `acount` (did you mean `account`?)",
        ),
        ("{from_file: m.csv, key: {}, columns: {streams: limit}}", "`key` takes a word, not a mapping"),
        ("{from_file: m.csv, key: account, delimiter: '--'}", '`delimiter` is one character (e.g. ";")'),
        ("{from_file: m.csv, key: account, columns: []}", "`columns` is a mapping of fields to columns, not a list"),
        ("{from_file: m.csv, key: account, columns: {strems: limit}}", "`columns`: unknown key `strems` (did you mean"),
        ("{from_file: m.csv, key: account, columns: {streams: limt}}", "no column `limt` (did you mean `limit`?)"),
        ("{from_file: m.csv, key: account, columns: {tags: limit}}", "the field is a list (say what is between its"),
        ("{from_file: m.csv, key: account, columns: {extra: limit}}", "can't hold such a value (take a JSON file)"),
        ("{from_file: m.csv, key: account, columns: {streams: {column: limit, separator: x}}}", "the field is no list"),
        ("{from_file: m.csv, key: account, columns: {streams: {colum: limit}}}", "`columns.streams` names no column"),
        ("{from_file: m.csv, key: account, columns: {mail: {secret: X}}}", "`columns.mail` names no column"),
        ("{from_file: m.csv, key: account, columns: {streams: limit}, streams: 0}", "`streams`: must be greater than"),
        ("{from_file: m.json, key: account, columns: {streams: limt}}", "no row of m.json has `limt` (did you mean"),
        ("{from_file: m.csv, key: account, columns: {streams: limit}, lifecycle: []}", "`lifecycle` is a mapping, not"),
    ],
)
def test_a_slip_in_the_stack_is_told_once_and_there(refused: Any, tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "sub.csv").mkdir()
    with (tmp_path / "big.csv").open("wb") as big:
        big.truncate(MOST + 1)
    table = "account,limit\na,\nb,\n"
    files = {"test.yaml": HEAD + written, "m.csv": table, "m.json": '[{"account": "a", "limit": 1}]', "m.xlsx": ""}
    (problem,) = refused(files)
    assert said in problem
    assert problem.startswith("4:"), problem


def test_what_nests_and_what_follows_from_the_place_can_not_be_in_rows(refused: Any) -> None:
    text = "headend: 1\nfake:\n  environments: {all: {from_file: e.csv, key: name, inputs: {a: {}}}}\n"
    (problem,) = refused({"test.yaml": text, "e.csv": "name\na\n"})
    assert "fake.environments.all: `inputs` can't stand in what a file gives" in problem
    text = "headend: 1\nfake:\n  environments: {e: {inputs: {all: {from_file: e.csv, key: name, variant: rtmp}}}}\n"
    (problem,) = refused({"test.yaml": text, "e.csv": "name,url,environment\na,u,e\n"})
    assert "`environment` follows from where this stands" in problem


def test_a_byte_order_mark_and_another_delimiter_are_fine_and_another_encoding_is_not(
    read: Any, refused: Any, tmp_path: Path
) -> None:
    text = OPEN.replace("key: account", 'key: [account, note], delimiter: ";"')
    found = read({"test.yaml": text, "m.csv": "\ufeffaccount;note\nä;x\nö;y\n"})
    assert list(specs(found)) == ["all[ä,x]", "all[ö,y]"]
    (tmp_path / "latin.csv").write_bytes(b"account\n" + b"a\n" * 9_000 + b"caf\xe9\nb\n")
    (problem,) = refused({"test.yaml": OPEN.replace("m.csv", "latin.csv").replace("account}", "account, note: 1}")})[
        -1:
    ]
    assert problem == "latin.csv:9002:1: not UTF-8 text (save the file as UTF-8)"


def test_the_rows_of_all_files_together_are_bounded(refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 5)
    files = {"test.yaml": OPEN + OPEN.splitlines()[3].replace("all", "more"), "m.csv": "account\na\nb\nc\n"}
    assert "m.csv:4:1: fake.members.more: more than 5 rows in the files of this stack (split it)" in refused(files)


def test_keys_that_are_written_can_not_look_like_rows(refused: Any) -> None:
    (problem,) = refused(HEAD.replace("all:", "'all[a]':") + "{account: a}\n")
    assert "`all[a]` can't be a resource's name" in problem


def test_names_are_looked_for_again_in_other_spellings_a_hundred_times_and_then_no_more(refused: Any) -> None:
    text = HEAD + "{from_file: m.csv, key: account}\n  environments: {e: {inputs: {feed: {variant: rtmp, url: u}}}}\n"
    many = "account,input\n" + "".join(f"a{n},e/fed\n" for n in range(102))
    said = refused({"test.yaml": text, "m.csv": many})
    assert (
        said[99]
        == "m.csv:101:1: fake.members.all[a99]: `input`: there is no fake.input `e/fed` (did you mean `e/feed`?)"
    )
    assert said[100] == "m.csv:102:1: fake.members.all[a100]: `input`: there is no fake.input `e/fed`"


# --- the schema --------------------------------------------------------------------------------------------------
def test_the_schema_knows_rows() -> None:
    validator = Draft202012Validator(json_schema(KINDS))

    def fits(members: Any = None, rules: Any = None) -> bool:
        given = {"r": rules and {"account": "x", **rules}}
        return validator.is_valid({"headend": 1, "fake": {"members": {"m": members}, "rules": given}})

    shared = {"from_file": "m.csv", "key": "a", "streams": 3, "lifecycle": {"retain": True}}
    assert fits(shared | {"columns": {"account": "a", "tags": {"column": "t", "separator": ";"}, "input": {"id": "i"}}})
    assert fits(shared | {"key": ["a", "b"], "delimiter": ";"})
    assert fits(rules={"steps": {"from_file": "s.csv", "loud": True}, "windows": {"from_file": "s.csv", "key": "d"}})
    assert not fits(shared | {"colums": {}})
    assert not fits(shared | {"columns": {"tags": {"colum": "t"}}})
    assert not fits({"from_file": 5})
    assert not fits(rules={"steps": {"file": "s.csv"}})


# --- whatever comes ----------------------------------------------------------------------------------------------
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), min_size=1, max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
members = st.fixed_dictionaries(
    {},
    optional={
        "streams": st.integers(1, 10**20),
        "share": numbers,
        "active": st.booleans(),
        "note": words,
        "tags": st.lists(words.map(lambda w: w.replace("|", "").strip()).filter(bool), min_size=1, max_size=3),
        "levels": st.lists(st.integers(), min_size=1, max_size=3).map(tuple),
    },
)


def cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ("|" if isinstance(value, list) else ";").join(map(cell, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@quick
@given(st.lists(members, min_size=1, max_size=4))
def test_csv_and_json_say_the_same_and_what_was_meant(tmp_path: Path, many: list[dict[str, Any]]) -> None:
    names = ["streams", "share", "active", "note", "tags", "levels"]
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["account", *names])
    table.writerows([f"m{n}", *(cell(m.get(name, "")) for name in names)] for n, m in enumerate(many))
    (tmp_path / "m.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    (tmp_path / "m.json").write_text(json.dumps([{"account": f"m{n}", **m} for n, m in enumerate(many)]))
    (tmp_path / "csv.yaml").write_text(TYPED)
    (tmp_path / "json.yaml").write_text(OPEN.replace("m.csv", "m.json"))
    found = [specs(load(tmp_path / name, kinds=KINDS)) for name in ("csv.yaml", "json.yaml")]
    assert found[0] == found[1] == {f"all[m{n}]": {"account": f"m{n}", **m} for n, m in enumerate(many)}


@quick
@given(st.sampled_from(["m.csv", "m.json", "m.jsonl"]), st.binary(max_size=80) | st.text(max_size=80))
def test_any_file_ends_in_resources_or_an_input_error(tmp_path: Path, name: str, content: bytes | str) -> None:
    content = content if isinstance(content, bytes) else f'[{{"account": "{content}"}}]'.encode()
    (tmp_path / name).write_bytes(b"account\n" * (name == "m.csv") + content)
    (tmp_path / "s.yaml").write_text(OPEN.replace("m.csv", name))
    try:
        found = load(tmp_path / "s.yaml", kinds=KINDS)
    except InputError as error:
        assert all(problem.source for problem in error.problems)  # noqa: PT017
    else:
        assert all(address.startswith("fake.members.all[") for address in found.resources)


@pytest.mark.parametrize("file", ["m.csv", "m.jsonl"])
def test_rows_are_never_in_memory_twice(read: Any, tmp_path: Path, file: str) -> None:
    number = 4_000
    with (tmp_path / file).open("w") as stream:
        stream.write("account,note\n" if file == "m.csv" else "")
        for n in range(number):
            row = {"account": f"account-{n:06}", "note": f"{n:06}" * 20}
            stream.write(",".join(row.values()) + "\n" if file == "m.csv" else json.dumps(row) + "\n")
    read({"test.yaml": OPEN.replace("m.csv", file)})
    tracemalloc.start()
    try:
        stack = read({"test.yaml": OPEN.replace("m.csv", file)})
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(stack.resources) == number
    assert peak < 1.6 * kept
