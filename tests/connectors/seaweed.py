"""A real S3 store of its own: one `weed server` on loopback, in a temporary folder."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import trustme
from obstore.exceptions import BaseError
from obstore.store import S3Store

BUCKET = "deliveries"
KEY, SECRET = "reader", "a secret of the test"
_READY_SECONDS = 40.0


class Seaweed:
    """The store. `stop` and `start` keep its port and what it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = _free_ports(9)
        self.endpoint = f"http://127.0.0.1:{self.ports[0]}"
        self.tls_endpoint = f"https://127.0.0.1:{self.ports[-1]}"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "store").mkdir(parents=True)
        _certify(folder)
        (folder / "s3.json").write_text(json.dumps(_identities()))

    def start(self) -> None:
        s3, master, volume, filer, *grpc, tls = self.ports
        command = [
            *("setpriv", "--pdeathsig", "KILL"),
            str(Path(sys.executable).with_name("weed")),
            "-logtostderr=true",
            "server",
            "-ip=127.0.0.1",
            f"-dir={self.folder / 'store'}",
            "-master.telemetry=false",
            f"-master.port={master}",
            f"-master.port.grpc={grpc[0]}",
            "-master.electionTimeout=1s",
            "-master.volumeSizeLimitMB=64",
            f"-volume.port={volume}",
            f"-volume.port.grpc={grpc[1]}",
            "-volume.max=20",
            "-volume.preStopSeconds=0",
            f"-filer.port={filer}",
            f"-filer.port.grpc={grpc[2]}",
            f"-filer.localSocket={self.folder / 'filer.sock'}",
            "-s3",
            f"-s3.port={s3}",
            f"-s3.port.grpc={grpc[3]}",
            f"-s3.port.https={tls}",
            f"-s3.cert.file={self.folder / 'server.pem'}",
            f"-s3.key.file={self.folder / 'server.key'}",
            f"-s3.config={self.folder / 's3.json'}",
            f"-s3.localSocket={self.folder / 's3.sock'}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.iam=false",
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._await_ready()

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()  # its own end takes 5 s
        self._process.wait(10)
        self._process = None

    def store(self, bucket: str = BUCKET) -> S3Store:
        """A client that may write."""
        return S3Store(
            bucket,
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id=KEY,
            secret_access_key=SECRET,
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    def _await_ready(self) -> None:
        """It takes writes only when master, volume and filer have found each other."""
        until = time.monotonic() + _READY_SECONDS
        while True:
            try:
                self.store().put("ready/probe", b"1")
                return
            except (BaseError, OSError):
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > until:
                    tail = (self.folder / "log").read_text(errors="replace")[-2000:]
                    self.stop()
                    raise AssertionError(f"the store did not start:\n{tail}") from None
                time.sleep(0.1)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Seaweed]:
    seaweed = Seaweed(folder)
    try:
        seaweed.start()
        yield seaweed
    finally:
        seaweed.stop()


def _identities() -> dict[str, object]:
    return {
        "identities": [
            {
                "name": "reader",
                "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
                "actions": ["Admin", "Read", "Write", "List"],
            },
            {
                "name": "stranger",
                "credentials": [{"accessKey": "stranger", "secretKey": "another secret"}],
                "actions": ["Read:elsewhere", "List:elsewhere"],
            },
        ]
    }


def _certify(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server = authority.issue_cert("127.0.0.1")
    server.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    server.private_key_pem.write_to_path(str(folder / "server.key"))


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            found.append(probe.getsockname()[1])
        return found
