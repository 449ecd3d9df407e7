"""LangChain: a chat model whose answers are searched."""

from __future__ import annotations

from branchwise.integrations.langchain.chat_model import ChatBranchwise

__all__ = ["ChatBranchwise"]
