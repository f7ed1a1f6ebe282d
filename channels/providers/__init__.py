"""Outside channels: what a provider is (base), which there are (registry), and a package for each.

It imports models only; an edge hands in what keeps an installation. docs/adding-a-provider.md says how to add one.
"""
