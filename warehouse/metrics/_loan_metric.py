"""How a metric of loans is made: what all of them have in common."""

from warehouse.metrics.model import BY_STEP, Binned, Count, Measure, Metric, dimensions_of
from warehouse.model import Label, Polarity, Unit

_OWNER = Label(zh="普惠金融部门", en="Inclusive finance department")
_DIMENSIONS = dimensions_of("loan_event", without=("step",))
_BIN = "seconds_bin"
_POLARITIES = {
    "late_decisions": Polarity.DOWN,
    "touched": Polarity.DOWN,
    "declined": Polarity.DOWN,
    "time_distribution": Polarity.NEUTRAL,
    "decline_reason_share": Polarity.NEUTRAL,
    "amount_average": Polarity.NEUTRAL,
    "maturing": Polarity.NEUTRAL,
}
"""Where it is otherwise: less time is better, and more of anything else."""


def of_loans(
    name: str, label: Label, sentence: Label, formula: str, measure: Measure, unit: Unit
) -> Metric:
    """The metric `loans.<name>`."""
    usual = Polarity.DOWN if unit is Unit.SECONDS else Polarity.UP
    steps = ("step",) if isinstance(measure, BY_STEP) else ()
    bins = (_BIN,) if isinstance(measure, Binned | Count) else ()
    return Metric(
        name=f"loans.{name}",
        label=label,
        sentence=sentence,
        formula=formula,
        unit=unit,
        decimals=1 if unit in (Unit.SHARE, Unit.SECONDS) else 0,
        polarity=_POLARITIES.get(name, usual),
        dataset="loan_event",
        dimensions=(*steps, *bins, *_DIMENSIONS),
        owner=_OWNER,
        measure=measure,
    )
