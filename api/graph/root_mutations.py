"""The mutations that stand beside those of schema.py: each area says its own."""

import strawberry

from api.graph.billing_profile_mutations import BillingProfileMutations
from api.graph.bulk import BulkMutations
from api.graph.data_exports import ExportMutations
from api.graph.dead_letters import LetterMutations
from api.graph.document_mutations import DocumentMutations
from api.graph.erasing import PrivacyMutations
from api.graph.member_mutations import MemberMutations
from api.graph.period_closes import PeriodMutations
from api.graph.portal_features import PortalRuleMutations
from api.graph.portal_links import LinkMutations
from api.graph.saga_mutations import SagaMutations
from api.graph.sessions import SessionMutations
from api.graph.staying import RetentionMutations


@strawberry.type(description="Changes that areas say themselves.")
class RootMutations(
    SagaMutations,
    SessionMutations,
    PortalRuleMutations,
    LinkMutations,
    LetterMutations,
    PrivacyMutations,
    RetentionMutations,
    MemberMutations,
    ExportMutations,
    DocumentMutations,
    BulkMutations,
    BillingProfileMutations,
    PeriodMutations,
):
    """Fields of the mutation root."""
