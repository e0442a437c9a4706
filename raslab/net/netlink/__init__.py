"""A small rtnetlink codec: message builders as pure functions, and a socket that sends them in batches.

Only the standard library is used. Importing a general netlink library costs more time than building a hundred
hosts with this one, and one message per setting takes a hundredth of what one `ip` process takes.
"""
