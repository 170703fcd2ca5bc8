"""What runs say and what incidents say, beside what is wrong with a delivery or a place."""

from collections.abc import Mapping

from warehouse.model import Label

RUNS: Mapping[str, Label] = {
    # what became of a run
    "parked_count": Label(zh="另有 {n} 个文件停放", en="Parked deliveries: {n:,}"),
    "rows_kept": Label(zh="{n} 行仍在隔离区", en="{n:,} rows stay in quarantine"),
    "rows_broken": Label(zh="{n} 行有问题，已隔离", en="{n:,} rows were broken"),
    "internal": Label(
        zh="内部错误，日志中的编号为 {number}", en="Internal error, incident {number} in the log"
    ),
    "disk_was_full": Label(
        zh="运行中磁盘已满，将自动重新读取", en="The disk was full; it is read again"
    ),
    "no_source": Label(zh="数据源 {name} 已不存在", en="There is no source {name!r} any more"),
    "no_range": Label(
        zh="回补需要起始日和更晚的结束日", en="A backfill needs a first day and a later end"
    ),
    "stops_at_broken": Label(
        zh="{broken}；该数据源遇到问题行即停，整份文件未入库",
        en="{broken}. The source stops at broken rows; nothing of the file was loaded",
    ),
    # control totals
    "totals_wrong": Label(
        zh="{parts}；整份文件未入库，请来源单位核对后重新送达",
        en="{parts}. Nothing of it was loaded; have it delivered again",
    ),
    "totals_rows": Label(
        zh="控制总数为 {told} 行，实到 {came} 行", en="{told:,} rows are announced, {came:,} came"
    ),
    "totals_sum": Label(
        zh="{column} 列合计应为 {told}，实为 {came}",
        en="{column} is announced to sum to {told}, it sums to {came}",
    ),
    "totals_unreadable": Label(
        zh="控制总数文件无法读取，应写作 {example}",
        en="cannot be read as control totals. Write it as {example}",
    ),
    "totals_unknown": Label(
        zh="“{name}”不是控制总数，应写作 {example}",
        en="{name!r} is no control total. Write it as {example}",
    ),
    "totals_long": Label(zh="控制总数文件过长", en="is too long for control totals"),
    "totals_column": Label(
        zh="控制总数要合计的列“{name}”不在文件中",
        en="the control total sums {name!r}, which it does not hold",
    ),
    # columns that changed
    "column_new": Label(
        zh="新增列“{name}”，声明中没有，不入库",
        en="the column {name!r} is new; it is not declared and not stored",
    ),
    "column_gone": Label(zh="缺少列“{name}”", en="the column {name!r} is missing"),
    "column_renamed": Label(
        zh="列“{was}”似乎已改名为“{name}”",
        en="the column {was!r} seems to be called {name!r} now",
    ),
    "column_retyped": Label(
        zh="列“{name}”原为{shape_was}，现为{shape_now}",
        en="the column {name!r} held {shape_was} values, now it holds {shape_now} ones",
    ),
    "columns_changed": Label(zh="{changes}", en="Columns have changed: {changes}"),
    # the process that reads
    "reader_signal": Label(
        zh="读取进程被信号 {number} 终止",
        en="the process that read it was ended by signal {number}",
    ),
    "reader_memory": Label(
        zh="读取进程超出内存上限或因此失败",
        en="the process that read it came to its limit of memory or failed on it",
    ),
    "reader_slow": Label(zh="读取超过 {seconds} 秒", en="reading it took longer than {seconds} s"),
    # incidents
    "hanging": Label(zh="已 {span}没有进展", en="{source} has made no progress for {span:,} s"),
    "late_never": Label(
        zh="尚未收到任何数据，承诺 {span}内更新",
        en="{source} has never delivered anything; it promises {span:,} s",
    ),
    "late": Label(
        zh="最新数据停在 {when}，承诺 {span}内更新",
        en="{source} has nothing newer than {when}Z; it promises {span:,} s",
    ),
    "parked_one": Label(zh="文件 {items}", en="1 delivery is left alone: {items}"),
    "parked_many": Label(zh="{n} 个文件：{items}", en="{n:,} deliveries are left alone: {items}"),
    "disk_low": Label(
        zh="{place} 只剩 {left} MB，入库需要 {needed} MB",
        en="{place} has {left} MB left, loading needs {needed} MB: free some space",
    ),
    "disk_batch": Label(
        zh="{place} 只剩 {left} MB，{source} 的下一批需要 {needed} MB",
        en="{place} has {left} MB left, the next batch of {source} needs {needed} MB:"
        " free some space",
    ),
    "ledger": Label(
        zh="{dataset} {month} 有 {facts} 行，台账记为 {ledger} 行，请从备份恢复该文件",
        en="{dataset} {month} holds {facts} rows but its ledger counts {ledger}:"
        " restore the file from a backup",
    ),
    "identities": Label(
        zh="service_event {month} 的用户增长恒等式不成立，新数据暂不发布；"
        "请从备份恢复该文件，或重新载入该月",
        en="the identities of growth do not hold in service_event {month}, so nothing new is"
        " published: restore the file from a backup, or load the month again",
    ),
    "not_summed": Label(
        zh="{dataset} {month} 尚未汇总，请重新发布",
        en="{dataset} {month} is not summed up: publish again",
    ),
}
