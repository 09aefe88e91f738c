"""Goal: the file that a Python program loads leads it to the lab, and changes nothing else.

Method: stand-ins for the modules that it hooks; real programs run in tests/edges.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import weakref
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pushlab.child.preload import sitecustomize
from pushlab.child.preload.sitecustomize import Redirect, Watch, begin

TARGET = ["127.0.0.1", 7575]
TOLD = {
    "target": TARGET,
    "ports": [80, 443, 2197],
    "hosts": ["api.onesignal.com", ".notify.windows.com"],
    "domains": ["onesignal.com", "batch.com", "windows.com"],
    "allow": ["docs.onesignal.com"],
    "mail_hosts": ["smtp.shop.test"],
    "mail_ports": {"25": ["127.0.0.1", 2001], "587": ["127.0.0.1", 2002]},
    "mail_guarded": [25, 587],
    "certificates": "ca.pem",
    "signer": "the lab",
}


@pytest.fixture
def redirect(monkeypatch: pytest.MonkeyPatch) -> Redirect:
    """Return a redirect whose lab refuses without a socket."""
    redirect = Redirect(TOLD)
    monkeypatch.setattr(redirect, "ask_why", lambda name, port=443: f"no {name}:{port}")
    return redirect


class FakeSocket:
    """What stands for the class of sockets."""

    def connect(self, address: Any) -> tuple[str, Any]:
        return ("connected", address)

    def connect_ex(self, address: Any) -> tuple[str, Any]:
        return ("tried", address)


@pytest.fixture
def hooked(redirect: Redirect) -> Any:
    """Return a module of sockets with its hooks on."""
    module = SimpleNamespace(
        AF_INET=2,
        AF_INET6=10,
        AI_CANONNAME=2,
        AI_NUMERICHOST=4,
        EAI_FAMILY=-6,
        gaierror=socket.gaierror,
        socket=type("Socket", (FakeSocket,), {}),
        getaddrinfo=lambda *given: given,
        gethostbyname=lambda host: f"real {host}",
        gethostbyname_ex=lambda host: (f"real {host}", [], []),
    )
    redirect.patch_socket(module)
    return module


def test_a_vendors_host_has_a_marker_that_leads_to_the_lab(hooked: Any) -> None:
    host, port, *_ = hooked.getaddrinfo("api.onesignal.com", 443)

    assert host.startswith("127.79.")
    assert hooked.gethostbyname("API.OneSignal.com.") == host
    assert hooked.gethostbyname_ex(b"api.onesignal.com")[2] == [host]
    assert hooked.socket().connect((host, port)) == ("connected", tuple(TARGET))
    assert hooked.socket().connect_ex((host, port)) == ("tried", tuple(TARGET))


def test_all_below_a_name_is_led_where_a_dot_says_so(hooked: Any) -> None:
    host, *_ = hooked.getaddrinfo("db5p.notify.windows.com", 443)

    assert hooked.socket().connect((host, 80)) == ("connected", tuple(TARGET))


def test_a_name_may_be_dialled_without_a_look_up(hooked: Any) -> None:
    assert hooked.socket().connect(("api.onesignal.com", 443)) == ("connected", tuple(TARGET))


def test_other_hosts_are_left_alone(hooked: Any) -> None:
    assert hooked.getaddrinfo("shop.test", 443) == ("shop.test", 443, 0, 0, 0, 0)
    assert hooked.getaddrinfo("docs.onesignal.com", 443)[0] == "docs.onesignal.com"
    assert hooked.getaddrinfo(None, 80)[0] is None
    assert hooked.gethostbyname("shop.test") == "real shop.test"
    assert hooked.socket().connect(("192.0.2.1", 443)) == ("connected", ("192.0.2.1", 443))
    assert hooked.socket().connect("a path") == ("connected", "a path")
    assert hooked.getaddrinfo("api.onesignal.com", 443, flags=4)[0] == "api.onesignal.com"


def test_a_vendors_host_that_no_fake_serves_is_refused(hooked: Any) -> None:
    with pytest.raises(socket.gaierror, match=r"no api\.batch\.com:443"):
        hooked.getaddrinfo("api.batch.com", 443)


def test_a_port_that_is_not_served_is_refused(hooked: Any) -> None:
    host, *_ = hooked.getaddrinfo("api.onesignal.com", 22)

    with pytest.raises(ConnectionRefusedError, match=r"no api\.onesignal\.com:22"):
        hooked.socket().connect((host, 22))


def test_version_6_alone_is_told_what_to_ask(hooked: Any) -> None:
    with pytest.raises(socket.gaierror, match="over IPv4 only"):
        hooked.getaddrinfo("api.onesignal.com", 443, hooked.AF_INET6)


@pytest.mark.parametrize(("port", "to"), [(25, 2001), (587, 2002)])
def test_mail_of_a_named_server_is_led_by_its_port(hooked: Any, port: int, to: int) -> None:
    host, *_ = hooked.getaddrinfo("smtp.shop.test", port)

    assert hooked.socket().connect((host, port)) == ("connected", ("127.0.0.1", to))
    with pytest.raises(ConnectionRefusedError):
        hooked.socket().connect((host, 443))


def test_mail_of_another_server_is_refused_and_its_web_is_not(hooked: Any) -> None:
    with pytest.raises(socket.gaierror, match=r"no mx\.other\.test:25"):
        hooked.getaddrinfo("mx.other.test", 25)

    assert hooked.getaddrinfo("mx.other.test", 443)[0] == "mx.other.test"
    assert hooked.getaddrinfo("localhost", 25)[0] == "localhost"
    assert hooked.getaddrinfo("127.0.0.2", 25)[0] == "127.0.0.2"


def test_two_names_never_share_a_marker(redirect: Redirect) -> None:
    names = [f"{number}.notify.windows.com" for number in range(500)]

    assert len({redirect.find_marker(name) for name in names}) == 500


# -- TLS -------------------------------------------------------------------------------------------


class FakeContext:
    """A context that remembers."""

    def __init__(self, verify_mode: int = 2) -> None:
        self.verify_mode = verify_mode
        self.loaded: list[str] = []

    def load_verify_locations(self, cafile: str) -> None:
        self.loaded.append(cafile)

    def wrap_socket(self, *_args: Any, **_options: Any) -> str:
        return "wrapped"

    def wrap_bio(self, *_args: Any, **_options: Any) -> str:
        return "wrapped"


class FakeConnection:
    """A connection that shows a certificate."""

    server_side = False

    def __init__(self, server_hostname: str | None, shown: bytes | None) -> None:
        self.server_hostname, self._shown = server_hostname, shown

    def getpeercert(self, *, binary_form: bool) -> bytes | None:
        assert binary_form
        return self._shown

    def do_handshake(self) -> str:
        return "done"


@pytest.fixture
def tls(redirect: Redirect) -> Any:
    """Return a module of TLS with its hooks on."""
    module = SimpleNamespace(
        CERT_NONE=0,
        SSLError=OSError,
        SSLContext=type("Context", (FakeContext,), {}),
        SSLSocket=type("Connection", (FakeConnection,), {}),
        SSLObject=type("Object", (FakeConnection,), {}),
    )
    redirect.patch_ssl(module)
    return module


def test_the_lab_is_trusted_where_it_stands_for_a_vendor_once(tls: Any) -> None:
    context = tls.SSLContext()

    context.wrap_socket(None, server_hostname="shop.test")
    before = list(context.loaded)
    results = [
        context.wrap_socket(None, server_hostname="api.onesignal.com"),
        context.wrap_socket(None, False, True, True, "api.onesignal.com"),
        context.wrap_bio(None, None, False, "smtp.shop.test"),
    ]

    assert results == ["wrapped"] * 3
    assert (before, context.loaded) == ([], ["ca.pem"])


def test_a_context_that_checks_nothing_is_left_alone(tls: Any) -> None:
    context = tls.SSLContext(verify_mode=0)

    context.wrap_bio(None, None, server_hostname="api.onesignal.com")

    assert context.loaded == []


def test_a_context_is_not_kept_alive(tls: Any) -> None:
    context = tls.SSLContext()
    context.wrap_bio(None, None, server_hostname="api.onesignal.com")
    held = weakref.ref(context)

    del context

    assert held() is None


@pytest.mark.parametrize("kind", ["SSLSocket", "SSLObject"])
def test_a_stranger_under_a_vendors_name_is_refused(tls: Any, kind: str) -> None:
    make = getattr(tls, kind)

    assert make("api.onesignal.com", b"... the lab ...").do_handshake() == "done"
    assert make("shop.test", b"another").do_handshake() == "done"
    assert make("docs.onesignal.com", b"another").do_handshake() == "done"
    assert make(None, None).do_handshake() == "done"
    for shown in (b"another", None):
        with pytest.raises(OSError, match=r"somebody else answered for api\.onesignal\.com"):
            make("api.onesignal.com", shown).do_handshake()


# -- others that connect by themselves -------------------------------------------------------------


def finish(work: Any) -> Any:
    """Return what a coroutine that waits for nothing comes to; a loop would open sockets."""
    with pytest.raises(StopIteration) as ended:
        work.send(None)
    return ended.value.value


def test_a_resolver_that_asks_past_python_is_led_too(redirect: Redirect) -> None:
    class AsyncResolver:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> Any:
            return f"real {host}"

    redirect.patch_resolver(SimpleNamespace(AsyncResolver=AsyncResolver))

    led = finish(AsyncResolver().resolve("api.onesignal.com", 443))
    real = finish(AsyncResolver().resolve("x.test"))

    assert led[0]["host"].startswith("127.79.")
    assert (led[0]["port"], led[0]["hostname"]) == (443, "api.onesignal.com")
    assert real == "real x.test"


def test_the_loop_of_windows_is_led_too(redirect: Redirect) -> None:
    class IocpProactor:
        def connect(self, conn: Any, address: Any) -> Any:
            return conn, address

    redirect.patch_proactor(SimpleNamespace(IocpProactor=IocpProactor))

    assert IocpProactor().connect(1, ("api.onesignal.com", 443)) == (1, tuple(TARGET))


# -- beginning -------------------------------------------------------------------------------------


def test_modules_are_hooked_when_they_are_first_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hooked_later.py").write_text("X = 1\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    heard: list[ModuleType] = []
    watch = Watch({"hooked_later": heard.append})
    monkeypatch.setattr(sys, "meta_path", [watch, *sys.meta_path])

    found = importlib.util.find_spec("hooked_later")
    before = list(heard)
    module = importlib.import_module("hooked_later")
    monkeypatch.delitem(sys.modules, "hooked_later")

    assert found is not None
    assert before == []
    assert heard == [module]
    assert module.X == 1
    assert type(module.__loader__).__name__ == "SourceFileLoader"
    assert watch.find_spec("json") is None
    assert Watch({"no_such_module": heard.append}).find_spec("no_such_module") is None


def test_a_module_that_is_there_is_hooked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "redirect.json"
    path.write_text(json.dumps(TOLD), "utf-8")
    heard: list[Any] = []
    monkeypatch.setattr(Redirect, "patch_socket", lambda _, module: heard.append(module))
    module = ModuleType("socket")
    finders: list[Any] = []

    begin({"PUSHLAB_REDIRECT": str(path)}, {"socket": module}, finders)

    assert heard == [module]
    assert sorted(finders[0].hooks) == ["aiohttp.resolver", "asyncio.windows_events", "ssl"]


@pytest.mark.parametrize("content", [None, "", "{"])
def test_without_a_lab_nothing_begins(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "redirect.json"
    if content is not None:
        path.write_text(content, "utf-8")
    finders: list[Any] = []

    begin({"PUSHLAB_REDIRECT": str(path)}, {}, finders)
    begin({}, {}, finders)

    assert finders == []


def test_another_file_of_this_name_is_loaded_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('theirs')\n", "utf-8")
    own = str(Path(sitecustomize.__file__).parent)
    script = "import sys, sitecustomize; print(sitecustomize.__file__); print(sys.path[1:3])"

    told = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": os.pathsep.join([own, str(tmp_path)])},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert told.stdout.splitlines() == [
        "theirs",
        str(tmp_path / "sitecustomize.py"),
        str([own, str(tmp_path)]),
    ]
    assert told.stderr == ""
