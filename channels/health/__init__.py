"""How connections are: probes that need no provider (records), all of them together (checkup), whose turn it is (due).

Its results are rows (`Probe`), and a failing probe that silences a connection marks that as broken. It imports
connections; edges and tasks import it.
"""
