"""The page on which visitors write to an AI employee, for every provider whose page is ours (`capabilities.is_hosted`).

visitors: who writes, by a cookie of this page alone. posting: what they write, into the inbox that all channels have.
said: what the page shows. news: what an open page hears. pages: the views. Only URLs import it.
"""
