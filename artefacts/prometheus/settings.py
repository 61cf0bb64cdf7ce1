"""What may be set otherwise when the files are made: thresholds, waits, addresses. One table, with its defaults.

`packaging/prometheus/settings.yml` is this table; a file with some of its keys replaces those.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import yaml

from check_autodiscover.core.model.policy import DAY, DEFAULT_THRESHOLDS, LifeLeft

__all__ = ["Settings", "SettingsError", "load_settings", "of_any_satellite", "render_settings", "seconds"]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
# What stands for itself in a regular expression, but for the dot, which takes itself as well.
_JOB = re.compile(r"[\w.:/-]+")
_DURATION = re.compile(rf"(\d+)([{''.join(UNITS)}])")


class SettingsError(Exception):
    """Settings that cannot be used; the text names the key."""


def seconds(duration: str) -> int:
    """A duration as Prometheus writes it, in seconds: `90s`, `5m`, `1d`. Raises ValueError for any other text."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is no duration: a number and one of {', '.join(UNITS)}")
    return int(found.group(1)) * UNITS[found.group(2)]


def of_any_satellite(job: str) -> str:
    """A pattern of a job's name, and of the names that satellites give theirs."""
    return f"{job}(-.+)?"


def _setting(default: Any, meaning: str, fits: Callable[[Any], bool]) -> Any:
    return field(default=default, metadata={"meaning": meaning, "fits": fits})


def _text(default: str, meaning: str) -> str:
    found: str = _setting(default, meaning, lambda value: isinstance(value, str) and bool(value))
    return found


def _job(default: str, meaning: str) -> str:
    found: str = _setting(default, meaning, lambda value: isinstance(value, str) and bool(_JOB.fullmatch(value)))
    return found


def _duration(default: str, meaning: str) -> str:
    found: str = _setting(default, meaning, lambda value: isinstance(value, str) and bool(_DURATION.fullmatch(value)))
    return found


def _number(default: float, meaning: str) -> float:
    found: float = _setting(
        default, meaning, lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    )
    return found


def _days(limit: LifeLeft) -> float:
    return (limit.seconds or 0) / DAY


WARNING, CRITICAL = DEFAULT_THRESHOLDS.warning, DEFAULT_THRESHOLDS.critical


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may be set. Durations are Prometheus's (`5m`)."""

    exporter: str = _text("127.0.0.1:10093", "where Prometheus reaches the exporter")
    exporter_url: str = _text("http://127.0.0.1:10093", "where people reach its pages: --web.external-url")
    shards: tuple[str, ...] = _setting(
        ("exporter-0.example:10093", "exporter-1.example:10093"),
        "the exporters that share the domains out (scrape/shards.yml)",
        lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value) and len(value) > 1,
    )
    job: str = _job("autodiscover", "the job of the domains' scrapes; a satellite's: this, a hyphen, its name")
    exporter_job: str = _job("autodiscover-exporter", "the job of the exporter's own metrics; a satellite's likewise")
    scrape_interval: str = _duration("2m", "less than half of the 5 minutes after which Prometheus forgets a sample")
    scrape_timeout: str = _duration("15s", "how long a domain's look may take; more than the module's timeout")
    evaluation_interval: str = _duration("1m", "how often rules are evaluated")
    alertmanager: str = _text("127.0.0.1:9093", "where Prometheus reaches Alertmanager")

    password_for: str = _duration("0s", "passwords go to a stranger: told at once")
    users_affected_for: str = _duration("5m", "users are hit")
    cause_changes_for: str = _duration(
        "15m", "a domain is CRITICAL all the time, and by no cause for users_affected_for"
    )
    certificate_unexpected_for: str = _duration("5m", "a certificate is not the pinned one")
    shared_for: str = _duration("2m", "one server's fault at several domains; before those domains' own alerts")
    warning_for: str = _duration("15m", "a fault that hits nobody yet")
    cannot_look_for: str = _duration("15m", "a domain's state is not known")
    view_blind_for: str = _duration("5m", "no resolver of a view answers")
    certificate_for: str = _duration("30m", "a certificate expires soon")
    drift_for: str = _duration("15m", "something is not what was accepted")
    exporter_down_for: str = _duration("3m", "an exporter does not answer, or none does")
    scrapes_fail_for: str = _duration("10m", "domains cannot be scraped")
    stale_for: str = _duration("5m", "results are old, on top of stale_after")
    reload_failed_for: str = _duration("10m", "the configuration file has mistakes")
    lag_for: str = _duration("15m", "the schedule is late")
    errors_for: str = _duration("5m", "looks fail for reasons of the exporter's own")
    keep_firing_for: str = _duration("10m", "an alert that comes and goes is one alert")

    certificate_warning_days: float = _number(_days(WARNING), "0: only where the exporter's own thresholds say so")
    certificate_warning_share: float = _number(WARNING.share or 0, "of the lifetime; it and the days both must be due")
    certificate_critical_days: float = _number(_days(CRITICAL), "likewise")
    certificate_critical_share: float = _number(CRITICAL.share or 0, "likewise")
    shared_domains: float = _number(2, "so many domains with the same fault at one server are one fault")
    view_blind_share: float = _number(0.5, "of the domains for which a view is blind; the others are told one by one")
    catch_all_memory: str = _duration("1d", "how long a catch-all is new where there is no baseline")
    stale_after: str = _duration(
        "20m", "a result's age; more than three times the exporter's schedule.interval or cache"
    )
    lag: str = _duration("2m", "how late the schedule may be")
    errors_window: str = _duration("15m", "in which looks failed")

    page_url: str = _text("http://127.0.0.1:9095/page", "the webhook for what is critical")
    ticket_url: str = _text("http://127.0.0.1:9095/ticket", "the webhook for the rest")
    group_wait: str = _duration("1m", "what comes within it is one notification; longer than evaluation_interval")
    group_interval: str = _duration("5m", "before news of the same cause")
    page_repeat: str = _duration("4h", "before a page is repeated")
    ticket_repeat: str = _duration("1w", "before the rest is repeated")


def load_settings(text: str) -> Settings:
    """Our settings with those of a YAML file in their place. Raises SettingsError."""
    given = yaml.safe_load(text) or {}
    if not isinstance(given, dict):
        raise SettingsError("a mapping of settings is wanted")
    known = {item.name: item for item in fields(Settings)}
    for key, value in given.items():
        if key not in known:
            raise SettingsError(f"{key}: no such setting")
        if not known[key].metadata["fits"](value):
            raise SettingsError(f"{key}: {value!r} is not of the kind of {known[key].default!r}")
    chosen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    return replace(Settings(), **chosen)


def render_settings() -> str:
    """The table as a file of YAML: each setting with its default and what it is."""
    return _HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    for item in fields(Settings):
        yield f"# {item.metadata['meaning']}\n{item.name}: {_shown(item.default)}\n"


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)


_HEAD = """\
# What the other files of this folder are made with. To have it otherwise, write the keys that differ into a file, and,
# in a checkout of the project: .venv/bin/python -m artefacts.prometheus --settings FILE --output FOLDER

"""
