"""A real Trinity process for stories: started, spoken to over its own socket, killed, started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

REPO = Path(__file__).resolve().parent.parent
# Nothing of the machine's own configuration may reach a test's Trinity.
_FOREIGN = (
    "ANTHROPIC_",
    "LOCAL_LLM_",
    "TRINITY_",
    "COST_LIMIT",
    "DATABASE_URL",
    "BRAVE_",
    "SLACK_",
    "DISCORD_",
    "TWILIO_",
)


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh machine with this home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
    return kept | {"TRINITY_HOME": str(home), "TRINITY_TIMEZONE": "Europe/Berlin", "PYTHONWARNINGS": "default"} | more


class Instance:
    """`trinity serve` on a home, with a client on its socket (where the caller is the home's owner)."""

    def __init__(self, home: Path, **more: str) -> None:
        self.home = home
        self.environment = environment(home, TRINITY_RATE_PER_MINUTE="100000", **more)
        self.process: subprocess.Popen[str] | None = None
        self.command: list[str] | None = None  # another program than `trinity serve`
        self.ready_s = 0.0
        self.link = ""

    def start(self, timeout_s: float = 90.0) -> Instance:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()  # of a life that ended by itself
        self.home.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        log = (self.home.parent / f"{self.home.name}.log").open("a")
        self.process = subprocess.Popen(
            self.command or [sys.executable, "-m", "trinity.cli.main", "serve", "--port", "0"],
            cwd=self.home,
            env=self.environment | {"PYTHONPATH": str(REPO)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if "http" not in line:
            raise AssertionError(f"trinity did not start: {self.log()[-3000:]}")
        self.link = line[line.index("http") :].strip()
        parts = ""
        while True:  # answering is possible once the measures are loaded
            with contextlib.suppress(httpx.HTTPError):
                answer = self.get("/readyz", check=False)
                if answer.status_code == 200:
                    break
                parts = answer.text
            if time.monotonic() - started > timeout_s:
                self.kill()
                raise AssertionError(f"not ready after {timeout_s} s: {parts} {self.log()[-3000:]}")
            time.sleep(0.02)
        self.ready_s = time.monotonic() - started
        return self

    @property
    def url(self) -> str:
        return self.link.split("/bridge")[0]

    def log(self) -> str:
        return (self.home.parent / f"{self.home.name}.log").read_text()

    def client(self) -> httpx.Client:
        sys.path.insert(0, str(REPO))
        from trinity.home import socket_path

        transport = httpx.HTTPTransport(uds=str(socket_path(self.home)))
        return httpx.Client(
            transport=transport, base_url="http://localhost", headers={"Origin": "http://localhost"}, timeout=120
        )

    def get(self, path: str, *, check: bool = True) -> httpx.Response:
        with self.client() as client:
            response = client.get(path)
        if check:
            response.raise_for_status()
        return response

    def post(self, path: str, body: dict[str, Any] | None = None, *, check: bool = True) -> httpx.Response:
        with self.client() as client:
            response = client.post(path, content=json.dumps(body or {}), headers={"Content-Type": "application/json"})
        if check and response.status_code >= 400:
            raise AssertionError(f"{path}: {response.status_code} {response.text}")
        return response

    def ask(self, message: str, thread: str = "t", **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.post("/api/trinity/chat", {"message": message, "thread": thread, **more}).json()
        return answer

    def send(self, message: str, thread: str = "t", **more: Any) -> str:
        """Acknowledged, not yet answered."""
        body = {"message": message, "thread": thread, "sync_response": False, **more}
        return str(self.post("/api/trinity/chat", body).json()["exchange_id"])

    def outcome(self, exchange_id: str, wait_s: float = 60.0) -> dict[str, Any]:
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            answer: dict[str, Any] = self.get(f"/api/trinity/exchanges/{exchange_id}").json()
            if "verdict" in answer:
                return answer
            time.sleep(0.05)
        raise AssertionError(f"no outcome of {exchange_id} in {wait_s} s: {self.log()[-3000:]}")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        self._let_go()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()

    def run(self, *words: str, stdin: str | bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """A terminal verb on the same home."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        return subprocess.run(
            [sys.executable, "-m", "trinity.cli.main", *words],
            cwd=self.home,
            env=self.environment | {"PYTHONPATH": str(REPO)},
            input=data,
            capture_output=True,
            timeout=120,
            check=False,
        )


def people(home: Path, text: str) -> None:
    """Declare who may decide, before the first start."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "people.toml").write_text(text)
