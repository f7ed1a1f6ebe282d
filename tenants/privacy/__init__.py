"""A workspace's data: export, deletion with days of grace, and the rotation of encryption keys.

It imports audit and mail; the doctor, tasks and pages import it.
"""
