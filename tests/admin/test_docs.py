import re

import httpx2

from headgate.admin import docs


async def test_the_page_lists_every_operation_and_field(admin: httpx2.AsyncClient) -> None:
    description = (await admin.get("/admin/openapi.json")).json()
    page = (await admin.get("/admin/docs")).text
    assert len(description["paths"]) >= 2
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            assert f"<b>{method.upper()}</b>{path}" in page
            for parameter in operation.get("parameters", ()):
                assert f"<td>{parameter['name']}</td>" in page
    for field in ("rows", "total", "attempt_rows", "overhead_us"):
        assert f"<td>{field}</td>" in page


async def test_the_page_loads_nothing_and_runs_nothing(stranger: httpx2.AsyncClient) -> None:
    answered = await stranger.get("/admin/docs")
    assert answered.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answered.headers["content-security-policy"]
    assert "<script" not in answered.text
    assert "src=" not in answered.text
    assert re.findall(r'href="([^"]*)"', answered.text) == ["/admin/openapi.json"]


def test_what_a_description_says_stays_text() -> None:
    evil = "<script>alert(1)</script>"
    operation = {
        "tags": [evil],
        "summary": evil,
        "parameters": [{"name": evil, "schema": {"type": evil}, "description": evil}],
    }
    page = docs.page({"info": {"title": evil}, "paths": {f"/{evil}": {"get": operation}}})
    assert "<script" not in page


def test_a_body_and_its_types_are_shown() -> None:
    reference = {"$ref": "#/components/schemas/Thing"}
    message = {"content": {"application/json": {"schema": reference}}}
    thing = {
        "properties": {
            "name": {"type": "string"},
            "kind": {"enum": ["a", "b"]},
            "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "many": {"type": "array", "items": reference},
            "free": {},
        }
    }
    page = docs.page(
        {
            "info": {"title": "T"},
            "paths": {"/t": {"post": {"requestBody": message, "responses": {"201": message}}}},
            "components": {"schemas": {"Thing": thing}},
        }
    )
    for shown in ("string", "a | b", "integer | null", "list of Thing", "any"):
        assert page.count(f"<td>{shown}</td>") == 2
