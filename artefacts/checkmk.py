"""How Checkmk's agent runs the plugin: as a local check, or by MRPE."""

__all__ = ["artefacts"]

LOCAL = """\
#!/bin/sh
# A local check of Checkmk's agent: /usr/lib/check_mk_agent/local/300/autodiscover runs it every 5 minutes, in the
# background. Made by `make artefacts`. The two lines below are yours.
domains='contoso.com fabrikam.com'
plugin='/usr/lib/nagios/plugins/check_autodiscover -S mail.contoso.com'

set -f  # what stands in the lines above is no pattern of file names
for domain in $domains; do
    # shellcheck disable=SC2086  # the options of the second line
    text=$($plugin -H "$domain" --no-perfdata 2>&1)
    state=$?
    # A plugin that is not there, or was killed, has no verdict.
    [ "$state" -le 3 ] || state=3
    # A service is one line for the agent; a written-out line feed begins a further one in its details.
    line=$(printf '%s\\n' "$text" | awk '{printf "%s%s", sep, $0; sep = "\\\\n"}')
    printf '%s "Autodiscover %s" - %s\\n' "$state" "$domain" "$line"
done
"""

MRPE = """\
# For /etc/check_mk/mrpe.cfg: a service a domain, with performance data. Made by `make artefacts`.
Autodiscover_contoso.com (interval=300) /usr/lib/nagios/plugins/check_autodiscover -H contoso.com -S mail.contoso.com
"""


def artefacts() -> dict[str, str]:
    """The files."""
    return {"autodiscover": LOCAL, "mrpe.cfg": MRPE}
