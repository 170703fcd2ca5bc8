"""Questions as SQL text and parameters. Pure: nothing here touches a file or a connection.

Identifiers in the text come from the catalogue and the dataset definitions alone; members,
districts and instants are bound as parameters. Days are written as date literals made from
`date` values.
"""

from warehouse.compile.slice import Slice, Sql, Tables, Where, Window, fetch

__all__ = ["Slice", "Sql", "Tables", "Where", "Window", "fetch"]
