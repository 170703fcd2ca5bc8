"""How satisfied people are: the five levels of 好差评."""

from warehouse.metrics.model import Count, Metric, Share, Trait, dimensions_of
from warehouse.model import Label, Polarity, Unit

_OWNER = Label(zh="政务服务管理部门", en="Government services office")
_DIMENSIONS = dimensions_of("rating_event")

METRICS = (
    Metric(
        name="quality.satisfied_share",
        label=Label(zh="满意率", en="Satisfied share"),
        sentence=Label(
            zh="评价中非常满意、满意、基本满意所占的比例。",
            en="Ratings very satisfied, satisfied or basically satisfied among all ratings.",
        ),
        formula="first three levels / ratings with a level",
        unit=Unit.SHARE,
        decimals=1,
        polarity=Polarity.UP,
        dataset="rating_event",
        dimensions=tuple(name for name in _DIMENSIONS if name != "level"),
        owner=_OWNER,
        measure=Share(test=Trait.SATISFIED, base=Trait.RATED),
    ),
    Metric(
        name="quality.ratings",
        label=Label(zh="评价数", en="Ratings"),
        sentence=Label(zh="所选期间内收到的评价条数。", en="Ratings received in the period."),
        formula="count(ratings)",
        unit=Unit.EVENTS,
        polarity=Polarity.UP,
        dataset="rating_event",
        dimensions=_DIMENSIONS,
        owner=_OWNER,
        measure=Count(),
    ),
)
