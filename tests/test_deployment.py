"""What operators are given to deploy with is valid, names what is there, and gives away no rights."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml

from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ROOT / "docs" / "operations" / "kubernetes"
KUBERNETES = "1.37.0"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
MANIFESTS = [each for path in sorted(FOLDER.glob("*.yaml")) for each in yaml.safe_load_all(path.read_text())]
NAMES = [f"{each['kind']}/{each['metadata']['name']}" for each in MANIFESTS]


def _pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the template of every pod."""
    for name, manifest in zip(NAMES, MANIFESTS, strict=True):
        spec = manifest.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield name, spec["template"]


PODS = list(_pods())


@pytest.mark.parametrize("manifest", MANIFESTS, ids=NAMES)
def test_manifest_is_what_kubernetes_takes(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


@pytest.mark.parametrize("template", [each for _, each in PODS], ids=[name for name, _ in PODS])
def test_pod_has_no_rights(template: dict[str, Any]) -> None:
    spec = template["spec"]
    (container,) = spec["containers"]

    assert container["securityContext"] == RESTRICTED
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert container["resources"]["requests"]
    assert container["resources"]["limits"]["memory"]


def test_what_points_at_pods_finds_some() -> None:
    labels = [template["metadata"]["labels"] for _, template in PODS]
    selectors = [
        spec["selector"].get("matchLabels", spec["selector"])
        for spec in (each.get("spec", {}) for each in MANIFESTS)
        if "selector" in spec
    ]

    assert len(selectors) == 5
    assert [each for each in selectors if not any(each.items() <= one.items() for one in labels)] == []


def test_probes_ask_what_is_answered() -> None:
    containers = [template["spec"]["containers"][0] for _, template in PODS]
    probes = [each[kind]["httpGet"] for each in containers for kind in each if kind.endswith("Probe")]

    assert len(probes) == 5
    assert {each["path"] for each in probes} == {"/livez", "/readyz"}


def test_every_setting_that_is_given_exists() -> None:
    known = set(re.findall(r"`(ACQUAINT_\w+)`", (ROOT / "docs" / "running.md").read_text()))
    compose = {name for service in COMPOSE["services"].values() for name in service.get("environment", {})}
    cluster = set(MANIFESTS[NAMES.index("ConfigMap/acquaint")]["data"])
    for _, template in PODS:
        cluster |= {each["name"] for each in template["spec"]["containers"][0].get("env", [])}
    for_the_proxy = {"ACQUAINT_DOMAIN", "ACQUAINT_UPSTREAM"}
    of_opentelemetry = {each for each in compose | cluster if each.startswith("OTEL_")}

    given = compose | cluster
    unknown = {each for each in given if each.removesuffix("_FILE") not in known}
    assert unknown == for_the_proxy | of_opentelemetry


def test_compose_file_is_what_the_specification_says() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    checked = subprocess.run(
        [*command, "docker-compose.yml"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("service", COMPOSE["services"].values(), ids=list(COMPOSE["services"]))
def test_service_has_no_rights(service: dict[str, Any]) -> None:
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_the_proxy_alone_is_reached_from_outside() -> None:
    published = {
        name: service["ports"]
        for name, service in COMPOSE["services"].items()
        if any(not str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
    }

    assert published.keys() == {"proxy"}
    assert COMPOSE["services"]["proxy"]["networks"] == ["front"]
    assert COMPOSE["services"]["mongo"]["networks"] == ["data"]


def test_what_prometheus_is_told_to_read_is_published_to_this_machine_alone() -> None:
    page = (ROOT / "docs" / "operations" / "install.md").read_text()
    (listed,) = re.findall(r"- targets: \[(.*)\]", page)
    targets = {int(port) for port in re.findall(r'"127\.0\.0\.1:(\d+)"', listed)}
    services = [COMPOSE["services"][name] for name in ("server", "worker")]
    ports = [re.fullmatch(r"127\.0\.0\.1:([\d-]+):\1", port) for each in services for port in each["ports"]]
    ranges = [each[1].split("-") for each in ports if each]

    assert len(targets) == 3
    assert targets <= {port for each in ranges for port in range(int(each[0]), int(each[-1]) + 1)}
    assert f"ACQUAINT_WORKER_PORT={max(targets)}" in page
    assert services[1]["environment"]["ACQUAINT_WORKER_PORT"] == str(max(targets))


def test_secrets_are_files_and_never_variables() -> None:
    given = [
        (name, value)
        for service in COMPOSE["services"].values()
        for name, value in service.get("environment", {}).items()
        if any(word in name for word in ("SECRET", "TOKEN", "PROVIDERS"))
    ]

    assert len(given) > 3
    assert [name for name, value in given if not (name.endswith("_FILE") and value.startswith("/run/"))] == []


def test_every_secret_is_a_file_wherever_it_is_deployed() -> None:
    pages = ROOT / "docs" / "operations"
    compose = {each for each in COMPOSE["services"]["server"]["environment"] if each.endswith("_FILE")}
    host = set(re.findall(r"^(ACQUAINT_\w+_FILE)=", (pages / "install.md").read_text(), re.MULTILINE))
    data = MANIFESTS[NAMES.index("ConfigMap/acquaint")]["data"]
    cluster = {name: value for name, value in data.items() if name.endswith("_FILE")}
    made = re.findall(r"--from-file=(\S+)", (pages / "kubernetes" / "README.md").read_text())

    assert compose | {"ACQUAINT_MONGODB_URL_FILE"} == host == cluster.keys()
    assert {value.removeprefix("/run/secrets/acquaint/") for value in cluster.values()} == set(made)


def test_image_runs_as_nobody() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()

    (user,) = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert user == "10001:10001"
    assert lines.index(f"USER {user}") < lines.index('ENTRYPOINT ["acquaint"]')
