"""The example city 示例市: fictitious, the same for everybody, and never at rest.

It stands where real systems would stand: bureaus that drop files into an inbox, each in its
own format and words, some rows late, some twice, some broken. It never touches the warehouse.
"""

from etl.demo.history import write_history
from etl.demo.live import deliver_live

__all__ = ["deliver_live", "write_history"]
