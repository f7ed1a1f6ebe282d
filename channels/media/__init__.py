"""The files that people send: noted when their message is heard, fetched in the background, judged, kept, served.

A file's content is in Postgres, in parts, beside the row that tells of it. Web and worker may run on many machines that
share nothing else; so row-level security, erasure, retention and backups hold for files as they do for words, and no
file can be left behind without its row. `channels.messages`, `channels.privacy` and the edges import it.
"""
