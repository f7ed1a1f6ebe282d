"""Checking what is pasted: what Meta tells (found), and the sentences beside the fields (verdicts)."""
