"""What the gate's own pages say: sign-in, sign-out and refusals, in both languages."""

from collections.abc import Mapping

from flask import request

from pages._ui.text import LANGUAGES, language
from warehouse.model import Label

WORDS: Mapping[str, Label] = {
    "product": Label(zh="政府管理驾驶舱", en="Government Management Cockpit"),
    "promise": Label(zh="一屏看清城市服务", en="The city's services on one screen"),
    "promise_text": Label(
        zh="服务使用、用户增长、普惠贷款与服务质量，同一口径，随数据自动更新。",
        en="Use of services, growth, loans and quality: one definition each, always up to date.",
    ),
    "point_scope": Label(zh="只显示您职责范围内的数据", en="You see the data of your own duties"),
    "point_cells": Label(zh="人数过少的单元自动隐去", en="Cells with too few people are hidden"),
    "point_trace": Label(
        zh="每个数字都注明口径与截止时间", en="Every number states its definition and time"
    ),
    "sign_in": Label(zh="登录", en="Sign in"),
    "sign_in_hint": Label(zh="请使用单位分配的账号。", en="Use the account your office gave you."),
    "name": Label(zh="账号", en="Account"),
    "password": Label(zh="密码", en="Password"),
    "help": Label(
        zh="忘记密码或无法登录，请联系本单位的系统管理员。",
        en="If you cannot sign in, ask the administrator of your office.",
    ),
    "wrong": Label(
        zh="账号或密码不正确。请检查后重试。",
        en="Account or password is wrong. Check and try again.",
    ),
    "wait": Label(
        zh="尝试次数过多。请在 {seconds} 秒后重试。",
        en="Too many attempts. Try again in {seconds} s.",
    ),
    "expired": Label(
        zh="页面停留过久，请重新登录。", en="The page was open for too long. Sign in again."
    ),
    "sign_out": Label(zh="退出登录", en="Sign out"),
    "sign_out_ask": Label(zh="要退出登录吗？", en="Sign out?"),
    "other_language": Label(zh="English", en="中文"),
    "back": Label(zh="返回首页", en="Back to the start page"),
    "again": Label(zh="重新登录", en="Sign in again"),
    "reference": Label(zh="参考编号", en="Reference"),
    "400": Label(zh="请求无法识别", en="The request is not understood"),
    "400_text": Label(
        zh="地址或提交的内容有误。请返回上一页，检查后重试。",
        en="The address or what was sent is wrong. Go back, check and try again.",
    ),
    "401": Label(zh="请先登录", en="Sign in first"),
    "401_text": Label(zh="登录已失效或尚未登录。", en="You are not signed in, or no longer."),
    "403": Label(zh="您没有查看权限", en="You may not see this"),
    "403_text": Label(
        zh="此页不在您的职责范围内。如需开通，请联系本单位的系统管理员，并告知参考编号。",
        en="This page is outside your duties. To get access, give the reference to the"
        " administrator of your office.",
    ),
    "404": Label(zh="没有这个页面", en="There is no such page"),
    "404_text": Label(
        zh="地址可能有误，或页面已移走。", en="The address may be wrong, or the page has moved."
    ),
    "429": Label(zh="请稍候再试", en="Please wait"),
    "500": Label(zh="系统出现故障", en="Something went wrong"),
    "500_text": Label(
        zh="问题已记录。请稍后重试；若仍出现，请把参考编号告知系统管理员。",
        en="It has been recorded. Try again later; if it stays, give the reference to the"
        " administrator.",
    ),
    "503": Label(zh="数据暂不可用", en="No data right now"),
    "503_text": Label(
        zh="数据仓库暂时无法读取。请稍后重试。",
        en="The warehouse cannot be read at the moment. Try again later.",
    ),
}


def say(key: str, **values: object) -> str:
    """One text in the language of the request."""
    text = WORDS[key].text(language())
    return text.format(**values) if values else text


def html_language() -> str:
    return "en" if language() == "en" else "zh-CN"


def other_language() -> str:
    return next(code for code in LANGUAGES if code != language())


def theme() -> str:
    """`light` or `dark`, as the viewer chose; light before any choice."""
    return "dark" if request.cookies.get("theme") == "dark" else "light"
