"""`lockproof ports`: what is there and what answers, on real lines; and what a port says."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
import tty

import pytest
from lockproof.conformance import ports
from lockproof.conformance.targets import served
from lockproof.hw_adapter.channel import DEFAULT_LINE, open_channel
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.serve import serve_tcp
from lockproof.reference.box import ReferenceBox
from serial.tools.list_ports_common import ListPortInfo

COMMAND = [sys.executable, "-m", "lockproof.conformance.command"]


def usb(device: str, **known: object) -> ListPortInfo:
    info = ListPortInfo(device)
    for name, value in known.items():
        setattr(info, name, value)
    return info


def test_a_port_is_told_with_what_the_system_knows_of_it():
    ftdi = usb("COM3", vid=0x0403, pid=0x6001, serial_number="FTAK4711", product="FT232R USB UART")
    plain = usb("/dev/ttyS0")
    assert ports.named([], [ftdi, plain]) == [
        ports.Port("COM3", "0403:6001", "FTAK4711", "FT232R USB UART"),
        ports.Port("/dev/ttyS0"),
    ]
    assert ports.named(["socket://host:1", "COM3"], [ftdi]) == [
        ports.Port("socket://host:1"),
        ports.Port("COM3", "0403:6001", "FTAK4711", "FT232R USB UART"),
    ]
    seen = ports.Seen(ports.named(["COM3"], [ftdi])[0], ports.BOX, "door 17", "2.3.1", ("core", "interop"), ("wall-clock",))
    assert ports.told(seen) == (
        "COM3   0403:6001   FTAK4711   FT232R USB UART\n    a box: door 17, firmware 2.3.1, class core and interop, clock wall-clock"
    )
    assert ports.told(ports.Seen(ports.Port("COM4"), ports.NOT_ASKED)) == "COM4"


def answer_as_a_modem(near: int) -> None:
    """Once, whatever is sent."""
    os.read(near, 1000)
    os.write(near, b"AT\r\nOK\r\n")


def test_each_port_says_what_it_is(lockproof):
    """A box, something that answers but is none, something silent, one that another program has, and one that is not there."""
    near, far = pty.openpty()
    tty.setraw(far)
    modem = os.ttyname(far)
    threading.Thread(target=answer_as_a_modem, args=(near,), daemon=True).start()
    with served() as box, served("silent") as silent, served() as taken:
        held = open_channel(taken)
        result = lockproof("ports", box, modem, silent, taken, "/dev/there-is-none", "socket://127.0.0.1:1")
        held.close()
        assert result.returncode == 3
        assert result.stderr == ""
        assert result.stdout == (
            f"{box}\n    a box: unprovisioned, firmware lockproof reference 0.1.0, class core and interop,"
            " clock test-clock and wall-clock\n"
            f"{modem}\n    something answers, but not a box: 8 bytes, no frame in 1 s (first bytes: 41 54 0d 0a 4f 4b 0d 0a)\n"
            f"{silent}\n    nothing answers\n"
            f"{taken}\n    in use by another program\n"
            "/dev/there-is-none\n    there is no such port; plug the box in, or name another (all ports: lockproof ports)\n"
            "socket://127.0.0.1:1\n    no connection: Connection refused; check that something listens there\n"
        )
        assert lockproof("ports", taken).returncode == 0, "free again"


def test_as_json(lockproof):
    with served() as box, served("silent") as silent:
        result = lockproof("ports", "--json", box, silent)
        found = json.loads(result.stdout)
    assert [each["state"] for each in found] == ["box", "silent"]
    session = found[0].pop("session")
    assert session > 0
    assert found[0] == {
        "device": box,
        "usb": "",
        "serial_number": "",
        "product": "",
        "state": "box",
        "identity": "unprovisioned",
        "firmware": "lockproof reference 0.1.0",
        "classes": ["core", "interop"],
        "clock_modes": ["test-clock", "wall-clock"],
        "message": "",
    }
    assert found[1]["message"].startswith(f"{silent}: nothing answers: not a byte came back in 1.2 s")


def test_one_box_reached_in_two_ways_and_two_boxes_of_one_name():
    stop, ready, place = threading.Event(), threading.Event(), []

    def tell(url: str) -> None:
        place.append(url)
        ready.set()

    thread = threading.Thread(target=serve_tcp, args=(Device(ReferenceBox()),), kwargs={"ready": tell, "stop": stop})
    thread.start()
    assert ready.wait(5)
    with served() as other:
        urls = [place[0], place[0].replace("127.0.0.1", "localhost"), other]
        seen = ports.look_at([ports.Port(url) for url in urls], DEFAULT_LINE)
    stop.set()
    thread.join(5)
    assert [each.state for each in seen] == [ports.BOX] * 3
    assert list(ports.doubles(seen)) == [
        f"{urls[0]} and {urls[1]}: one box, unprovisioned, reached in two ways (it is in one session); judge it at one of them",
        f"{urls[0]} and {urls[2]}: two boxes, and both say that they are unprovisioned; tell them apart by USB serial number",
        f"{urls[1]} and {urls[2]}: two boxes, and both say that they are unprovisioned; tell them apart by USB serial number",
    ]
    assert list(ports.doubles(seen[1:2])) == []


def test_listed_only_nothing_is_sent(lockproof):
    near, far = pty.openpty()
    tty.setraw(far)
    os.set_blocking(near, False)
    path = os.ttyname(far)
    result = lockproof("ports", "--no-ask", path)
    assert (result.returncode, result.stdout) == (0, f"{path}\n")
    with pytest.raises(BlockingIOError):
        os.read(near, 100)
    lockproof("ports", path)
    assert os.read(near, 100)[:1] == b"\0"
    os.close(near)
    os.close(far)


def test_what_a_port_says_is_shown_raw(lockproof):
    near, far = pty.openpty()
    tty.setraw(far)
    stop = threading.Event()

    def chatter() -> None:
        while not stop.wait(0.05):
            os.write(near, b"AT\r\n\xff")

    thread = threading.Thread(target=chatter)
    thread.start()
    path = os.ttyname(far)
    result = lockproof("ports", "--listen", path, "--seconds", "1", "--baud", "9600")
    stop.set()
    thread.join(5)
    assert result.returncode == 0
    first, *_, last = result.stderr.splitlines()
    assert first == f"{path}: listening at 9600 baud, 1 s"
    assert last.endswith(" bytes in 1 s")
    assert int(last.removeprefix(f"{path}: ").split()[0]) > 0
    line = result.stdout.splitlines()[0]
    assert line.split(" s   ")[1].startswith("41 54 0d 0a ff")
    assert line.split("   ")[-1].startswith("AT...")
    os.close(near)
    os.close(far)


def test_listening_ends_with_ctrl_c(tmp_path):
    with served("silent") as path:
        process = subprocess.Popen(
            [*COMMAND, "ports", "--listen", path], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        assert process.stderr.readline() == f"{path}: listening at 115200 baud, until Ctrl-C\n".encode()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, b"")


def test_a_port_to_listen_at_that_is_not_there(lockproof):
    result = lockproof("ports", "--listen", "/dev/there-is-none")
    assert result.returncode == 3
    assert "/dev/there-is-none: there is no such port" in result.stderr
    assert "Traceback" not in result.stderr
