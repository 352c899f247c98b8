"""Code lists that a list is checked against. The programme's own lists go before the defaults."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class CodeItem:
    """A code, its name, and what people write instead."""

    code: str
    name: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeList:
    """Finds the item that a person's words mean."""

    items: tuple[CodeItem, ...] = field(default_factory=tuple)

    def __bool__(self) -> bool:
        return bool(self.items)

    @cached_property
    def _index(self) -> dict[str, CodeItem]:
        pairs = [(item.code, item) for item in self.items]
        pairs += [(item.name, item) for item in self.items]
        pairs += [(name, item) for item in self.items for name in item.synonyms]
        return {key(name): item for name, item in reversed(pairs)}

    @cached_property
    def _longest_first(self) -> list[str]:
        return sorted((name for name in self._index if len(name) > 1), key=len, reverse=True)

    def find(self, written: str, within: bool = False) -> CodeItem | None:
        """The item of exactly this name; `within`: or the longest name contained in the words."""
        wanted = key(written)
        exact = self._index.get(wanted)
        if exact or not within:
            return exact
        return next((self._index[name] for name in self._longest_first if name in wanted), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order, for messages and templates."""
        return tuple(item.name for item in self.items)


def key(written: str) -> str:
    """Words as they are compared: no spaces, punctuation, width or case."""
    return re.sub(r"[\s()“”\"'·.,:]", "", unicodedata.normalize("NFKC", written)).lower()


def code_list(entries: Iterable[Mapping[str, object]]) -> CodeList:
    """From entries of `code`, `name` and optionally `synonyms`."""
    return CodeList(tuple(_item(entry) for entry in entries))


def _item(entry: Mapping[str, object]) -> CodeItem:
    synonyms = entry.get("synonyms") or ()
    names = tuple(str(each) for each in synonyms) if isinstance(synonyms, Iterable) else ()
    return CodeItem(str(entry["code"]), str(entry["name"]), names)


def _items(*rows: tuple[str, ...]) -> CodeList:
    return CodeList(tuple(CodeItem(row[0], row[1], row[2:]) for row in rows))


NO_BANKS = CodeList()
OTHER_CATEGORY = "OTHER"
TARGET_SETTLE = "TARGET_SETTLE"
BANK = "BANK"

# E3 and J3.1; 街镇推荐 and 其他 (J2.1.4) are open to the referrers that E3 lets name anyone.
CATEGORIES = _items(
    ("SPECIALIZED", "专精特新", "专精特新企业", "专精特新中小企业"),
    ("CONTRIBUTION", "经济贡献突出", "经济贡献突出企业"),
    ("LISTING", "拟上市/培育库", "拟上市", "拟上市企业", "上市培育库", "培育库"),
    ("HIGH_TECH", "高新技术企业", "高企", "国家高企", "高新技术"),
    ("TECH_GIANT", "科技小巨人企业", "小巨人", "科技小巨人", "市科技小巨人"),
    ("TECH_LOAN", "科技履约贷", "科技履约贷企业"),
    ("AGRI", "涉农", "涉农企业", "农业企业"),
    ("MEMBER", "会员企业", "会员", "工商联会员"),
    ("TAIWAN", "台资企业", "台资"),
    ("OVERSEAS", "侨资企业", "侨资"),
    ("EXISTING_LOAN", "存量贷款企业", "存量", "存量贷款", "存量企业"),
    (TARGET_SETTLE, "目标落户企业", "目标落户"),
    ("SUBDISTRICT", "街镇推荐", "街镇推荐企业", "集团推荐"),
    (OTHER_CATEGORY, "其他", "其它"),
)
ALLOWED: Mapping[str, frozenset[str]] = {
    "DEPT_ECONOMY": frozenset({"SPECIALIZED", "CONTRIBUTION", "LISTING"}),
    "DEPT_SCIENCE": frozenset({"HIGH_TECH", "TECH_GIANT", "TECH_LOAN"}),
    "DEPT_AGRICULTURE": frozenset({"AGRI"}),
    "DEPT_COMMERCE_FEDERATION": frozenset({"MEMBER"}),
    "DEPT_TAIWAN": frozenset({"TAIWAN"}),
    "DEPT_OVERSEAS": frozenset({"OVERSEAS"}),
    BANK: frozenset({"EXISTING_LOAN", TARGET_SETTLE}),
}
# E1 QUAL.
QUALIFICATIONS = _items(
    ("HIGH_TECH", "高新技术企业", "高企", "国家高企", "国家高新技术企业"),
    ("TECH_GIANT", "科技小巨人企业", "科技小巨人", "市科技小巨人", "小巨人", "科技小巨人培育企业"),
    (
        "INNOVATION_CONTEST",
        "双创大赛优胜",
        "创新创业大赛优胜",
        "国家双创大赛优胜",
        "市双创大赛优胜",
    ),
    ("TECH_SME", "科技型中小企业"),
    ("CITY_TECH", "市科技型企业", "科技型企业"),
    ("SPECIALIZED", "专精特新", "专精特新企业", "专精特新中小企业", "专精特新小巨人"),
    ("TECH_CENTER", "企业技术中心", "区级企业技术中心", "市级企业技术中心", "区级以上企业技术中心"),
    ("RND_PLATFORM", "研发机构/平台/孵化器", "研发机构", "研发平台", "孵化器"),
    ("FUND_INVESTED", "受基金投资初创企业", "受私募/引导基金投资初创"),
    ("LISTING_POOL", "上市培育库", "上市培育库企业", "拟上市企业"),
)
SUB_DISTRICTS = _items(
    ("XINCHENGLU", "新成路街道", "新成路"),
    ("ZHENXIN", "真新街道", "真新"),
    ("JIADINGZHEN", "嘉定镇街道", "嘉定镇"),
    ("NANXIANG", "南翔镇", "南翔"),
    ("ANTING", "安亭镇", "安亭"),
    ("MALU", "马陆镇", "马陆"),
    ("XUHANG", "徐行镇", "徐行"),
    ("HUATING", "华亭镇", "华亭"),
    ("WAIGANG", "外冈镇", "外冈"),
    ("JIANGQIAO", "江桥镇", "江桥"),
    ("JUYUAN", "菊园新区", "菊园"),
    ("INDUSTRIAL", "嘉定工业区", "工业区"),
)
# Working capital only (J4.2); what is bought to stay is refused.
PURPOSES = _items(
    ("TURNOVER", "日常经营周转", "经营周转", "流动资金", "补充流动资金", "资金周转", "日常经营"),
    ("MATERIALS", "采购原材料", "购买原材料", "原材料采购", "采购", "进货", "备货"),
    ("PAYABLES", "支付货款", "货款", "支付供应商货款", "应付账款"),
    ("WAGES", "支付工资", "工资", "发放工资", "人员工资", "人工成本"),
    ("RND", "研发投入", "研发", "技术研发"),
    ("RENT", "支付租金", "租金", "房租"),
    ("TAX", "缴纳税款", "税款", "税费"),
    ("RENEWAL", "续贷", "无还本续贷", "归还到期贷款"),
)
FIXED_ASSET_WORDS = (
    "厂房", "购房", "购置", "固定资产", "基建", "土地", "购买设备", "设备更新", "技改", "建设项目",
)  # fmt: skip
AGRI_WORDS = ("农业", "种植", "养殖", "畜牧", "渔业", "林业", "农产品")
