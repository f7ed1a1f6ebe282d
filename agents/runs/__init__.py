"""One answer: the prompt, the steps from reservation to settlement, the transcript. channels/ walks the steps.

It imports llm and reasons.
"""
