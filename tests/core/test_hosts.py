"""What a host is, and what people write in its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from headend.ateme import input_spec as inputs
from headend.ateme import output_spec as outputs
from headend.core.model.errors import InputError
from headend.core.model.hosts import Host, check_host
from headend.core.stackfile import load
from headend.core.wire import registry

RIGHT = [
    "stadium.example.com",
    "stadium.example.com.",
    "encoder-7",
    "localhost",
    "3com.example",
    "STADIUM.Example.COM",
    "stadion-münchen.example",
    "xn--mnchen-3ya.example",
    "例え.テスト",
    "हिन्दी.example",
    "192.0.2.7",
    "2001:db8::7",
    "::ffff:192.0.2.7",
    "a" * 63 + ".example",
]
ALONE = {
    "srt://stadium.example.com": "stadium.example.com",
    "srt://user:pw@stadium.example.com:5001?mode=caller": "stadium.example.com",
    "stadium.example.com:5001": "stadium.example.com",
    "stadium.example.com/live": "stadium.example.com",
    "//stadium.example.com": "stadium.example.com",
    "[2001:db8::7]": "2001:db8::7",
    "[2001:db8::7]:5001": "2001:db8::7",
    "192.0.2.7:5001": "192.0.2.7",
    " stadium.example.com": "stadium.example.com",
    "stadium.example.com\n": "stadium.example.com",
}
WRONG = [
    "",
    " ",
    ".",
    ".example.com",
    "a..example.com",
    "a.example.com..",
    "two hosts",
    "a.example.com,b.example.com",
    "stadium_a.example.com",
    "*.example.com",
    "-a.example.com",
    "a-.example.com",
    "a" * 64 + ".example",
    "ü" * 60 + ".example",
    ".".join(["a" * 60] * 5),
    "300.1.2.3",
    "192.0.2",
    "192.0.2.07",
    "fe80::1%eth0",
    "2001:db8:::7",
    "ｓtadium.example",
    "stadium。example",
    "xn--ü-.example",
    "a\0b.example",
    "a\u202eb.example",
    "http://",
    "https://[::1",
    "📺.example",
]


@pytest.mark.parametrize("host", RIGHT)
def test_names_and_addresses_pass_as_they_are(host: str) -> None:
    assert check_host(host) == host


@pytest.mark.parametrize("host", ALONE)
def test_more_than_a_host_says_which_part_is_the_host(host: str) -> None:
    with pytest.raises(ValueError, match="; give the host alone: ") as caught:
        check_host(host)
    assert str(caught.value).endswith(f": {ALONE[host]}")


@pytest.mark.parametrize("host", WRONG)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Host).validate_python(host)


@pytest.mark.contract("A-431", "A-441", "A-476", "A-491", "A-496")
def test_every_field_that_takes_a_host_takes_nothing_else() -> None:
    models = [model for kind in registry.kinds().values() for model in (kind.model, *kind.variants.values())]
    fields = {
        (model, name)
        for model in models
        for name in model.model_fields
        if name == "host" or name.endswith(("_host", "hostname"))
    }
    assert fields >= {
        (inputs.ZixiPull, "pull_host"),
        (inputs.SrtPull, "host"),
        (outputs.Push, "host"),
        (outputs.SrtPush, "host"),
        (outputs.UdpRist, "host"),
    }
    for model, name in fields:
        try:
            model.model_validate({name: "srt://stadium.example.com"})
        except ValidationError as error:
            (said,) = (e["msg"] for e in error.errors() if e["loc"] == (name,))
            assert "give the host alone: stadium.example.com" in said
        else:
            pytest.fail(f"{model.__name__}.{name} takes a URL")


def test_a_stack_file_with_a_url_for_a_host_is_refused_at_its_place(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    url = "srt://me:canary-word@stadium.example.com:5001"
    file.write_text(
        "headend: 1\nateme: {environments: {eu: {cloud_provider: aws, region: eu-west-1, instance_type_id: medium, "
        f"inputs: {{\n  a: {{variant: srt_pull, port: 5001, host: '{url}'}},\n"
        "  b: {variant: srt_pull, port: 5002, host: {secret: GATE}}}}}}\n"
    )
    with pytest.raises(InputError) as caught:
        load(file, secret={"GATE": url}.get)
    one, two = caught.value.problems
    assert str(one.source) == f"{file}:3:44"
    assert one.message == "`host`: is more than a host; give the host alone: stadium.example.com"
    assert (two.source.line if two.source else 0, two.message) == (4, "`host`: the secret's value is refused here")
    assert "canary" not in str(caught.value)
