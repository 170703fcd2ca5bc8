"""`/api/version`: the small token that browsers poll to learn that there are new numbers."""

import hashlib
from pathlib import Path

from dash import Dash
from flask import jsonify, request
from werkzeug.wrappers import Response

from callbacks.services import Services


def register(app: Dash, services: Services) -> None:
    build = build_of(app)

    def version() -> Response:
        services.viewer()
        sound = services.warehouse.health().is_sound
        answer = jsonify(data=services.warehouse.data_version(), build=build, sound=sound)
        answer.add_etag()
        return answer.make_conditional(request)

    app.server.add_url_rule("/api/version", "version", version, methods=["GET"])


def build_of(app: Dash) -> str:
    """What changes when the scripts or styles of the cockpit change: a wall reloads then."""
    digest = hashlib.sha256()
    for file in sorted(Path(app.config.assets_folder).rglob("*")):
        if file.is_file():
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]
