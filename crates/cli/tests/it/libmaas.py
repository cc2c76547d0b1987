"""python-libmaas, as it comes, walks through a site: URL USERNAME PASSWORD KEY. Trust comes from SSL_CERT_FILE."""

import sys

from maas.client import bones, connect, login

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPOik5Ph+pWLEoWjOwxpEQ3/XUWOYiI/w1MDycmxxHWY walk@example.org"


def walk(client, expected_name):
    me = client.users.whoami()
    assert me.username == expected_name, me.username
    assert me.is_admin is True and me.email is not None

    names = [user.username for user in client.users.list()]
    assert expected_name in names and "MAAS" in names and names == sorted(names), names
    made = client.users.create("walker", "ochre-Lantern-49-tugboat", email="walker@example.org", is_admin=False)
    assert (made.username, made.is_admin) == ("walker", False)
    read = {user.username: user for user in client.users.list()}["walker"]
    assert read.email == "walker@example.org", read.email

    assert list(client.ssh_keys.list()) == []
    key = client.ssh_keys.create(SSH_KEY)
    assert client.ssh_keys.get(key.id).key == SSH_KEY
    assert [one.id for one in client.ssh_keys.list()] == [key.id]

    version = client.version.get()
    assert version.version and "authenticate-api" in version.capabilities, version

    client.maas.set_name("walked")
    assert client.maas.get_name() == "walked"
    return key.id


def main(url, username, password, key):
    by_password = login(url, username=username, password=password)
    assert by_password._origin.session.credentials is not None
    key_id = walk(by_password, username)

    # What the pleasant half of the library cannot delete, its other half can.
    profile_free = bones.SessionAPI.connect(url, apikey=key)
    session = profile_free[1] if isinstance(profile_free, tuple) else profile_free
    call(session.SSHKey.delete(id=key_id))
    call(session.User.delete(username="walker"))

    by_key = connect(url, apikey=key)
    assert by_key.users.whoami().username == username
    assert "walker" not in [user.username for user in by_key.users.list()]
    assert list(by_key.ssh_keys.list()) == []
    events = by_key.events.query(level=by_key.events.AUDIT)
    assert any("walker" in event.description for event in events), "user creation is in the audit log"

    for bad in ["wrong-password", ""]:
        try:
            login(url, username=username, password=bad)
        except Exception as error:  # whatever the library makes of a 403
            assert "403" in str(error) or "400" in str(error), error
        else:
            raise AssertionError("a wrong password was taken")
    print("walked")


def call(maybe_awaitable):
    import asyncio
    import inspect

    if inspect.isawaitable(maybe_awaitable):
        return asyncio.get_event_loop().run_until_complete(maybe_awaitable)
    return maybe_awaitable


main(*sys.argv[1:])
