"""LangChain's standard unit tests of chat models, run by `test_standard.py` in a process with their plugins."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_tests.unit_tests import ChatModelUnitTests

from branchwise.integrations.langchain import ChatBranchwise


class TestChatBranchwise(ChatModelUnitTests):
    """All of them."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        """The model."""
        return ChatBranchwise

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """Its parameters."""
        return {"model": "uniform", "strategy": "best_of_n"}
