"""One answer: the prompt, the steps from reservation to settlement, the transcript. Channels takes the steps.

It imports llm and reasons; channels and the edges import it.
"""
