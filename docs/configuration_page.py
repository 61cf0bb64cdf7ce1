"""The page of the configuration file, from the tables that its loader reads by."""

from collections.abc import Iterator, Mapping

from check_autodiscover.config.file import DOMAIN, POLICY, SCHEDULE, SEVERITY, TARGETS, TOP, VIEW, Key, Keys, Shape
from check_autodiscover.config.options import CHOICES, ValueKind

__all__ = ["EXAMPLE", "configuration"]

EXAMPLE = """\
views:
  inside:  {resolvers: [10.0.0.2], ca_files: [corp-ca.pem]}
  outside: {resolvers: ["tls://192.0.2.53#dns.example"]}
modules:
  default:
    timeout: 10s
    certificate: {warning: 30d/25%, critical: 14d/15%}
    clients: [outlook-2016, outlook-2013, ews]
domains:
  contoso.com:
    method: {inside: host, outside: srv}
    servers: [remote.contoso.com]
    expect:
      views:
        inside: {addresses: [192.168.16.2]}
        outside: {addresses: [203.0.113.10], srv: [remote.contoso.com]}
    severities:
      dns-wildcard-present: {state: ok, until: 2027-01-31, reason: "CHG-123: goes with the old registrar"}
      outside:dns-parent-exposed: warning
    labels: {customer: contoso}
  fabrikam.com: {}
targets: {allow: ["*.contoso.com"], deny_networks: [169.254.0.0/16, "fe80::/10"]}
schedule: {interval: 5m}
baseline: {path: /var/lib/check_autodiscover/baseline}
"""

_HEAD = f"""# The configuration file

One YAML file for all three programs: `autodiscover_exporter --config.file FILE`, `check_autodiscover --config FILE`
for what it says of one domain, and `autodiscoverctl config check FILE`, which tells every mistake with its line. File
names in it are relative to its folder. It holds no secret: passwords are in files that it names.

```yaml
{EXAMPLE}```

## Which level wins
What is built in, the top of the file, the module, the domain, and an option of the plugin: the later wins. A domain's
module is `default` unless it names another, or the scrape asks for one.

- A level that names a list replaces it; `servers: []` takes back what a level above it said.
- `method` and the keys of `expect` may be said of one view (`expect.views.VIEW`). What a level says of one view
  replaces what was said before for that view, and leaves the others; what it says of all views replaces everything.
- `ca_files`, `ca_paths` and `severities` add up. Of several severities that fit a finding the last one counts: the
  domain's, then the module's, then the top's; what stands later wins within a level.
- An option `--view` replaces the views of the file; one of the same name keeps its role and what else is said of it.

`autodiscoverctl config check FILE --domain contoso.com` prints what holds for a domain and which level says so, as a
configuration again. `autodiscoverctl config schema` prints a JSON Schema, for editors and for those who generate the
file.

## What is accepted
`severities` sets policy's own grade of a rule, at `[VIEW:]RULE[@ENDPOINT]`. What it lowers to `ok` stays in the
report, marked accepted with its reason, and counts in `autodiscover_accepted_findings`. With `until` it holds to the
end of that day (UTC). From then on the finding has its own severity again and says `accepted until 2027-01-31
(CHG-123): expired`.

## What is refused
Unknown or repeated keys, values of the wrong kind, a view, module or rule that does not exist, a warning threshold
below the critical one, and an expectation that the method never looks at. Each is a line `FILE:LINE: KEY: what is
wrong`, all of them at once; the programs do not start with such a file. The plugin looks at the top, the modules and
its own domain. Aliases of YAML work, merge keys (`<<`) do not. A file has at most 8 MiB, and
6 MiB where it is read for one domain (`-H`).
"""


def configuration() -> str:
    """The whole page."""
    return f"{_HEAD}{''.join(_sections())}"


def _sections() -> Iterator[str]:
    yield from _table("At the top", "Beside the keys of policy below:", TOP)
    yield from _table("A view", "`views.NAME`, where the name has at most 32 of a-z, 0-9 and the hyphen.", VIEW)
    yield from _table("A domain", "`domains.DOMAIN`, beside the keys of policy below:", DOMAIN)
    yield from _table("A severity", "`severities.PLACE`, or the state alone.", SEVERITY)
    yield from _table("Targets", "With `domains` or `targets` the exporter answers 403 for any other domain.", TARGETS)
    yield from _table("The schedule", "See [the exporter](exporter.md#how-often-a-domain-is-looked-at).", SCHEDULE)
    yield from _table("Policy", "At the top, in a module, and in a domain. Options of the same meaning:", POLICY)


def _table(title: str, text: str, keys: Keys) -> Iterator[str]:
    yield f"\n## {title}\n{text}\n\n| key | value | |\n|---|---|---|\n"
    yield from (f"| `{name}` | {_value(key)} | {_escaped(key.help)} |\n" for name, key in _flat(keys))


def _flat(keys: Keys) -> Iterator[tuple[str, Key]]:
    for name, key in keys.items():
        match key:
            case Key():
                yield name, key
            case Mapping():
                yield from ((f"{name}.{below}", each) for below, each in key.items())


def _value(key: Key) -> str:
    words = ", ".join(f"`{word}`" for word in CHOICES.get(key.kind, ())) or _KINDS.get(key.kind, key.kind.value)
    match key.shape:
        case Shape.LIST:
            return f"list: {words}"
        case Shape.LIST_BY_VIEW:
            return f"list, also under `expect.views.VIEW`: {words}"
        case Shape.BY_VIEW:
            return f"{words}, or one for each view"
        case Shape.GRADES:
            return "state, or `{state, until, reason}`, by place"
        case Shape.TEXTS:
            return "texts by name"
        case Shape.SECTION:
            return "keys"
        case Shape.ONE:
            return words


_KINDS = {
    ValueKind.SWITCH: "`true`, `false`",
    ValueKind.SECONDS: "time, as in `500ms`, `10s`, `5m`",
    ValueKind.NUMBER: "number from 1 to 1000",
    ValueKind.SPAN: "time, as in `60s`; `0s` for none",
    ValueKind.LIFE_LEFT: "life, as in `30d`, `25%`, `30d/25%`",
    ValueKind.PATTERN: "domain, `*.DOMAIN` or `*`",
    ValueKind.FINGERPRINT: "SHA-256 in hex",
}


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
