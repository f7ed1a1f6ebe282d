"""One answer: the prompt, the steps from reservation to settlement, the transcript. Channels walks through the steps.

It imports llm and reasons.
"""
