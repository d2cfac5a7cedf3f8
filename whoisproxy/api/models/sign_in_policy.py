"""What a registrar asks of its owners when they sign in to their pages."""

from typing import Annotated

from pydantic import Field

from whoisproxy.api.models.common import AnswerModel, RequestModel

_Required = Annotated[
    bool,
    Field(description="Whether each owner needs a second step: a code from an app, or a passkey."),
]


class SignInPolicyBody(RequestModel):
    """What you ask of them."""

    two_step_required: _Required


class SignInPolicyView(AnswerModel):
    """The same."""

    two_step_required: _Required
