"""Outside channels: what a provider is (base), which ones exist (registry), and one package for each.

It imports models only; an edge passes in what stores an installation. docs/adding-a-provider.md says how to add one.
"""
