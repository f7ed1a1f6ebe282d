"""A mailbox: takes every mail by SMTP, delivers none, shows them all."""
