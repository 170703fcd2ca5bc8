"""How `gunicorn app:server` serves: two workers with eight threads, behind one proxy.

Each worker makes and warms its own app before it takes requests: connections to the warehouse
must not be shared over a fork. Modules are: they hold none.
"""

import gc
import logging
import os
from typing import Any

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8050'}"
worker_class = "gthread"
workers = 2
threads = 8
preload_app = False
timeout = 60
graceful_timeout = 5
keepalive = 15
limit_request_line = 8190
limit_request_fields = 60
limit_request_field_size = 8190
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
accesslog = None
control_socket_disable = True
errorlog = "-"
# Only a proxy on this machine may say that a request came over TLS.
forwarded_allow_ips = "127.0.0.1,::1"


def on_starting(_arbiter: Any) -> None:
    """Says what is wrong in one line, before workers are made that could not start.

    What `gate.ready` loads, all workers share; the app and its connections are made in each.
    """
    from gate import ready

    ready.check()
    gc.freeze()  # a collection would copy the shared pages into every worker


def post_worker_init(worker: Any) -> None:
    """The first page's questions are answered once before anybody asks them."""
    worker.wsgi.extensions["cockpit_services"].warm()
