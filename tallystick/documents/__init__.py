"""The readers of `spec/`: rules, open questions, the OpenAPI document. They judge no money."""
