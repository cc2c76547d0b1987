"""python-libmaas, as it comes, walks through the machines of a site that has some invented ones: URL KEY."""

import sys

from maas.client import connect
from maas.client.enum import NodeStatus, PowerState


def refused(expected, work):
    try:
        work()
    except Exception as error:  # whatever the library makes of it
        assert str(expected) in str(error), error
    else:
        raise AssertionError(f"{expected} was expected")


def read(client):
    machines = client.machines.list()
    assert len(machines) >= 20, len(machines)
    for machine in machines:
        assert machine.hostname and machine.fqdn.startswith(machine.hostname + "."), machine.fqdn
        assert isinstance(machine.status, NodeStatus) and isinstance(machine.power_state, PowerState)
        assert machine.cpus > 0 and machine.memory > 0 and machine.architecture.count("/") == 1
        assert machine.zone.name and machine.pool.name and machine.status_name
        assert machine.boot_interface.mac_address and len(list(machine.interfaces)) > 0
        assert len(list(machine.block_devices)) > 0 and machine.boot_disk.size > 0
        [tag.name for tag in machine.tags]
    one = machines[0]
    same = client.machines.get(system_id=one.system_id)
    assert (same.hostname, same.status, same.memory) == (one.hostname, one.status, one.memory)
    named = client.machines.list(hostnames=[one.hostname]) if takes_names(client) else [one]
    assert [machine.system_id for machine in named] == [one.system_id]
    refused(404, lambda: client.machines.get(system_id="yyyyyy"))
    return machines


def takes_names(client):
    import inspect

    return "hostnames" in inspect.signature(client.machines.list).parameters


def places(client):
    pool = client.resource_pools.create("walked", description="By libmaas")
    assert client.resource_pools.get(pool.id).name == "walked"
    assert "default" in [one.name for one in client.resource_pools.list()]
    zone = client.zones.create("walked", description="By libmaas")
    assert client.zones.get("walked").description == "By libmaas"
    tag = client.tags.create("walked", comment="By libmaas")
    assert client.tags.get("walked").comment == "By libmaas"
    assert "walked" in [one.name for one in client.tags.list()]
    return pool, zone, tag


def take(client, pool, zone, tag):
    machine = client.machines.allocate(cpus=1, memory=1024, comment="walk", agent_name="walk")
    assert (machine.status, machine.status_name) == (NodeStatus.ALLOCATED, "Allocated")
    assert machine.owner.username == client.users.whoami().username
    machine.pool = pool
    machine.zone = zone
    machine.save()
    again = client.machines.get(system_id=machine.system_id)
    assert (again.pool.name, again.zone.name) == ("walked", "walked")
    again.tags.add(tag)
    assert "walked" in [one.name for one in client.machines.get(system_id=machine.system_id).tags]
    again.tags.remove(tag)
    assert "walked" not in [one.name for one in client.machines.get(system_id=machine.system_id).tags]
    refused("No machine matching", lambda: client.machines.allocate(cpus=100000))
    refused(503, lambda: again.deploy())
    again.release(comment="walked")
    given_back = client.machines.get(system_id=machine.system_id)
    assert given_back.status in (NodeStatus.READY, NodeStatus.RELEASING), given_back.status


def lock(client, machines):
    running = next(machine for machine in machines if machine.status == NodeStatus.DEPLOYED and not machine.locked)
    running.lock(comment="walk")
    assert client.machines.get(system_id=running.system_id).locked is True
    refused(403, lambda: running.release())
    running.unlock(comment="walk")
    assert client.machines.get(system_id=running.system_id).locked is False


def add(client):
    made = client.machines.create(
        "amd64/generic", ["52:54:00:aa:bb:cc"], "manual", {}, hostname="walked-in", domain=None
    )
    assert (made.hostname, made.power_type) == ("walked-in", "manual")
    assert made.query_power_state() == PowerState.UNKNOWN
    assert made.get_power_parameters() == {}
    made.hostname = "walked-out"
    made.save()
    assert client.machines.get(system_id=made.system_id).hostname == "walked-out"
    assert made.get_details().keys() == {"lshw", "lldp"}
    made.delete()
    refused(404, lambda: client.machines.get(system_id=made.system_id))
    device = client.devices.create(["52:54:00:aa:bb:dd"], hostname="fridge")
    assert client.devices.get(system_id=device.system_id).hostname == "fridge"
    device.delete()


def clean_up(client, zone, tag):
    tag.delete()
    zone.delete()
    assert "walked" not in [one.name for one in client.zones.list()]


def main(url, key):
    client = connect(url, apikey=key)
    machines = read(client)
    pool, zone, tag = places(client)
    take(client, pool, zone, tag)
    lock(client, machines)
    add(client)
    clean_up(client, zone, tag)
    print("walked")


main(*sys.argv[1:])
