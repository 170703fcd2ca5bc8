"""What operators do from a page: find what is wrong, mend it, replay, and see it done."""

import secrets
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.e2e import city
from tests.e2e.conftest import Open
from tests.e2e.live import Live, wait_for

SOON_MILLISECONDS = 60_000
MENDED = """
[values.outcome]
completed = "completed"
failed = "failed"
abandoned = "abandoned"
open = "open"
"{word}" = "completed"
"""


def test_operator_when_a_quarantine_is_replayed_then_its_rows_are_loaded_and_it_is_told(
    cockpit: Live, open_page: Open
) -> None:
    word, now = f"done-{secrets.token_hex(3)}", datetime.now(UTC) - timedelta(minutes=2)
    rows = [city.service(f"Q{word}-{n}", now, n, outcome=word) for n in range(40)]
    city.write_csv(cockpit.settings.inbox / "services" / f"{word}.csv", rows)
    page = open_page("/pipeline/quarantine", "operator").page
    line = page.locator("tr", has_text=word).first
    expect(line).to_be_visible(timeout=SOON_MILLISECONDS)
    expect(line).to_contain_text("40")

    declaration = cockpit.settings.sources / "services.toml"
    declaration.write_text(declaration.read_text("utf-8") + MENDED.format(word=word), "utf-8")
    log = cockpit.settings.home / "etl.log"
    wait_for(lambda: "etl.declared" in log.read_text("utf-8"), "the declaration to count")
    line.get_by_role("button", name="重放").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("来源 services · 40 行")
    dialog.get_by_role("button", name="确认重放").click()
    expect(dialog).to_contain_text("请求已提交")
    dialog.get_by_role("button", name="知道了").click()
    expect(dialog).to_have_count(0)

    requests = page.locator("section.card", has_text="等待中的请求由 ETL 依次处理")
    expect(requests.locator("tbody tr").first).to_contain_text("完成", timeout=SOON_MILLISECONDS)
    expect(page.locator("tr", has_text=word).locator("button")).to_have_count(
        0, timeout=SOON_MILLISECONDS
    )
    audit = (cockpit.settings.home / "web.log").read_text("utf-8")
    assert "request by 'operator': replay of services" in audit


def test_operator_when_a_request_is_cancelled_then_nothing_is_asked(open_page: Open) -> None:
    page = open_page("/pipeline/quarantine", "operator").page
    page.get_by_role("button", name="回补数据").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("选择数据源和起止日期")
    dialog.get_by_role("button", name="确认回补").click()
    expect(dialog.get_by_role("alert")).to_contain_text("请选择数据源")
    dialog.get_by_role("button", name="取消").click()
    expect(dialog).to_have_count(0)


def test_runs_when_narrowed_to_a_source_then_the_address_says_so_and_only_they_stand(
    open_page: Open,
) -> None:
    watch = open_page("/pipeline/runs", "operator")
    watch.page.get_by_label("数据源").select_option(label="来源 loans")
    watch.page.wait_for_url("**/pipeline/runs?source=loans")
    watch.settle()
    names = watch.page.locator("tbody tr td:nth-child(2)")
    expect(names.first).to_have_text("来源 loans")
    assert set(names.all_inner_texts()) == {"来源 loans"}


def test_lineage_when_a_metric_is_pointed_at_then_the_others_step_back(open_page: Open) -> None:
    page = open_page("/pipeline/lineage", "analyst").page
    text = page.locator(".textpoint", has_text="使用人数").first
    box = text.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".textpoint", has_text="申请笔数").first).to_have_css("opacity", "0.3")
    expect(text).to_have_css("opacity", "1")


def test_numbers_when_rows_come_late_then_cards_and_the_page_say_they_were_restated(
    cockpit: Live, open_page: Open
) -> None:
    word = f"late-{secrets.token_hex(3)}"
    local = datetime.now(cockpit.settings.zone)
    last_month = local.replace(day=1) - timedelta(days=10)
    rows = [city.service(f"{word}-{n}", last_month, n) for n in range(60)]
    city.write_csv(cockpit.settings.inbox / "services" / f"{word}.csv", rows)

    operator = open_page("/pipeline/restatements?period=previous_month", "operator").page
    line = operator.locator("tr", has_text="来源 services · 60 行").first
    expect(line).to_be_visible(timeout=2 * SOON_MILLISECONDS)
    expect(line).to_contain_text("迟到数据")
    official = open_page("/?period=previous_month", "official").page
    card = official.locator("section.card", has_text="服务次数").first
    expect(card).to_contain_text("已修订")
