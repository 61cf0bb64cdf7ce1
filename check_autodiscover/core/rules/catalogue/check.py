"""The rows about the check itself: `check-*`."""

from check_autodiscover.core.rules.rule import Default, Rule

__all__ = ["CHECK"]

CHECK = (
    Rule(
        id="check-method-undetermined",
        title="Nothing shows how the domain publishes Autodiscover",
        default=Default.UNKNOWN,
        level=1,
        sentence="no way of publishing Autodiscover was found[[ ({found})]]",
        remedy="Say what is meant: -m srv, host, exchange-online or redirect, with -S for the Exchange server; "
        "if nobody uses Outlook here: -m none.",
        rows=(63,),
    ),
    Rule(
        id="check-out-of-resources",
        title="The check has no connection left to make",
        default=Default.UNKNOWN,
        level=1,
        sentence="{lack} before {subject} was judged[[ (not asked: {slow})]]",
        remedy="{advice}",
    ),
    Rule(
        id="check-network-denied",
        title="The endpoint is where nothing is sent for an undeclared domain",
        default=Default.UNKNOWN,
        level=1,
        sentence="{subject} is at {where}, which targets.deny_networks holds back from domains that are not configured",
        remedy="If {domain} is yours, name it under domains; else correct its records: link-local addresses and those "
        "of metadata services serve nobody.",
    ),
    Rule(
        id="check-timed-out",
        title="The time limit came before the verdict",
        default=Default.TIMEOUT_RESULT,
        level=1,
        sentence="the time limit of {timeout} s passed before {subject} was judged[[ (waiting for {slow})]]",
        remedy="See what does not answer ({slow}); if it is only slow, raise --timeout.",
    ),
    Rule(
        id="check-report-stale",
        title="The exporter's last look at the domain is too long ago",
        default=Default.UNKNOWN,
        level=1,
        sentence="not looked at since {moment}, for more than {intervals}",
        remedy="See at the exporter's /metrics whether it keeps up (autodiscover_exporter_schedule_lag_seconds) and "
        "what fails (autodiscover_exporter_probe_errors_total): raise schedule.concurrency or schedule.interval, or "
        "share the domains out between exporters.",
    ),
    Rule(
        id="check-internal-error",
        title="A bug of ours",
        default=Default.UNKNOWN,
        level=1,
        sentence="internal error, please report: {error}",
        remedy="Run again with -vvv and report the traceback.",
    ),
)
