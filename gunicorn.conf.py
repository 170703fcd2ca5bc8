"""How `gunicorn app:server` serves: two workers with eight threads, behind one proxy.

Each worker makes and warms its own app before it takes requests: connections to the warehouse
must not be shared over a fork.
"""

import os

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
errorlog = "-"
# Only a proxy on this machine may say that a request came over TLS.
forwarded_allow_ips = "127.0.0.1,::1"
