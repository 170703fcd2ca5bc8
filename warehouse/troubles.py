"""What may need a person: the kinds of incidents, what they are called and what to do about them.

Pages, mails and webhooks say the same words.
"""

from collections.abc import Mapping
from enum import StrEnum

from warehouse.model import Label


class Kind(StrEnum):
    FAILED = "failed"
    STALE = "stale"
    HANGING = "hanging"
    PARKED = "parked"
    DRIFT = "drift"
    DECLARATION = "declaration"
    DISK = "disk"
    CHECK = "check"


TITLES: Mapping[str, Label] = {
    Kind.FAILED: Label(zh="数据源中断", en="Source failed"),
    Kind.STALE: Label(zh="数据未按时更新", en="Data are late"),
    Kind.HANGING: Label(zh="读取长时间无进展", en="Reading stands still"),
    Kind.PARKED: Label(zh="有文件停放", en="A delivery is parked"),
    Kind.DRIFT: Label(zh="列有变化", en="Columns have changed"),
    Kind.DECLARATION: Label(zh="数据源声明有误", en="A declaration is wrong"),
    Kind.DISK: Label(zh="磁盘空间不足", en="The disk is full"),
    Kind.CHECK: Label(zh="数据质量检查未通过", en="A check of the data is broken"),
}
REMEDIES: Mapping[str, Label] = {
    Kind.FAILED: Label(
        zh="检查来源系统、网络与凭据；恢复后自动补齐，不会漏数，也不会重复。",
        en="Check the source's system, the network and the secrets; once well it catches up by"
        " itself, and nothing is lost or counted twice.",
    ),
    Kind.STALE: Label(
        zh="联系来源单位确认是否已送数；数据到达后自动入库，在此之前页面标明延迟。",
        en="Ask the office that delivers; what arrives is loaded by itself, and until then the"
        " pages mark the numbers as late.",
    ),
    Kind.HANGING: Label(
        zh="检查来源系统是否没有响应；恢复后自动补齐，其他数据源照常运行。",
        en="See whether the source's system answers; once well it catches up by itself, and the"
        " other sources go on.",
    ),
    Kind.PARKED: Label(
        zh="请来源单位重送，或修正声明；改动后自动再试。",
        en="Have it delivered again, or mend the declaration; after either it is tried again by"
        " itself.",
    ),
    Kind.DRIFT: Label(
        zh="对照来源的列修改声明中的 [columns]，再重放隔离区。",
        en="Compare [columns] of the declaration with the source's columns, then replay the"
        " quarantine.",
    ),
    Kind.DECLARATION: Label(
        zh="改正声明文件；在此之前沿用上一份有效声明。",
        en="Mend the file; the declaration before it stays in force until then.",
    ),
    Kind.DISK: Label(
        zh="清理磁盘；有空间后自动继续，已发布的数据不受影响。",
        en="Free some space; loading goes on by itself, published data are not touched.",
    ),
    Kind.CHECK: Label(
        zh="新数据暂不发布；核对质量检查页中未通过的项，必要时回补该时段。",
        en="Nothing new is published; see which checks are broken, and backfill the range if need"
        " be.",
    ),
}
INTERRUPTED = Label(
    zh="运行被中断；下次运行从中断处继续，无需处理。",
    en="The run was interrupted; the next one goes on where it stopped. Nothing to do.",
)
