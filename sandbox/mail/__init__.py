"""A mailbox: accepts every mail by SMTP, delivers none, shows them all."""
