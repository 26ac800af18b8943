from interplay.doctor.checks.tools import cluster, container
from interplay.doctor.machine import Tool


def test_nothing_installed_says_who_would_need_it(machine, of_tier):
    for check in (container, cluster):
        (found,) = check(machine(), of_tier())
        assert found.state == "note"
        assert "only" in found.advice


def test_an_engine_whose_daemon_is_silent_is_noted_and_others_are_told(machine, of_tier):
    engines = (Tool(name="docker", silent="Cannot connect to the Docker daemon"), Tool(name="podman", version="5.1"))
    docker, podman = container(machine(engines=engines), of_tier())
    assert (docker.state, podman.state, podman.found) == ("note", "ok", "podman 5.1")
    assert "Cannot connect" in docker.found


def test_a_client_without_a_cluster_is_noted(machine, of_tier):
    clients = (Tool(name="Slurm", version="debug 1 gpu:2"), Tool(name="Kubernetes", silent="refused"))
    slurm, kubernetes = cluster(machine(clients=clients), of_tier())
    assert (slurm.state, slurm.found) == ("ok", "Slurm: debug 1 gpu:2")
    assert (kubernetes.state, "refused" in kubernetes.found) == ("note", True)
