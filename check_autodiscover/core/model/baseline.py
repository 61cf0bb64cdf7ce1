"""What an administrator accepted about a domain, and what has changed since; data only.

`acceptance` takes it from what was observed, `drift` compares two of it, `baseline_json` writes and reads it. Nothing
in it moves by itself: no TTL, no date of a certificate, nothing behind a foreign alias. What was not looked at is not
in it; a name that was looked at and had no record is, with nothing.

A baseline as JSON and back: one small file a domain, sorted, a fact a line, so that it is reviewed as code is.

Read strictly: what is unknown, missing or of another type is a fault with a place. An administrator may write networks
in place of addresses, and `{"pool": [...]}` for a set of which every answer shows a part. `store` has the files.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from ipaddress import ip_network
from typing import Any, TypeVar

from check_autodiscover.core.model.finding import Endpoint
from check_autodiscover.core.model.policy import Method

__all__ = [
    "BASELINE_SCHEMA",
    "AcceptedCertificate",
    "AcceptedRecord",
    "AcceptedView",
    "Baseline",
    "BaselineFormatError",
    "CatchAllState",
    "Change",
    "Drift",
    "Presented",
    "RecordKind",
    "Walked",
    "read_baseline",
    "write_baseline",
]


class RecordKind(Enum):
    """What a name is asked for; addresses of both families are one set."""

    ADDRESS = "address"
    ALIAS = "alias"
    SRV = "SRV"


@dataclass(frozen=True, slots=True, order=True)
class AcceptedRecord:
    """The records of a name, sorted: addresses, the chain of aliases in its order, or SRV data as in a zone file.

    Where accepted, `values` of addresses may be networks; a `pool` is a set of which every answer shows a part.
    """

    name: str
    kind: RecordKind
    values: tuple[str, ...]
    pool: bool = False


@dataclass(frozen=True, slots=True, order=True)
class CatchAllState:
    """Whether a catch-all answers below a parent."""

    parent: str
    present: bool


@dataclass(frozen=True, slots=True, order=True)
class AcceptedCertificate:
    """The lasting facts of a certificate; `issuer` is the organisation that issued it, its name where it has none."""

    public_key: str
    issuer: str
    kind: str
    key_type: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Presented:
    """The certificates that the addresses of a name presented at an endpoint."""

    endpoint: Endpoint
    name: str
    certificates: tuple[AcceptedCertificate, ...]


@dataclass(frozen=True, slots=True, order=True)
class Walked:
    """How a client's walk ended, and at which step, which is empty where it found nothing."""

    client: str
    outcome: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedView:
    """One view's part; each tuple is sorted."""

    name: str
    method: Method
    name_servers: tuple[str, ...] = ()
    """As this view is told of them; none where the domain has no delegation of its own, or it was not seen."""
    records: tuple[AcceptedRecord, ...] = ()
    catch_alls: tuple[CatchAllState, ...] = ()
    certificates: tuple[Presented, ...] = ()
    walks: tuple[Walked, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The accepted part of a survey. `accepted` is the Unix time of the acceptance, in whole seconds."""

    domain: str
    accepted: int
    views: tuple[AcceptedView, ...] = ()

    def view(self, name: str) -> AcceptedView | None:
        """A view's part, None for a view that was never accepted."""
        return next((view for view in self.views if view.name == name), None)


class Drift(Enum):
    """The kinds of change; the value is the rule's ID without its area, and the label of the metric."""

    DELEGATION = "delegation"
    RECORD = "record"
    WILDCARD_APPEARED = "wildcard-appeared"
    WILDCARD_GONE = "wildcard-gone"
    CERTIFICATE_RENEWED = "certificate-renewed"
    CERTIFICATE_REPLACED = "certificate-replaced"
    CERTIFICATE_NAMES_LOST = "certificate-names-lost"
    WALK_CHANGED = "walk-changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise than accepted. `old` and `new` are words; empty for what was or is not there.

    `subject` is the name, the wildcard or the client that it is about; `detail` says more where the kind does not.
    """

    kind: Drift
    view: str
    endpoint: Endpoint
    subject: str
    old: str
    new: str
    detail: str = ""


BASELINE_SCHEMA = 1
"""Version of the file's form."""

_STAMP = "%Y-%m-%dT%H:%M:%SZ"


class BaselineFormatError(ValueError):
    """What was read is no baseline of ours; the message is one line that names the place and the fault."""


def _to_json(baseline: Baseline) -> dict[str, Any]:
    return {
        "schema": BASELINE_SCHEMA,
        "domain": baseline.domain,
        "accepted": datetime.fromtimestamp(baseline.accepted, UTC).strftime(_STAMP),
        "views": {view.name: _view_to_json(view) for view in sorted(baseline.views, key=lambda view: view.name)},
    }


def _view_to_json(view: AcceptedView) -> dict[str, Any]:
    return {
        "method": view.method.value,
        "name_servers": list(view.name_servers),
        "records": {f"{item.name} {item.kind.value}": _values_to_json(item) for item in view.records},
        "catch_alls": {f"*.{item.parent}": item.present for item in view.catch_alls},
        "certificates": {
            f"{item.endpoint.value} {item.name}": [_certificate_to_json(each) for each in item.certificates]
            for item in view.certificates
        },
        "walks": {item.client: f"{item.outcome}{' at ' + item.step if item.step else ''}" for item in view.walks},
    }


def _values_to_json(record: AcceptedRecord) -> list[str] | dict[str, list[str]]:
    return {"pool": list(record.values)} if record.pool else list(record.values)


def _certificate_to_json(certificate: AcceptedCertificate) -> dict[str, Any]:
    return {
        "issuer": certificate.issuer,
        "names": list(certificate.names),
        "kind": certificate.kind,
        "key_type": certificate.key_type,
        "public_key": certificate.public_key,
    }


def write_baseline(baseline: Baseline) -> str:
    """The file's text, in an order that depends on nothing but the content."""
    return json.dumps(_to_json(baseline), indent=2, ensure_ascii=False) + "\n"


def read_baseline(text: str) -> Baseline:
    """The baseline of a file's text. Raises `BaselineFormatError`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise BaselineFormatError(f"it is no JSON{place}: cut off or damaged") from None
    return _from_json(document)


def _from_json(document: Any) -> Baseline:
    if not isinstance(document, Mapping):
        raise BaselineFormatError("$: a baseline is an object")
    if document.get("schema") != BASELINE_SCHEMA:
        found = repr(document.get("schema"))[:40]
        raise BaselineFormatError(f"$.schema: this program reads version {BASELINE_SCHEMA}, not {found}")
    top = _object(document, "$", ("schema", "domain", "accepted", "views"))
    return Baseline(
        domain=_text(top["domain"], "$.domain"),
        accepted=_moment(top["accepted"], "$.accepted"),
        views=tuple(
            _view(name, value, f"$.views.{name}") for name, value in sorted(_named(top["views"], "$.views").items())
        ),
    )


def _view(name: str, value: Any, place: str) -> AcceptedView:
    given = _object(value, place, ("method", "name_servers", "records", "catch_alls", "certificates", "walks"))
    return AcceptedView(
        name=name,
        method=_method(given["method"], f"{place}.method"),
        name_servers=tuple(sorted(_texts(given["name_servers"], f"{place}.name_servers"))),
        records=_each(_record, given["records"], f"{place}.records"),
        catch_alls=_each(_catch_all, given["catch_alls"], f"{place}.catch_alls"),
        certificates=_each(_presented, given["certificates"], f"{place}.certificates"),
        walks=_each(_walk, given["walks"], f"{place}.walks"),
    )


def _record(key: str, value: Any, place: str) -> AcceptedRecord:
    name, _, kind_text = key.rpartition(" ")
    kind = _one_of(RecordKind, kind_text, place)
    pool = isinstance(value, Mapping)
    values = _texts(_object(value, place, ("pool",))["pool"] if pool else value, place)
    if kind is RecordKind.ADDRESS:
        values = tuple(sorted(_network(text, place) for text in values))
    return AcceptedRecord(name, kind, values, pool)


def _network(text: str, place: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        raise BaselineFormatError(f"{place}: {text!r:.60} is no address and no network") from None
    return str(network) if "/" in text else str(network.network_address)


def _catch_all(key: str, value: Any, place: str) -> CatchAllState:
    if not key.startswith("*."):
        raise BaselineFormatError(f"{place}: a catch-all is written as *.NAME")
    if not isinstance(value, bool):
        raise BaselineFormatError(f"{place}: expected true or false")
    return CatchAllState(key.removeprefix("*."), value)


def _presented(key: str, value: Any, place: str) -> Presented:
    endpoint, _, name = key.partition(" ")
    items = (_certificate(item, f"{place}[{index}]") for index, item in enumerate(_list(value, place)))
    return Presented(_one_of(Endpoint, endpoint, place), name, tuple(sorted(items)))


def _certificate(value: Any, place: str) -> AcceptedCertificate:
    given = _object(value, place, ("issuer", "names", "kind", "key_type", "public_key"))
    return AcceptedCertificate(
        public_key=_text(given["public_key"], f"{place}.public_key"),
        issuer=_text(given["issuer"], f"{place}.issuer"),
        kind=_text(given["kind"], f"{place}.kind"),
        key_type=_text(given["key_type"], f"{place}.key_type"),
        names=tuple(sorted(_texts(given["names"], f"{place}.names"))),
    )


def _walk(key: str, value: Any, place: str) -> Walked:
    outcome, _, step = _text(value, place).partition(" at ")
    return Walked(key, outcome, step)


Item = TypeVar("Item", AcceptedRecord, CatchAllState, Presented, Walked)

Choice = TypeVar("Choice", Method, RecordKind, Endpoint)


def _each(read: Callable[[str, Any, str], Item], value: Any, place: str) -> tuple[Item, ...]:
    found = (read(key, item, f"{place}[{key!r}]") for key, item in sorted(_named(value, place).items()))
    return tuple(found)


def _object(value: Any, place: str, keys: Iterable[str]) -> Mapping[str, Any]:
    """An object of exactly these keys."""
    given, wanted = _named(value, place), set(keys)
    for key in sorted(set(given) ^ wanted):
        raise BaselineFormatError(f"{place}.{key}: {'it is missing' if key in wanted else 'unknown key'}")
    return given


def _named(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BaselineFormatError(f"{place}: expected an object")
    return value


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise BaselineFormatError(f"{place}: expected a list")
    return value


def _texts(value: Any, place: str) -> tuple[str, ...]:
    return tuple(_text(item, f"{place}[{index}]") for index, item in enumerate(_list(value, place)))


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise BaselineFormatError(f"{place}: expected text")
    return value


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _moment(value: Any, place: str) -> int:
    text = _text(value, place)
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        return int(datetime.strptime(text, _STAMP).replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise BaselineFormatError(f"{place}: {text!r:.40} is no time such as 2026-11-23T08:00:00Z") from None


def _method(value: Any, place: str) -> Method:
    """What was found, or that nothing was: never that it is to be found."""
    method = _one_of(Method, value, place)
    if method is Method.AUTO:
        raise BaselineFormatError(f"{place}: {value!r} is a wish and nothing that was accepted")
    return method


def _one_of(choices: type[Choice], value: Any, place: str) -> Choice:
    text = _text(value, place)
    known = {choice.value: choice for choice in choices}
    if text not in known:
        raise BaselineFormatError(f"{place}: {text!r:.40} is none of {', '.join(known)}")
    return known[text]
