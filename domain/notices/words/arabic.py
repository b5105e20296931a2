"""The notices in Arabic."""

from types import MappingProxyType
from typing import Final

from domain.notices.kind import Kind
from domain.notices.words.wording import Wording, Words
from domain.portal_link import LinkPurpose

_AGAIN: Final = "سنحاول الخصم من وسيلة الدفع مرة أخرى في {retry_day}."
_ENDS: Final = "إذا لم يتم الدفع، ينتهي الوصول إلى الخدمة في {day}."

ARABIC: Final = Words(
    greeting="مرحبًا {name}،",
    portal="فتح البوابة",
    automatic="أرسلت {seller} هذه الرسالة تلقائيًا.",
    actions=MappingProxyType(
        {
            LinkPurpose.PAY_INVOICE: "ادفع الفاتورة الآن",
            LinkPurpose.UPDATE_CARD: "استخدم بطاقة أخرى",
            LinkPurpose.CHANGE_PLAN: "غيّر خطتك",
            LinkPurpose.CANCEL: "ألغِ الاشتراك",
        }
    ),
    letters=MappingProxyType(
        {
            Kind.INVOICE_ISSUED: Wording(
                subject="الفاتورة {number} من {seller}",
                said=("أصدرنا الفاتورة {number} بمبلغ {amount}. تاريخ استحقاقها {day}.",),
            ),
            Kind.RECEIPT: Wording(
                subject="الإيصال {receipt} للفاتورة {number}",
                said=("شكرًا لكم: استلمنا {amount} عن الفاتورة {number}.", "رقم الإيصال {receipt}."),
            ),
            Kind.PAYMENT_SHORT: Wording(
                subject="الفاتورة {number} مدفوعة جزئيًا فقط",
                said=("استلمنا {paid} عن الفاتورة {number}. ما زال {amount} مستحقًا.",),
            ),
            Kind.PAYMENT_ACTION: Wording(
                subject="يرجى تأكيد دفع الفاتورة {number}",
                said=("يطلب منكم البنك تأكيد دفع {amount} عن الفاتورة {number}.",
                      "يرجى تسجيل الدخول إلى البوابة وفتح الفاتورة للتأكيد."),
            ),
            Kind.PAYMENT_FAILED: Wording(
                subject="لم يصلنا دفع الفاتورة {number}",
                said=("لم يصلنا دفع {amount} عن الفاتورة {number}.",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.REMINDER: Wording(
                subject="تذكير: الفاتورة {number} غير مدفوعة",
                said=("لم يصلنا بعد دفع {amount} عن الفاتورة {number}.",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.RESTRICTED: Wording(
                subject="تم تقييد الوصول: الفاتورة {number} غير مدفوعة",
                said=("لم يصلنا بعد دفع {amount} عن الفاتورة {number}.",
                      "حتى يتم الدفع، يمكنكم استخدام جزء من خطتكم فقط."),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.SUSPENDED: Wording(
                subject="تم إيقاف الوصول: الفاتورة {number} غير مدفوعة",
                said=("لم يصلنا دفع {amount} عن الفاتورة {number}، لذلك تم إيقاف الوصول.",
                      "يعود الوصول فور دفع الفاتورة."),
                more="إذا لم يتم الدفع، ينتهي اشتراككم في {day}.",
            ),
            Kind.GIVEN_UP: Wording(
                subject="لم تُدفع الفاتورة {number}",
                said=("لم تُدفع الفاتورة {number}: بقي منها {amount}.",),
                more="انتهى اشتراككم.",
            ),
            Kind.RECOVERED: Wording(
                subject="شكرًا لكم: الفاتورة {number} مدفوعة",
                said=("استلمنا دفعتكم عن الفاتورة {number}.",),
                more="يمكنكم استخدام كل شيء من جديد.",
            ),
            Kind.REFUND_SETTLED: Wording(
                subject="استرداد {amount}",
                said=("أعدنا {amount} من دفعتكم عن الفاتورة {number}.",),
                more="قد تمر بضعة أيام حتى يظهر المبلغ لدى البنك.",
            ),
            Kind.REFUND_FAILED: Wording(
                subject="تعذر استرداد {amount}",
                said=("تعذر علينا إعادة {amount} من دفعتكم عن الفاتورة {number}: لم يقبلها البنك.",
                      "يرجى التواصل معنا."),
            ),
            Kind.TRIAL_ENDING: Wording(
                subject="تنتهي الفترة التجريبية لخطة {plan} في {day}",
                said=("تنتهي الفترة التجريبية لخطة {plan} في {day}.", "تعرض البوابة ما يحدث بعد ذلك."),
            ),
            Kind.METHOD_EXPIRING: Wording(
                subject="تنتهي صلاحية بطاقتك المنتهية بالأرقام {last4} في {day}",
                said=(
                    "تنتهي صلاحية بطاقتك {brand} المنتهية بالأرقام {last4} في {day}.",
                    "يرجى إضافة بطاقة أخرى قبل ذلك اليوم حتى لا ينقطع شيء.",
                ),
            ),
            Kind.MEMBER_INVITED: Wording(
                subject="دعوة إلى حساب {account} لدى {seller}",
                said=(
                    "أنت مدعو إلى حساب {account} لدى {seller}.",
                    "افتح الرابط أدناه قبل {day} وسجّل الدخول. يعمل الرابط مرة واحدة لكل من يملكه.",
                ),
            ),
        }
    ),
)  # fmt: skip
