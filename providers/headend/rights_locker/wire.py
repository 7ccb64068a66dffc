"""Every call of Rights Locker. `role` is the path family: limits or entitlements (R-2).

Key -> contract: limit.set E1 ... users.list E18. All rows stand in the seed document; none has been seen on the
live service, so every one can be overridden.
"""

from headend.core.wire.operations import Operation, Table

_ACCOUNT = "/pcode/{pcode}/account_id/{account_id}"
_CONTENT = "/providers/{pcode}/accounts/{account_id}/content"
_USERS = "/providers/{pcode}/users/{content_type}/{content_id}/external_products/{external_product_id}"


def _limits(key: str, method: str, path: str, number: str, title: str, *, body: str = "none") -> Operation:
    return Operation(key, method, path, number, title, mark="S", role="limits", body=body)


def _grants(
    key: str,
    method: str,
    path: str,
    number: str,
    title: str,
    *,
    body: str = "none",
    list_key: str | None = None,
    danger: str = "",
) -> Operation:
    return Operation(key, method, path, number, title, "S", "entitlements", "", body, list_key, None, danger)


def _item(kind: str) -> str:
    return f"{_CONTENT}/{kind}/{{content_id}}/external_products/{{external_product_id}}"


TABLE = Table(
    [
        _limits("limit.set", "POST", f"{_ACCOUNT}/limit/{{limit}}", "E1", "set the concurrent stream limit"),
        _limits("limit.delete", "DELETE", f"{_ACCOUNT}/limit", "E2", "remove the concurrent stream limit"),
        _limits("categories.replace", "POST", _ACCOUNT, "E3", "overwrite the category set", body="json"),
        _limits("categories.get", "GET", _ACCOUNT, "E4", "read the category set"),
        _limits("categories.edit", "PATCH", _ACCOUNT, "E5", "edit categories; never used (R-39)", body="json"),
        _limits("categories.delete", "DELETE", _ACCOUNT, "E6", "remove categories", body="json"),
        _grants("content.get", "GET", _CONTENT, "E7", "read all entitlements of an account"),
        _grants(
            "content.wipe",
            "DELETE",
            _CONTENT,
            "E8",
            "remove every entitlement of an account",
            danger="removes every entitlement of the account (R-54)",
        ),
        _grants("content.upsert", "POST", _CONTENT, "E9", "grant entitlements", body="json"),
        _grants("assets.get", "GET", _item("assets"), "E10", "read an asset entitlement"),
        _grants("assets.delete", "DELETE", _item("assets"), "E11", "revoke an asset entitlement"),
        _grants("labels.get", "GET", _item("labels"), "E12", "read a label entitlement"),
        _grants("labels.delete", "DELETE", _item("labels"), "E13", "revoke a label entitlement"),
        _grants("assets_offline.get", "GET", _item("assets_offline"), "E14", "read an offline asset entitlement"),
        _grants("assets_offline.delete", "DELETE", _item("assets_offline"), "E15", "revoke an offline asset"),
        _grants("labels_offline.get", "GET", _item("labels_offline"), "E16", "read an offline label entitlement"),
        _grants("labels_offline.delete", "DELETE", _item("labels_offline"), "E17", "revoke an offline label"),
        _grants("users.list", "GET", _USERS, "E18", "list who is entitled to a content", list_key="users"),
    ]
)
