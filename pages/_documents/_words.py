"""Words that stand in files only."""

from collections.abc import Mapping

from warehouse.model import Label, Unit

_WORDS: Mapping[str, Label] = {
    "product": Label(zh="系统", en="Product"),
    "name": Label(zh="政府管理驾驶舱", en="Government Management Cockpit"),
    "what": Label(zh="内容", en="Content"),
    "filters": Label(zh="筛选条件", en="Filters"),
    "no_filters": Label(zh="默认", en="defaults"),
    "who": Label(zh="导出人", en="Exported by"),
    "scope": Label(zh="数据范围", en="Scope"),
    "everything": Label(zh="全部区县", en="all districts"),
    "when": Label(zh="导出时间", en="Exported at"),
    "left_out": Label(zh="未包含（无查看权限）", en="Left out (no permission)"),
    "panel": Label(zh="图表", en="Panel"),
    "finding": Label(zh="结论", en="Finding"),
    "period": Label(zh="时段", en="Period"),
    "compare": Label(zh="比较", en="Compared with"),
    "previous": Label(zh="环比（上一时段）", en="the period before"),
    "year": Label(zh="同比（上年同期）", en="the same period last year"),
    "lunar": Label(
        zh="农历同比（与上年春节等距的日期）",
        en="the days as far from the Spring Festival last year",
    ),
    "per_workday": Label(zh="按工作日均", en="Per working day"),
    "per_workday_text": Label(
        zh="合计除以工作日数（调休上班计入，放假不计）", en="totals divided by working days"
    ),
    "workday": Label(zh="工作日", en="working day"),
    "edition": Label(zh="口径版本", en="Edition"),
    "since": Label(zh="生效", en="in force since"),
    "counts": Label(zh="适用", en="counts"),
    "overtaken": Label(zh="当期仍按此口径，新口径生效于", en="its last unit holds the change of"),
    "broken": Label(zh="与基期口径不同", en="base counted by another definition"),
    "as_of": Label(zh="数据截至", en="As of"),
    "version": Label(zh="数据版本", en="Data version"),
    "restated": Label(zh="已修订", en="Restated"),
    "suppressed": Label(zh="隐去单元数", en="Hidden cells"),
    "suppressed_note": Label(zh="说明", en="Note"),
    "suppressed_text": Label(
        zh="为保护个人信息，人数过少的单元及可推算出它们的单元已隐去，不等于零。",
        en="Cells with too few people, and cells they could be derived from, are hidden to protect"
        " people. Hidden is not zero.",
    ),
    "hidden": Label(zh="已隐去", en="hidden"),
    "definition": Label(zh="口径", en="Definition"),
    "formula": Label(zh="公式", en="Formula"),
    "unit": Label(zh="单位", en="Unit"),
    "base": Label(zh="基期值", en="base"),
    "rate": Label(zh="变化率", en="change"),
    "points": Label(zh="变化（个百分点）", en="change (percentage points)"),
    "total": Label(zh="合计", en="Total"),
    "remark": Label(zh="备注", en="Remark"),
    "partial": Label(zh="时段未结束", en="period not over"),
    "about": Label(zh="说明", en="About"),
    f"unit_{Unit.PEOPLE.value}": Label(zh="人", en="people"),
    f"unit_{Unit.EVENTS.value}": Label(zh="次", en="events"),
    f"unit_{Unit.CASES.value}": Label(zh="件", en="cases"),
    f"unit_{Unit.APPLICATIONS.value}": Label(zh="笔", en="applications"),
    f"unit_{Unit.VISITS.value}": Label(zh="次访问", en="visits"),
    f"unit_{Unit.ROWS.value}": Label(zh="行", en="rows"),
    f"unit_{Unit.YUAN.value}": Label(zh="元", en="yuan"),
    f"unit_{Unit.RATIO.value}": Label(zh="倍", en="times"),
    f"unit_{Unit.SHARE.value}": Label(zh="比例", en="share"),
    f"unit_{Unit.SECONDS.value}": Label(zh="秒", en="seconds"),
    f"unit_{Unit.MILLISECONDS.value}": Label(zh="毫秒", en="milliseconds"),
}


def say(key: str, language: str) -> str:
    return _WORDS[key].text(language)
