"""Parsing a text so that nothing of it is left in a cycle once it is dropped.

graphql-core links its tokens in both directions. Nobody here walks along them, and of a refused text they would be all
that stays, until the collector finds them: some thousand objects each, and every caller waits while it looks.
"""

from contextlib import suppress

from graphql import GraphQLSyntaxError
from graphql.language import DocumentNode, Lexer, Source, Token, TokenKind
from graphql.language.parser import Parser


class _Token(Token):
    """One that does not know what was before it."""

    __slots__ = ()
    prev = property(lambda _: None, lambda _, before: None)


class _Lexer(Lexer):
    def create_token(self, kind: TokenKind, start: int, end: int, value: str | None = None) -> Token:
        """One of ours."""
        return _Token(kind, start, end, self.line, 1 + start - self.line_start, value)


def parse(text: str, tokens: int | None) -> DocumentNode:
    """The document of at most so many tokens, and as many comments; GraphQLSyntaxError for what is none."""
    lexer = _Lexer(Source(text))
    parser = Parser(lexer.source, lexer=lexer, max_lexical_tokens=tokens, max_comments=tokens)
    with suppress(RecursionError):
        return parser.parse_document()
    # Only now: beside the other error all its frames would be kept.
    raise GraphQLSyntaxError(lexer.source, lexer.token.start, "Document is nested too deeply. Parsing aborted.")
