"""The commands that pages show without their output run in the world that the pages speak of, and come to a verdict."""

import re
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from tests.docs.contoso import EXPORTER_NAME, MISTYPED, Contoso

TOP = Path(__file__).parents[2]
PAGES = sorted({*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")} - {*TOP.glob("docs/rules/*.md")})
"""Those of the rules have a test of their own."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLAIN = ("", "text", "sh")
STATEMENT = re.compile(r"(?:.*\\\n)*.*\n")
PROGRAMS = (
    *("check_autodiscover", "autodiscoverctl", "autodiscover_exporter", "curl", "install", "systemctl"),
    *("make", "python3", "/opt/", "docker", "kubectl", "apt-get", "dnf", "pip"),
)

NOT_RUN = {
    "make demo": "whoever tests this project runs it",
    "make test": "this is it",
    "python3 -m venv": "of a machine's own folders",
    "/opt/check_autodiscover/bin/pip": "it installs from a package index",
    "check_autodiscover -H contoso.com -S remote.contoso.com --view inside=10.0.0.2 --view outside=192.0.2.53 \\\n"
    "    --scp": "a login by such a name is Active Directory's",
    "systemctl restart grafana-server": "there is no Grafana",
    "docker": "there is no Docker; what builds and runs the image otherwise is among the packages' tests",
    "kubectl apply": "there is no cluster; what puts the manifests together is among the packages' tests",
}
"""What cannot be run here, by how it begins."""

SETTLED = """\
cd "{folder}"
mount -t tmpfs none /mnt && cp -a /etc/. /mnt && mount --bind /mnt /etc && mount -t tmpfs none /run
mkdir /etc/check_autodiscover /run/autodiscover_exporter
echo prometheus:secret >/etc/check_autodiscover/exporter.login && chmod 600 /etc/check_autodiscover/exporter.login
exporter() {{ autodiscover_exporter --config.file autodiscover.yml "$@" 2>/dev/null & }}
exporter --web.listen-address unix:/run/autodiscover_exporter/socket
exporter --web.listen-address {name}:10093 --web.config.file web.yml
curl="curl --silent --retry 60 --retry-delay 1 --retry-all-errors --output /dev/null"
$curl --unix-socket /run/autodiscover_exporter/socket http://localhost/-/ready
$curl --cacert corp-ca.pem https://{name}:10093/-/ready
"""
"""What stands on the administrator's machine already: two more exporters, and what is read below /etc."""

WEB = """\
tls_server_config: {{cert_file: {name}.pem, key_file: {name}.key}}
basic_auth_users: {{prometheus: "{hashed}"}}
"""


def statements(page: Path) -> Iterator[str]:
    """The commands of a page's blocks, each with the lines that it goes on in."""
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if language in PLAIN:
            yield from (found for found in STATEMENT.findall(block) if found.startswith(PROGRAMS))


def is_run(statement: str) -> bool:
    return not statement.startswith(tuple(NOT_RUN))


@pytest.fixture(scope="module")
def settled(contoso: Contoso) -> Contoso:
    """The world with the files that the pages name."""
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    (contoso.folder / "web.yml").write_text(WEB.format(name=EXPORTER_NAME, hashed=hashed))
    (contoso.folder / "corp-ca.pem").write_bytes(contoso.anchor.read_bytes())
    (contoso.folder / "packaging").symlink_to(TOP / "packaging")
    return contoso


TYPED = [
    pytest.param(statement, id=f"{page.relative_to(TOP)}-{number}")
    for page in PAGES
    for number, statement in enumerate(filter(is_run, statements(page)), 1)
]


@pytest.mark.parametrize("statement", TYPED)
def test_what_a_page_shows_comes_to_a_verdict(statement: str, settled: Contoso) -> None:
    script = SETTLED.format(folder=settled.folder, name=EXPORTER_NAME)
    done = settled.shell(f"{{ {script}}} >/dev/null 2>&1\n{statement}code=$?\nkill $(jobs -p)\nexit $code")
    verdicts = (0, 1, 2) if statement.startswith("check_autodiscover") else (0,)
    assert done.returncode in verdicts, done.stdout
    assert not MISTYPED.search(done.stdout), done.stdout


def test_whatever_is_not_run_stands_on_a_page() -> None:
    typed = [statement for page in PAGES for statement in statements(page)]
    assert [begin for begin in NOT_RUN if not any(statement.startswith(begin) for statement in typed)] == []
