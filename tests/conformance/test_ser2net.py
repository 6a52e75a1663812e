"""A box behind a terminal server, for real: Debian's ser2net over the pseudo-terminal of a served box."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time

import pytest
from lockproof.conformance import ports, suite
from lockproof.conformance.run import run
from lockproof.conformance.targets import served, target
from lockproof.hw_adapter.adapter import open_box
from lockproof.hw_adapter.channel import DEFAULT_LINE, PortError, open_channel
from lockproof.hw_adapter.link import Patience
from lockproof.spec.observable import LinkLost

SER2NET = shutil.which("ser2net", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
IN_CI = bool({"CI", "LOCKPROOF_CI"} & os.environ.keys())
pytestmark = pytest.mark.skipif(SER2NET is None and not IN_CI, reason="there is no ser2net here: apt-get install ser2net")
CONFIGURATION = """\
connection: &raw
  accepter: tcp,127.0.0.1,{raw}
  connector: serialdev(nouucplock=true),{path},115200n81,local
connection: &rfc2217
  accepter: telnet(rfc2217),tcp,127.0.0.1,{rfc2217}
  connector: serialdev(nouucplock=true),{path},115200n81,local
"""
SCENARIOS = ("the-hour-is-over", "a-code-outlives-a-power-cut", "a-window-is-exact-to-the-second")
QUICK = Patience(sends=(0.2, 0.2), first_frame=0.2)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"ser2net does not listen on {port}")


@pytest.fixture
def server(tmp_path):
    """Starts ser2net on a device; how to reach it raw, and by RFC 2217."""
    started = []

    def start(path: str) -> tuple[str, str]:
        raw, rfc2217 = free_port(), free_port()
        configuration = tmp_path / "ser2net.yaml"
        configuration.write_text(CONFIGURATION.format(path=path, raw=raw, rfc2217=rfc2217))
        assert SER2NET, "there is no ser2net here, and this is continuous integration: apt-get install ser2net"
        command = [SER2NET, "-n", "-c", str(configuration), "-P", str(tmp_path / "pid")]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_for(raw)
        wait_for(rfc2217)
        time.sleep(0.3)  # until it has seen those two go
        return f"socket://127.0.0.1:{raw}", f"rfc2217://127.0.0.1:{rfc2217}"

    def end() -> None:
        for process in started:
            process.kill()  # told to end, it waits for its clients
            process.wait()

    start.end = end
    yield start
    end()


def verdicts(url: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, ...]]]:
    """Of scenarios and clauses, and the clauses of the findings."""
    result = run(target(url), suite.select(suite.packaged(), SCENARIOS), seed="fixed")
    assert not result.error
    return (
        [(each.id, each.verdict) for each in result.scenarios],
        [(each.id, each.verdict) for each in result.clauses],
        [each.finding.clauses for each in result.scenarios if each.finding],
    )


@pytest.mark.parametrize("fault", [None, "reentry-restarts-the-hour"])
def test_the_same_verdicts_directly_over_tcp_and_over_rfc_2217(server, fault):
    with served(fault) as path:
        raw, rfc2217 = server(path)
        direct = verdicts(path)
        assert verdicts(raw) == direct
        assert verdicts(rfc2217) == direct
    assert dict(direct[0])["the-hour-is-over"] == ("fail" if fault else "pass")
    assert ("code.expiry.after-first-use", "code.expiry.not-extended") in direct[2] or not fault


def test_every_byte_comes_through_rfc_2217(server):
    """255 is the escape of telnet, and 17 and 19 are flow control."""
    with served("echo") as path:
        channel = open_channel(server(path)[1])
        sent, came = bytes(range(256)) * 2, b""
        channel.send(sent)
        while more := channel.receive(1.0):
            came += more
        channel.close()
        assert came == sent


def test_a_port_that_somebody_else_has_is_said_to_be_in_use(server):
    with served() as path:
        raw, rfc2217 = server(path)
        with open_box(raw) as box:
            assert box.hello().firmware.startswith("lockproof reference")
            with pytest.raises(PortError, match="in use by another program: its server says: Port already in use; close that"):
                open_box(raw)
            with pytest.raises(PortError, match=f"{rfc2217}: the port is in use by another program"):
                open_box(rfc2217)
            both = [ports.Port(raw), ports.Port(rfc2217)]
            assert [each.state for each in ports.look_at(both, DEFAULT_LINE)] == [ports.IN_USE, ports.IN_USE]
            assert box.hello().firmware.startswith("lockproof reference")


def test_what_answers_through_a_server_is_listed(server):
    with served() as path:
        for url in server(path):
            (seen,) = ports.look_at([ports.Port(url)], DEFAULT_LINE)
            assert (seen.state, seen.firmware) == (ports.BOX, "lockproof reference 0.1.0")


def test_a_raw_port_is_no_rfc_2217(server):
    with served() as path:
        raw, _ = server(path)
        address = raw.partition("://")[2]
        with pytest.raises(PortError, match=rf"does not speak RFC 2217; try {raw}"):
            open_box(f"rfc2217://{address}")


def test_a_server_that_goes_is_a_lost_link(server):
    with served() as path:
        _, rfc2217 = server(path)
        with open_box(rfc2217, patience=QUICK) as box:
            assert box.read_clock().held is False
            server.end()
            with pytest.raises(LinkLost, match=f"{rfc2217}: the port is gone"):
                box.read_clock()
