"""A platform's own description of its API (Swagger 2.0, OpenAPI 3.0 and 3.1) against headend's table of operations.

What a document says is compared and told; nothing of it is called. A document is other people's text: it is bounded in
every direction, nothing in it is fetched, and nothing in it leads to another host.
"""
