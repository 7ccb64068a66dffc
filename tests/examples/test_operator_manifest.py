"""The manifest for the Pulumi Kubernetes Operator names what there is, and fits its definition where that is given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from commands import ROOT
from headend.core.wire.registry import platforms

MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "examples/04-pulumi-operator/stack.yml").read_text())
DEFINITION = os.environ.get("HEADEND_OPERATOR_CRD", "")


def strict(schema: Any) -> Any:
    """As the cluster takes it: a field that isn't known is an error."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields")
    return {name: strict(one) for name, one in schema.items()} | ({"additionalProperties": False} if closed else {})


def test_it_names_a_stack_of_the_project_and_settings_that_there_are() -> None:
    spec = MANIFEST["spec"]
    assert (ROOT / spec["repoDir"] / "Pulumi.yaml").exists()
    assert (ROOT / spec["repoDir"] / f"{spec['stack']}.yaml").exists()
    known = {f"HEADEND_{p}_{name}".upper() for p, one in platforms().items() for name in one.settings.model_fields}
    assert {name for name in spec["envRefs"] if name.startswith("HEADEND_")} <= known
    assert spec["destroyOnFinalize"] is False


def test_it_fits_the_operators_definition() -> None:
    if not DEFINITION:
        pytest.skip("HEADEND_OPERATOR_CRD names no pulumi.com_stacks.yaml of the operator")
    definition = yaml.safe_load(Path(DEFINITION).read_text())
    (version,) = [
        one for one in definition["spec"]["versions"] if MANIFEST["apiVersion"] == f"pulumi.com/{one['name']}"
    ]
    schema = strict(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    jsonschema.Draft7Validator(schema).validate(MANIFEST)
    wrong = MANIFEST | {"spec": MANIFEST["spec"] | {"backends": ""}}
    assert [one.message for one in jsonschema.Draft7Validator(schema).iter_errors(wrong)] != []
