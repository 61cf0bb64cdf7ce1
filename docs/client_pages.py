"""The page of the clients: where each asks, in which order, and how it reacts, from the tables that are walked."""

from collections.abc import Iterator

from check_autodiscover.core.analysis import walks
from check_autodiscover.core.model.clients import CLIENTS, REGISTRY, UNOBSERVED, ClientProfile
from check_autodiscover.core.model.observations import AUTODISCOVER_PATH
from check_autodiscover.core.model.policy import DEFAULT_CLIENTS, Step, judgeable

__all__ = ["EVENTS", "STEPS", "clients"]

STEPS = {
    Step.OFFICE365: "Microsoft 365, where the account seems to be there: modelled, never contacted",
    Step.SCP: "Active Directory's service connection points: only domain-joined clients that reach a domain controller",
    Step.ROOT: "`https://contoso.com`",
    Step.AUTODISCOVER: "`https://autodiscover.contoso.com`",
    Step.REDIRECT: "`http://autodiscover.contoso.com`, and where it redirects to",
    Step.SRV: "the target of the SRV record `_autodiscover._tcp.contoso.com`, by https on port 443",
}
"""Where each step leads. The value of a step is what `--skip-step` takes."""

_GO_ON = "every client goes on, silently"
_WARN = "Outlook warns, and asks whether to go on with that server; libraries go on, silently"
_END = "every client ends here: with its own server's settings, or a stranger's"

EVENTS: dict[str, tuple[tuple[walks.OutlookCode, ...], str]] = {
    "nothing there": (
        (
            walks.NO_ADDRESS,
            walks.NO_CONNECTION,
            walks.NO_ANSWER,
            walks.NO_TLS,
            walks.CLIENT_CERTIFICATE,
            walks.NO_SCP,
            walks.NO_SRV,
            walks.SPENT_REDIRECT,
        ),
        _GO_ON,
    ),
    "a certificate that is not accepted": (
        (*(walks.NAMES.values()), *(walks.CERTIFICATES.values())),
        _WARN,
    ),
    "an answer that serves": (
        tuple(reaction for reaction in walks.ANSWERS.values() if reaction[0] == walks.SUCCESS),
        _END,
    ),
    "another answer": (
        tuple(reaction for reaction in walks.ANSWERS.values() if reaction[0] not in ("", walks.SUCCESS)),
        _GO_ON,
    ),
}
"""What is met, and what clients do about it (Exchange documentation, "Handling Autodiscover error messages")."""

_HEAD = """# What each client does

A client walks a list of places and ends at the first that answers it. `check_autodiscover` walks the lists below over
what it observed: `-v` tells each walk, `-o log` those of the judged clients as Outlook's log does, and
`autodiscoverctl diagnose` draws them. A client with several addresses to choose from is taken at its worst. What a
client keeps for itself is not modelled, as nobody else sees it: a URL that worked before, or an XML file on the PC
(`PreferLocalXML`).

**Judged** clients are those whose users raise an alarm: {judged},
unless `--client` names others. The others are walked and told of, and alarm nobody.

## The steps
Outlook leaves a step out where this value is 1 (DWORD) under
`HKCU\\Software\\Microsoft\\Office\\16.0\\Outlook\\AutoDiscover`, or, from group policy, under the same key
below `HKCU\\Software\\Policies`. `--skip-step` says so to us: what is found at that place is then told
and alarms nobody. A value left on one PC hides there what all others see.

{steps}

## What they do at each thing they meet
A redirect to an https URL of Autodiscover is followed, ten at most. The code is that of Outlook's log.

{events}

## The clients
{clients}"""


def clients() -> str:
    """The whole page."""
    judged = ", ".join(f"`{name.value}`" for name in DEFAULT_CLIENTS)
    sections = "\n".join(_section(profile) for profile in CLIENTS)
    return _HEAD.format(judged=judged, steps=_steps(), events="\n\n".join(_events()), clients=sections)


def _steps() -> str:
    rows = (f"| `{step.value}` | {words} | `{REGISTRY[step]}` |" for step, words in STEPS.items())
    return "| step | asks | left out by |\n|---|---|---|\n" + "\n".join(rows)


def _events() -> Iterator[str]:
    for title, (met, does) in EVENTS.items():
        rows = (f"| {words.format(name='contoso.com')} | `{code}` |" for code, words in met)
        yield f"**{title[0].upper()}{title[1:]}**: {does}.\n\n| met | code |\n|---|---|\n" + "\n".join(rows)


def _section(profile: ClientProfile) -> str:
    steps = ", ".join(f"`{step.value}`" for step in profile.steps)
    habits = "".join(f"- {habit}.\n" for habit in (*_judged(profile), *_habits(profile), *_limits(profile)))
    return f"### {profile.title}\n`{profile.name.value}`: {steps}.\n\n{habits}- Source: {profile.source}.\n"


def _judged(profile: ClientProfile) -> Iterator[str]:
    if not judgeable(profile.name):
        yield f"Cannot be judged: {profile.unseen.removeprefix('not observed: ')}"
        yield "A filter by address or country that keeps Microsoft's servers out breaks it, and is not seen from here"
    elif profile.name in DEFAULT_CLIENTS:
        yield "Judged unless `--client` names others"
    else:
        yield f"Told of; judged with `--client {profile.name.value}`"


def _habits(profile: ClientProfile) -> Iterator[str]:
    if not profile.unseen:
        yield "Warns of a certificate that it does not accept" if profile.warns else "Shows no certificate warnings"
    if profile.consents:
        yield f"Asks the user for consent at {' and '.join(f'`{step.value}`' for step in profile.consents)}"
    if Step.SRV in profile.steps:
        yield f"Of several SRV records it takes {profile.srv_choice.value}"
    if profile.minds_srv_port:
        yield "Takes SRV records of port 443 alone; others it ignores"
    if profile.needs_ipv4:
        yield "Passes by a name that has no A record, such as one with IPv6 addresses alone"
    if profile.parallel_scp:
        yield "Asks DNS beside the directory, so that a wrong certificate there disturbs although the directory serves"


_UNLESS = {Step.SCP: " without `--scp`"}


def _limits(profile: ClientProfile) -> Iterator[str]:
    if profile.path != AUTODISCOVER_PATH:
        looked = "" if profile.unseen else f"; what is looked at is `{AUTODISCOVER_PATH}` of the same host"
        yield f"Asks for `{profile.path}`{looked}"
    unseen = [f"`{step.value}`{_UNLESS.get(step, '')}" for step in profile.steps if step in UNOBSERVED]
    if unseen and not profile.unseen:
        yield f"Not looked at, and shown as such: {' and '.join(unseen)}"
