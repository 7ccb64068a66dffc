"""`formatted`: a stack file, or a policy file, in the house's form. What it means stays, and so do its comments."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from headend.core.model.errors import InputError
from headend.core.model.fields import Named, marked
from headend.core.model.findings import Problem, Problems
from headend.core.model.kind import Kind, collection_of
from headend.core.model.options import Options
from headend.core.stackfile.commented import Document, Item, Tree, comments, read_commented
from headend.core.stackfile.drafts import Kinds
from headend.core.stackfile.field_types import item_model
from headend.core.stackfile.from_file import RESERVED
from headend.core.stackfile.lifecycle import LifecycleModel
from headend.core.stackfile.load import GENERAL
from headend.core.stackfile.moved import FORMS
from headend.core.stackfile.nodes import BYTE_ORDER_MARK, Node, parse
from headend.core.stackfile.policies import PolicyModel
from headend.core.stackfile.printer import print_tree
from headend.core.wire import registry

_BREAKS = "\x85\u2028\u2029"  # lines end there for one reader of YAML, and don't for another
_OTHERS = ""


def formatted(text: str, *, name: str = "the file", kinds: Kinds | None = None) -> str:
    """The text in the house's form. name: what problems call the file.

    Raises InputError for what is no stack file and no policy file, and where the form would change what it means.
    """
    text = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n")
    problems = Problems()
    before = parse(text, name, problems)
    if before is None or problems:
        raise InputError(problems)
    if any(character in text for character in _BREAKS):
        raise InputError(Problem(f"{name}: has a line end of Unicode's own", remedy="write it as an escape"))
    document = _with_header(read_commented(text))
    _arrange(document.root, registry.kinds() if kinds is None else kinds, name)
    _define_first(document.root, set())
    made = print_tree(document)
    after = parse(made, name, problems)
    same = after is not None and not problems and _meaning(after) == _meaning(before)
    if not same or Counter(comments(made)) != Counter(comments(text)):
        raise InputError(Problem(f"{name}: no form of it would mean the same", remedy="it stays as it is"))
    return made


def _with_header(document: Document) -> Document:
    """With the comments that begin the file taken from its first key: as far as the last blank line, or all of them."""
    items = document.root.items
    if not document.root.is_block or not items:
        return document
    head = items[0].head
    end = max((n + 1 for n, line in enumerate(head) if not line), default=len(head))
    items[0].head = head[end:]
    return Document(document.root, head[:end], document.end)


def _meaning(node: Node) -> Any:
    """What the loader sees, but for the order of keys."""
    if node.mapping is not None:
        return {key: _meaning(entry.node) for key, entry in node.mapping.items()}
    if isinstance(node.value, tuple):
        return [_meaning(item) for item in node.value]
    return None if node.value is None else (type(node.value), node.value, node.text)


def _define_first(tree: Tree, defined: set[Tree]) -> None:
    """Puts what an anchor names where it is first used, and aliases everywhere else."""
    for item in tree.items or ():
        target = item.value.target
        if target is not None and target not in defined:
            item.value = target
            if tree.flow:
                _flatten(target)
            elif target.is_block and item.tail:  # nothing stands behind a block
                item.head, item.tail = [*item.head, item.tail], ""
        elif target is None and item.value in defined:
            item.value = Tree(target=item.value)
        if item.value.anchor:
            defined.add(item.value)
        _define_first(item.value, defined)


def _flatten(tree: Tree) -> None:
    """In a flow collection nothing else can stand."""
    tree.flow = tree.items is not None
    tree.style = '"' if tree.lines else tree.style
    for item in tree.items or ():
        _flatten(item.value)


def _arrange(root: Tree, kinds: Kinds, name: str) -> None:
    """Puts the keys into order."""
    found = {_key(item) for item in root.items or ()} if root.keyed else set()
    arranger = _Arranger(kinds)
    if found & {"headend", *arranger.collections}:
        arranger.arrange_stack(root)
    elif found & {"policies", "extends"}:
        _sort(root, ("extends", "policies"))
        for item in root.items or ():
            if _key(item) == "policies":
                _each(item.value, lambda policy: _arrange_model(policy, PolicyModel))
    else:
        raise InputError(Problem(f"{name}: neither a stack nor a policy file", remedy="begin it with `headend: 1`"))


def _key(item: Item) -> str:
    return (item.key.target or item.key).text if item.key else ""


def _sort(tree: Tree, order: Iterable[str]) -> None:
    """Sorts a mapping's keys; those that aren't named stay together, as they stood, where `_OTHERS` is, or last."""
    if not tree.keyed or not tree.items:
        return
    ranks = {name: rank for rank, name in enumerate(dict.fromkeys(order))}
    others = ranks.get(_OTHERS, len(ranks))
    breaks = [item.broken for item in tree.items]
    tree.items.sort(key=lambda item: ranks.get(_key(item), others))
    for item, broken in zip(tree.items, breaks, strict=True):
        item.broken = broken


def _each(tree: Tree, arrange: Callable[[Tree], None]) -> None:
    for item in tree.items or ():
        arrange(item.value)


def _arrange_model(tree: Tree, model: type[BaseModel], order: Sequence[str] = ()) -> None:
    """A mapping of the model's fields, and those of models in it."""
    keys = {_key(item) for item in tree.items or ()}
    _sort(tree, [*(RESERVED if "from_file" in keys else ()), *(order or field_order(model))])
    for item in tree.items or () if tree.keyed else ():
        name = _key(item)
        inner = item_model(model, name) if name in model.model_fields else None
        if inner is not None:
            found, _ = inner
            _each(item.value, lambda one, found=found: _arrange_model(one, found))  # type: ignore[misc]


def field_order(model: type[BaseModel], parent_field: str | None = None) -> list[str]:
    """Where it is, what it is, what it is called; then the model's own fields, and those that it shares last."""
    classes = [cls for cls in model.__mro__ if issubclass(cls, BaseModel)]
    own = [
        name
        for cls in classes
        for name in cls.model_fields
        if not any(name in base.model_fields for base in cls.__mro__[1:] if issubclass(base, BaseModel))
    ]
    return list(dict.fromkeys([*([parent_field] if parent_field else []), "variant", *marked(model, Named), *own]))


class _Arranger:
    """collections: platform -> collection -> kind, in the order that they are written in."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds
        self.collections: dict[str, dict[str, str]] = {}
        for platform in dict.fromkeys([*registry.platforms(), *(name.partition(".")[0] for name in kinds)]):
            names = [name for name in registry.in_order(platform) if name in kinds]
            self.collections[platform] = {collection_of(name): name for name in names}

    def arrange_stack(self, root: Tree) -> None:
        _sort(root, [*GENERAL, _OTHERS, *self.collections])
        for item in root.items or ():
            name = _key(item)
            if name == "options":
                _arrange_model(item.value, Options)
            elif name in FORMS:
                _each(item.value, functools.partial(_sort, order=FORMS[name]))
            elif name in self.collections:
                collections = self.collections[name]
                _sort(item.value, collections)
                for inner in item.value.items or ():
                    self._arrange_collection(inner, collections)

    def _arrange_collection(self, item: Item, collections: Mapping[str, str]) -> None:
        if (name := collections.get(_key(item))) is not None:
            kind = self.kinds[name]
            _each(item.value, lambda resource: self._arrange_resource(resource, kind, collections))

    def _arrange_resource(self, tree: Tree, kind: Kind[Any, Any], collections: Mapping[str, str]) -> None:
        items = tree.items or ()
        variant = next((i.value.target or i.value for i in items if _key(i) == "variant"), Tree()).text
        models = [kind.variants[variant]] if variant in kind.variants else [kind.model, *kind.variants.values()]
        fields = [name for model in models for name in field_order(model, kind.parent_field)]
        nested = [key for key in collections if any(_key(item) == key for item in items)]
        nested = [key for key in nested if self.kinds[collections[key]].parent == kind.name]
        _arrange_model(tree, models[0], [*fields, _OTHERS, "lifecycle", *nested])
        for item in items:
            if _key(item) == "lifecycle":
                _arrange_model(item.value, LifecycleModel)
            elif _key(item) in nested:
                self._arrange_collection(item, collections)
