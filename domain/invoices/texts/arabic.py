"""The documents in Arabic.

Beside a reverse charge stand the English words of Directive 2006/112/EC, art. 226 (11a).
"""

from types import MappingProxyType
from typing import Final

from domain.invoices.texts.words import Texts

ARABIC: Final = Texts(
    invoice="فاتورة",
    credit_note="إشعار دائن",
    receipt="إيصال",
    billed_to="إلى",
    seller="من",
    invoice_number="رقم الفاتورة",
    credit_note_number="رقم الإشعار الدائن",
    receipt_number="رقم الإيصال",
    corrects="يصحح الفاتورة",
    corrected_on="تاريخ الفاتورة",
    issued="تاريخ الإصدار",
    due="تاريخ الاستحقاق",
    paid_date="تاريخ الدفع",
    purchase_order="أمر الشراء",
    currency="العملة",
    tax_id="الرقم الضريبي",
    register="السجل: {entry}",
    description="الوصف",
    quantity="الكمية",
    unit_price="سعر الوحدة",
    tax="الضريبة",
    amount="المبلغ",
    amount_with_tax="المبلغ شاملًا الضريبة",
    amount_without_tax="المبلغ بدون الضريبة",
    unused="مدة غير مستخدمة: {text}",
    discounted="{amount} قبل الخصم",
    discount="{name}: {amount}",
    subtotal="المجموع قبل الضريبة",
    tax_on="{tax} على {taxable}",
    untaxed="{tax}، {treatment}",
    total="الإجمالي",
    invoice_total="إجمالي الفاتورة",
    credit_total="إجمالي الإشعار الدائن",
    applied_credit="رصيد مستخدم",
    paid="المدفوع",
    amount_due="المبلغ المستحق",
    amount_paid="المبلغ المدفوع",
    refunded="مسترد في {date}",
    kept="المدفوع بعد الاسترداد",
    reduced="مخصوم من الفاتورة",
    sent_back="مسترد إلى وسيلة الدفع",
    credited="مضاف إلى رصيدكم",
    settled_outside="تمت تسويته بطريقة أخرى",
    due_headline="المبلغ {amount} مستحق في {date}",
    settled_headline="مسددة، لا يوجد مبلغ مستحق",
    credit_headline="إشعار دائن بمبلغ {amount} عن الفاتورة {number}",
    paid_headline="تم دفع {amount} في {date}",
    method="{brand} تنتهي بالرقم {last4}",
    net_terms="تُدفع خلال {days} يومًا من تاريخ الفاتورة دون خصم.",
    charged="يُخصم المبلغ تلقائيًا من وسيلة الدفع.",
    reason="السبب: {text}",
    page="صفحة {page} من {pages}",
    tax_names=MappingProxyType(
        {
            "VAT": "ضريبة القيمة المضافة",
            "Sales tax": "ضريبة المبيعات",
            "Consumption tax": "ضريبة الاستهلاك",
            "GST": "ضريبة السلع والخدمات",
        }
    ),
    treatments=MappingProxyType(
        {
            "reverse_charge": "احتساب عكسي",
            "exempt": "معفاة",
            "export": "خارج النطاق",
            "unregistered": "غير مفروضة",
        }
    ),
    legal=MappingProxyType(
        {
            "reverse_charge": "الاحتساب العكسي (Reverse charge): العميل هو الملزم بدفع الضريبة.",
            "reverse_charge_eu": (
                "الاحتساب العكسي (Reverse charge): العميل هو الملزم بدفع ضريبة القيمة المضافة "
                "(التوجيه 2006/112/EC، المادتان 196 و226 (11a))."
            ),
            "export": "لا تُفرض ضريبة: مكان التوريد خارج الإقليم الضريبي للبائع.",
            "exempt": "معفاة من الضريبة.",
        }
    ),
)
