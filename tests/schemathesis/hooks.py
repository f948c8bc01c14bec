"""What is known and explained of the answers that schemathesis would report."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    # With `fields` an answer is a part of its schema: the caller has said which one. The document says so, and
    # JSON Schema has no words for it that generators of clients read.
    if case.query:
        case.query.pop("fields", None)
