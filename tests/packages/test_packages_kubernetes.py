"""The Kubernetes manifests, put together by kustomize and checked by Kubernetes's schemas and the operator's models.

No cluster runs here.
"""

import importlib
import subprocess
import sys
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
import yaml

from check_autodiscover import __version__
from check_autodiscover.config.file import load_configuration
from tests.packages.conftest import TOP

KUBERNETES = TOP / "packaging" / "kubernetes"
FOLDER = KUBERNETES / "base"
OPERATOR = KUBERNETES / "prometheus-operator"
PLAIN = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
LABEL = {"app.kubernetes.io/name": "autodiscover-exporter"}


def manifest(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


@pytest.mark.parametrize("version", ["1.31", "1.37"])
def test_the_schemas_of_kubernetes_take_every_manifest(version: str) -> None:
    program = Path(sys.executable).with_name("kubernetes-validate")
    command = (str(program), "--strict", "--quiet", "-k", version, *map(str, PLAIN))
    done = subprocess.run(command, capture_output=True, text=True)
    assert (len(PLAIN), done.returncode, done.stdout) == (5, 0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("name", ["probe", "servicemonitor", "rules/prometheusrule"])
def test_the_operators_models_take_every_field_of_its_resources(name: str) -> None:
    given = manifest(OPERATOR / f"{name}.yaml")
    models = importlib.import_module("cloudcoil.models.prometheus_operator.v1")
    taken = getattr(models, given["kind"]).model_validate(given)
    assert taken.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True) == given


@pytest.mark.parametrize("folders", [(FOLDER,), (FOLDER, OPERATOR)])
def test_kustomize_puts_together_every_manifest_and_the_image_of_this_version(
    folders: tuple[Path, ...], tools: Path
) -> None:
    done = subprocess.run((tools / "kustomize", "build", folders[-1]), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lying = [path for folder in folders for path in folder.rglob("*.yaml") if path.name != "kustomization.yaml"]
    wanted = {(one["kind"], one["metadata"]["name"]): one for one in map(manifest, lying)}
    assert {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout)} == wanted


def test_the_image_is_this_version() -> None:
    (container,) = manifest(FOLDER / "deployment.yaml")["spec"]["template"]["spec"]["containers"]
    (image,) = manifest(FOLDER / "kustomization.yaml")["images"]
    assert container["image"] == f"{image['name']}:{__version__}"
    assert str(image["newTag"]) == __version__


def test_every_selector_finds_the_exporters_pods() -> None:
    places = {
        "deployment": ("selector", "matchLabels"),
        "service": ("selector",),
        "networkpolicy": ("podSelector", "matchLabels"),
        "poddisruptionbudget": ("selector", "matchLabels"),
    }
    found = {name: reduce(getitem, place, manifest(FOLDER / f"{name}.yaml")["spec"]) for name, place in places.items()}
    assert found == dict.fromkeys(places, LABEL)
    assert manifest(FOLDER / "deployment.yaml")["spec"]["template"]["metadata"]["labels"] == LABEL
    assert manifest(FOLDER / "service.yaml")["metadata"]["labels"] == LABEL


def test_the_configuration_in_the_map_is_one_that_the_exporter_takes(tmp_path: Path) -> None:
    file = tmp_path / "autodiscover.yml"
    file.write_text(manifest(FOLDER / "configmap.yaml")["data"]["autodiscover.yml"])
    assert set(load_configuration(str(file)).domains) == {"contoso.com"}
