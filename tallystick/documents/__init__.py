"""The readers of `spec/`: rules, open questions, the OpenAPI document.

`files` opens them; `rules`, `questions` and `shape` know what stands in each. None judges money.
"""
