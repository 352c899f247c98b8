"""The column vocabulary of a referral list (fields.csv referral_item and enterprise)."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Need(StrEnum):
    """CORE: no list without this column. FILLED: where the column exists, each row fills it."""

    CORE = "CORE"
    FILLED = "FILLED"
    FREE = "FREE"


@dataclass(frozen=True)
class Column:
    """`unit` is the one assumed when neither heading nor notes name one."""

    field: str
    label: str
    synonyms: tuple[str, ...] = ()
    need: Need = Need.FREE
    unit: str | None = None
    most: int | None = None


COLUMNS = (
    Column("seq", "序号", ("编号", "no", "行号")),
    Column(
        "name",
        "企业名称",
        ("公司名称", "单位名称", "企业全称", "名称", "企业", "借款企业", "借款人", "客户名称"),
        Need.CORE,
        most=100,
    ),
    Column(
        "uscc",
        "统一社会信用代码",
        ("信用代码", "社会信用代码", "统一信用代码", "统一社会信用代码证号", "统一代码", "uscc"),
        Need.CORE,
    ),
    Column("category", "推荐类别", ("类别", "企业类别", "推荐类型", "推荐渠道类别"), Need.CORE),
    Column("qualification", "资质", ("企业资质", "资质名称", "资质类型", "所获资质")),
    Column(
        "qualification_expires",
        "资质有效期至",
        ("资质有效期", "资质到期日", "有效期至", "资质到期时间", "证书有效期至", "有效期"),
    ),
    Column(
        "sub_district",
        "所属街镇",
        ("街镇", "街道", "所在街镇", "所属街道", "所属镇", "所属街镇集团", "属地街镇"),
        Need.FILLED,
    ),
    Column(
        "biz_address",
        "经营地址",
        ("实际经营地址", "经营场所", "办公地址", "企业地址", "地址", "实际经营地"),
        Need.FILLED,
        most=200,
    ),
    Column("industry", "行业", ("所属行业", "行业类别", "国民经济行业", "主营行业"), most=100),
    Column("employees", "从业人员", ("从业人数", "员工人数", "职工人数", "人数"), unit="人"),
    Column(
        "revenue",
        "营业收入",
        ("年营业收入", "上年营业收入", "营收", "销售收入", "上年度营业收入"),
        unit="万元",
    ),
    Column("assets", "资产总额", ("总资产", "资产总计", "上年资产总额"), unit="万元"),
    Column("is_agri", "是否涉农", ("涉农", "涉农企业", "是否涉农企业")),
    Column(
        "need_amount",
        "融资需求",
        (
            "融资需求金额",
            "需求金额",
            "融资金额",
            "贷款需求",
            "贷款金额",
            "申请金额",
            "拟融资金额",
            "需求额度",
            "资金需求",
            "贷款需求金额",
            "拟贷款金额",
        ),
        Need.CORE,
        unit="元",
    ),
    Column(
        "need_term",
        "期限",
        ("融资期限", "贷款期限", "期望期限", "需求期限", "融资需求期限", "借款期限"),
        Need.CORE,
        unit="月",
    ),
    Column("purpose", "资金用途", ("贷款用途", "用途", "融资用途", "借款用途"), Need.CORE),
    Column("need_by", "用款时间", ("用款日期", "期望用款时间", "预计用款时间")),
    Column("pref_bank", "意向银行", ("意向合作银行", "银行", "意向贷款银行", "合作银行")),
    Column("target_settle", "是否目标落户", ("目标落户", "目标落户企业", "是否目标落户企业")),
    Column("has_loan", "是否有存量贷款", ("存量贷款", "有无存量贷款", "是否存量贷款")),
    Column("contact", "联系人", ("企业联系人", "联系人姓名"), Need.FILLED, most=50),
    Column(
        "phone",
        "联系电话",
        ("电话", "手机", "手机号", "手机号码", "联系方式", "联系人电话", "联系手机"),
        Need.FILLED,
    ),
    Column("remark", "推荐说明", ("推荐理由", "推荐原因", "情况说明"), most=500),
    Column("legal_rep", "法定代表人", ("法人", "法人代表", "法定代表"), Need.FILLED, most=50),
    Column("controller", "实际控制人", ("实控人",), Need.FILLED, most=50),
    Column("reg_address", "注册地址", ("注册地", "住所"), most=200),
    Column("established_on", "成立日期", ("成立时间", "注册日期", "注册时间")),
    Column("email", "邮箱", ("联系邮箱", "电子邮箱", "电子邮件", "email", "e-mail")),
    Column("note", "备注", ("其他说明",), most=500),
    Column("problem", "问题"),
    Column("advice", "怎么改"),
)
BY_FIELD = {column.field: column for column in COLUMNS}
CORE = tuple(column.field for column in COLUMNS if column.need is Need.CORE)

UNITS = {
    "元": "元",
    "人民币元": "元",
    "万元": "万元",
    "人民币万元": "万元",
    "万": "万元",
    "亿元": "亿元",
    "人": "人",
    "月": "月",
    "个月": "月",
    "年": "年",
}
BRACKETS = re.compile(r"[(\[【〔]([^()\[\]【】〔〕]*)[)\]】〕]")
TRAILING_UNIT = re.compile(r"[:/,]?(万元|亿元|元|个月)$")


def normalised(label: str) -> str:
    """A heading without spaces, line breaks, stars and differences of width or case."""
    return re.sub(r"[\s*★:。\u200b\ufeff]", "", unicodedata.normalize("NFKC", label)).lower()


@cache
def _index() -> dict[str, str]:
    return {
        normalised(name): column.field
        for column in COLUMNS
        for name in (column.label, *column.synonyms)
    }


def recognise(label: str) -> tuple[str | None, str | None]:
    """(field, unit) of a heading such as 融资需求（万元）; (None, None) when unknown."""
    plain = normalised(label)
    units = [UNITS[each] for each in BRACKETS.findall(plain) if each in UNITS]
    bare = BRACKETS.sub("", plain)
    unit = units[0] if units else None
    if bare in _index():
        return _index()[bare], unit
    trailing = TRAILING_UNIT.search(bare)
    if trailing and (found := _index().get(bare[: trailing.start()])):
        return found, unit or UNITS[trailing[1]]
    return None, None
