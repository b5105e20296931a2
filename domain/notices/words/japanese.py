"""The notices in Japanese."""

from types import MappingProxyType
from typing import Final

from domain.notices.kind import Kind
from domain.notices.words.wording import Wording, Words
from domain.portal_link import LinkPurpose

_AGAIN: Final = "{retry_day}に、登録済みのお支払い方法への請求を再度試みます。"
_ENDS: Final = "お支払いがない場合、{day}にご利用を停止します。"

JAPANESE: Final = Words(
    greeting="{name} 様",
    portal="ポータルを開く",
    automatic="このメールは {seller} から自動送信されています。",
    actions=MappingProxyType(
        {
            LinkPurpose.PAY_INVOICE: "今すぐ請求書を支払う",
            LinkPurpose.UPDATE_CARD: "別のカードを登録する",
            LinkPurpose.CHANGE_PLAN: "プランを変更する",
            LinkPurpose.CANCEL: "解約する",
        }
    ),
    letters=MappingProxyType(
        {
            Kind.INVOICE_ISSUED: Wording(
                subject="{seller} からの請求書 {number}",
                said=("請求書 {number}({amount})を発行しました。お支払い期日は{day}です。",),
            ),
            Kind.RECEIPT: Wording(
                subject="請求書 {number} の領収書 {receipt}",
                said=("請求書 {number} について {amount} を受領しました。ありがとうございます。",
                      "領収書番号は {receipt} です。"),
            ),
            Kind.PAYMENT_SHORT: Wording(
                subject="請求書 {number} は一部のみお支払い済みです",
                said=("請求書 {number} について {paid} を受領しました。残額は {amount} です。",),
            ),
            Kind.PAYMENT_ACTION: Wording(
                subject="請求書 {number} のお支払いをご確認ください",
                said=("請求書 {number} の {amount} のお支払いについて、銀行がご本人の確認を求めています。",
                      "ポータルにログインし、請求書を開いて確認してください。"),
            ),
            Kind.PAYMENT_FAILED: Wording(
                subject="請求書 {number} のお支払いが確認できません",
                said=("請求書 {number} の {amount} のお支払いが確認できません。",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.REMINDER: Wording(
                subject="再度のお知らせ: 請求書 {number} が未払いです",
                said=("請求書 {number} の {amount} のお支払いがまだ確認できません。",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.RESTRICTED: Wording(
                subject="ご利用を制限しています: 請求書 {number} が未払いです",
                said=("請求書 {number} の {amount} のお支払いがまだ確認できません。",
                      "お支払いまで、プランの一部のみご利用いただけます。"),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.SUSPENDED: Wording(
                subject="ご利用を停止しました: 請求書 {number} が未払いです",
                said=("請求書 {number} の {amount} のお支払いが確認できないため、ご利用を停止しました。",
                      "お支払いが確認でき次第、再開します。"),
                more="お支払いがない場合、{day}に契約が終了します。",
            ),
            Kind.GIVEN_UP: Wording(
                subject="請求書 {number} は支払われませんでした",
                said=("請求書 {number} は支払われず、{amount} が未払いのままです。",),
                more="契約は終了しました。",
            ),
            Kind.RECOVERED: Wording(
                subject="ありがとうございます: 請求書 {number} は支払い済みです",
                said=("請求書 {number} のお支払いを確認しました。",),
                more="すべての機能を再びご利用いただけます。",
            ),
            Kind.REFUND_SETTLED: Wording(
                subject="{amount} の返金について",
                said=("請求書 {number} のお支払いのうち {amount} を返金しました。",),
                more="銀行の明細に反映されるまで数日かかることがあります。",
            ),
            Kind.REFUND_FAILED: Wording(
                subject="{amount} の返金ができませんでした",
                said=("請求書 {number} のお支払いのうち {amount} を返金できませんでした。銀行が受け付けませんでした。",
                      "お手数ですが、当社までご連絡ください。"),
            ),
            Kind.TRIAL_ENDING: Wording(
                subject="{plan} の試用期間は{day}に終了します",
                said=("{plan} の試用期間は{day}に終了します。", "終了後については、ポータルでご確認ください。"),
            ),
            Kind.METHOD_EXPIRING: Wording(
                subject="末尾 {last4} のカードは{day}に有効期限が切れます",
                said=(
                    "末尾 {last4} の {brand} カードは{day}に有効期限が切れます。",
                    "中断を避けるため、それまでに別のカードをご登録ください。",
                ),
            ),
            Kind.MEMBER_INVITED: Wording(
                subject="{seller}の{account}アカウントへの招待",
                said=(
                    "{seller}の{account}アカウントに招待されました。",
                    "{day}までに下のリンクを開いてサインインしてください。リンクは一度だけ、持っている人なら誰でも使えます。",
                ),
            ),
        }
    ),
)  # fmt: skip
