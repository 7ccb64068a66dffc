"""What is asked of live objects only when somebody wants it: pictures of inputs, audio PIDs of transcoders."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from headend.ateme.answers import desired_word
from headend.ateme.api import Ateme
from headend.ateme.running import RESTING
from headend.core.model.errors import DecodeError, NotFound, Refused
from headend.core.model.observed import Observed
from headend.core.model.verbs import Content, FieldVerb, FileVerb, Verb

if TYPE_CHECKING:  # a plan has no use for either
    from headend.ateme.input_spec import Input
    from headend.ateme.transcoder_spec import Transcoder

NONE_YET = "none yet: asking has started the making of thumbnails, so ask again in a while"
PID_NAMES = ("pid", "audio_pid", "audio_track_pid", "track_pid")
_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


async def thumbnail(api: Ateme, seen: Observed, spec: Input) -> Content | str:
    """The input's picture, or why there is none (A-174, A-910)."""
    environment = str(spec.environment)
    if not await api.is_running(environment):
        return RESTING
    none = "none: the input is stopped" if desired_word(seen.computed.get("status")) == "stopped" else NONE_YET
    try:
        answer = await api.call("input.thumbnail", scope=environment, path={"input_id": seen.id})
    except NotFound:
        return none
    if not answer.content:
        return none
    data = _embedded(answer.body) if answer.is_json else answer.content
    media = _media(data)
    if media is None:
        return f"the answer is no picture but {answer.headers.get('content-type', 'of an unknown type')}"
    return Content(media, data)


def _media(data: bytes) -> str | None:
    """By how pictures begin: what a header says of them is often too general."""
    return next((media for start, media in _MAGIC.items() if data.startswith(start)), None)


def _embedded(body: Any) -> bytes:
    """The picture within JSON: the one text of it that is base64, as such or as a data: address."""
    for text in _texts(body):
        try:
            data = base64.b64decode(text.rpartition(",")[2] if text.startswith("data:") else text, validate=True)
        except (binascii.Error, ValueError):
            continue
        if _media(data):
            return data
    return b""


def _texts(body: Any) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, Mapping):
        for value in body.values():
            yield from _texts(value)


async def audio_pids(api: Ateme, seen: Observed, spec: Transcoder) -> Mapping[str, Any]:
    """The audio PIDs that a probe of the running transcoder finds, in their order (A-915, A-214).

    Raises Refused where the environment or the transcoder doesn't run, or no audio was found.
    """
    environment, word = str(spec.environment), seen.computed.get("status")
    await api.require_running(environment)
    if desired_word(word) != "started":
        raise Refused(f"ateme: transcoder {seen.id} is {word}: a probe needs it running (state: started)")
    path = {"transcoder_id": seen.id}
    answer = await api.call("transcoder.probe", scope=environment, path=path, repeat=True)
    found = list(dict.fromkeys(_pids(answer.body)))
    if not found:
        raise Refused(f"ateme: transcoder {seen.id}: the probe found no audio; does its input carry any?")
    return {"audio_track_pid_list": found}


def _pids(body: Any) -> Iterator[int]:
    """PIDs, or objects that hold one, in an array, or in the only array of an object (A-47)."""
    if isinstance(body, Mapping):
        arrays = [value for value in body.values() if isinstance(value, list)]
        body = arrays[0] if len(arrays) == 1 else None
    if not isinstance(body, list):
        raise DecodeError("ateme: transcoder.probe: the answer is no list of tracks")
    for track in body:
        value = next((track[n] for n in PID_NAMES if n in track), None) if isinstance(track, Mapping) else track
        if isinstance(value, bool) or not str(value).isdecimal():
            raise DecodeError("ateme: transcoder.probe: a track in the answer has no PID")
        yield int(str(value))


VERBS: tuple[Verb, ...] = (
    FileVerb(
        "thumbnails",
        "ateme.input",
        "Writes a picture of what each Ateme+ input shows, a file for each address, and tells which had none.\n\n"
        "The platform begins to make thumbnails when it is asked for them, so the first time there may be none yet.",
        thumbnail,
    ),
    FieldVerb(
        "audio-pids",
        "ateme.transcoder",
        "Probes a running Ateme+ transcoder, and prints its audio PIDs as its entry in the stack file takes them.\n\n"
        "Changes nothing. Leave out, or sort, what is printed: it is the order of the tracks.",
        audio_pids,
    ),
)
