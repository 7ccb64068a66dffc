"""Cases of the matrices that are wrong today: platform -> fault -> operations.

Strict both ways: a case that fails and isn't here turns the matrix red, and so does one that is here and passes.
Whoever mends a route takes it out. The table is to end empty.
"""

from __future__ import annotations

READS: dict[str, dict[str, set[str]]] = {
    "ateme": {
        "null id, once": {"cloud.instance_types", "input.list", "multi_viewer.get", "multi_viewer.layouts"},
        "null id, always": {
            "alert_method.list",
            "cloud.instance_types",
            "dashboard_group.list",
            "event.list",
            "input.alerts",
            "input.list",
            "label.list",
            "multi_viewer.get",
            "multi_viewer.layouts",
        },
        "missing id, once": {"cloud.instance_types", "multi_viewer.layouts"},
        "missing id, always": {
            "alert_method.list",
            "cloud.instance_types",
            "dashboard_group.list",
            "event.list",
            "input.alerts",
            "label.list",
            "multi_viewer.layouts",
        },
        "id of another type, once": {"cloud.instance_types", "input.list", "multi_viewer.get", "multi_viewer.layouts"},
        "id of another type, always": {
            "alert_method.list",
            "cloud.instance_types",
            "dashboard_group.list",
            "event.list",
            "input.alerts",
            "input.list",
            "label.list",
            "multi_viewer.get",
            "multi_viewer.layouts",
        },
        "HTML with 404, always": {"environment.get"},
    },
}
WRITES: dict[str, dict[str, set[str]]] = {}
