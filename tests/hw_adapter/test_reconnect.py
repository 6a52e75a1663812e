"""A line that is lost and comes back, or does not, or has another board on it; in time that costs nothing, on a port that is told
when to go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from lockproof.hw_adapter import reconnect, vectors
from lockproof.hw_adapter.adapter import SerialBox
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.hw_adapter.board import ANY, Board, Expected, WrongBoard
from lockproof.hw_adapter.channel import PortError
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.link import NothingAnswers
from lockproof.hw_adapter.reconnect import ComingBack, DidNotComeBack, ReturningChannel, finder
from lockproof.spec.observable import BenchError, LinkLost, NoAnswer, Provisioning, ZoneTable

PROVISIONING = Provisioning(bytes(range(16)), bytes(32), ZoneTable(((0, 0),), 1))


class Ports:
    """What is plugged in where, by name, and what was opened. A port that is unplugged is lost for whoever has it open."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.there: dict[str, Any] = {}
        self.opened: list[tuple[float, str]] = []
        self.told: list[tuple[float, str]] = []
        self.later: list[tuple[float, Callable[[], object]]] = []

    def open(self, name: str) -> Port:
        if name not in self.there:
            raise PortError(f"{name}: there is no such port")
        self.opened.append((self.time.now(), name))
        return Port(self, name, self.there[name])

    def found(self) -> str:
        """The one that was plugged in last."""
        if not self.there:
            raise PortError("it is nowhere")
        return list(self.there)[-1]

    def sleep(self, seconds: float) -> None:
        self.time.sleep(seconds)
        for at, happens in list(self.later):
            if at <= self.time.now():
                self.later.remove((at, happens))
                happens()

    def plug(self, name: str, device: Any, after: float = 0.0) -> None:
        self.later.append((self.time.now() + after, lambda: self.there.update({name: device})))
        self.sleep(0.0)

    def unplug(self, name: str) -> None:
        del self.there[name]

    def host(
        self, name: str = "port", wait_s: float = 30.0, find: Callable[[], str] | None = None, expected: Expected = ANY
    ) -> SerialBox:
        board = Board(name, expected)
        how = ComingBack(wait_s, find or (lambda: name), lambda message: self.told.append((self.time.now(), message)))
        channel = ReturningChannel(name, self.open, how, board.doubt, self.time.now, self.sleep)
        return SerialBox(channel, name, now=self.time.now, board=board)


class Port:
    """A port with a device, or with something that says nothing."""

    def __init__(self, ports: Ports, name: str, device: Any) -> None:
        self.ports, self.name, self.device = ports, name, device
        self.coming = b""

    def send(self, data: bytes) -> None:
        self._check()
        self.coming += self.device.feed(data) if self.device else b""

    def receive(self, timeout_s: float) -> bytes:
        self._check()
        coming, self.coming = self.coming, b""
        self.ports.time.sleep(0.0 if coming else timeout_s)
        return coming

    def close(self) -> None:
        self.device = None

    def _check(self) -> None:
        if self.name not in self.ports.there:
            raise LinkLost(f"{self.name}: the port is gone")


@pytest.fixture
def ports() -> Ports:
    return Ports()


def test_a_line_that_comes_back(ports: Ports, box: Any) -> None:
    device = Device(box)
    ports.plug("port", device)
    host = ports.host()
    assert host.enter("47112345").accepted
    ports.unplug("port")
    with pytest.raises(LinkLost, match=r"^port: the port is gone$"):
        host.enter("47112345")
    assert ports.told == [], "what was out is told at once, and nothing was waited for"
    ports.plug("port", device, after=7.1)
    assert not host.enter("00000000").accepted
    assert ports.opened == [(0.0, "port"), (7.25, "port")]
    assert ports.told == [
        (0.0, "port: the line is gone; waiting up to 30 s for it: check the cable and the supply"),
        (7.25, "port: the line is back"),
    ]
    assert box.done == [("enter", "47112345"), ("enter", "00000000")], "nothing was sent again by itself"


def test_a_line_that_comes_back_under_another_name(ports: Ports, box: Any) -> None:
    device = Device(box)
    ports.plug("port", device)
    host = ports.host(find=ports.found)
    host.hello()
    ports.unplug("port")
    ports.plug("other port", device, after=3.0)
    with pytest.raises(NoAnswer):
        host.enter("47112345")
    assert host.enter("47112345").accepted
    assert [name for _, name in ports.opened] == ["port", "other port"]
    assert ports.told[-1] == (3.0, "port: the line is back, as other port")


def test_a_line_that_is_lost_twice_is_waited_for_twice(ports: Ports, box: Any) -> None:
    ports.plug("port", Device(box))
    host = ports.host(wait_s=10.0)
    host.hello()
    for _ in range(2):
        ports.unplug("port")
        with pytest.raises(LinkLost):
            host.enter("47112345")
        ports.plug("port", Device(box), after=9.0)
        assert host.enter("47112345").accepted
    assert ports.time.now() == 18.0


def test_a_line_that_never_comes_back_ends_within_its_bound_and_from_then_on_at_once(ports: Ports, box: Any) -> None:
    ports.plug("port", Device(box))
    host = ports.host(wait_s=4.0)
    host.hello()
    ports.unplug("port")
    with pytest.raises(LinkLost):
        host.enter("47112345")
    with pytest.raises(DidNotComeBack) as told:
        host.enter("47112345")
    assert str(told.value) == "port: the line was lost and did not come back in 4 s: port: there is no such port"
    assert not isinstance(told.value, NoAnswer), "nothing was sent, and a run must not go on"
    assert ports.time.now() == 4.0
    ports.plug("port", Device(box))
    for ask in (host.hello, host.challenge):
        with pytest.raises(DidNotComeBack):
            ask()
    assert ports.time.now() == 4.0


def test_a_line_that_is_found_nowhere(ports: Ports, box: Any) -> None:
    ports.plug("port", Device(box))
    host = ports.host(wait_s=1.0, find=ports.found)
    host.hello()
    ports.unplug("port")
    with pytest.raises(LinkLost):
        host.hello()
    with pytest.raises(DidNotComeBack, match=r"did not come back in 1 s: it is nowhere$"):
        host.hello()


def test_a_port_on_which_nothing_answers_is_left_for_one_on_which_something_does(ports: Ports, box: Any) -> None:
    device = Device(box)
    ports.plug("port", device)
    host = ports.host(find=ports.found)
    host.hello()
    ports.unplug("port")
    with pytest.raises(LinkLost):
        host.hello()
    ports.plug("something else", None)
    with pytest.raises(NothingAnswers):
        host.hello()
    ports.plug("other port", device)
    assert host.enter("47112345").accepted
    assert [name for _, name in ports.opened] == ["port", "something else", "other port"]


def test_a_port_on_which_nothing_answers_for_too_long_did_not_come_back(ports: Ports, box: Any) -> None:
    ports.plug("port", Device(box))
    host = ports.host(wait_s=5.5)
    host.hello()
    ports.unplug("port")
    with pytest.raises(LinkLost):
        host.hello()
    ports.plug("port", None)
    with pytest.raises(NothingAnswers):
        host.hello()
    ports.unplug("port")
    with pytest.raises(DidNotComeBack, match="did not come back in"):
        host.hello()
    assert ports.time.now() == pytest.approx(6.0)


def test_a_port_that_is_not_there_to_begin_with_is_not_waited_for(ports: Ports) -> None:
    with pytest.raises(PortError):
        ports.host()
    assert ports.time.now() == 0.0


# The board


def after_coming_back(ports: Ports, host: SerialBox, box: Any) -> None:
    """The line goes and comes back with this box on it."""
    ports.unplug("port")
    with pytest.raises(LinkLost):
        host.read_clock()
    ports.plug("port", Device(box))


def test_a_board_with_another_identity_is_noticed_and_not_touched(ports: Ports, box: Any, new_box: Any) -> None:
    other = new_box()
    other.declared = replace(other.declared, identity="example 0002", session=7)
    ports.plug("port", Device(box))
    host = ports.host()
    assert host.enter("47112345").accepted
    after_coming_back(ports, host, other)
    for _ in range(2):
        with pytest.raises(WrongBoard) as told:
            host.enter("47112345")
        assert str(told.value) == (
            "port: another board is there since the line came back: identity example 0002, and it was example 0001;"
            " nothing but hello was sent to it; put the right one back and start again"
        )
    assert other.done == []


def test_a_board_with_another_firmware_is_noticed(ports: Ports, box: Any, new_box: Any) -> None:
    other = new_box()
    other.declared = replace(other.declared, firmware="other 2.0", session=7)
    ports.plug("port", Device(box))
    host = ports.host()
    host.reset()
    after_coming_back(ports, host, other)
    with pytest.raises(WrongBoard, match=r"since the line came back: firmware other 2\.0, and it was 2\.3\.1-test;"):
        host.enter("47112345")


def test_a_board_that_booted_meanwhile_is_the_same(ports: Ports, box: Any) -> None:
    ports.plug("port", Device(box))
    host = ports.host()
    host.hello()
    box.declared = replace(box.declared, session=99, reset_cause="power-on")
    after_coming_back(ports, host, box)
    assert host.enter("47112345").accepted
    assert host.hello().session == 99


def test_a_line_that_was_not_away_is_not_doubted(ports: Ports, box: Any) -> None:
    ports.plug("port", Device(box))
    host = ports.host()
    host.hello()
    box.declared = replace(box.declared, identity="renamed")
    assert host.hello().identity == "renamed"


def comes_back_as(identity: str, ports: Ports, box: Any, host: SerialBox, asked: tuple[str, ...]) -> None:
    """The line is lost after all this was asked; the board that is there when it is back says that it is this one."""
    for each in asked:
        {"provision": lambda: host.provision(PROVISIONING), "reset": host.reset, "hello": host.hello}[each]()
    box.declared = replace(box.declared, identity=identity, session=7)
    after_coming_back(ports, host, box)


def is_taken_for(another: str | None, host: SerialBox) -> None:
    """The same board, where nothing is said of another."""
    if another is None:
        assert host.enter("47112345").accepted
    else:
        with pytest.raises(WrongBoard, match=another):
            host.enter("47112345")


@pytest.mark.parametrize(
    ("asked", "identity", "same"),
    [
        ((), "example 0001", True),
        ((), "unprovisioned", False),
        (("provision",), "example 0001", True),
        (("provision",), PROVISIONING.box_id.hex(), True),
        (("provision",), "another", False),
        (("reset",), "unprovisioned", True),
        (("reset", "provision"), PROVISIONING.box_id.hex(), True),
        (("reset", "provision"), "another", False),
        (("reset", "hello"), "another", False),
        (("provision", "reset"), "another", True),
    ],
)
def test_an_identity_may_become_what_was_provisioned(
    ports: Ports, box: Any, asked: tuple[str, ...], identity: str, same: bool
) -> None:
    ports.plug("port", Device(box))
    host = ports.host()
    host.hello()
    comes_back_as(identity, ports, box, host, asked)
    is_taken_for(None if same else f"identity {identity}, and it was ", host)


def test_a_provisioning_that_got_no_answer_leaves_both_identities_possible(ports: Ports, box: Any) -> None:
    ports.plug("port", Device(box))
    host = ports.host()
    host.hello()
    ports.unplug("port")
    with pytest.raises(LinkLost):
        host.provision(PROVISIONING)
    box.declared = replace(box.declared, identity=PROVISIONING.box_id.hex())
    ports.plug("port", Device(box))
    assert host.enter("47112345").accepted


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        (Expected(), ""),
        (Expected(vectors.HELLO.identity, vectors.HELLO.firmware), ""),
        (Expected(identity="example 0002"), "identity example 0001, and example 0002 is expected"),
        (
            Expected("example 0002", "other 2.0"),
            f"identity example 0001, and example 0002 is expected; firmware {vectors.HELLO.firmware}, and other 2.0 is expected",
        ),
    ],
)
def test_the_board_that_a_bench_expects(ports: Ports, box: Any, expected: Expected, wrong: str) -> None:
    ports.plug("port", Device(box))
    host = ports.host(expected=expected)
    if not wrong:
        assert host.enter("47112345").accepted
        return
    for ask in (host.hello, host.hello, lambda: host.enter("47112345")):
        with pytest.raises(WrongBoard) as told:
            ask()
        assert str(told.value) == (
            f"port: a wrong board is on the port: {wrong}; connect the right one, or correct what is expected"
        )
    assert isinstance(told.value, BenchError)
    assert box.done == []


@pytest.mark.parametrize(
    ("asked", "identity", "same"),
    [
        ((), "example 0001", True),
        (("reset",), "example 0001", True),
        (("reset",), "another", False),
        (("reset", "provision"), PROVISIONING.box_id.hex(), True),
        (("reset", "provision"), "example 0001", True),
        (("reset", "provision"), "another", False),
        (("provision", "reset"), "another", False),
    ],
)
def test_an_identity_that_a_bench_expects_stays_over_a_reset_too(
    ports: Ports, box: Any, asked: tuple[str, ...], identity: str, same: bool
) -> None:
    ports.plug("port", Device(box))
    host = ports.host(expected=Expected("example 0001"))
    comes_back_as(identity, ports, box, host, asked)
    is_taken_for(None if same else r"since the line came back: identity another, and it was .*example 0001", host)


# Looking for a port


def usb(device: str, serial_number: str | None, location: str = "1-2:1.0") -> SimpleNamespace:
    return SimpleNamespace(device=device, serial_number=serial_number, location=location, vid=0x0403, pid=0x6011)


def test_a_port_without_a_serial_number_comes_back_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect, "_ports", lambda: [usb("/dev/ttyUSB0", None), usb("/dev/ttyUSB1", "A1")])
    assert finder("/dev/ttyUSB0")() == "/dev/ttyUSB0"
    assert finder("/dev/ttyS0")() == "/dev/ttyS0"
    assert finder("socket://192.0.2.7:4000")() == "socket://192.0.2.7:4000"


def test_an_adapter_is_found_by_its_serial_number_and_never_another(monkeypatch: pytest.MonkeyPatch) -> None:
    plugged = [usb("/dev/ttyUSB0", "A1"), usb("/dev/ttyUSB1", "A2")]
    monkeypatch.setattr(reconnect, "_ports", lambda: plugged)
    find = finder("/dev/ttyUSB0")
    assert find() == "/dev/ttyUSB0"
    plugged[:] = [usb("/dev/ttyUSB0", "A2")]
    with pytest.raises(PortError, match=r"^no port has its USB serial number$"):
        find()
    plugged[:] = [usb("/dev/ttyUSB0", "A2"), usb("/dev/ttyUSB3", "A1", "3-1:1.0")]
    assert find() == "/dev/ttyUSB3"


def test_the_ports_of_one_adapter_are_told_from_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    plugged = [usb("/dev/ttyUSB0", "A1", "1-2:1.0"), usb("/dev/ttyUSB1", "A1", "1-2:1.1")]
    monkeypatch.setattr(reconnect, "_ports", lambda: plugged)
    find = finder("/dev/ttyUSB1")
    plugged[:] = [usb("/dev/ttyUSB4", "A1", "1-3:1.0"), usb("/dev/ttyUSB5", "A1", "1-3:1.1")]
    assert find() == "/dev/ttyUSB5"
