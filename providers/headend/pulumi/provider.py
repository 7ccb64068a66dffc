"""The dynamic providers: one class a kind, made from the registry, stateless, found again by name.

`p.Input` and its like are a promise: they stand in users' state files and are never renamed without an alias. A
provider decides nothing itself: it puts what Pulumi hands over into a situation, and carries out what is decided.

Besides its spec a resource carries the property `headend`: what the provider must know of its entry in the stack file,
as JSON text. It is never compared.

Beside its inputs its outputs have `computed`, `live_id`, `handed_out` (what creation made and showed once),
`unverifiable` (field -> why nobody can say whether it is in sync) and `made`: a mark of this creation, by which a
deletion tells whether what it is to delete has been made anew since, under another name or for another resource.

    address, journal, file     of the resource; the name of the run's journal; the stack file, from the project's folder
    adopt_id, recovering       what creation takes over, as the program decided; whether a killed run had made it
    freed                      ids of objects that have given up by then the name that it takes
    protect, retain, ignore_changes, depends    from the stack file
    holder                     the state that the stack wants of what the resource lives in, where it has that
    keeps                      fields with lookups whose result belongs to the object once it is made
    defaulted, hidden          fields that took the resource's key as their value; fields that are secret here
                               (those that always are, the kind says)
    run                        what is this run's own (see `headend.pulumi.settings`); not kept
    carriers                   addresses of what goes out through it, by the stack
    ahead                      what its check begins to read (see `headend.pulumi.ahead`); not kept
    dependents                 addresses, as state has them, of what refers to it, directly or through others
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, ClassVar
from uuid import uuid4
from zlib import crc32

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pydantic import ValidationError

from headend.core.model.capabilities import LetsGo, OwnsParts
from headend.core.model.errors import NotFound
from headend.core.model.fields import Immutable, Impact, Spec, is_lasting, mark
from headend.core.model.kind import Kind
from headend.core.model.printable import printable
from headend.core.model.proposal import Action
from headend.core.model.record import keep_spelling, recorded, secret_fields
from headend.core.reconcile.decision import Decision, Reason
from headend.core.wire.registry import kinds, platforms
from headend.pulumi import dependents, settings
from headend.pulumi.ahead import AHEAD, read_ahead
from headend.pulumi.props import (
    META,
    NOT_OURS,
    RUN,
    digest,
    handed_out,
    inputs,
    is_unknown,
    keeps_id,
    meta_of,
    outputs,
    packed,
    record_of,
    remembered,
    unseen,
)
from headend.pulumi.runtime import (
    TO_ADOPT,
    configure,
    is_made_anew,
    kept,
    made,
    named,
    owned,
    run,
    settings_of,
    start,
    tell,
    told,
)
from headend.pulumi.work import Work


class KindProvider(ResourceProvider):
    """CRUD of one kind, in Pulumi's words. No attributes: its pickle is its name."""

    serialize_as_secret_always = False
    kind_name: ClassVar[str]

    def __reduce__(self) -> str:
        return f"k{crc32(self.kind_name.encode()):08x}"

    @property
    def kind(self) -> Kind[Any, Any]:
        return kinds()[self.kind_name]

    def configure(self, req: ConfigureRequest) -> None:
        """Reads headend:<platform>_<setting> of the stack's config for every setting of the kind's platform."""
        platform = platforms()[self.kind.platform]
        configure({platform.name: settings_of(platform, lambda name: req.config.get(f"headend:{name}"))})

    def check(self, _olds: Mapping[str, Any], news: Mapping[str, Any]) -> CheckResult:
        """Validates all that is known; whole numbers come back whole, lookups as what they find.

        A name that was taken from the resource's key stays what it was when the object was made.
        """
        given, old, meta = inputs(news), inputs(_olds), dict(meta_of(news))
        # What is the run's own the state never sees: where an input differs from the last run's, the engine writes all
        # of its state, which for each resource grows with the square.
        if (run_now := meta.pop(RUN, None)) is not None:
            settings.hand_over(meta["file"], run_now, self.kind.platform)
        dependents.note_check(meta, known=bool(old))
        if rows := meta.pop(AHEAD, None):
            start(read_ahead(self.kind, self._work(meta).api, rows))
        rest = {name: packed(meta) if name == META else value for name, value in news.items() if name in NOT_OURS}
        given |= {name: old[name] for name in meta.get("defaulted", ()) if isinstance(old.get(name), str)}
        if any(isinstance(value, Mapping) and "lookup" in value for value in given.values()):
            given |= run(self._work(meta).look_up(given, old))
        given = {name: value for name, value in given.items() if value is not None}
        unknown = {name for name, value in given.items() if is_unknown(value)}
        try:
            spec = self._spec({name: value for name, value in given.items() if name not in unknown})
        except ValidationError as error:
            failures = [
                (str(e["loc"][0] if e["loc"] else ""), printable(e["msg"])) for e in error.errors(include_input=False)
            ]
            wrong = [CheckFailure(*f) for f in failures if not unknown or f[0] not in {"", *unknown}]
            return CheckResult(given | rest, wrong)
        if old:
            now = recorded(spec, secret_fields(type(spec), meta.get("hidden", ())), digest)
            spec = keep_spelling(spec, now, record_of(self.kind, "", _olds), None)
        known = spec.model_dump(mode="json", include=set(given))
        return CheckResult({n: v if n in unknown else known.get(n, v) for n, v in given.items()} | rest, [])

    def diff(self, _id: str, _olds: Mapping[str, Any], _news: Mapping[str, Any]) -> DiffResult:
        """Against the live object too, so that a plain preview sees drift. Unknowns may change, but replace nothing,
        unless the engine asks what goes before an object that it deletes (see `headend.pulumi.dependents`)."""
        given, old, meta = inputs(_news), inputs(_olds), meta_of(_news)
        unknown = {name for name, value in given.items() if is_unknown(value)}
        asked = dependents.is_question(str(meta.get("address"))) and bool(unknown)
        if asked and (first := self._goes_first(_id, _olds, meta, unknown)) is not None:
            return DiffResult(True, sorted(unknown) if first else [], [], first)
        known = {n: old.get(n) if n in unknown else v for n, v in given.items()}
        want = self._spec({n: v for n, v in known.items() if v is not None})
        work = self._work(meta, _olds)
        kept(self.kind, _id, want, _olds.get("made"))
        decision = run(work.decide(want, record_of(self.kind, _id, _olds), anew=asked))
        if decision.reason is Reason.VANISHED or decision.action is Action.ADOPT:
            return self._vanished(decision, _id, meta)
        work.raise_if_refused(decision)
        for text in work.remarks(decision):
            tell(meta, text)
        if decision.impact is not Impact.NONE:
            run(work.warn_of_air(decision))
        replaces: set[str] = set()
        if decision.action is Action.REPLACE:
            replaces = {c.field for c in decision.changes} | (unknown if asked else set())
        if asked:
            dependents.note_first(str(meta.get("address")))
        noted = any(not is_lasting(type(want), name) for name in decision.noted)  # only an update makes Pulumi note it
        changed = decision.action is not Action.NONE or noted or bool(unknown)
        return DiffResult(changed, sorted(replaces), [], not self.kind.create_before_delete)

    def _goes_first(
        self, id: str, olds: Mapping[str, Any], meta: Mapping[str, Any], fields: Collection[str]
    ) -> bool | None:
        """Whether the object has to go before what it refers to by these fields; None where that takes a look at it.
        One that can let go stays (A-739)."""
        first = dependents.goes_first(str(meta.get("address")))
        model = self.kind.spec_type(olds.get("variant"))
        if first is None and isinstance(self.kind, LetsGo) and not any(mark(model, f, Immutable) for f in fields):
            dependents.note_holder(id, partial(self._work(meta, olds).release, record_of(self.kind, id, olds)))
            return False
        return first

    def _vanished(self, decision: Decision, id: str, meta: Mapping[str, Any]) -> DiffResult:
        """An object that is gone, or being deleted, is made again: in place where its id is its own choice, else by a
        replacement, which is Pulumi's only word for it."""
        word = "being deleted" if decision.action is Action.REPLACE else "gone"
        if meta.get("protect"):
            where = named(meta, self.kind, id)
            once = "once it is gone, " if decision.action is Action.REPLACE else ""
            raise told(NotFound(f"{where} is {word}; {once}`pulumi refresh` forgets it, the next up makes it"))
        self._work(meta).raise_if_refused(decision)
        dependents.note_vanished(str(meta.get("address")))
        tell(meta, f"{id} is {word}")
        if decision.action is Action.ADOPT:
            tell(meta, f"takes over {decision.id}")
            assert decision.live is not None
            TO_ADOPT[decision.situation.address] = decision.live
        want = decision.situation.want
        if decision.action is Action.CREATE and want and keeps_id(self.kind, want, id):
            return DiffResult(True, [], [], False)
        return DiffResult(True, [next(iter(want.set_fields()))] if want else [], [], True)

    def create(self, props: Mapping[str, Any]) -> CreateResult:
        """Makes the object, or takes over the one that the program decided on."""
        meta = meta_of(props)
        want = self._spec(inputs(props))
        address = str(meta.get("address"))
        instead = TO_ADOPT.pop(address, None)
        there = meta.get("adopt_id") or (instead.id if instead else None)
        done = run(self._work(meta).create(want, there))
        once: dict[str, Any] = {"handed_out": dict(done.handed_out)} if done.handed_out else {}
        return CreateResult(done.id, outputs(self.kind, want, done, meta) | once | self._owned(want, done.id))

    def _owned(self, spec: Spec, id: str, mark: str | None = None) -> dict[str, Any]:
        """Notes that this creation owns what the spec says, and gives the property that says so."""
        mark = mark or creation_mark()
        owned(self.kind, spec, mark)
        made(self.kind_name, id, mark)
        return {"made": mark}

    def read(self, id_: str, props: Mapping[str, Any]) -> ReadResult:
        """Exactly the managed inputs, as they are live; an absent object has no id."""
        old, meta = inputs(props), meta_of(props)
        record = record_of(self.kind, id_, props)
        spec = record.spec(self.kind)
        work = self._work(meta)
        live = run(work.observe(record))
        if live is None:
            return ReadResult(None, {})
        run(work.warn_of_status(live, record))
        now = old | {name: value for name, value in live.values.items() if name in old}
        now = type(spec).model_construct(**now).model_dump(mode="json", include=set(now), warnings=False)
        outs = now | {"computed": {**remembered(record.computed), **live.computed}, "live_id": id_, META: packed(meta)}
        outs |= handed_out(props) | unseen(self.kind, spec, live)
        return ReadResult(id_, outs, now | {META: packed(meta)})

    def update(self, _id: str, _olds: Mapping[str, Any], _news: Mapping[str, Any]) -> UpdateResult:
        """Changes the object in place, or makes it again under its own id."""
        meta = meta_of(_news)
        want = self._spec(inputs(_news))
        dependents.forget_holder(_id)
        done = run(self._work(meta, _olds).update(want, record_of(self.kind, _id, _olds)))
        kept = handed_out(_olds) | ({"handed_out": dict(done.handed_out)} if done.handed_out else {})
        mark = _olds.get("made")
        return UpdateResult(outputs(self.kind, want, done, meta) | kept | self._owned(want, _id, mark))

    def delete(self, _id: str, _props: Mapping[str, Any]) -> None:
        meta, mark = meta_of(_props), _props.get("made")
        if not isinstance(self.kind, OwnsParts) and is_made_anew(self.kind_name, _id, mark):
            tell(meta, "stays: it was made anew")
            return
        run(self._work(meta, _props).delete(record_of(self.kind, _id, _props)))

    def _work(self, meta: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> Work:
        return Work(self.kind, meta, (olds or {}).get("made"))

    def _spec(self, given: Mapping[str, Any]) -> Spec:
        return self.kind.spec_type(given.get("variant"))(**given)


def creation_mark() -> str:
    return uuid4().hex[:12]
