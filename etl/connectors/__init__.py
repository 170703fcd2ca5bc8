"""Ways of reaching outside: one module a kind, found by its name. See `etl.delivery.Connector`."""

import importlib
import pkgutil
from collections.abc import Mapping

from etl.declaration import Declaration
from etl.delivery import Connector
from warehouse.errors import nearest

KINDS = tuple(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def read_connector(declaration: Declaration, env: Mapping[str, str]) -> Connector | None:
    """The table `[connector]` of a declaration; None, and a problem noted, for an unknown kind.

    A kind's module is loaded only where it is declared.
    """
    kind = declaration.text(("connector", "kind"), required=True)
    if kind not in KINDS:
        if kind:
            remedy = nearest(kind, KINDS) or f" One of: {', '.join(KINDS)}."
            declaration.problem(("connector", "kind"), f"{kind!r} is not known.{remedy}")
        return None
    module = importlib.import_module(f"{__name__}.{kind}")
    connector: Connector = module.read(declaration, env)
    return connector
