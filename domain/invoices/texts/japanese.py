"""The documents in Japanese.

Beside a reverse charge stand the English words of Directive 2006/112/EC, art. 226 (11a).
"""

from types import MappingProxyType
from typing import Final

from domain.invoices.texts.words import Texts

JAPANESE: Final = Texts(
    invoice="請求書",
    credit_note="クレジットノート",
    receipt="領収書",
    billed_to="請求先",
    seller="発行者",
    invoice_number="請求書番号",
    credit_note_number="番号",
    receipt_number="領収書番号",
    corrects="対象の請求書",
    corrected_on="請求書発行日",
    issued="発行日",
    due="お支払期限",
    paid_date="お支払日",
    purchase_order="発注番号",
    currency="通貨",
    tax_id="税務登録番号",
    register="登記：{entry}",
    description="品目",
    quantity="数量",
    unit_price="単価",
    tax="税率",
    amount="金額",
    amount_with_tax="金額（税込）",
    amount_without_tax="金額（税抜）",
    unused="未使用期間：{text}",
    discounted="割引前 {amount}",
    discount="{name}：{amount}",
    subtotal="小計（税抜）",
    tax_on="{tax}（対象額 {taxable}）",
    untaxed="{tax}・{treatment}",
    total="合計",
    invoice_total="請求合計",
    credit_total="減額合計",
    applied_credit="クレジット充当",
    paid="お支払済み",
    amount_due="ご請求金額",
    amount_paid="お支払金額",
    refunded="{date} 返金",
    kept="返金後のお支払額",
    reduced="請求額からの減額",
    sent_back="お支払方法への返金",
    credited="クレジット残高への加算",
    settled_outside="その他の方法で精算",
    due_headline="ご請求金額 {amount}（お支払期限 {date}）",
    settled_headline="精算済み（お支払いは不要です）",
    credit_headline="請求書 {number} から {amount} を減額しました",
    paid_headline="{date} に {amount} を領収いたしました",
    method="{brand}（下4桁 {last4}）",
    net_terms="請求書発行日から{days}日以内に全額をお支払いください。",
    charged="ご登録のお支払方法に自動的に請求されます。",
    reason="理由：{text}",
    page="{page} / {pages} ページ",
    tax_names=MappingProxyType(
        {
            "VAT": "VAT",
            "Sales tax": "売上税",
            "Consumption tax": "消費税",
            "GST": "GST",
        }
    ),
    treatments=MappingProxyType(
        {
            "reverse_charge": "リバースチャージ",
            "exempt": "非課税",
            "export": "不課税",
            "unregistered": "課税なし",
        }
    ),
    legal=MappingProxyType(
        {
            "reverse_charge": "リバースチャージ（Reverse charge）：税の納付義務は顧客が負います。",
            "reverse_charge_eu": (
                "リバースチャージ（Reverse charge）：付加価値税の納付義務は顧客が負います"
                "（指令 2006/112/EC 第196条、第226条 (11a)）。"
            ),
            "export": "役務の提供地が販売者の課税地域外のため、税は課されません。",
            "exempt": "非課税取引です。",
        }
    ),
)
