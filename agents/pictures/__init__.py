"""The faces of AI employees: pictures that operators upload, and initials that we draw.

May import agents' models and actions. Edges, hiring and channels import it.
"""
