"""What people are shown while an AI employee works: told to providers aside from the way of messages.

`board` calls the providers in a few threads of its own, so that nothing waits for them. `audience` says who is shown
something, `stage` what they are shown of an answer in the making, and `receipts` of what has just come in.

It imports providers and connections; messages and the edges import it.
"""
