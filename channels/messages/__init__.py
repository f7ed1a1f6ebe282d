"""The life of a message: received and heard (incoming), answered, delivered; a sweep picks up what was left.

`dispatch` is what a worker does: it asks `due` for places, and takes each from step to step: `claim`, the LLM, `land`,
`deliver`. Each step is a function that says what comes next. `outcomes` and `lookups` are about messages whose fate is
told later or has to be asked for, `failures` about answers that could not be made, `stopping` about the worker's end.

It imports providers, connections, handles and scene; privacy, tasks and the edges import it. See docs/pipeline.md.
"""
