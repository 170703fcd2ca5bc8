"""Who and what exists in the example city: its scenes, places, channels, and its bureaus.

The city is fictitious. Codes here are the warehouse's; the Chinese words are what the bureaus
write into their files, and `sources/*.toml` maps one to the other.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to be done within a scene."""

    code: str
    zh: str
    en: str
    action: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`launched` is the month of the history (0 the first) from which it is offered."""

    code: str
    zh: str
    en: str
    for_people: float
    for_companies: float
    items: tuple[Item, ...]
    launched: int = 0
    season: tuple[float, ...] = (1.0,) * 12


def _item(code: str, zh: str, en: str, action: str) -> Item:
    return Item(code=code, zh=zh, en=en, action=action)


_SUMMER = (0.5, 0.5, 0.7, 0.9, 1.4, 2.6, 3.2, 3.4, 1.2, 0.5, 0.4, 0.4)
_YEAR_END = (1.3, 0.9, 1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 1.0, 1.2, 1.6, 1.7)
_WINTER = (1.5, 1.4, 1.1, 0.9, 0.8, 0.9, 1.1, 1.2, 0.9, 0.8, 1.1, 1.4)
_SPRING = (0.8, 0.7, 1.7, 1.8, 1.6, 1.1, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8)
_HOLIDAY = (1.4, 0.9, 0.8, 1.2, 1.0, 1.2, 1.6, 1.4, 1.3, 0.8, 0.7, 0.9)

SCENES = (
    Scene(
        code="housing_fund",
        zh="公积金查询",
        en="Provident fund",
        for_people=17,
        for_companies=2,
        items=(
            _item("housing_fund_balance", "余额查询", "Balance", "query"),
            _item("housing_fund_withdraw", "提取申请", "Withdrawal", "apply"),
            _item("housing_fund_loan", "贷款进度", "Loan progress", "query"),
        ),
    ),
    Scene(
        code="social_card",
        zh="电子社保卡",
        en="Social security card",
        for_people=19,
        for_companies=0,
        items=(
            _item("social_card_show", "亮码使用", "Show the card", "use"),
            _item("social_card_issue", "申领", "Issue", "apply"),
        ),
    ),
    Scene(
        code="pension_check",
        zh="养老认证",
        en="Pension check",
        for_people=7,
        for_companies=0,
        season=_SPRING,
        items=(
            _item("pension_check_face", "刷脸认证", "Face check", "verify"),
            _item("pension_check_family", "亲属代办", "By a relative", "verify"),
        ),
    ),
    Scene(
        code="traffic_fine",
        zh="交通罚没",
        en="Traffic fines",
        for_people=12,
        for_companies=3,
        items=(
            _item("traffic_fine_query", "违法查询", "Look up", "query"),
            _item("traffic_fine_pay", "罚款缴纳", "Pay", "pay"),
        ),
    ),
    Scene(
        code="household",
        zh="户籍办理",
        en="Household register",
        for_people=5,
        for_companies=0,
        items=(
            _item("household_permit", "居住证办理", "Residence permit", "apply"),
            _item("household_move", "户口迁移", "Move", "apply"),
        ),
    ),
    Scene(
        code="exit_entry",
        zh="出入境",
        en="Exit and entry",
        for_people=5,
        for_companies=0,
        launched=12,
        season=_HOLIDAY,
        items=(
            _item("exit_entry_booking", "办证预约", "Booking", "apply"),
            _item("exit_entry_renew", "证件换发", "Renewal", "apply"),
        ),
    ),
    Scene(
        code="medical",
        zh="医保服务",
        en="Medical insurance",
        for_people=14,
        for_companies=4,
        season=_YEAR_END,
        items=(
            _item("medical_pay", "参保缴费", "Contribution", "pay"),
            _item("medical_reimburse", "报销申请", "Reimbursement", "apply"),
            _item("medical_query", "账户查询", "Account", "query"),
        ),
    ),
    Scene(
        code="real_estate",
        zh="不动产登记",
        en="Real estate",
        for_people=4,
        for_companies=2,
        items=(
            _item("real_estate_query", "登记查询", "Look up", "query"),
            _item("real_estate_register", "登记申请", "Registration", "apply"),
        ),
    ),
    Scene(
        code="company_start",
        zh="企业开办",
        en="Company start",
        for_people=1,
        for_companies=16,
        season=_SPRING,
        items=(
            _item("company_start_name", "名称自主申报", "Name", "apply"),
            _item("company_start_all", "一日办结", "All in one day", "apply"),
        ),
    ),
    Scene(
        code="business_license",
        zh="经营许可",
        en="Business licences",
        for_people=0,
        for_companies=12,
        items=(
            _item("business_license_new", "许可新办", "New licence", "apply"),
            _item("business_license_renew", "许可延续", "Renewal", "apply"),
        ),
    ),
    Scene(
        code="tax",
        zh="税务办理",
        en="Tax",
        for_people=5,
        for_companies=32,
        season=_SPRING,
        items=(
            _item("tax_declare", "纳税申报", "Declaration", "apply"),
            _item("tax_invoice", "发票领用", "Invoices", "apply"),
            _item("tax_certificate", "完税证明", "Certificate", "query"),
        ),
    ),
    Scene(
        code="utility",
        zh="水电燃气",
        en="Water, power and gas",
        for_people=15,
        for_companies=9,
        season=_WINTER,
        items=(
            _item("utility_pay", "账单缴费", "Pay a bill", "pay"),
            _item("utility_open", "开户过户", "Open or transfer", "apply"),
        ),
    ),
    Scene(
        code="school",
        zh="教育入学",
        en="School enrolment",
        for_people=4,
        for_companies=0,
        season=_SUMMER,
        items=(
            _item("school_enrol", "入学报名", "Enrolment", "apply"),
            _item("school_result", "录取查询", "Result", "query"),
        ),
    ),
    Scene(
        code="policy_subsidy",
        zh="惠企政策",
        en="Company subsidies",
        for_people=0,
        for_companies=14,
        launched=15,
        items=(
            _item("policy_subsidy_match", "政策匹配", "Match", "query"),
            _item("policy_subsidy_claim", "补贴兑现", "Claim", "apply"),
        ),
    ),
)

ITEMS = tuple((number, item) for number, scene in enumerate(SCENES) for item in scene.items)

ACTIONS = {"query": "查询", "apply": "申请", "pay": "缴费", "verify": "认证", "use": "用证"}

# The last is the district that lags: fewer users, and they stay at the counter.
DISTRICTS = (
    ("qiming", "启明区", 14.0),
    ("yunting", "云汀区", 12.5),
    ("qinghe", "青禾区", 9.5),
    ("chenghu", "澄湖区", 11.0),
    ("songling", "松岭区", 6.0),
    ("andu", "安渡区", 7.5),
    ("wangchuan", "望川区", 6.5),
    ("hechang", "和畅区", 9.0),
    ("xinggang", "星港区", 5.0),
    ("fengsui", "丰穗区", 6.0),
    ("yanzhou", "雁洲区", 5.0),
    ("qinglan", "清岚区", 4.5),
    ("cuiyu", "翠屿区", 2.2),
)
RISING_DISTRICT = 8
LAGGING_DISTRICT = 12

CHANNELS = (
    ("mobile_bank", "手机银行"),
    ("life_app", "生活App"),
    ("web", "网页"),
    ("counter", "柜面"),
)
COUNTER = 3
WEB = 2

DEVICES = (
    ("android", "安卓"),
    ("ios", "苹果"),
    ("harmony", "鸿蒙"),
    ("pc", "电脑"),
    ("terminal", "自助终端"),
    ("window", "人工窗口"),
)

AGE_BANDS = (
    ("under_18", "18岁以下", 2),
    ("18_29", "18-29岁", 24),
    ("30_39", "30-39岁", 29),
    ("40_49", "40-49岁", 20),
    ("50_59", "50-59岁", 14),
    ("60_plus", "60岁及以上", 11),
)

OUTCOMES = (
    ("completed", "办结"),
    ("failed", "失败"),
    ("abandoned", "放弃"),
    ("open", "办理中"),
)

AUDIENCES = (("person", "个人"), ("company", "企业"))

LEVELS = (
    ("very_satisfied", "非常满意"),
    ("satisfied", "满意"),
    ("basically_satisfied", "基本满意"),
    ("dissatisfied", "不满意"),
    ("very_dissatisfied", "非常不满意"),
)

STEPS = (
    ("applied", "进件"),
    ("approved", "审批通过"),
    ("signed", "已签约"),
    ("disbursed", "已放款"),
    ("declined", "审批拒绝"),
    ("withdrawn", "客户撤回"),
    ("cancelled", "取消"),
    ("expired", "额度失效"),
)

REASONS = (
    ("credit_history", "征信不良", 34),
    ("debt_ratio", "负债过高", 27),
    ("income_unproven", "收入无法核实", 18),
    ("judicial_record", "司法涉诉", 9),
    ("information_mismatch", "信息不一致", 12),
)
