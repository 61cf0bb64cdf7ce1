"""The page at `/`: what this is, and where to go from here."""

from collections.abc import Iterable
from html import escape

__all__ = ["ENDPOINTS", "render_landing"]

ENDPOINTS = (
    ("/probe?target=contoso.com", "one domain's metrics; add module=NAME for a module, debug=true for the findings"),
    ("/api/v1/report?target=contoso.com", "the plugin's JSON on one domain; format=text or log for its text or log"),
    ("/sd", "the configured domains, for Prometheus's HTTP service discovery"),
    ("/metrics", "the exporter's own metrics"),
    ("/config", "the configuration that holds"),
    ("/-/healthy", "whether the exporter answers"),
    ("/-/ready", "whether it is to be sent requests"),
)

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Autodiscover exporter</title>
</head>
<body>
<h1>Autodiscover exporter</h1>
<p>Version {version}. What a user's Outlook sees of a mail domain, from inside and from outside.</p>
<form action="/probe">
<p><label>Domain <input name="target" required></label>
<label>Module <select name="module">{modules}</select></label>
<button name="debug" value="true">Look</button></p>
</form>
<ul>
{endpoints}
</ul>
</body>
</html>
"""


def render_landing(version: str, modules: Iterable[str]) -> str:
    """The page as HTML."""
    return PAGE.format(
        version=escape(version),
        modules="".join(f"<option>{escape(name)}</option>" for name in modules),
        endpoints="\n".join(
            f'<li><a href="{escape(path)}">{escape(path)}</a>: {text}</li>' for path, text in ENDPOINTS
        ),
    )
