"""The wall: the same numbers as the pages, set for a room that reads from ten metres.

A scene is a value: cards with their questions and drawings. `SCENES` is the order in which the
wall turns. To add one, write a module with a `SCENE` and name it here.
"""

from pages._wall import city, growth, loans, pipeline, quality
from pages._wall.model import Scene

SCENES: tuple[Scene, ...] = (
    city.SCENE,
    growth.SCENE,
    loans.SCENE,
    quality.SCENE,
    pipeline.SCENE,
)


def scene_of(name: str) -> Scene | None:
    """The scene of this name."""
    return next((scene for scene in SCENES if scene.name == name), None)
