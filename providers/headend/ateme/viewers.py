"""Which Local-TS input is which multi-viewer's: there is no list of multi-viewers, so that the inputs tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headend.ateme.listing import Listing
from headend.ateme.rows import InputRow, ViewerRow
from headend.core.model.errors import ApiError

if TYPE_CHECKING:
    from headend.ateme.api import Ateme


async def input_rows(api: Ateme, environment: str, *, fresh: bool = False) -> Listing[InputRow]:
    """The live inputs of an environment. None of one that is proven gone: all that lived in it went with it."""
    try:
        return await api.listed("input.list", environment, InputRow, fresh=fresh)
    except ApiError:
        if await api.status(environment) == "deleted":
            return Listing()
        raise


async def is_made(api: Ateme, environment: str, id: str) -> bool:
    """Whether a multi-viewer or a transcoder makes the input (A-537, A-557). That stays so: a list that shows the input
    is never too old."""
    known: Listing[InputRow] = api.client.reads.latest(("ateme", "input.list", environment)) or Listing()
    row = known.row(id) or (await input_rows(api, environment)).row(id)
    return row is not None and ((row.of_viewer and row.in_environment(environment)) or row.maker is not None)


async def viewer_inputs(api: Ateme, environment: str, *, fresh: bool = False) -> dict[str, str | None]:
    """{Local-TS input of the environment: the multi-viewer that makes it; None where its row doesn't say} (A-557)."""
    rows = await input_rows(api, environment, fresh=fresh)
    return {row.id: row.multi_viewer_id for row in rows.within(environment, of_viewer=[True])}


async def details(api: Ateme, environment: str, id: str, *, fresh: bool = False) -> ViewerRow | None:
    """What is shown of a multi-viewer, None = absent; shared for the run (A-221)."""
    from headend.ateme.multi_viewer_spec import SETTINGS  # an input needs it only where there is a multi-viewer

    name = ("ateme", "multi_viewer.get", environment, id)

    async def read() -> ViewerRow | None:
        path = {"multi_viewer_id": id}
        return await api.single("multi_viewer.get", environment, path, ViewerRow, signs=("layout_id", *SETTINGS))

    return await api.client.reads.get(name, read, fresh=fresh)


async def resulting_input(api: Ateme, environment: str, id: str, *, fresh: bool = False) -> str | None:
    """The Local-TS input that the multi-viewer makes: the input says whose it is, or the multi-viewer what it makes."""
    for made in (await input_rows(api, environment, fresh=fresh)).within(environment, multi_viewer_id=[id]):
        return made.id
    row = await details(api, environment, id, fresh=fresh)
    return row.made if row else None
