"""GraphQL documents that only ask, and origins, without a browser."""

import json

from branchwise.environments.browser.graphql import only_asks
from branchwise.environments.browser.network import origin

QUERIES = ("{a}", "query{a}", "query A($b: Int = 2) @c { a(b: $b) } fragment F on T { x }", "# mutation\n{ a }",
           'query { a(b: "} mutation { x }") }', 'query { a(b: """ } mutation """) }')  # fmt: skip
OTHERS = ("", "mutation{a}", "query{a} mutation{b}", "subscription{a}", "{a", "a}", "query", "mutation#\n{a}",
          "{a}}", "type A { b: Int }", "fragment F on T { x", "{" * 5000)  # fmt: skip


def test_operations_of_graphql_are_told_apart() -> None:
    for text in QUERIES:
        assert only_asks("http://a/graphql", "", text), text
        assert only_asks("http://a/api", "application/json", json.dumps({"query": text})), text
        assert only_asks("http://a/api", "application/json", json.dumps([{"query": text}] * 2)), text
        assert not only_asks(
            "http://a/api", "application/json", json.dumps([{"query": text}, {"query": OTHERS[1]}])
        )
    for text in OTHERS:
        assert not only_asks("http://a/graphql", "", text), text
        assert not only_asks("http://a/graphql", "", json.dumps({"query": text})), text
    for body in (
        '{"extensions": {"persistedQuery": {"sha256Hash": "0"}}}',
        "[]",
        '{"query": 1}',
        "[1]",
        "[" * 90_000,
    ):
        assert not only_asks("http://a/graphql", "application/json", body)
    assert not only_asks("http://a/form", "text/plain", "{a}")


def test_origins_are_compared_as_browsers_write_them() -> None:
    assert origin("https://Shop.Example:443/x") == "https://shop.example"
    assert origin("http://shop.example:80") == "http://shop.example"
    assert origin("http://shop.example:8080/") == "http://shop.example:8080"
    assert origin("https://bücher.example/") == "https://xn--bcher-kva.example"
