"""The image of the Dockerfile: made by buildah, and run by podman as a careful administrator runs it."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lacking import refuse
from tests.packages.conftest import bootstrapped
from tests.packages.container import IMAGE, PROGRAMS, Engine
from tests.stack.namespace import Namespace, open_namespace

NAME = "exporter"
SHELLS = ("/usr/bin/dash", "/usr/bin/bash")
CONFINED = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges")
# The engine would allow more than this machine may have itself, and ask a systemd that may not be there.
LIMITS = ("--ulimit=nofile=1024:4096", "--ulimit=nproc=1024:1024", "--health-interval=disable")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine that has our image."""
    if lack := [program for program in PROGRAMS if shutil.which(program) is None] or os.geteuid():
        refuse(f"trying the image needs root and {', '.join(PROGRAMS)}: {lack}")
    engine = Engine(tmp_path_factory.mktemp("engine"))
    engine.build(bootstrapped("trixie"))
    return engine


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Namespace]:
    """A namespace with a world of the lab, whose configuration is in `lab` of the test's folder."""
    with open_namespace(f"ca-image-{os.getpid()}") as namespace:
        command = (sys.executable, "-m", "check_autodiscover.ctl", "lab", "--world", "scenario-1-wildcard")
        lab = namespace.start(*command, "--folder", str(tmp_path / "lab"), log=tmp_path / "lab.log")
        try:
            lab.wait_until(lambda: "Ctrl-C ends it." in lab.log.read_text())
            yield namespace
        finally:
            lab.terminate()


def test_the_image_is_for_nobody_and_is_asked_for_its_health(engine: Engine) -> None:
    (image,) = json.loads(engine.podman("inspect", "--type=image", IMAGE).stdout)
    assert image["User"] == "65532:65532"
    assert list(image["Config"]["ExposedPorts"]) == ["10093/tcp"]
    assert image["Healthcheck"]["Test"] == ["CMD", "python", "-I", "-m", "autodiscover_exporter.healthcheck"]


def test_whom_it_runs_as_may_write_none_of_it(engine: Engine) -> None:
    ours = ("/opt/check_autodiscover", "/etc/check_autodiscover")
    alone = ("--rm", "--network=none", *LIMITS, "--entrypoint=find", IMAGE)
    found = engine.podman("run", *alone, *ours, "-writable", "-not", "-type", "l")
    assert (found.returncode, found.stdout) == (0, ""), found.stderr


def test_it_serves_a_verdict_without_a_shell_and_with_no_right_at_all(
    engine: Engine, world: Namespace, tmp_path: Path
) -> None:
    lab = tmp_path / "lab"
    (lab / "exporter.yml").rename(lab / "autodiscover.yml")
    inside = (f"--network=ns:/run/netns/{world.name}", f"--volume={lab}:/etc/check_autodiscover:ro")
    no_shells = [f"--volume=/dev/null:{shell}:ro" for shell in SHELLS]
    with engine.running(NAME, *LIMITS, *CONFINED, *inside, *no_shells):
        asked = ("curl", "--silent", "--fail", "--retry", "30", "--retry-connrefused", "--retry-delay", "1")
        served = world.run(*asked, "http://127.0.0.1:10093/probe?target=contoso.com")
        assert "\nautodiscover_exit_code 2.0\n" in served.stdout, engine.podman("logs", NAME)
        assert engine.podman("healthcheck", "run", NAME).returncode == 0
        told = engine.podman(
            "exec", NAME, "check_autodiscover", "-H", "contoso.com", "--from-exporter", "http://127.0.0.1:10093"
        )
        assert told.returncode == 2
        assert "[dns-wildcard-captures-autodiscover]" in told.stdout.splitlines()[0]
        assert engine.podman("stop", "--time=20", NAME).returncode == 0
        assert engine.podman("inspect", "--format={{.State.ExitCode}}", NAME).stdout == "0\n"
