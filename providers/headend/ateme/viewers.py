"""Which Local-TS input is which multi-viewer's: there is no list of multi-viewers, so that the inputs tell of them."""

from __future__ import annotations

from headend.ateme.answers import Row, text_id
from headend.ateme.api import Ateme
from headend.core.model.errors import ApiError


async def input_rows(api: Ateme, environment: str, *, fresh: bool = False) -> list[Row]:
    """The live inputs of an environment. None of one that is proven gone: all that lived in it went with it."""
    try:
        return await api.listed("input.list", environment, fresh=fresh)
    except ApiError:
        if await api.status(environment) == "deleted":
            return []
        raise


async def viewer_inputs(api: Ateme, environment: str, *, fresh: bool = False) -> dict[str, str | None]:
    """{Local-TS input of the environment: the multi-viewer that makes it; None where its row doesn't say} (A-557)."""
    found = {}
    for row in await input_rows(api, environment, fresh=fresh):
        maker, id = text_id(row.get("multi_viewer_id")), text_id(row.get("input_id", row.get("id")))
        here = text_id(row.get("environment_id", environment)) == environment
        if id is not None and here and (maker is not None or row.get("variant") == "local_ts"):
            found[id] = maker
    return found


async def details(api: Ateme, environment: str, id: str, *, fresh: bool = False) -> Row | None:
    """What is shown of a multi-viewer, None = absent; shared for the run (A-221)."""
    name = ("ateme", "multi_viewer.get", environment, id)
    if fresh:
        api.client.reads.drop(*name)

    async def read() -> Row | None:
        return await api.single("multi_viewer.get", environment, {"multi_viewer_id": id}, "multi_viewer_id", "id")

    return await api.client.reads.get(name, read)


async def resulting_input(api: Ateme, environment: str, id: str, *, fresh: bool = False) -> str | None:
    """The Local-TS input that the multi-viewer makes: the input says whose it is, or the multi-viewer what it makes."""
    for made, maker in (await viewer_inputs(api, environment, fresh=fresh)).items():
        if maker == id:
            return made
    row = await details(api, environment, id, fresh=fresh)
    return text_id(row.get("resulting_input_id", row.get("input_id"))) if row else None
